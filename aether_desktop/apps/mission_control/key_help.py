"""What keys do in Mission Control, as a person is told. Shown by the shell's list of shortcuts; acted on by the page and the agents."""

from __future__ import annotations

from typing import Final

PAGE: Final = (
    ("Deploy an Agent", "D"),
    ("Pause or Resume the Selected", "Space"),
    ("Stop the Selected", "Del"),
    ("Search Agents", "/"),
    ("Cards or a List", "L"),
    ("Sort", "S"),
    ("History", "H"),
    ("Open an Agent", "Enter"),
    ("Open an Agent as a Window of Its Own", "Shift+Enter"),
    ("Select All", "Ctrl+A"),
    ("Clear the Selection", "Esc"),
)
"""While the agents have the keyboard."""
