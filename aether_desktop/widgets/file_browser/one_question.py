"""Questions of which only one is asked at a time: while it waits for its answer, another is not put."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtWidgets import QWidget

from aether_desktop.widgets.sheet import DISMISSED, Answer, Sheet


class OneQuestion:
    """Asks over ``surface``."""

    def __init__(self, surface: QWidget) -> None:
        self._surface = surface
        self._asking = False

    async def ask(self, title: str, text: str, answers: Sequence[Answer]) -> str:
        """The key of the answer; ``DISMISSED`` also where another question still waits."""
        if self._asking:
            return DISMISSED
        self._asking = True
        try:
            return await Sheet(self._surface, title, text, answers=answers).wait_answer()
        finally:
            self._asking = False
