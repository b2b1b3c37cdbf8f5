"""One contract for both queues: what is committed is done once, and losing the queue loses nothing."""
