"""Graphical desktops of agents: an X server inside an agent's sandbox, and those who look at it."""
