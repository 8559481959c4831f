"""What is selected or found: which cells of a view, and what they look like.

Such cells are drawn anew on another paper, with letters that can be read on it. `Highlights` asks the view's parts which cells there are;
`styles` asks `highlighted` how they look.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from enum import IntEnum
from typing import TYPE_CHECKING, NamedTuple

from aether_desktop.theme.tokens import Tokens
from aether_desktop.widgets.terminal.colours import Scheme, mix, number_of, readable

if TYPE_CHECKING:
    from aether_desktop.widgets.terminal.styles import Style
    from aether_desktop.widgets.terminal.view import TerminalView
    from kernel.term.rows import Row
    from kernel.term.selection import Span

#: A paper that changes by less, in the channel that changes most (0 to 255), does not seem to change.
LEAST_CHANGE = 40
#: How much of another colour is mixed in where that would be so, and into blocks, which have no letters to read.
_MIXED = 0.45


class Kind(IntEnum):
    """What a cell is, beside what is in it; a later kind shows instead of an earlier one."""

    PLAIN = 0
    SELECTED = 1
    MATCH = 2
    CURRENT_MATCH = 3


#: How much of a kind's colour its paper has, beside the scheme's background.
_SHARES = {Kind.SELECTED: 1.0, Kind.MATCH: 0.3, Kind.CURRENT_MATCH: 0.45}


class Highlight(NamedTuple):
    """Some cells of a line, ``end`` not among them."""

    start: int
    end: int
    kind: Kind


class HighlightColours(NamedTuple):
    """0xRRGGBB of each kind: its paper, and what is mixed into what that would not change."""

    papers: Mapping[Kind, int]
    tints: Mapping[Kind, int]
    scheme: Scheme

    @classmethod
    def of(cls, scheme: Scheme, tokens: Tokens) -> HighlightColours:
        """In a scheme, in a window with these tokens."""
        amber = number_of(tokens.attention_fill)
        tints = {Kind.SELECTED: scheme.selection, Kind.MATCH: amber, Kind.CURRENT_MATCH: amber}
        return cls({kind: mix(tints[kind], scheme.background, _SHARES[kind]) for kind in tints}, tints, scheme)


Source = Callable[[int, int], Iterable[tuple[Kind, "Span"]]]
"""Tells which cells of the absolute lines first..last are highlighted."""
Version = Callable[[], object]
"""Another one whenever a source would tell something else of the same rows; None where it has nothing to tell."""


class Highlights:
    """Those of one view. Its parts add what they highlight."""

    def __init__(self, view: TerminalView) -> None:
        self._view = view
        self._sources: list[tuple[Version, Source]] = []
        self._basis: tuple[object, ...] = ()
        self._lines: list[tuple[Highlight, ...]] = []

    def add(self, version: Version, source: Source) -> None:
        """Ask this one too."""
        self._sources.append((version, source))

    def lines(self, rows: Sequence[Row]) -> list[tuple[Highlight, ...]]:
        """What is highlighted in each of the rows that show, top first."""
        first, last = self._view.grid.shown()
        versions = [version() for version, _ in self._sources]
        basis = (first, last, self._view.terminal, rows, *versions) if any(versions) else (first, last)
        if basis != self._basis:
            self._basis = basis
            found: list[list[Highlight]] = [[] for _ in range(first, last + 1)]
            for _, source in self._sources:
                for kind, (line, start, end) in source(first, last):
                    found[line - first].append(Highlight(start, end, kind))
            self._lines = [tuple(line) for line in found]
        return self._lines


def highlighted(style: Style, kind: Kind, colours: HighlightColours) -> Style:
    """How a cell of this style looks as one of a kind."""
    paper, tint, scheme = colours.papers[kind], colours.tints[kind], colours.scheme
    # On its own background a scheme's colour is enough, however near it is.
    if style.paper != scheme.background and _change(style.paper, paper) < LEAST_CHANGE:
        paper = _tinted(style.paper, tint, scheme)
    if style.ink == style.paper:
        # It is not to be read: the program hides it.
        return style._replace(ink=paper, paper=paper, ul_style=0, ul_colour=0, strikethrough=False, overline=False, shapes=-1)
    shape = style.ink if style.shapes < 0 else style.shapes
    return style._replace(
        ink=readable(style.ink, paper),
        paper=paper,
        ul_colour=readable(style.ul_colour, paper) if style.ul_style else 0,
        shapes=_tinted(shape, tint, scheme),
    )


def _tinted(colour: int, tint: int, scheme: Scheme) -> int:
    """A colour that is seen to be another: with some of ``tint`` in it, or of what is farthest from it where that is much the same."""
    found = mix(tint, colour, _MIXED)
    if _change(colour, found) >= LEAST_CHANGE:
        return found
    return mix(max(scheme.foreground, scheme.background, key=lambda other: _change(colour, other)), colour, _MIXED)


def _change(first: int, second: int) -> int:
    return max(abs((first >> shift & 255) - (second >> shift & 255)) for shift in (16, 8, 0))
