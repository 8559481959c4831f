"""Measurements: `python -m tests.benchmarks.<name>` prints one JSON line a figure and exits 1 when a goal is missed."""
