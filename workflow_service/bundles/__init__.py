"""What may run: bundles read, checked, compared, approved and published."""
