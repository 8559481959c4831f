"""Small choices of windows (the tab in front, an order, a filter) that outlive the window and the application.

``WindowStates`` is owned by the window manager, which has it saved with the layout; windows write into it through
``WindowHandle.set_state``. It knows no app and never fails: what does not fit is not remembered.
"""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

MAX_WINDOWS = 100
MAX_KEYS = 8
MAX_KEY_CHARACTERS = 40
MAX_VALUE_CHARACTERS = 200
_MAX_ID_CHARACTERS = 200


class WindowState(msgspec.Struct, frozen=True):
    """What one window, open or closed, wants to find again."""

    window_id: str
    values: tuple[tuple[str, str], ...] = ()


class WindowStates:
    """The states of the windows written to last; the oldest of more than ``MAX_WINDOWS`` are forgotten."""

    def __init__(self) -> None:
        self._states: dict[str, dict[str, str]] = {}

    def get(self, window_id: str, key: str) -> str:
        """The value of ``key``, empty if there is none."""
        return self._states.get(window_id, {}).get(key, "")

    def put(self, window_id: str, key: str, value: str) -> bool:
        """Remember ``value``, or forget ``key`` where it is empty. True if that changed something.

        Nothing is remembered beyond ``MAX_KEYS`` keys of a window, or where a text is longer than its limit.
        """
        values = dict(self._states.get(window_id, {}))
        if value == values.get(key, ""):
            return False
        if value:
            values[key] = value
        else:
            del values[key]
        if not _fits(window_id, values):
            return False
        self._states.pop(window_id, None)
        if values:
            self._states[window_id] = values
        while len(self._states) > MAX_WINDOWS:
            del self._states[next(iter(self._states))]
        return True

    def forget(self, window_id: str) -> None:
        """Forget all of a window: for a new one that gets the id of an earlier one."""
        self._states.pop(window_id, None)

    def records(self) -> tuple[WindowState, ...]:
        """All that is remembered, the window written to last at the end."""
        return tuple(WindowState(window_id, tuple(values.items())) for window_id, values in self._states.items())

    def load(self, records: Iterable[WindowState]) -> None:
        """Take over what was remembered earlier; what does not fit is left out."""
        self._states.clear()
        for record in records:
            for key, value in record.values:
                self.put(record.window_id, key, value)


def _fits(window_id: str, values: dict[str, str]) -> bool:
    return (
        0 < len(window_id) <= _MAX_ID_CHARACTERS
        and len(values) <= MAX_KEYS
        and all(len(key) <= MAX_KEY_CHARACTERS and len(value) <= MAX_VALUE_CHARACTERS for key, value in values.items())
    )
