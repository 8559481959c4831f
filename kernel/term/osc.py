"""Operating system commands: titles, colours, links, directory, prompt marks, clipboard, notifications."""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Callable

from kernel.term.events import (
    ClipboardRequest,
    CwdChanged,
    Hyperlink,
    Notification,
    PaletteChanged,
    PromptMark,
    TitleChanged,
)
from kernel.term.palette import DYNAMIC, SPECIAL_COUNT, format_colour, parse_colour
from kernel.term.reports import Reports

_MAX_TITLE = 4096
_MAX_URI = 2083
_MAX_TITLE_STACK = 10
_MAX_PAIRS = 600
_MAX_MARK_OPTIONS = 20
_INTEGER = re.compile("-?[0-9]+")
#: What may be done by control functions; the last one where the owner allows it.
_ALLOWED = ("allowColorOps", "allowMouseOps", "allowTcapOps", "allowTitleOps", "allowWindowOps")
_CONTROLS = re.compile(r"[\x00-\x1f\x7f-\x9f\ud800-\udfff]")


def clean(text: str, limit: int) -> str:
    """Return ``text`` without control characters, at most ``limit`` characters."""
    return _CONTROLS.sub("", text[: 2 * limit])[:limit]


class OperatingSystemCommands(Reports):
    """``operating_system_command`` gets the text between ``OSC`` and its terminator."""

    def operating_system_command(self, payload: str, terminator: str = "\x1b\\") -> None:
        """Run one command; ``terminator`` ends the answer as it ended the question."""
        number, _, rest = payload.partition(";")
        if not number.isdecimal() or not number.isascii() or len(number) > 5:
            if number[:1] in ("l", "L"):
                self._set_titles(number[1:] if not rest else payload[1:], icon=number[0] == "L", window=number[0] == "l")
            return
        code = int(number)
        if code in (0, 1, 2):
            self._set_titles(rest, icon=code != 2, window=code != 1)
        elif 10 <= code <= 19:
            self._dynamic_colours(code, rest, terminator)
        elif 110 <= code <= 119:
            self.palette.overrides.pop(DYNAMIC[code - 100], None)
            self.emit(PaletteChanged())
        else:
            command = self._commands().get(code)
            if command is not None:
                command(rest, terminator)

    def _commands(self) -> dict[int, Callable[[str, str], None]]:
        return {
            4: self._palette_colours,
            5: self._special_colours,
            7: self._working_directory,
            8: self._hyperlink,
            9: self._notify,
            52: self._clipboard,
            60: self._report_allowed,
            104: self._reset_palette,
            105: self._reset_special,
            133: self._prompt_mark,
            777: self._notify_urxvt,
        }

    # --- titles

    def _set_titles(self, text: str, *, icon: bool, window: bool) -> None:
        if 0 in self.title_modes:
            try:
                text = bytes.fromhex(text).decode("utf-8", "replace")
            except ValueError:
                return
        text = clean(text, _MAX_TITLE)
        if icon:
            self.icon_name = text
        if window and text != self.title:
            self.title = text
            self.emit(TitleChanged(text))

    def set_title_modes(self, *modes: int) -> None:
        """XTSMTITLE: 0 titles are set and 1 queried in hexadecimal."""
        self.title_modes.update(mode for mode in modes if mode <= 3)

    def reset_title_modes(self, *modes: int) -> None:
        """XTRMTITLE."""
        if not modes:
            self.title_modes.clear()
        self.title_modes.difference_update(modes)

    def report_title(self, *, icon: bool) -> None:
        """Answer XTWINOPS 20 and 21."""
        if not self.window_operations:
            return
        text = self.icon_name if icon else self.title
        if 1 in self.title_modes:
            text = text.encode("utf-8").hex().upper()
        self.reply(f"\x1b]{'L' if icon else 'l'}{text}\x1b\\", seven_bit=True)

    def push_titles(self, which: int = 0, place: int = 0) -> None:
        """XTWINOPS 22: 0 both, 1 icon, 2 window; the other one is as it was pushed before."""
        icon, title = self.title_stack[-1] if self.title_stack and not place else (self.icon_name, self.title)
        entry = (icon if which == 2 else self.icon_name, title if which == 1 else self.title)
        if 1 <= place <= _MAX_TITLE_STACK:
            while len(self.title_stack) < place:
                self.title_stack.append(entry)
            self.title_stack[place - 1] = entry
            return
        self.title_stack.append(entry)
        del self.title_stack[:-_MAX_TITLE_STACK]

    def pop_titles(self, which: int = 0, place: int = 0) -> None:
        """XTWINOPS 23: 0 both, 1 icon, 2 window."""
        if 1 <= place <= _MAX_TITLE_STACK:
            if place > len(self.title_stack):
                return
            icon, title = self.title_stack[place - 1]
        elif self.title_stack:
            icon, title = self.title_stack.pop()
        else:
            return
        if which in (0, 1):
            self.icon_name = icon
        if which in (0, 2) and title != self.title:
            self.title = title
            self.emit(TitleChanged(title))

    # --- colours

    def _palette_colours(self, rest: str, terminator: str) -> None:
        """OSC 4: pairs of an entry and a colour, or ``?``."""
        self._colour_pairs("4", 0, 256 + SPECIAL_COUNT, rest, terminator)

    def _special_colours(self, rest: str, terminator: str) -> None:
        """OSC 5: the same with the special colours (bold, underline, ...)."""
        self._colour_pairs("5", 256, SPECIAL_COUNT, rest, terminator)

    def _colour_pairs(self, name: str, base: int, count: int, rest: str, terminator: str) -> None:
        """Set or report entries, up to one that does not exist or a colour that is none."""
        parts = rest.split(";")[: 2 * _MAX_PAIRS]
        changed = False
        for number, spec in zip(parts[::2], parts[1::2], strict=False):
            if not _INTEGER.fullmatch(number):
                continue
            key = base + int(number[:9])
            if not base <= key < base + count:
                break
            if spec == "?":
                self.reply(f"\x1b]{name};{key - base};{format_colour(self.palette.get(key))}{terminator}")
                continue
            colour = parse_colour(spec)
            if colour is None:
                break
            self.palette.overrides[key] = colour
            changed = True
        if changed:
            self.emit(PaletteChanged())

    def _dynamic_colours(self, code: int, rest: str, terminator: str) -> None:
        """OSC 10..19: each further colour is for the next number."""
        changed = False
        for number, spec in zip(range(code, 20), rest.split(";")[:10], strict=False):
            key = DYNAMIC[number]
            if spec == "?":
                self.reply(f"\x1b]{number};{format_colour(self.palette.get(key))}{terminator}")
            elif (colour := parse_colour(spec)) is not None:
                self.palette.overrides[key] = colour
                changed = True
        if changed:
            self.emit(PaletteChanged())

    def _reset_palette(self, rest: str, terminator: str) -> None:
        self._forget_colours(0, 256, rest)

    def _reset_special(self, rest: str, terminator: str) -> None:
        self._forget_colours(256, SPECIAL_COUNT, rest)

    def _forget_colours(self, base: int, count: int, rest: str) -> None:
        overrides = self.palette.overrides
        if not rest:
            for key in [key for key in overrides if isinstance(key, int) and base <= key < base + count]:
                del overrides[key]
        for number in rest.split(";")[:_MAX_PAIRS]:
            if number.isascii() and number.isdecimal() and len(number) < 5:
                overrides.pop(base + int(number), None)
        self.emit(PaletteChanged())

    # --- shell integration

    def _working_directory(self, rest: str, terminator: str) -> None:
        self.cwd = clean(rest, _MAX_URI)
        self.emit(CwdChanged(self.cwd))

    def _hyperlink(self, rest: str, terminator: str) -> None:
        """OSC 8: ``params;uri``; an empty address ends the link."""
        params, _, uri = rest.partition(";")
        if len(uri) > _MAX_URI:
            uri = ""
        uri = clean(uri, _MAX_URI)
        found = [part[3:] for part in params.split(":") if part.startswith("id=")]
        self.link = (uri, clean(found[0], 256) if found and uri else "")
        self.set_pen(self.attributes[self.pen]._replace(link=self.link[0], link_id=self.link[1]))
        if uri:
            self.emit(Hyperlink(uri, self.link[1]))

    def _prompt_mark(self, rest: str, terminator: str) -> None:
        kind, _, options = rest.partition(";")
        if kind not in ("A", "B", "C", "D"):
            return
        code = options.split(";")[0]
        exit_code = None
        if kind == "D" and re.fullmatch(r"-?[0-9]{1,9}", code):
            exit_code = int(code)
        chosen = options.split(";", _MAX_MARK_OPTIONS)
        last_line = kind == "A" and "redraw=last" in chosen
        mark = PromptMark(kind, self.absolute_line, exit_code, last_line)
        if not self.on_alternate:
            self.marks.add(mark, also="also" in chosen)
        self.emit(mark)

    def _clipboard(self, rest: str, terminator: str) -> None:
        """OSC 52, writing only: a question is never answered."""
        targets, _, data = rest.partition(";")
        if data == "?":
            return
        try:
            text = base64.b64decode(data.encode("ascii"), validate=True).decode("utf-8", "replace")
        except (ValueError, binascii.Error):
            return
        self.emit(ClipboardRequest(clean(targets, 16) or "s0", text))

    def _report_allowed(self, rest: str, terminator: str) -> None:
        """OSC 60: which features are allowed."""
        if not rest:
            self.reply(f"\x1b]60;{','.join(_ALLOWED if self.window_operations else _ALLOWED[:-1])}{terminator}")

    def _notify(self, rest: str, terminator: str) -> None:
        """OSC 9; its numbered forms mean other things."""
        if not re.match(r"\d+(;|$)", rest):
            self.emit(Notification("", clean(rest, 1024)))

    def _notify_urxvt(self, rest: str, terminator: str) -> None:
        parts = rest.split(";", 2)
        if parts[0] == "notify" and len(parts) > 1:
            self.emit(Notification(clean(parts[1], 256), clean(parts[2] if len(parts) > 2 else "", 1024)))
