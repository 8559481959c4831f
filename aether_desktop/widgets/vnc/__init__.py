"""The screen of an agent's graphical desktop in a widget."""
