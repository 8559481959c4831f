"""Answers to what programs ask: device attributes, status, modes, settings, presentation state, terminfo."""

from __future__ import annotations

import re
from typing import Any

from kernel.term.charsets import LARGE
from kernel.term.keys import KITTY_FLAGS
from kernel.term.levels import since
from kernel.term.mode_changes import MODE_LEVELS, ModeChanges
from kernel.term.sgr import sgr_report
from kernel.term.state import DEC_PROTECTION, ISO_PROTECTION
from kernel.term.terminfo import CAPABILITIES

#: What XTVERSION answers.
VERSION_NAME = "Aether(1.0)"
#: DA2: a VT420 that understands what this release of xterm does.
_SECONDARY = "41;379;0"
_PRIMARY = "64;1;2;6;9;15;16;17;18;21;22;28"
#: What DSR of the DEC kind answers, by the lowest conformance level that does.
_PRIVATE_STATUS = {
    5: {1: "?0n"},
    15: {2: "?13n"},
    25: {2: "?20n"},
    26: {2: "?27;1n", 3: "?27;1;0n", 4: "?27;1;0;0n"},
    53: {3: "?53n"},
    55: {3: "?53n"},
    56: {3: "?57;0n"},
    62: {4: "0000*{"},
    75: {4: "?70n"},
    85: {4: "?83n"},
}
_HEXADECIMAL = re.compile("(?:[0-9A-Fa-f]{2})+")
_CURSOR_BLINKS = 12
#: The fields of DECCIR that DECRSPS takes: line, column, page, rendition, protection, flags, the sets in GL and GR.
_CURSOR_FIELDS = tuple(map(re.compile, ("0*[1-9][0-9]{0,4}", "0*[1-9][0-9]{0,4}", "1", "[@-O]", "[@A]", "[@-O]", "[0-3]", "[1-3]")))


