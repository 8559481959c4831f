"""VT terminal core over pyte: pure, bytes in, rows, replies and events out; no I/O and no Qt.

``Terminal`` is the entrance. Beside it: ``keys`` (key, mouse, paste and focus to bytes), ``selection``
(text by absolute lines) and ``size_steps`` (when the next size is applied). Inside: ``stream`` parses by the tables of
``sequences`` and calls ``screen``, which is made of ``state``, ``cursor``, ``below``, ``scrolling``, ``drawing``, ``blocks``,
``editing``, ``painting``, ``rectangles``, ``stacks``, ``mode_changes``, ``reports``, ``osc`` and ``window``; ``rows``,
``attributes``, ``clusters``, ``history``, ``marks`` are its storage.
"""

from __future__ import annotations

from kernel.term.attributes import AttributeTable
from kernel.term.cells import CellGrid, CellLine, Char
from kernel.term.clusters import ClusterTable
from kernel.term.events import (
    Bell,
    ClipboardRequest,
    CwdChanged,
    Hyperlink,
    Notification,
    PaletteChanged,
    PromptMark,
    SizeChanged,
    TermEvent,
    TitleChanged,
    WindowRequest,
)
from kernel.term.history import History
from kernel.term.modes import Modes
from kernel.term.palette import Palette
from kernel.term.rows import STUB, Row
from kernel.term.sgr import DEFAULT as DEFAULT_COLOUR
from kernel.term.sgr import Attributes
from kernel.term.state import Cursor
from kernel.term.terminal import Terminal

__all__ = [
    "DEFAULT_COLOUR",
    "STUB",
    "AttributeTable",
    "Attributes",
    "Bell",
    "CellGrid",
    "CellLine",
    "Char",
    "ClipboardRequest",
    "ClusterTable",
    "Cursor",
    "CwdChanged",
    "History",
    "Hyperlink",
    "Modes",
    "Notification",
    "Palette",
    "PaletteChanged",
    "PromptMark",
    "Row",
    "SizeChanged",
    "TermEvent",
    "Terminal",
    "TitleChanged",
    "WindowRequest",
]
