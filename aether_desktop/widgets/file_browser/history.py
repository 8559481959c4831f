"""The folders one has been in: back and forward. Pure."""

from __future__ import annotations

_LIMIT = 200


class History:
    """A place, those before it and those after it."""

    def __init__(self, here: str) -> None:
        """here: the path of the first folder."""
        self._before: list[str] = []
        self._here = here
        self._after: list[str] = []

    @property
    def here(self) -> str:
        """The present folder's path."""
        return self._here

    @property
    def may_go_back(self) -> bool:
        """Whether there is a place before."""
        return bool(self._before)

    @property
    def may_go_forward(self) -> bool:
        """Whether there is a place after."""
        return bool(self._after)

    def go(self, path: str) -> None:
        """Go to another folder; what was forward is forgotten."""
        self._before = [*self._before[-_LIMIT:], self._here]
        self._here = path
        self._after = []

    def back(self) -> bool:
        """Go back; False where there is nothing."""
        if not self._before:
            return False
        self._after.append(self._here)
        self._here = self._before.pop()
        return True

    def forward(self) -> bool:
        """Go forward; False where there is nothing."""
        if not self._after:
            return False
        self._before.append(self._here)
        self._here = self._after.pop()
        return True
