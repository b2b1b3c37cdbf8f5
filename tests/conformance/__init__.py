"""The public conformance suite, read where it lies and never copied."""
