"""Damaged extracts: what each kind of damage should come to, worked out without ingest's code, and what it comes to."""
