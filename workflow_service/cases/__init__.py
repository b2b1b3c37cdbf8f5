"""The verbs that move a case, and the questions about it."""