class Reports(ModeChanges):
    """DA, DSR, DECRQM, DECRQSS, DECREQTPARM, DECRQPSR, XTVERSION, XTGETTCAP, keyboard protocol queries."""

    def report_device_attributes(self, mode: int = 0, *_: int, **kwargs: bool) -> None:
        """DA1."""
        if mode == 0:
            self.reply(f"\x1b[?{_PRIMARY}c")

    def report_secondary_attributes(self, mode: int = 0, *_: int) -> None:
        """DA2."""
        if mode == 0:
            self.reply(f"\x1b[>{_SECONDARY}c")

    @since(4)
    def report_tertiary_attributes(self, mode: int = 0, *_: int) -> None:
        """DA3."""
        if mode == 0:
            self.reply("\x1bP!|00000000\x1b\\")

    def report_version(self, mode: int = 0, *_: int) -> None:
        """XTVERSION."""
        if mode == 0:
            self.reply(f"\x1bP>|{VERSION_NAME}\x1b\\")

    def report_terminal_parameters(self, mode: int = 0, *_: int) -> None:
        """DECREQTPARM."""
        if mode in (0, 1):
            self.reply(f"\x1b[{mode + 2};1;1;128;128;1;0x")

    def report_device_status(self, mode: int = 0, *_: int) -> None:
        """DSR: 5 status, 6 cursor position."""
        if mode == 5:
            self.reply("\x1b[0n")
        elif mode == 6:
            y, x = self._reported_position()
            self.reply(f"\x1b[{y};{x}R")

    def report_private_status(self, mode: int = 0, number: int = 0, *_: int) -> None:
        """DSR of the DEC kind."""
        if mode == 6:
            y, x = self._reported_position()
            self.reply(f"\x1b[?{y};{x}" + (";1R" if self.conformance >= 63 else "R"))
        elif mode == 63 and self.conformance >= 64:
            self.reply(f"\x1bP{number}!~0000\x1b\\")
        elif mode == 996:
            dark = self._luminance("background") < self._luminance("foreground")
            self.reply(f"\x1b[?997;{1 if dark else 2}n")
        else:
            answers = [text for level, text in _PRIVATE_STATUS.get(mode, {}).items() if self.conformance - 60 >= level]
            if answers:
                self.reply("\x1b[" + answers[-1])

    def _luminance(self, key: str) -> int:
        colour = self.palette.get(key)
        return 3 * (colour >> 16 & 255) + 6 * (colour >> 8 & 255) + (colour & 255)

    def _reported_position(self) -> tuple[int, int]:
        x, y = self.cursor.x, self.cursor.y
        if self.origin:
            x, y = x - self.left, y - self.top
        # Reverse wrap and new margins may leave the cursor outside of them, and no program expects 0 or less.
        return max(1, y + 1), max(1, x + 1)

    @since(3)
    def report_mode(self, mode: int = 0, *_: int) -> None:
        """DECRQM of an ANSI mode."""
        self.reply(f"\x1b[{mode};{self.modes.report(mode, private=False)}$y")

    def report_private_mode(self, mode: int = 0, *_: int) -> None:
        """DECRQM of a DEC mode."""
        value = self.modes.report(mode, private=True) if self.conformance - 60 >= MODE_LEVELS.get(mode, 0) else 0
        if mode == _CURSOR_BLINKS:
            value = 1 if self.cursor.blinking else 2
        self.reply(f"\x1b[?{mode};{value}$y")

    # --- settings

    def report_setting(self, name: str) -> None:
        """DECRQSS: the setting selected by the control function ``name``."""
        value = self._setting(name)
        if name == '"p' and self.conformance == 61:
            return
        if value is None:
            self.reply("\x1bP0$r\x1b\\")
        else:
            self.reply(f"\x1bP1$r{value}{name}\x1b\\")

    def _setting(self, name: str) -> str | None:
        attributes = self.attributes[self.pen]
        shape = {"block": 2, "underline": 4, "bar": 6}[self.cursor.shape]
        settings = {
            '"p': f"{self.conformance};{0 if self.eight_bit else 1}",
            '"q': str(int(self._protecting())),
            "r": f"{self.top + 1};{self.bottom + 1}",
            "s": f"{self.left + 1};{self.right + 1}",
            "m": sgr_report(attributes, exact=False),
            " q": str(shape - self.cursor.blinking),
            "t": str(max(24, self.lines)),
            "$|": "132" if self.modes.private[3] else "80",
            "*|": str(self.lines),
            "*x": "2" if self.attribute_extent_rectangle else "1",
        }
        if name == "s" and self.conformance < 64:
            return None
        return settings.get(name)

    def _protecting(self) -> bool:
        """Whether DECSCA protects what is drawn; SPA has a protection of its own."""
        return self.protection == DEC_PROTECTION and self.attributes[self.pen].protected

    def report_termcap(self, names: str) -> None:
        """XTGETTCAP: ``names`` are hexadecimal, separated by semicolons; one answer, up to the first unknown name."""
        found: list[str] = []
        for name in names.split(";")[:64]:
            key = bytes.fromhex(name).decode("latin-1") if _HEXADECIMAL.fullmatch(name) else ""
            if key not in CAPABILITIES:
                break
            found.append(f"{name}={CAPABILITIES[key].encode().hex().upper()}")
        self.reply(f"\x1bP{1 if found else 0}+r{';'.join(found)}\x1b\\")

    @since(3)
    def report_presentation(self, what: int = 0, *_: int) -> None:
        """DECRQPSR: 1 cursor information, 2 tab stops."""
        if what == 2:
            stops = "/".join(str(stop + 1) for stop in sorted(self.tabstops) if stop < self.columns)
            self.reply(f"\x1bP2$u{stops}\x1b\\")
        elif what == 1:
            self.reply(f"\x1bP1$u{self._cursor_information()}\x1b\\")

    def _cursor_information(self) -> str:
        attributes = self.attributes[self.pen]
        y, x = self.cursor.y + 1, self.cursor.x + 1
        rendition = 0x40 + attributes.bold + 2 * (attributes.ul_style > 0) + 4 * attributes.blink
        rendition += 8 * attributes.reverse
        protection = 0x40 + (attributes.protected and self.protection != ISO_PROTECTION)
        single = self.charsets.single
        flags = 0x40 + self.origin + 2 * (single == 2) + 4 * (single == 3) + 8 * self.wrap_pending
        sizes = 0x40 + sum(1 << slot for slot, name in enumerate(self.charsets.sets) if name.startswith(LARGE))
        sets = "".join(name.removeprefix(LARGE) for name in self.charsets.sets)
        return (
            f"{y};{x};1;{chr(rendition)};{chr(protection)};{chr(flags)};"
            f"{self.charsets.gl};{self.charsets.gr};{chr(sizes)};{sets}"
        )

    @since(3)
    def restore_presentation(self, what: int, data: str) -> None:
        """DECRSPS: set the cursor or the tab stops that DECRQPSR reported; the character sets it names stay as they are."""
        if what == 2:
            stops = (int(stop[:5]) for stop in data.split("/")[:4096] if stop.isascii() and stop.isdecimal())
            self.tabstops = {stop - 1 for stop in stops if 0 < stop <= 4096}
        elif what == 1:
            self._restore_cursor_information(data)

    def _restore_cursor_information(self, data: str) -> None:
        """Take the fields of a DECCIR report up to the first that is not as it should be; in origin mode the margins hold the cursor."""
        fields: list[str] = []
        for pattern, field in zip(_CURSOR_FIELDS, data.split(";", len(_CURSOR_FIELDS)), strict=False):
            if not pattern.fullmatch(field) or (len(fields) < 2 and int(field) > (self.lines, self.columns)[len(fields)]):
                break
            fields.append(field)
        if not fields:
            return
        line, column, _, rendition, protection, flags, left, right = [*fields, *[""] * (len(_CURSOR_FIELDS) - len(fields))]
        if rendition:
            self._restore_rendition(ord(rendition), protection)
        if left:
            self.charsets.gl = int(left)
        if right:
            self.charsets.gr = int(right)
        if flags:
            self.modes.set_private(6, bool(ord(flags) & 1))
        self.refresh_fast()
        self.move_to(int(column) - 1 if column else self.cursor.x, int(line) - 1)
        self.move_inside_margins()
        self.wrap_pending = bool(flags and ord(flags) & 8)

    def _restore_rendition(self, rendition: int, protection: str) -> None:
        attributes = self.attributes[self.pen]
        self.set_pen(
            attributes._replace(
                bold=bool(rendition & 1),
                ul_style=1 if rendition & 2 else 0,
                blink=bool(rendition & 4),
                reverse=bool(rendition & 8),
                protected=protection == "A" if protection else attributes.protected,
            )
        )

    # --- keyboard protocols

    def key_modifier_options(self, resource: int = 0, value: int = 0, *_: Any) -> None:
        """XTMODKEYS: only modifyOtherKeys (4) is kept."""
        if resource == 4 or resource == 0:
            self.modes.modify_other_keys = value if resource == 4 and value <= 2 else 0

    def disable_key_modifiers(self, resource: int = 0, *_: int) -> None:
        """CSI > Ps n."""
        if resource == 4:
            self.modes.modify_other_keys = 0

    def report_key_modifiers(self, resource: int = 0, *_: int) -> None:
        """XTQMODKEYS."""
        if resource == 4:
            self.reply(f"\x1b[>4;{self.modes.modify_other_keys}m")

    def push_kitty_flags(self, flags: int = 0, *_: int) -> None:
        """Kitty keyboard protocol: keep the present flags and use new ones."""
        stack = self.modes.kitty_keyboard
        stack.append(flags & KITTY_FLAGS)
        if len(stack) > 32:
            del stack[0]

    def pop_kitty_flags(self, count: int = 0, *_: int) -> None:
        """Kitty keyboard protocol: back to earlier flags."""
        stack = self.modes.kitty_keyboard
        del stack[max(0, len(stack) - max(count, 1)) :]
        if not stack:
            stack.append(0)

    def set_kitty_flags(self, flags: int = 0, how: int = 0, *_: int) -> None:
        """Kitty keyboard protocol: 1 replaces the flags, 2 adds, 3 removes."""
        stack = self.modes.kitty_keyboard
        now = stack[-1]
        stack[-1] = (now | flags if how == 2 else now & ~flags if how == 3 else flags) & KITTY_FLAGS

    def report_kitty_flags(self, *_: int) -> None:
        """Kitty keyboard protocol: which flags are in force."""
        self.reply(f"\x1b[?{self.modes.kitty_flags}u")
