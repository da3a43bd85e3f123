"""Groundwork: draft, check, launch and track data labeling jobs."""

VERSION = "0.1.0"
