"""Proves what happened; reads only."""
