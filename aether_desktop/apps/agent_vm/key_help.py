"""What keys do in an agent's window, as a person is told. Shown by the shell's list of shortcuts; acted on by the window's parts."""

from __future__ import annotations

from typing import Final

LEAVE_KEYS: Final = "Ctrl+Alt+G"
"""Gives the keyboard from programs that take every other key back to the window."""

WINDOW: Final = (
    ("Pause or Resume", "Ctrl+Shift+P"),
    ("Stop in an Emergency", "Ctrl+Shift+K"),
    ("Open a Shell in Its Sandbox", "Ctrl+Shift+O"),
    ("List Its Processes", "Ctrl+Shift+J"),
    ("Write to the Agent", "Ctrl+L"),
    ("Answer What It Asks", "Ctrl+Return"),
    ("Leave a Shell or Its Desktop", LEAVE_KEYS),
)
"""Everywhere in the window."""

QUESTION: Final = (
    ("Approve Once", "Enter or Y"),
    ("Always Allow for This Agent", "A"),
    ("Refuse, With a Reason", "D or N"),
    ("Back to the Question", "Esc"),
)
"""While a question has the keyboard."""
