"""What machines do in a case: plain functions that diagrams name, one module per kind of work."""
