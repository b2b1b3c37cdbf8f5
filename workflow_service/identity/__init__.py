"""Who people are and what they may do; the only place that asks for a role."""
