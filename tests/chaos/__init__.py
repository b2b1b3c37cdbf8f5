"""Faults on purpose: kills, races, full disks, lost leases; small in every run, full by ``make chaos``."""
