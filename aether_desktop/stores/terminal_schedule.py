"""When which terminal is parsed: a few milliseconds a frame for all of them together, the one that has the focus first.

Parsing on a thread of its own costs the window its frames, since both want the interpreter. So the window parses itself, in
slices, and lets go between them. One schedule serves all sessions of a window.
"""

from __future__ import annotations

import logging
import time
from collections import deque
from collections.abc import Iterable
from typing import Protocol

from PySide6.QtCore import QObject, Qt, QTimer

_log = logging.getLogger("aether.desktop.terminals")
#: Parsing in one go, in seconds; short while somebody types, so that their echo does not wait behind another's flood.
BUDGET_S = 0.005
TYPING_BUDGET_S = 0.002
TYPING_PAUSE_S = 0.008
#: A program that prints in small pieces does not repaint more often than a screen can show.
FRAME_S = 0.008
#: A flood repaints this often; of many floods, those without the focus more rarely, since pictures cost more than parsing.
FLOOD_REPAINT_S = 1 / 30
FLOODS_AT_FULL_RATE = 4
#: With more floods than that the window rests between turns, so that its frames come in time.
CROWD_BUDGET_S = 0.004
CROWD_PAUSE_S = 0.008
#: How long one counts how many terminals print.
COUNT_S = 0.1
TYPING_LASTS_S = 0.3
#: After a key, floods rest until its echo comes, at most this long.
ECHO_PATIENCE_S = 0.012
SLICE_S = 0.0015
#: After so many faults in a row a terminal is parsed only when it says again that it has something.
MOST_FAULTS = 3


class Parsing(Protocol):
    """What the schedule asks of a session."""

    def parse(self, seconds: float) -> bool:
        """Parse for about so long; False when nothing waits any more."""
        ...

    def settle(self, *, waiting: bool) -> None:
        """Tell viewers, after a turn, what changed; waiting: there is more to parse."""
        ...


class TerminalSchedule(QObject):
    """Turns of all sessions that have something to parse."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._waiting: deque[Parsing] = deque()
        self._focused: Parsing | None = None
        self._typed_at = 0.0
        self._echo_due = 0.0
        self._crowd = 0
        self._faults: dict[int, int] = {}
        self._printing: set[int] = set()
        self._counted_since = 0.0
        self._rested_at = 0.0
        self._timer = QTimer(self)
        self._timer.setTimerType(Qt.TimerType.PreciseTimer)
        self._timer.setSingleShot(True)
        self._timer.timeout.connect(self._turn)

    @property
    def busy(self) -> bool:
        """Whether anything waits to be parsed."""
        return bool(self._waiting)

    def add(self, session: Parsing) -> None:
        """A session has something to parse."""
        if session not in self._waiting:
            self._waiting.append(session)
        if session is self._focused:
            self._timer.start(0)
        elif not self._timer.isActive():
            self._timer.start(max(0, round((self._rested_at - time.monotonic()) * 1000)))

    def remove(self, session: Parsing) -> None:
        """A session is over."""
        self._faults.pop(id(session), None)
        if session in self._waiting:
            self._waiting.remove(session)
        if self._focused is session:
            self._focused = None

    def focus(self, session: Parsing | None) -> None:
        """Which session comes first from now on."""
        self._focused = session

    def note_typing(self, session: Parsing) -> None:
        """A key was pressed in a terminal: its echo comes before other terminals' output."""
        self._focused = session
        self._typed_at = time.monotonic()
        self._echo_due = self._typed_at + ECHO_PATIENCE_S

    def repaint_interval_s(self, session: Parsing, *, flooding: bool) -> float:
        """How long a session waits between two pictures. flooding: it prints more than anybody can read."""
        if self._crowded and session is not self._focused:
            return FLOOD_REPAINT_S * self._crowd / FLOODS_AT_FULL_RATE
        return FLOOD_REPAINT_S if flooding else FRAME_S

    @property
    def _crowded(self) -> bool:
        return self._crowd > FLOODS_AT_FULL_RATE

    def _count(self, now: float, touched: Iterable[int]) -> None:
        """How many terminals print at present, whether they wait or are parsed as fast as they come."""
        self._printing.update(touched)
        if now - self._counted_since > COUNT_S:
            self._crowd = len(self._printing)
            self._printing.clear()
            self._counted_since = now

    def _turn(self) -> None:
        now = time.monotonic()
        others = any(session is not self._focused for session in self._waiting)
        typing = others and now - self._typed_at < TYPING_LASTS_S
        if others and now < self._echo_due and self._focused not in self._waiting:
            self._timer.start(1)
            return
        echoing, self._echo_due = self._echo_due > 0.0, 0.0
        budget = TYPING_BUDGET_S if typing else CROWD_BUDGET_S if self._crowded else BUDGET_S
        touched = self._parse_all(time.perf_counter() + budget, echoing=echoing)
        self._count(now, touched)
        for session, more in touched.values():
            self._settle(session, waiting=more)
        pause = TYPING_PAUSE_S if typing else CROWD_PAUSE_S if self._crowded else 0.0
        self._rested_at = time.monotonic() + pause
        if self._waiting:
            self._timer.start(round(pause * 1000))

    def _parse_all(self, deadline: float, *, echoing: bool) -> dict[int, tuple[Parsing, bool]]:
        """One turn. By identity: each session that had something, and whether more waits."""
        touched: dict[int, tuple[Parsing, bool]] = {}
        if self._focused is not None and self._focused in self._waiting:
            self._parse_focused(self._focused, deadline, touched)
            if echoing and self._focused not in self._waiting:
                return touched  # the echo of a key is shown before anything else is parsed
        while self._waiting and time.perf_counter() < deadline:
            session = self._waiting.popleft()
            more = self._parse(session, SLICE_S if self._waiting else max(SLICE_S, deadline - time.perf_counter()))
            touched[id(session)] = (session, more)
            if more:
                self._waiting.append(session)
        return touched

    def _parse(self, session: Parsing, seconds: float) -> bool:
        """One terminal's fault must not keep the others from being parsed, nor what it prints after that."""
        try:
            more = session.parse(seconds)
        except Exception:  # noqa: BLE001  # edge: whatever a terminal's parser meets
            _log.exception("a terminal could not be parsed")
            faults = self._faults[id(session)] = self._faults.get(id(session), 0) + 1
            return faults < MOST_FAULTS
        self._faults.pop(id(session), None)
        return more

    @staticmethod
    def _settle(session: Parsing, *, waiting: bool) -> None:
        try:
            session.settle(waiting=waiting)
        except Exception:  # noqa: BLE001  # edge: whatever a terminal's viewers meet
            _log.exception("a terminal could not be shown")

    def _parse_focused(self, session: Parsing, deadline: float, touched: dict[int, tuple[Parsing, bool]]) -> None:
        """Up to the half of a turn when others wait as well."""
        alone = len(self._waiting) == 1
        now = time.perf_counter()
        until = deadline if alone else (now + deadline) / 2
        more = True
        while more and now < until:
            more = self._parse(session, max(SLICE_S, until - now) if alone else SLICE_S)
            now = time.perf_counter()
        touched[id(session)] = (session, more)
        if not more:
            self._waiting.remove(session)
