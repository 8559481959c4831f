"""Follows the terminals of the cards that are on the screen, and of few others.

A ``PreviewProvider`` is what the view asks: which agents are visible, and what their terminals look like. A card that leaves the
screen keeps its terminal until too many others are open, but not its picture.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import TYPE_CHECKING, Protocol

from PySide6.QtCore import QObject, QSizeF, QTimer, Signal, SignalInstance

from aether_desktop.stores.terminals import TerminalSession
from aether_desktop.theme.tokens import Tokens
from aether_desktop.widgets.terminal.factory import TerminalFactory

if TYPE_CHECKING:
    from aether_desktop.widgets.terminal.colours import Scheme
    from aether_desktop.widgets.terminal.preview import PreviewPicture, TerminalPreview

TELL_INTERVAL_MS = 66
MOST_OPEN = 64


class PreviewProvider(Protocol):
    """Knows what agents' terminals look like."""

    @property
    def changed(self) -> SignalInstance:
        """Emitted with the pid whose picture changed."""

    def show(self, terminals: Mapping[int, str]) -> None:
        """Say which agents' cards are on the screen: pid -> tty id."""

    def picture(
        self, pid: int, room: QSizeF, ratio: float, tokens: Tokens, *, running: bool
    ) -> PreviewPicture | None:
        """What fits of an agent's terminal into ``room`` (logical px); None where nothing is known of it or nothing was printed.

        ratio: device pixels a px. tokens: the desktop's theme. running: the agent is at work, so that the cursor shows. Valid until the
        next call.
        """

    def version(self, pid: int) -> int:
        """Rises when ``picture`` changes."""


class _Watched:
    def __init__(self, session: TerminalSession) -> None:
        self.session = session
        self.version = 0
        self.look: tuple[float, Scheme] | None = None
        self.preview: TerminalPreview | None = None


class TerminalPreviews(QObject):
    """A ``PreviewProvider`` over the window's terminals."""

    changed = Signal(int)
    """Emitted with the pid whose picture changed."""

    def __init__(self, terminals: TerminalFactory, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._terminals = terminals
        self._watched: dict[int, _Watched] = {}
        self._visible: set[int] = set()
        self._news: set[int] = set()
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(TELL_INTERVAL_MS)
        self._timer.timeout.connect(self._tell)
        terminals.preferences.changed.connect(self._on_preferences)

    def show(self, terminals: Mapping[int, str]) -> None:
        """See ``PreviewProvider.show``."""
        self._visible = {pid for pid, tty_id in terminals.items() if tty_id}
        for pid in self._visible:
            tty_id = terminals[pid]
            watched = self._watched.pop(pid, None)
            if watched is None or watched.session.tty_id != tty_id:
                if watched is not None:
                    watched.session.release()
                watched = _Watched(self._terminals.open_preview(tty_id))
                watched.session.changed.connect(partial(self._on_changed, pid))
            # Put back at the end: the one that was visible longest ago comes first.
            self._watched[pid] = watched
        self._forget_hidden()
        if self._news & self._visible:
            self._schedule()

    def picture(
        self, pid: int, room: QSizeF, ratio: float, tokens: Tokens, *, running: bool
    ) -> PreviewPicture | None:
        """See ``PreviewProvider.picture``."""
        watched = self._watched.get(pid)
        if watched is None:
            return None
        look = (ratio, self._terminals.preferences.scheme(tokens))
        if watched.preview is None or watched.look != look:
            watched.look = look
            watched.preview = self._preview(*look)
        picture = watched.preview.picture(watched.session.terminal, room, running=running)
        if not watched.preview.complete:
            self._on_changed(pid)
        return picture

    def version(self, pid: int) -> int:
        """See ``PreviewProvider.version``."""
        watched = self._watched.get(pid)
        return watched.version if watched is not None else 0

    def close(self) -> None:
        """Stop viewing all terminals."""
        self._timer.stop()
        self._visible = set()
        for watched in self._watched.values():
            watched.session.release()
        self._watched.clear()

    def _preview(self, ratio: float, scheme: Scheme) -> TerminalPreview:
        from aether_desktop.widgets.terminal.preview import TerminalPreview

        return TerminalPreview(self._terminals.atlases, ratio, scheme)

    def _on_preferences(self) -> None:
        for pid in self._watched:
            self._on_changed(pid)

    def _on_changed(self, pid: int) -> None:
        self._news.add(pid)
        if pid in self._visible:
            self._schedule()

    def _schedule(self) -> None:
        if not self._timer.isActive():
            self._timer.start()

    def _tell(self) -> None:
        for pid in self._news & self._visible:
            self._news.discard(pid)
            watched = self._watched.get(pid)
            if watched is not None:
                watched.version += 1
                self.changed.emit(pid)

    def _forget_hidden(self) -> None:
        hidden = [pid for pid in self._watched if pid not in self._visible]
        for pid in hidden:
            self._watched[pid].preview = None
        for pid in hidden[: max(0, len(self._watched) - MOST_OPEN)]:
            self._watched.pop(pid).session.release()
            self._news.discard(pid)

