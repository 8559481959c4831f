"""What is selected or found: which cells of a view, and what they look like.

Such cells are drawn anew on another paper, with letters that can be read on it. `Highlights` asks the view's parts which cells there are;
`styles` asks `highlighted` how they look.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from enum import IntEnum
from typing import TYPE_CHECKING, NamedTuple

from aether_desktop.theme.tokens import Tokens
from aether_desktop.widgets.terminal.colours import Scheme, mix, number_of, readable

if TYPE_CHECKING:
    from aether_desktop.widgets.terminal.styles import Style
    from aether_desktop.widgets.terminal.view import TerminalView
    from kernel.term.selection import Span

#: A paper that changes by less, in the channel that changes most (0 to 255), does not seem to change.
LEAST_CHANGE = 40
#: How much of another colour is mixed in where that would be so, and into blocks, which have no letters to read.
_MIXED = 0.45
_MATCH_SHARE = 0.3
_CURRENT_SHARE = 0.45


class Kind(IntEnum):
    """What a cell is, beside what is in it; a later kind shows instead of an earlier one."""

    PLAIN = 0
    SELECTED = 1
    MATCH = 2
    CURRENT_MATCH = 3


class Highlight(NamedTuple):
    """Some cells of a line, ``end`` not among them."""

    start: int
    end: int
    kind: Kind


class HighlightPapers(NamedTuple):
    """The papers of highlighted cells, 0xRRGGBB, and what to mix into one that already looks much the same."""

    by_kind: tuple[int, int, int, int]
    scheme: Scheme

    @classmethod
    def of(cls, scheme: Scheme, tokens: Tokens) -> HighlightPapers:
        """In a scheme, in a window with these tokens."""
        amber = number_of(tokens.attention_fill)
        match, current = (mix(amber, scheme.background, share) for share in (_MATCH_SHARE, _CURRENT_SHARE))
        return cls((scheme.background, scheme.selection, match, current), scheme)


Source = Callable[[int, int], Iterable[tuple[Kind, "Span"]]]
"""Tells which cells of the absolute lines first..last are highlighted; asked at each picture."""


class Highlights:
    """Those of one view. Its parts add themselves to `sources`."""

    def __init__(self, view: TerminalView) -> None:
        self._view = view
        self.sources: list[Source] = []

    def lines(self) -> list[tuple[Highlight, ...]]:
        """For each line that shows what is highlighted in it."""
        first, last = self._view.grid.shown()
        found: list[list[Highlight]] = [[] for _ in range(first, last + 1)]
        for source in self.sources:
            for kind, (line, start, end) in source(first, last):
                found[line - first].append(Highlight(start, end, kind))
        return [tuple(line) for line in found]


def highlighted(style: Style, kind: Kind, papers: HighlightPapers) -> Style:
    """How a cell of this style looks as one of a kind."""
    wanted, scheme = papers.by_kind[kind], papers.scheme
    # On its own background a scheme's colour is enough, however near it is.
    seen = style.paper == scheme.background or _change(style.paper, wanted) >= LEAST_CHANGE
    paper = wanted if seen else _mixed(_farther(style.paper, scheme), style.paper)
    if style.ink == style.paper:
        # It is not to be read: the program hides it.
        return style._replace(ink=paper, paper=paper, shapes=-1)
    shape = style.ink if style.shapes < 0 else style.shapes
    tinted = _mixed(wanted, shape)
    if _change(shape, tinted) < LEAST_CHANGE:
        tinted = _mixed(_farther(shape, scheme), shape)
    return style._replace(ink=readable(style.ink, paper), paper=paper, shapes=tinted)


def _mixed(over: int, colour: int) -> int:
    return mix(over, colour, _MIXED)


def _farther(colour: int, scheme: Scheme) -> int:
    """Of the scheme's own two colours the one that is farther from another."""
    return max(scheme.foreground, scheme.background, key=lambda other: _change(colour, other))


def _change(first: int, second: int) -> int:
    return max(abs((first >> shift & 255) - (second >> shift & 255)) for shift in (16, 8, 0))
