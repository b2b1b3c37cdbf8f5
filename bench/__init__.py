"""Measures the service as ratios against baselines that run beside it; ``make bench`` prints the table."""
