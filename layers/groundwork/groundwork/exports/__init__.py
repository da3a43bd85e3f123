"""Exports: a labeling job's output in the formats that training tools read."""
