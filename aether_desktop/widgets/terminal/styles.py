"""What a cell looks like beside its glyph: interned styles, and each terminal's attribute ids in them.

A `StyleTable` is shared by all terminals that share an atlas; a `TerminalStyles` belongs to one terminal. Called by `painter`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from aether_desktop.widgets.terminal.colours import DIRECT, Scheme, mix, readable, resolve
from aether_desktop.widgets.terminal.distinct import distinct
from aether_desktop.widgets.terminal.highlights import HighlightColours, Kind, highlighted

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from kernel.term import Terminal
    from kernel.term.sgr import Attributes

DIM_SHARE = 0.55
UNKNOWN = -1


class Style(NamedTuple):
    """Colours are 0xRRGGBB. ul_style: 0 none, 1 single, 2 double, 3 curly, 4 dotted, 5 dashed. shapes: what blocks and arrows are drawn in.

    Letters are made readable; blocks and arrows keep the program's colour, since they meet the paper of their neighbours.
    """

    ink: int
    paper: int
    bold: bool = False
    italic: bool = False
    ul_style: int = 0
    ul_colour: int = 0
    strikethrough: bool = False
    overline: bool = False
    shapes: int = -1
    """-1: `ink`."""

    @property
    def decorated(self) -> bool:
        """Whether lines go over or under the glyph."""
        return bool(self.ul_style or self.strikethrough or self.overline)


class StyleTable:
    """Styles by number."""

    def __init__(self) -> None:
        self._styles: list[Style] = []
        self._numbers: dict[Style, int] = {}

    def __len__(self) -> int:
        return len(self._styles)

    def __getitem__(self, number: int) -> Style:
        return self._styles[number]

    def intern(self, style: Style) -> int:
        """The number of a style."""
        number = self._numbers.get(style)
        if number is None:
            number = self._numbers[style] = len(self._styles)
            self._styles.append(style)
        return number

    def clear(self) -> None:
        """Forget all."""
        self._styles.clear()
        self._numbers.clear()


class TerminalStyles:
    """Style numbers of one terminal's attribute ids, made when they are first seen.

    table: shared with other terminals. highlights: the colours of cells that are, where any may be.
    `forget` is called when the scheme, the palette or the table changed.
    """

    def __init__(self, table: StyleTable, scheme: Scheme, highlights: HighlightColours | None = None) -> None:
        self._table = table
        self._scheme = scheme
        self._highlights = highlights
        self._numbers: dict[Kind, NDArray[np.int64]] = {}
        self._basis: tuple[object, ...] = ()
        self.blinking: set[str] = set()
        """Those of the attributes seen so far that blink, as rows hold them."""

    def forget(self) -> None:
        """Resolve everything anew."""
        self._numbers.clear()

    def numbers(
        self, terminal: Terminal, attrs: NDArray[np.uint32], *, blink_off: bool = False, kind: Kind = Kind.PLAIN
    ) -> NDArray[np.int64]:
        """Style numbers for attribute ids.

        attrs: the ids of some cells. blink_off: blinking text is in its hidden half. kind: what all of the cells are.
        """
        import numpy as np

        basis = (terminal, terminal.attributes.generation, terminal.modes.reverse_video, blink_off)
        if basis != self._basis:
            if basis[:2] != self._basis[:2]:
                self.blinking.clear()
            self._basis = basis
            self._numbers.clear()
        known = self._numbers.get(kind)
        if known is None:
            known = self._numbers[kind] = np.full(256, UNKNOWN, np.int64)
        largest = int(attrs.max(initial=0))
        if largest >= len(known):
            more = np.full(max(largest + 1, 2 * len(known)) - len(known), UNKNOWN, np.int64)
            known = self._numbers[kind] = np.concatenate((known, more))
        found: NDArray[np.int64] = known[attrs]
        if found.min(initial=0) < 0:
            for attr in distinct(attrs[found < 0]):
                look = terminal.attributes[int(attr)]
                if look.blink:
                    self.blinking.add(chr(attr))
                style = self.style_of(terminal, look, blink_off=blink_off)
                if kind:
                    assert self._highlights is not None, "only who has their colours highlights"
                    style = highlighted(style, kind, self._highlights)
                known[attr] = self._table.intern(style)
            found = known[attrs]
        return found

    def style_of(self, terminal: Terminal, look: Attributes, *, blink_off: bool = False) -> Style:
        """The style of a cell's attributes in the colours in force."""
        scheme, overrides = self._scheme, terminal.palette.overrides
        ink = resolve(look.fg, scheme, overrides, role="foreground", bold=look.bold)
        paper = resolve(look.bg, scheme, overrides, role="background")
        if look.reverse != terminal.modes.reverse_video:
            ink, paper = paper, ink
        if look.dim:
            ink = mix(ink, paper, DIM_SHARE)
        if look.hidden or (look.blink and blink_off):
            return Style(paper, paper)
        shapes = -1
        # Letters in the very colour of their paper are meant to be unseen; two that happen to look the same in a scheme are not.
        chosen = look.fg >= DIRECT or look.bg >= DIRECT or look.fg == look.bg
        if not chosen and (letters := readable(ink, paper)) != ink:
            ink, shapes = letters, ink
        line = ink if look.ul_color < 0 else resolve(look.ul_color, scheme, overrides, role="foreground")
        return Style(
            ink,
            paper,
            bold=look.bold,
            italic=look.italics,
            ul_style=look.ul_style,
            ul_colour=line if look.ul_style else 0,
            strikethrough=look.strikethrough,
            overline=look.overline,
            shapes=shapes,
        )
