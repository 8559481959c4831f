"""The scenes, one module for each part of the desktop."""
