"""Attributes and colours that programs put aside and take back (XTPUSHSGR, XTPUSHCOLORS), and reports of both."""

from __future__ import annotations

from kernel.term.events import PaletteChanged
from kernel.term.rectangles import Rectangles
from kernel.term.sgr import DEFAULT, Attributes, sgr_report

_DEPTH = 10
#: The attributes that XTPUSHSGR names by number; 21 is a kind of underline and has its own rule, as 4 has.
_FIELDS = {
    1: "bold",
    2: "dim",
    3: "italics",
    5: "blink",
    7: "reverse",
    8: "hidden",
    9: "strikethrough",
    10: "fg",
    11: "bg",
    30: "fg",
    31: "bg",
}
_SINGLE, _DOUBLE = 4, 21


class Stacks(Rectangles):
    """XTPUSHSGR, XTPOPSGR, XTREPORTSGR, XTPUSHCOLORS, XTPOPCOLORS, XTREPORTCOLORS."""

    def push_rendition(self, *which: int) -> None:
        """XTPUSHSGR: keep the attributes named, or all of them; the oldest of more than ten is lost."""
        self.rendition_stack.append((which, self.attributes[self.pen]))
        del self.rendition_stack[:-_DEPTH]

    def pop_rendition(self, *_: int) -> None:
        """XTPOPSGR."""
        if not self.rendition_stack:
            return
        which, kept = self.rendition_stack.pop()
        self.set_pen(_restored(self.attributes[self.pen], kept, which) if which else kept)

    def report_rendition(self, top: int = 0, left: int = 0, bottom: int = 0, right: int = 0, *_: int) -> None:
        """XTREPORTSGR: what all cells of a rectangle have in common."""
        area = self.rectangle(top, left, bottom, right)
        common = Attributes()
        if area is not None:
            used = {attr for row in self.rows[area.top : area.bottom] for attr in set(row.attrs[area.left : area.right])}
            common = _common([self.attributes[attr] for attr in used])
        self.reply(f"\x1b[{sgr_report(common, exact=False)}m")

    # --- colours

    def push_colours(self, place: int = 0, *_: int) -> None:
        """XTPUSHCOLORS: keep the colours in the next place, or in place 1 to 10."""
        place = place or min(self.colour_level + 1, _DEPTH)
        if place > _DEPTH:
            return
        self.colour_stack.extend([None] * (place - len(self.colour_stack)))
        self.colour_stack[place - 1] = dict(self.palette.overrides)
        self.colour_level = place

    def pop_colours(self, place: int = 0, *_: int) -> None:
        """XTPOPCOLORS: take back the colours of the last place, or of place 1 to 10."""
        place = place or self.colour_level
        kept = self.colour_stack[place - 1] if 1 <= place <= len(self.colour_stack) else None
        if kept is None:
            return
        self.palette.overrides.clear()
        self.palette.overrides.update(kept)
        self.colour_level = place - 1
        self.emit(PaletteChanged())

    def report_colour_stack(self, *_: int) -> None:
        """XTREPORTCOLORS: the place in use and how many there are."""
        self.reply(f"\x1b[?{self.colour_level};{len(self.colour_stack)}#Q")


def _restored(now: Attributes, kept: Attributes, which: tuple[int, ...]) -> Attributes:
    """``now`` with the attributes ``which`` of ``kept``."""
    names = {_FIELDS[number] for number in which if number in _FIELDS}
    now = now._replace(**{name: getattr(kept, name) for name in names})
    for number, style in ((_SINGLE, 1), (_DOUBLE, 2)):
        if number in which and kept.ul_style in (0, style):
            now = now._replace(ul_style=kept.ul_style)
    return now


def _common(all_of: list[Attributes]) -> Attributes:
    """The attributes that are set, and the colours that are the same, in all of ``all_of``."""
    first = all_of[0]
    colours = {name for name in ("fg", "bg", "ul_color") if any(getattr(one, name) != getattr(first, name) for one in all_of)}
    flags = {name for name in Attributes._fields if any(getattr(one, name) != getattr(first, name) for one in all_of)} - colours
    plain = Attributes()
    changes = dict.fromkeys(colours, DEFAULT) | {name: getattr(plain, name) for name in flags}
    return first._replace(**changes)
