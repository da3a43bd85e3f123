"""Labeling jobs: what they are (`definition`, `job`), how they live (`lifecycle`), and what is done with them."""
