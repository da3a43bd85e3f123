"""One labeling job from nothing to labels: handwritten digits, three simulated workers, the public API."""
