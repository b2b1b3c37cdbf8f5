"""Tests of the browser islands, each driven in a real browser under the pages' content security policy."""
