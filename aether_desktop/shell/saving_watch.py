"""Says it on the desktop while something cannot be saved, a full disk above all: in the menu bar for as long, and once in a notice.

Made by the bootstrap. It decides nothing: the kernel waits and goes on by itself once there is room.
"""

from __future__ import annotations

from PySide6.QtCore import QObject

from aether_desktop.shell.main_window import MainWindow
from aether_desktop.stores.kernel import KernelStore
from aether_desktop.widgets.notice import Notice
from aether_desktop.widgets.shown_text import exact_line

SENTENCE_CHARACTERS = 300


class SavingWatch(QObject):
    """Between what the store knows and what the desktop shows."""

    def __init__(self, window: MainWindow, kernel: KernelStore) -> None:
        super().__init__(window)
        self._window = window
        self._kernel = kernel
        self._told: Notice | None = None
        kernel.trouble_changed.connect(self._on_changed)
        self._on_changed()

    def _on_changed(self) -> None:
        trouble = self._kernel.trouble
        if trouble is None:
            self._window.menu_bar.warn("")
            if self._told is not None:
                self._window.notices.withdraw(self._told)
                self._window.notify(Notice("Everything can be saved again", "What waited goes on by itself.", "success"))
                self._told = None
        else:
            message, hint = exact_line(trouble.message, SENTENCE_CHARACTERS), exact_line(trouble.hint, SENTENCE_CHARACTERS)
            self._window.menu_bar.warn(f"{message} {hint}".strip())
            if self._told is None:
                self._told = Notice(message, f"{hint} Agent {trouble.pid} was told first.", "error")
                self._window.notify(self._told)
