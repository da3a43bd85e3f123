"""Groundwork on one machine: the local stack, what it is seeded with, and the demo."""
