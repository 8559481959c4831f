r"""How text falls into cells: narrow and wide characters, and the grapheme clusters that share a cell.

``Shaper.cells`` turns printable text into row text (see ``kernel.term.rows``). A cluster is a base with its combining
marks, an emoji with a skin tone, a chain of emoji joined by ZWJ, a pair of regional indicators, or a narrow symbol
made wide by VARIATION SELECTOR-16. The patterns are compiled when a screen first meets text beyond ASCII.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import NamedTuple

from kernel.term.clusters import MAX_LENGTH, ClusterTable
from kernel.term.rows import STUB
from kernel.term.unicode_ranges import WIDE_RANGES, ZERO_WIDTH_RANGES

ZWJ = "\u200d"
EMOJI_SELECTOR = "\ufe0f"
#: Marks a character in the result of ``CellMap`` whose cell depends on its neighbours.
SPECIAL = "\1"
_MAP_LIMIT = 20_000
_MEMO_LIMIT = 4_096
_REGIONAL = "\U0001f1e6-\U0001f1ff"
_MODIFIER = "\U0001f3fb-\U0001f3ff"
#: Most combining marks in a cell: no script needs more, and under a hundred of them no character can be read.
MAX_MARKS = 8
#: Marks that do not count as such: variation selectors, ZWJ and the tags of flags.
_UNCOUNTED = re.compile(f"[\ufe00-\ufe0f{ZWJ}\U000e0020-\U000e007f]")
#: Narrow characters that have an emoji form, where VARIATION SELECTOR-16 widens them; the first ones become keycaps.
_TEXT_EMOJI = (
    "#*0-9\xa9\xae\u203c\u2049\u2122\u2139\u2194-\u2199\u21a9\u21aa\u2328\u23cf\u23ed-\u23ef\u23f1\u23f2\u23f8-\u23fa\u24c2"
    "\u25aa\u25ab\u25b6\u25c0\u25fb\u25fc\u2600-\u2604\u260e\u2611\u2618\u261d\u2620\u2622\u2623\u2626\u262a\u262e"
    "\u262f\u2638-\u263a\u2640\u2642\u265f\u2660\u2663\u2665\u2666\u2668\u267b\u267e\u2692\u2694-\u2697\u2699\u269b"
    "\u269c\u26a0\u26a7\u26b0\u26b1\u26c8\u26cf\u26d1\u26d3\u26e9\u26f0\u26f1\u26f4\u26f7-\u26f9\u2702\u2708\u2709"
    "\u270c\u270d\u270f\u2712\u2714\u2716\u271d\u2721\u2733\u2734\u2744\u2747\u2763\u2764\u27a1\u2934\u2935\u2b05-\u2b07"
    "\U0001f170\U0001f171\U0001f17e\U0001f17f\U0001f321\U0001f324-\U0001f32c\U0001f336\U0001f37d\U0001f396\U0001f397"
    "\U0001f399-\U0001f39b\U0001f39e\U0001f39f\U0001f3cb-\U0001f3ce\U0001f3d4-\U0001f3df\U0001f3f3\U0001f3f5\U0001f3f7"
    "\U0001f43f\U0001f441\U0001f4fd\U0001f549\U0001f54a\U0001f56f\U0001f570\U0001f573-\U0001f579\U0001f587"
    "\U0001f58a-\U0001f58d\U0001f590\U0001f5a5\U0001f5a8\U0001f5b1\U0001f5b2\U0001f5bc\U0001f5c2-\U0001f5c4"
    "\U0001f5d1-\U0001f5d3\U0001f5dc-\U0001f5de\U0001f5e1\U0001f5e3\U0001f5e8\U0001f5ef\U0001f5f3\U0001f5fa\U0001f6cb"
    "\U0001f6cd-\U0001f6cf\U0001f6e0-\U0001f6e5\U0001f6e9\U0001f6f0\U0001f6f3"
)


def _ranges(text: str) -> tuple[str, str]:
    """Turn ``1100-115f 1f300-1f320`` into the insides of two character classes: up to U+FFFF, and above.

    The engine tests a class below U+10000 by table and the rest range by range, so the two are kept apart.
    """
    spans = [[int(end, 16) for end in span.split("-")] for span in text.split()]
    low = [span for span in spans if span[0] < 0x10000]
    high = [span for span in spans if span[0] >= 0x10000]
    inside = ["".join("-".join(re.escape(chr(end)) for end in span) for span in part) for part in (low, high)]
    return inside[0], inside[1]


_HIGH = "(?=[\U00010000-\U0010ffff])"


#: In translated text: a special character with the one before, and with one after each ZWJ.
_SPECIAL_CHUNK = re.compile(f"(?:[^{SPECIAL}{STUB}]{STUB}?)?(?:{SPECIAL}.(?:(?<={ZWJ})[^{SPECIAL}{STUB}]{STUB}?)?)+")


class _Patterns(NamedTuple):
    cluster: re.Pattern[str]
    special: re.Pattern[str]
    wide_base: re.Pattern[str]
    text_emoji: re.Pattern[str]
    pictograph: re.Pattern[str]
    zero: re.Pattern[str]


@lru_cache(maxsize=1)
def _patterns() -> _Patterns:
    zero_low, zero_high = _ranges(ZERO_WIDTH_RANGES)
    wide_low, wide_high = _ranges(WIDE_RANGES)
    zero = f"(?:[{zero_low}]|{_HIGH}[{zero_high}])"
    base = f"(?:[^{zero_low}\U00010000-\U0010ffff]|{_HIGH}[^{zero_high}])"
    pictograph = rf"[\u203c-\u3299\xa9\xae\U0001f000-\U0001f1e5\U0001f200-\U0001f3fa\U0001f400-\U0001faff{_MODIFIER}]"
    marks = f"(?:{zero}|[{_MODIFIER}])"
    chain = f"(?:(?<={ZWJ}){pictograph}{marks}*)*"
    return _Patterns(
        # An emoji goes on after ZWJ; any other base takes marks only. Regional indicators pair up.
        cluster=re.compile(f"[{_REGIONAL}]{{2}}{zero}*|{pictograph}{marks}*{chain}|{base}{zero}*"),
        special=re.compile(f"[{zero_low}]|{_HIGH}[{_REGIONAL}{_MODIFIER}\U00100000-\U0010ffff{zero_high}]"),
        wide_base=re.compile(f"[{wide_low}]|{_HIGH}[{wide_high}{_REGIONAL}{_MODIFIER}]"),
        text_emoji=re.compile(f"[{_TEXT_EMOJI}]"),
        pictograph=re.compile(pictograph),
        zero=re.compile(zero),
    )


def is_mark(char: str) -> bool:
    """Whether ``char`` takes no cell of its own."""
    return _patterns().zero.match(char) is not None


def joins(cluster: str, char: str) -> bool:
    """Whether ``char``, drawn straight after ``cluster``, belongs into the same cell."""
    patterns = _patterns()
    if patterns.zero.match(char):
        return True
    if not patterns.pictograph.match(cluster):
        return _regional(char) and len(cluster) == 1 and _regional(cluster)
    return "\U0001f3fb" <= char <= "\U0001f3ff" or (cluster[-1] == ZWJ and patterns.pictograph.match(char) is not None)


def extended(cluster: str, char: str) -> str:
    """Return ``cluster`` with ``char``, which joins it, or as it is where the cell has no room for that."""
    if len(cluster) >= MAX_LENGTH:
        return cluster
    if len(cluster) > MAX_MARKS and _is_counted(char) and sum(map(_is_counted, cluster[1:])) >= MAX_MARKS:
        return cluster
    return cluster + char


def _is_counted(char: str) -> bool:
    return is_mark(char) and not _UNCOUNTED.match(char)


def _regional(char: str) -> bool:
    return "\U0001f1e6" <= char <= "\U0001f1ff"


def cluster_width(cluster: str) -> int:
    """Cells that ``cluster`` (a base with its marks) takes: 1 or 2."""
    patterns = _patterns()
    if patterns.wide_base.match(cluster):
        return 2
    if EMOJI_SELECTOR in cluster and patterns.text_emoji.match(cluster):
        return 2
    if len(cluster) > 1 and any("\U0001f3fb" <= char <= "\U0001f3ff" for char in cluster):
        return 2
    return 1


class CellMap(dict[int, str]):
    """A table for ``str.translate``: a wide character gets its stub, a special one is marked with ``SPECIAL``."""

    def __missing__(self, code: int) -> str:
        """Classify a character met for the first time."""
        patterns = _patterns()
        char = chr(code)
        if patterns.special.match(char):
            cells = SPECIAL + char
        elif patterns.wide_base.match(char):
            cells = char + STUB
        else:
            cells = char
        if len(self) < _MAP_LIMIT:
            self[code] = cells
        return cells


class Shaper:
    """Turns printable text into cells for one screen, interning clusters in its table."""

    def __init__(self, clusters: ClusterTable) -> None:
        self._clusters = clusters
        self._memo: dict[str, str] = {}
        #: Table for ``str.translate`` that turns text into cells where the result has no ``SPECIAL``.
        self.map = CellMap()

    def cells(self, text: str) -> str:
        """Return ``text`` (no control characters, its first character not a mark) as row text."""
        if text.isascii():
            return text
        cells = text.translate(self.map)
        return self.shape(cells) if SPECIAL in cells else cells

    def shape(self, cells: str) -> str:
        """Return row text for a result of ``map`` that has ``SPECIAL`` in it."""
        # Before the cell in front of the first special character there is nothing to find.
        start = max(0, cells.index(SPECIAL) - len(" " + STUB))
        return cells[:start] + _SPECIAL_CHUNK.sub(self._shape_chunk, cells[start:])

    def is_special(self, char: str) -> bool:
        """Whether ``char`` is a mark or else may share a cell with what precedes it."""
        return self.map[ord(char)][0] == SPECIAL

    def last_base(self, text: str) -> str:
        """The character that the last cell of ``text`` begins with."""
        return [match[0] for match in _patterns().cluster.finditer(text)][-1][0]

    def _shape_chunk(self, match: re.Match[str]) -> str:
        """Return the cells of a special character with those that may share a cell with it."""
        chunk = match[0]
        cells = self._memo.get(chunk)
        if cells is None:
            text = chunk.replace(SPECIAL, "").replace(STUB, "")
            cells = "".join([self._shape(found[0]) for found in _patterns().cluster.finditer(text)])
            if len(self._memo) > _MEMO_LIMIT:
                self._memo.clear()
            if len(chunk) <= 4 * MAX_LENGTH:
                self._memo[chunk] = cells
        return cells

    def _shape(self, cluster: str) -> str:
        """Return the cells of one cluster: its private code point, and a stub where it is wide."""
        head, rest = cluster, ""
        if len(cluster) > MAX_MARKS:
            at = 1
            head = cluster[0]
            while at < len(cluster) and joins(head, cluster[at]):
                head = extended(head, cluster[at])
                at += 1
            rest = cluster[at:]
        cells = self._clusters.intern(head)
        if cluster_width(head) == 2:
            cells += STUB
        return cells + self.cells(rest) if rest else cells

    def forget(self) -> None:
        """Drop what was remembered of the cluster table, after a collection."""
        self._memo.clear()
