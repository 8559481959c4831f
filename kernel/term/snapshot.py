"""A terminal as the escape sequences that make it again: for who begins to read a terminal's output late.

``snapshot`` is pure and leaves its terminal as it is. Fed to a new terminal of the same size it gives the same history,
screens, cursor, margins, modes, colours, titles, directory and prompt marks, and what is fed afterwards has the same effect: a
sequence that was cut off goes on. Rows below the screen, a cursor that waits to wrap or is outside of its margins, and protection where
nothing spares it any more have sequences that no other terminal knows. Not kept, because no sequence
says it: how many lines the history has lost, the prompt marks of rows below the screen, the window's position and state,
synchronized output, DECCOLM where the width is no longer 132, the size of an ignored string, what REP repeats while in insert mode
or VT52 mode, what a program is about to draw again for another size, what another size has cut off a prompt and the command behind it,
and rows that hold what their width forbids.
"""

from __future__ import annotations

from kernel.term.charsets import LARGE, CharsetState
from kernel.term.marks import replaces
from kernel.term.modes import ANSI_DEFAULTS, PRIVATE_DEFAULTS
from kernel.term.palette import DYNAMIC, format_colour
from kernel.term.rows import STUB, fit
from kernel.term.screen import Screen
from kernel.term.snapshot_rows import RowWriter
from kernel.term.state import ISO_PROTECTION, MAX_COLUMNS, UNPROTECTED, SavedCursor
from kernel.term.terminal import Terminal
from kernel.term.width import cluster_width, is_mark

_ALTERNATE = (47, 1047, 1049)
#: Modes that have their own place in the order of things.
_ORDERED = frozenset({2, 3, 6, 12, 1048, 2026, *_ALTERNATE})
_LOCKING = ("\x0f", "\x0e", "\x1bn", "\x1bo")
_RIGHT = {1: "\x1b~", 2: "\x1b}", 3: "\x1b|"}
_SHAPES = {"block": 1, "underline": 3, "bar": 5}


def snapshot(terminal: Terminal) -> bytes:
    """Return what a new terminal of the same size has to be fed with to become like ``terminal``."""
    writer = _Writer(terminal.screen)
    writer.write()
    return writer.encoded() + terminal.unfinished_input()


