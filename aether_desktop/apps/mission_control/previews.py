"""Reads the terminals of the cards that are on the screen, and of no others.

A ``PreviewProvider`` is what the view asks: which agents are visible, and what their last lines are. A card that leaves the screen
keeps its lines, and its terminal's bytes wait where they are until it is back.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import partial
from typing import Protocol

from PySide6.QtCore import QObject, QTimer, Signal, SignalInstance

from aether_desktop.apps.mission_control.preview_screen import Line, PreviewScreen
from aether_desktop.bridge.client import KernelClient, TerminalFeed

PULL_INTERVAL_MS = 66
TAKE_BYTES = 64 * 1024
PARSE_BYTES = 8 * 1024
MOST_PIECES = 16
MOST_OPEN = 64


class PreviewProvider(Protocol):
    """Knows the last lines of agents' terminals."""

    @property
    def changed(self) -> SignalInstance:
        """Emitted with the pid whose lines changed."""

    def show(self, terminals: Mapping[int, str]) -> None:
        """Say which agents' cards are on the screen: pid -> tty id."""

    def lines(self, pid: int, count: int) -> tuple[Line, ...]:
        """The last lines of an agent's terminal, oldest first; () where nothing is known."""

    def version(self, pid: int) -> int:
        """Rises when ``lines`` changes."""


class _Watched:
    def __init__(self, tty_id: str) -> None:
        self.tty_id = tty_id
        self.feed: TerminalFeed | None = None
        self.screen = PreviewScreen()
        self.waiting = True


class TerminalPreviews(QObject):
    """A ``PreviewProvider`` over ``KernelClient.open_terminal``."""

    changed = Signal(int)
    """Emitted with the pid whose lines changed."""

    def __init__(self, client: KernelClient, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._client = client
        self._watched: dict[int, _Watched] = {}
        self._visible: set[int] = set()
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(PULL_INTERVAL_MS)
        self._timer.timeout.connect(self._pull)

    def show(self, terminals: Mapping[int, str]) -> None:
        """See ``PreviewProvider.show``."""
        self._visible = {pid for pid, tty_id in terminals.items() if tty_id}
        for pid in self._visible:
            tty_id = terminals[pid]
            watched = self._watched.pop(pid, None)
            if watched is None or watched.tty_id != tty_id:
                if watched is not None and watched.feed is not None:
                    watched.feed.close()
                watched = _Watched(tty_id)
                watched.feed = self._client.open_terminal(tty_id, partial(self._on_readable, pid))
            self._watched[pid] = watched
        self._close_oldest()
        if any(self._watched[pid].waiting for pid in self._visible):
            self._schedule()

    def lines(self, pid: int, count: int) -> tuple[Line, ...]:
        """See ``PreviewProvider.lines``."""
        watched = self._watched.get(pid)
        return watched.screen.lines(count) if watched is not None else ()

    def version(self, pid: int) -> int:
        """See ``PreviewProvider.version``."""
        watched = self._watched.get(pid)
        return watched.screen.version if watched is not None else 0

    def close(self) -> None:
        """Stop viewing all terminals."""
        self._timer.stop()
        self._visible = set()
        for watched in self._watched.values():
            if watched.feed is not None:
                watched.feed.close()
        self._watched.clear()

    def _on_readable(self, pid: int) -> None:
        watched = self._watched.get(pid)
        if watched is None:
            return
        watched.waiting = True
        if pid in self._visible:
            self._schedule()

    def _schedule(self) -> None:
        if not self._timer.isActive():
            self._timer.start()

    def _pull(self) -> None:
        for pid in tuple(self._visible):
            watched = self._watched.get(pid)
            if watched is not None and watched.waiting and self._take(watched):
                self.changed.emit(pid)
        if any(watched.waiting for watched in self._on_screen()):
            self._schedule()

    def _take(self, watched: _Watched) -> bool:
        """Take what waits, a bounded part at a time; only its end is read, since no more can be seen."""
        assert watched.feed is not None, "opened in show"
        data = b""
        for _ in range(MOST_PIECES):
            piece = watched.feed.take(TAKE_BYTES)
            data = data[-PARSE_BYTES:] + piece
            watched.waiting = len(piece) >= TAKE_BYTES
            if not watched.waiting:
                break
        if not data:
            return False
        if len(data) > PARSE_BYTES:
            data = data[-PARSE_BYTES:]
            data = data[data.find(b"\n") + 1 :]
        watched.screen.feed(data)
        return True

    def _on_screen(self) -> Iterable[_Watched]:
        return (self._watched[pid] for pid in self._visible if pid in self._watched)

    def _close_oldest(self) -> None:
        hidden = [pid for pid in self._watched if pid not in self._visible]
        for pid in hidden[: max(0, len(self._watched) - MOST_OPEN)]:
            watched = self._watched.pop(pid)
            if watched.feed is not None:
                watched.feed.close()
