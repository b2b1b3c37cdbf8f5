"""Decision models: reading, deciding, tracing and checking."""
