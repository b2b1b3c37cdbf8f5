"""Who wakes the worker: one process with threads of its own, or many hosts through PostgreSQL. One contract for both."""
