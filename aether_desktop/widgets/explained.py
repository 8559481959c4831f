"""What explains a widget to whoever points at it, and to a screen reader: the same words for both."""

from __future__ import annotations

from PySide6.QtWidgets import QWidget

from aether_desktop.widgets.shown_text import TOOLTIP_CHARACTERS, cut, plain_tooltip, visible


def explain(widget: QWidget, text: str) -> None:
    """Give ``widget`` a tooltip and a description; "" takes both away. ``text`` may come from anywhere: it is shown as it is.

    A tooltip alone is not enough: Qt takes it for the description where there is none, and reads out the markup that wraps its lines.
    """
    widget.setToolTip(plain_tooltip(text) if text else "")
    widget.setAccessibleDescription(visible(cut(text, TOOLTIP_CHARACTERS)))