class _Writer:
    """Writes the parts in an order in which none undoes another."""

    def __init__(self, screen: Screen) -> None:
        self._screen = screen
        self.rows = RowWriter(screen.columns, screen.lines, screen.attributes, screen.clusters, screen.shaper)
        self._put = self.rows.out.append
        self.encoding_switch: int | None = None

    def encoded(self) -> bytes:
        """What was written, in the encodings that it asks for."""
        self._switch_encoding()
        out, switch = self.rows.out, self.encoding_switch
        head = "".join(out[:switch]).encode("utf-8", "replace")
        return head if switch is None else head + "".join(out[switch:]).encode("latin-1", "replace")

    def write(self) -> None:
        """Write everything."""
        screen = self._screen
        self._saved_modes()
        main = screen.other_rows if screen.on_alternate else screen.rows
        self.rows.write([*screen.history.stored(), *main], self._marks())
        self._rows_below()
        other = screen.rows if screen.on_alternate else screen.other_rows
        if screen.on_alternate or any(row.text.strip() or row.attrs.strip("\0") or row.wrapped for row in other):
            self._put("\x1b[?47h\x1b[H")
            self.rows.write(other)
            if not screen.on_alternate:
                self._put("\x1b[?47l")
        self._colours()
        self._titles()
        self._tab_stops()
        self._other_saved_cursor()
        for which, attributes in screen.rendition_stack:
            self.rows.select_attributes(attributes)
            self._put(f"\x1b[{';'.join(map(str, which))}#{{")
        self._reset_softly()
        self._saved_cursor(screen.saved_cursor)
        self._kitty_flags(screen.modes.kitty_keyboard)
        self._settings()
        self._modes()
        self._finish()

    # --- parts

    def _rows_below(self) -> None:
        """What is below the main screen is drawn on the alternate one, as much at once as fits, and put into its place from there."""
        screen = self._screen
        lines, rows = screen.lines, [fit(row, screen.columns) for row in screen.rows_below]
        if not rows:
            return
        self._put("\x1b[?47h\x1b[H")
        for start in range(0, len(rows), lines):
            drawn = rows[start : start + lines]
            goes_on = drawn[-1].wrapped
            drawn[-1] = drawn[-1]._replace(wrapped=False)
            self.rows.write(drawn)
            self._put(f"\x1b[>{len(drawn)};{int(goes_on)}$~")
        self._put("\x1b[?47l")

    def _marks(self) -> dict[int, str]:
        """The shell's marks by the row, counted from the oldest, at whose start they are to be made."""
        found: dict[int, str] = {}
        above = None
        for mark in self._screen.prompt_marks:
            code = "" if mark.exit_code is None else str(mark.exit_code)
            # A resize brings marks together that would replace each other.
            options = [code, *["redraw=last"] * mark.last_line, *["also"] * replaces(mark, above)]
            row = mark.line - self._screen.history.dropped
            found[row] = found.get(row, "") + f"\x1b]133;{';'.join([mark.kind, *options]).rstrip(';')}\x1b\\"
            above = mark
        return found

    def _saved_modes(self) -> None:
        """XTSAVE works on the modes of now: give each its saved value, save, and take it back."""
        for mode, value in self._screen.modes.saved.items():
            if mode == 3 and value:
                continue
            default = PRIVATE_DEFAULTS[mode]
            if value != default:
                name = 47 if mode in _ALTERNATE else mode
                self._put(f"\x1b[?{name}{_final(value)}\x1b[?{mode}s\x1b[?{name}{_final(default)}")
            else:
                self._put(f"\x1b[?{mode}s")
        if self._screen.columns == 132 and self._screen.modes.private[3]:
            self._put("\x1b[?40h\x1b[?3h\x1b[?40l")
        if self._screen.modes.private[1048]:
            self._put("\x1b[?1048h")

    def _colours(self) -> None:
        """The colours put aside and those of now. The place in use is the last one filled, or the one below the last one taken."""
        screen = self._screen
        stack, level = screen.colour_stack, screen.colour_level
        filled = level > 0 and stack[level - 1] is not None
        last = level if filled else level + 1
        kept = [(place, colours) for place, colours in enumerate(stack, 1) if colours is not None]
        kept.sort(key=lambda item: item[0] == last)
        for place, colours in kept:
            self._palette(colours)
            self._put(f"\x1b[{place}#P" + f"\x1b[{place}#Q" * (place == last and not filled))
            self._put("\x1b]104\x1b\\\x1b]105\x1b\\" + "".join([f"\x1b]{100 + number}\x1b\\" for number in DYNAMIC]))
        self._palette(screen.palette.overrides)

    def _palette(self, overrides: dict[int | str, int]) -> None:
        names = {name: number for number, name in DYNAMIC.items()}
        for key, colour in overrides.items():
            spec = format_colour(colour)
            if isinstance(key, str):
                self._put(f"\x1b]{names[key]};{spec}\x1b\\")
            elif key < 256:
                self._put(f"\x1b]4;{key};{spec}\x1b\\")
            else:
                self._put(f"\x1b]5;{key - 256};{spec}\x1b\\")

    def _titles(self) -> None:
        screen = self._screen
        icon = title = ""
        for entry in [*screen.title_stack, None]:
            wanted = entry or (screen.icon_name, screen.title)
            if wanted[0] != icon:
                icon = wanted[0]
                self._put(f"\x1b]1;{icon}\x1b\\")
            if wanted[1] != title:
                title = wanted[1]
                self._put(f"\x1b]2;{title}\x1b\\")
            if entry is not None:
                self._put("\x1b[22t")
        if screen.cwd:
            self._put(f"\x1b]7;{screen.cwd}\x1b\\")
        if screen.title_modes:
            self._put(f"\x1b[>{';'.join(map(str, sorted(screen.title_modes)))}t")

    def _tab_stops(self) -> None:
        stops = self._screen.tabstops
        if not stops:
            self._put("\x1b[3g")
        elif stops != set(range(0, MAX_COLUMNS, 8)):
            self._put(f"\x1bP2$t{'/'.join(str(stop + 1) for stop in sorted(stops))}\x1b\\")

    def _other_saved_cursor(self) -> None:
        screen = self._screen
        if screen.other_saved_cursor != SavedCursor() or screen.other_kitty != [0]:
            self._put(f"\x1b[?47{_final(not screen.on_alternate)}")
            self._saved_cursor(screen.other_saved_cursor)
            self._kitty_flags(screen.other_kitty)
            self._put(f"\x1b[?47{_final(screen.on_alternate)}")

    def _reset_softly(self) -> None:
        """DECSCL."""
        screen = self._screen
        if screen.attribute_extent_rectangle:
            self._put("\x1b[2*x")
        if screen.conformance != 64 or screen.was_reset_softly:
            self._put(f'\x1b[{screen.conformance};1"p')
            self.rows.forget_pen()
            self.rows.forget_link()

    def _saved_cursor(self, saved: SavedCursor) -> None:
        if saved == SavedCursor():
            return
        self.rows.select_attributes(saved.attributes)
        self._charsets(saved.charsets)
        self._put(f"\x1b[?6{_final(saved.origin)}\x1b[{saved.y + 1};{saved.x + 1}H\x1b7\x1b[?6l")
        self._charsets(CharsetState(("B", "B", "B", "B"), 0, 2))

    def _kitty_flags(self, stack: list[int]) -> None:
        if stack != [0]:
            self._put(f"\x1b[={stack[0]};1u" + "".join([f"\x1b[>{flags}u" for flags in stack[1:]]))

    def _charsets(self, state: CharsetState) -> None:
        for slot, name in enumerate(state.sets):
            large = name.startswith(LARGE)
            self._put(f"\x1b{'(-./'[slot] if large else '()*+'[slot]}{name[large:]}")
        self._put(_LOCKING[state.gl] + _RIGHT.get(state.gr, ""))

    def _settings(self) -> None:
        screen = self._screen
        if not screen.selective_erase:
            self._put('\x1b[>1"q\x1b[2"q')
            self.rows.forget_pen()
        if screen.checksum_flags:
            self._put(f"\x1b[{screen.checksum_flags}#y")
        if screen.modes.modify_other_keys:
            self._put(f"\x1b[>4;{screen.modes.modify_other_keys}m")
        cursor = screen.cursor
        if cursor.shape == "block" and cursor.blinking and not screen.modes.private[12]:
            self._put("\x1b[0 q" if 12 in screen.modes.saved else "")
        else:
            self._put(f"\x1b[{_SHAPES[cursor.shape] + (not cursor.blinking)} q")

    def _modes(self) -> None:
        modes = self._screen.modes
        for mode, value in modes.private.items():
            if mode not in _ORDERED and mode != modes.mouse and value != PRIVATE_DEFAULTS[mode]:
                self._put(f"\x1b[?{mode}{_final(value)}")
        if modes.mouse:
            self._put(f"\x1b[?{modes.mouse}h")

    # --- the end: what the next character depends on

    def _finish(self) -> None:
        screen = self._screen
        if (screen.top, screen.bottom) != (0, screen.lines - 1):
            self._put(f"\x1b[{screen.top + 1};{screen.bottom + 1}r")
        if screen.modes.private[69] and (screen.left, screen.right) != (0, screen.columns - 1):
            self._put(f"\x1b[{screen.left + 1};{screen.right + 1}s")
        if screen.origin:
            self._put("\x1b[?6h")
        for mode, value in screen.modes.ansi.items():
            if value != ANSI_DEFAULTS[mode]:
                self._put(f"\x1b[{mode}{_final(value)}")
        if screen.eight_bit:
            self._put("\x1b G")
        if screen.modes.vt52:
            self._position(screen.cursor.x)
            self._pen()
            self._switch_encoding()
            self._enter_vt52()
            return
        if screen.charsets.save() != CharsetState(("B", "B", "B", "B"), 0, 2):
            self._charsets(screen.charsets.save())
        again = self._cell_before()
        if again is None:
            self._position(screen.cursor.x)
            self._pen()
        else:
            self._draw_again(again)
        if screen.charsets.single is not None:
            self._put("\x1bN" if screen.charsets.single == 2 else "\x1bO")

    def _enter_vt52(self) -> None:
        charsets = self._screen.charsets
        self._put("\x1b[?2l")
        if charsets.sets[0] == "0":
            self._put("\x1bF")
        if charsets.gl == 1:
            self._put("\x0e")

    def _cell_before(self) -> int | None:
        """Column of the cell before the cursor, where to draw it once more tells what may join or repeat it."""
        screen = self._screen
        x, y = screen.cursor.x, screen.cursor.y
        joining = screen.joined_at == (x, y, screen.wrap_pending)
        if screen.inserting or not (screen.last_char or joining or screen.wrap_pending):
            return None
        row = screen.rows[y]
        x -= not screen.wrap_pending
        if x < 0 or (row.wrapped and x == screen.columns - 1) or not screen.attributes[row.attrs[x]].drawn:
            return None
        if screen.last_char and row.attrs[x] != screen.pen:
            return None
        start = x - 1 if row.text[x] == STUB else x
        limit = screen.right if start <= screen.right else screen.columns - 1
        cluster = screen.clusters[row.text[start]]
        if screen.wrap_pending != (x == limit) or not self._prints_alike(cluster) or cluster_width(cluster) != x - start + 1:
            return None
        return start

    def _prints_alike(self, cluster: str) -> bool:
        """Whether ``cluster`` prints as itself with the character sets and the encoding of now."""
        screen = self._screen
        if screen.charsets.single is not None or is_mark(cluster[0]):
            return False
        if screen.charsets.prints(cluster) != cluster:
            return False
        return screen.utf8 or cluster <= "\xff"

    def _draw_again(self, column: int) -> None:
        screen = self._screen
        row = screen.rows[screen.cursor.y]
        self._position(column, pending=False)
        if screen.last_char:
            self._pen()
            self._switch_encoding()
        else:
            self.rows.select(row.attrs[column])
        self._put(screen.clusters[row.text[column]])
        if not screen.last_char:
            self._pen()

    def _switch_encoding(self) -> None:
        """What is written from now on is not UTF-8 where the program has left it."""
        if not self._screen.utf8 and self.encoding_switch is None:
            self._put("\x1b%@")
            self.encoding_switch = len(self.rows.out)

    def _position(self, x: int, *, pending: bool = True) -> None:
        """Put the cursor into column ``x``, waiting to wrap where it does."""
        screen = self._screen
        y = screen.cursor.y
        waits = pending and screen.wrap_pending
        # A carriage return makes the reader forget what it drew last.
        if waits or (screen.origin and not (screen.left <= x <= screen.right and screen.top <= y <= screen.bottom)):
            self._put(f"\r\x1b[>{y + 1};{x + 1};{int(waits)}$|")
        else:
            row, column = (y - screen.top, x - screen.left) if screen.origin else (y, x)
            self._put(f"\r\x1b[{row + 1};{column + 1}H")

    def _pen(self) -> None:
        """The pen and the link; they differ after XTPOPSGR."""
        screen = self._screen
        pen = screen.attributes[screen.pen]
        self.rows.select_attributes(pen)
        if (pen.link, pen.link_id) != screen.link:
            self._put("\x1b[#{")
            self.rows.link(*screen.link)
            self._put("\x1b[#}")
        if screen.protection != UNPROTECTED:
            start, end = ("\x1bV", "\x1bW") if screen.protection == ISO_PROTECTION else ('\x1b[1"q', '\x1b[0"q')
            self._put(start if pen.protected else start + end)


def _final(value: bool) -> str:
    return "h" if value else "l"
