"""One agent at work: timeline, logs, terminal, files, its controls, and what it asks."""
