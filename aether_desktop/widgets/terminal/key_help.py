"""What keys and mouse do in a terminal, as a person is told. Shown by the shell's list of shortcuts; acted on elsewhere."""

from __future__ import annotations

HELP = (
    ("Copy", "Ctrl+Shift+C"),
    ("Paste", "Ctrl+Shift+V"),
    ("Find", "Ctrl+Shift+F"),
    ("Scroll by a Page", "Shift+PgUp"),
    ("Scroll to the Oldest Line", "Shift+Home"),
    ("Select a Block", "Ctrl+Drag"),
    ("Select While a Program Has the Mouse", "Shift+Drag"),
    ("Open a Link", "Ctrl+Click"),
    ("Open the Newest Link", "Ctrl+Shift+U"),
    ("Previous Prompt", "Ctrl+Shift+Up"),
    ("Next Prompt", "Ctrl+Shift+Down"),
    ("Select the Last Output", "Ctrl+Shift+L"),
    ("Larger", "Ctrl++"),
    ("Smaller", "Ctrl+-"),
    ("Answer a Question", "Ctrl+Shift+Return"),
    ("New Tab", "Ctrl+Shift+T"),
    ("Close Tab", "Ctrl+Shift+W"),
    ("Next Tab", "Ctrl+PgDown"),
)
"""What it does, and the keys in portable text; the mouse is written as a person says it."""
