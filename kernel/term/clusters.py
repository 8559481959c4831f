"""Interned grapheme clusters: several code points in one cell become one private code point.

Rows store plane-16 private code points (U+100000 and up) in place of clusters, so that each cell stays one character.
A program's own characters of that plane are interned too, so that none can be mistaken. Pure; owned by one screen.
"""

from __future__ import annotations

from collections.abc import Iterable

FIRST = 0x100000
#: How many clusters are kept; past it, a cluster shows as its first character until unused ones are collected.
LIMIT = 0xFFF0
#: Longest cluster in code points; further ones are dropped (see ``kernel.term.width.extended`` for marks).
MAX_LENGTH = 24
_FIRST_CHAR = chr(FIRST)
#: The part of the limit from which on unused ones are freed.
_COLLECTED_FROM = 0.75


class ClusterTable:
    """Clusters by private code point, and back."""

    def __init__(self) -> None:
        self._strings: list[str] = []
        self._codes: dict[str, str] = {}
        self._free: list[int] = []
        #: The numbers interned since somebody asked.
        self._new: list[int] = []
        self._collect_at = _COLLECTED_FROM * LIMIT

    def __len__(self) -> int:
        return len(self._codes)

    @property
    def full(self) -> bool:
        """Whether unused clusters should be freed before there is no room for more."""
        return len(self._codes) >= min(LIMIT, self._collect_at)

    @property
    def filling(self) -> bool:
        """Whether it may be full soon."""
        return len(self._codes) >= LIMIT // 2

    def intern(self, cluster: str) -> str:
        """Return the one character that stands for ``cluster`` in rows."""
        if len(cluster) == 1 and cluster < _FIRST_CHAR:
            return cluster
        cluster = cluster[:MAX_LENGTH]
        code = self._codes.get(cluster)
        if code is None:
            if len(self._codes) >= LIMIT:
                return cluster[0] if cluster[0] < _FIRST_CHAR else "\ufffd"
            if self._free:
                number = self._free.pop()
                self._strings[number] = cluster
            else:
                number = len(self._strings)
                self._strings.append(cluster)
            self._new.append(number)
            code = self._codes[cluster] = chr(FIRST + number)
        return code

    def __getitem__(self, code: str) -> str:
        """Return the text of the cell whose row character is ``code``, cluster or not."""
        number = ord(code) - FIRST
        return self._strings[number] if 0 <= number < len(self._strings) else code

    def expand(self, text: str) -> str:
        """Return row text with clusters written out and the stubs of wide characters removed."""
        if text.isascii():
            return text
        text = text.replace("\0", "")
        if self._codes and max(text, default="") >= _FIRST_CHAR:
            return "".join([self[char] if char >= _FIRST_CHAR else char for char in text])
        return text

    def take_new(self) -> list[int]:
        """Return the numbers of the clusters that were interned since the last call: their code points, counted from ``FIRST``."""
        new, self._new = self._new, []
        return new

    def free(self, numbers: Iterable[int]) -> None:
        """Forget the clusters with these numbers, which no row uses."""
        for number in numbers:
            del self._codes[self._strings[number]]
            self._free.append(number)

    def rest(self) -> None:
        """All that is unused is free: before more is freed some have to come."""
        self._collect_at = max(_COLLECTED_FROM * LIMIT, len(self) + LIMIT // 50)
