"""A shell of this machine, in tabs."""
