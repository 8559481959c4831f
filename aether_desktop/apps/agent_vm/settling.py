"""When a question takes an answer: once it was there for a moment, and nobody is typing something else. Owned by the panel that asks."""

from __future__ import annotations

import time

from PySide6.QtCore import QObject, Signal

from aether_desktop.apps.agent_vm.recent_keys import REST_S, RecentKeys
from aether_desktop.widgets.single_shot import single_shot

SETTLE_S = 0.4


class Settling(QObject):
    """Of one panel. keys: says whether somebody presses keys in its window just now."""

    changed = Signal()
    """Keys answer now, or no longer."""

    def __init__(self, keys: RecentKeys, parent: QObject) -> None:
        super().__init__(parent)
        self._keys = keys
        self._keys_at = 0.0
        self._clicks_at = 0.0
        self._is_long = False
        self._timer = single_shot(self, 0, self.changed.emit)

    @property
    def takes_keys(self) -> bool:
        """Whether a key answers."""
        return time.monotonic() >= self._keys_at

    @property
    def takes_clicks(self) -> bool:
        """Whether a button answers: for clicks it does not matter what was typed."""
        return time.monotonic() >= self._clicks_at

    @property
    def waits_for_rest(self) -> bool:
        """Whether keys do not answer because somebody is typing."""
        return self._is_long and not self.takes_keys

    def ask(self) -> None:
        """Another question shows, or the same one anew: nobody has seen it yet."""
        self._clicks_at = time.monotonic() + SETTLE_S
        self.wait_for_keys()

    def wait_for_keys(self, *, meant: bool = False) -> None:
        """Take no key for a moment; a short one where nobody was typing, or where the person meant the question."""
        self._is_long = not (meant or self._keys.at_rest)
        wait_s = REST_S if self._is_long else SETTLE_S
        self._keys_at = time.monotonic() + wait_s
        self._timer.start(int(wait_s * 1000) + 20)
        self.changed.emit()

    def put_off(self) -> None:
        """A key came too early: the next one counts when it does not follow at once."""
        self._keys_at = max(self._keys_at, time.monotonic() + SETTLE_S)
        self._timer.start(int((self._keys_at - time.monotonic()) * 1000) + 20)

    def be_ready(self) -> None:
        """It has been looked at for long enough."""
        self._keys_at = self._clicks_at = 0.0
        self._timer.stop()
        self.changed.emit()
