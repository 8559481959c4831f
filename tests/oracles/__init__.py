"""Recordings made by other terminals' authors, replayed against ours."""
