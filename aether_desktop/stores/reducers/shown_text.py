"""The reducers' name for `aether_desktop.widgets.shown_text`, which makes text from agents safe to look at. Adds nothing to it."""

from __future__ import annotations

from aether_desktop.widgets.shown_text import cut, exact, exact_line, one_line, printed, visible

__all__ = ("cut", "exact", "exact_line", "one_line", "printed", "visible")
