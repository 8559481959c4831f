"""The parser: text in, calls of screen methods out.

In the ground state one pattern takes whole tokens: blocks of text with line ends and SGR, complete CSI and escape
sequences, single controls. Whatever it does not match (a sequence that is cut off, or has controls inside) goes through a
state machine character by character; both give the same result, so input may be split anywhere. Strings (OSC, DCS)
are collected up to ``STRING_LIMIT`` and ignored beyond. Only ``kernel.term.terminal`` calls it.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any, NamedTuple

import pyte

from kernel.term.redraw import beginning, neutral
from kernel.term.screen import Screen
from kernel.term.sequences import CONTROLS, CSI, DESIGNATORS, ESCAPE, LARGE_DESIGNATORS, VT52

#: Longest OSC, DCS, ... in characters; past it the string is dropped. Behind an OSC text shows again; of the others, which hold
#: pictures, and of those OSC that hold files or a clipboard, the rest is passed over as long as it is printable, up to the second limit.
STRING_LIMIT = 1024 * 1024
IGNORED_LIMIT = 64 * 1024 * 1024
_LARGE_OSC = ("1337;", "52;")
#: Stands for a string that was too long, which means nothing then.
_TOO_LONG = "z"
_MAX_PARAMETER = 65535
_MAX_PARAMETERS = 64
#: Where a parameter that was left out is no 0: it is -1 there.
_TELLS_OMITTED = frozenset({"t", "$r"})
_PARAMETER_CHARS = 1024
_INTERMEDIATE_CHARS = 4
_KNOWN_LIMIT = 8192
_KNOWN_LENGTH = 48

#: In the decoded text, a raw byte 0x80..0x9f that is no UTF-8 is a lone surrogate of this range.
_RAW_C1 = "\udc80-\udc9f"
_TOKEN = re.compile(
    rf"((?:[^\x00-\x1f\x7f-\x9f{_RAW_C1}]+|\r{{1,4}}\n|\x1b\[[0-9;:]{{0,{_PARAMETER_CHARS}}}m)+)"
    rf"|\x1b\[([<=>?]?[0-9;:]{{0,{_PARAMETER_CHARS - 1}}})([ -/]{{0,{_INTERMEDIATE_CHARS}}})([@-~])"
    r"|([\x00-\x06\x0e-\x17\x19\x1c-\x1f\x7f]|[\x07-\x0d])"
    rf"|\x1b([ -/]{{0,{_INTERMEDIATE_CHARS}}})([0-OQ-WYZ\\`-~])"
)
_BLOCK, _CSI_FINAL, _CONTROL, _ESCAPE_FINAL = 1, 4, 5, 7
_OSC_END = re.compile("[\x07\x18\x1a\x1b\x9c\udc9c]")
#: Inside a string they mean nothing, and an answer that repeats a part of it must not type them.
_STRING_CONTROLS = re.compile("[\x00-\x1f\x7f]")
_NOT_PRINTABLE = re.compile("[\x00-\x1f\x7f-\x9f\udc9c]")
_STRING_END = re.compile("[\x18\x1a\x1b\x9c\udc9c]")

GROUND, ESCAPE_STATE, CSI_STATE, STRING, STRING_ESCAPE, VT52_ROW, VT52_COLUMN = range(7)

Handler = Callable[..., Any]


class _Sequence(NamedTuple):
    """A CSI sequence made ready; ``may_leave``: it may switch to VT52 sequences, which the pattern does not know."""

    handler: Handler
    arguments: tuple[Any, ...]
    may_leave: bool


class Stream(pyte.Stream):
    """Parses for one screen. ``state`` is one of the constants above."""

    def __init__(self, screen: Screen) -> None:
        # pyte's constructor would build its own parser; only its tables and its role are taken over.
        self.screen = screen
        self.state = GROUND
        self._collected = ""
        self._intermediates = ""
        self._ignored = False
        self._string_kind = ""
        self._string: list[str] = []
        self._string_size = 0
        self._answer = ""
        self._csi: dict[str, Handler] = {key: getattr(screen, name) for key, name in CSI.items() if key != "m"}
        self._controls: dict[str, Handler] = {key: getattr(screen, name) for key, name in CONTROLS.items()}
        self._known: dict[str, _Sequence] = {}

    def unfinished(self, *, utf8: bool) -> bytes:
        """Return the beginning of a sequence that brings a new parser into the present state."""
        if self._answer:
            return self._answer.encode("utf-8" if utf8 else "latin-1", "surrogateescape")
        if self.state == GROUND:
            return b""
        if self.state in (STRING, STRING_ESCAPE):
            text = "\x1b" + self._string_kind + "".join(self._string) + ("\x1b" if self.state == STRING_ESCAPE else "")
            return text.encode("utf-8" if utf8 else "latin-1", "surrogateescape")
        if self.state in (VT52_ROW, VT52_COLUMN):
            return ("\x1bY" + (self._collected if self.state == VT52_COLUMN else "")).encode("utf-8", "replace")
        introducer = "\x1b[" if self.state == CSI_STATE else "\x1b"
        again = "" if not self._ignored else " " if self.state == ESCAPE_STATE else "<"
        return (introducer + self._collected + self._intermediates + again).encode("ascii", "replace")

    # --- ground state

    @property
    def holds(self) -> bool:
        """Whether controls wait for what follows them (``kernel.term.redraw``)."""
        return bool(self._answer)

    def let_go(self) -> None:
        """Nothing follows: do what waits."""
        text, self._answer = self._answer, ""
        if text:
            self.screen.answer_resize(text)
            self.feed(text)

    def feed(self, data: str) -> None:
        """Parse ``data``; nothing in it raises."""
        screen = self.screen
        if screen.drawn is not None or self._answer:
            data = self._begin_answer(data)
        position, size = 0, len(data)
        while position < size:
            if self.state == GROUND and not screen.modes.vt52:
                position = self._feed_ground(data, position, size)
            elif self.state == STRING:
                position = self._feed_string(data, position, size)
            else:
                self._step(data[position])
                position += 1

    def _begin_answer(self, data: str) -> str:
        """The first output since the size changed: it waits until it is known what the program goes back over."""
        text, self._answer = self._answer + data, ""
        if self.state != GROUND or self.screen.modes.vt52:
            self.screen.answer_resize("")
            return text
        start = neutral(text)
        if start == len(text):
            return text
        if start:
            self.feed(text[:start])
            text = text[start:]
        # Enter, echoed for a program that edits no line, shows at once.
        end = 0 if text.startswith("\r\n") and not self.screen.at_prompt else beginning(text)
        if end is None:
            self._answer = text
            return ""
        self.screen.answer_resize(text[:end])
        return text

    def _feed_ground(self, data: str, position: int, size: int) -> int:
        """Take tokens from ``position`` on until something needs the state machine; return where."""
        match = _TOKEN.match
        screen = self.screen
        draw_block = screen.draw_block
        controls = self._controls
        known = self._known
        while position < size:
            token = match(data, position)
            if token is None:
                self._step(data[position])
                return position + 1
            position = token.end()
            kind = token.lastindex
            if kind == _BLOCK:
                draw_block(token[1])
            elif kind == _CSI_FINAL:
                sequence = known.get(token[0])
                if sequence is None:
                    sequence = self._remember(token)
                sequence.handler(*sequence.arguments)
                screen.last_char = ""
                if sequence.may_leave and screen.modes.vt52:
                    return position
                if screen.paintable:
                    position = screen.paint_from(data, position)
            elif kind == _CONTROL:
                handler = controls.get(token[5])
                if handler is not None:
                    handler()
                screen.last_char = ""
            else:
                self._dispatch_escape(token[6], token[7])
                screen.last_char = ""
        return position

    # --- dispatch

    def _remember(self, token: re.Match[str]) -> _Sequence:
        """Work out what a complete CSI sequence calls, and keep it."""
        handler, arguments = self._resolve_csi(token[2], token[3], token[4])
        sequence = _Sequence(handler, arguments, token[4] in "lrp")
        if len(self._known) >= _KNOWN_LIMIT:
            self._known.clear()
        if len(token[0]) < _KNOWN_LENGTH:
            self._known[token[0]] = sequence
        return sequence

    def _dispatch_csi(self, params: str, intermediates: str, final: str) -> None:
        handler, arguments = self._resolve_csi(params, intermediates, final)
        handler(*arguments)

    def _resolve_csi(self, params: str, intermediates: str, final: str) -> tuple[Handler, tuple[Any, ...]]:
        """Return the method and the arguments of a CSI sequence."""
        if params and params[0] in "<=>?":
            key = params[0] + intermediates + final
            params = params[1:]
        else:
            key = intermediates + final
        if key == "m":
            return self.screen.select_rendition, (params,)
        handler = self._csi.get(key)
        if handler is None or ":" in params:
            return self.screen.debug, ()
        return handler, _parse_parameters(params, omitted=-1 if key in _TELLS_OMITTED else 0)

    def _dispatch_escape(self, intermediates: str, final: str) -> None:
        if self.screen.modes.vt52:
            self._dispatch_vt52(intermediates + final)
            return
        key = intermediates + final
        found = ESCAPE.get(key)
        if found is not None:
            getattr(self.screen, found[0])(*found[1])
        elif intermediates[:1] in DESIGNATORS and intermediates:
            self.screen.designate_charset(DESIGNATORS[intermediates[0]], intermediates[1:] + final)
        elif intermediates[:1] in LARGE_DESIGNATORS and intermediates:
            self.screen.designate_large_charset(LARGE_DESIGNATORS[intermediates[0]], intermediates[1:] + final)
        elif key == "%@":
            self.screen.select_encoding(False)
        elif key in ("%G", "%8"):
            self.screen.select_encoding(True)

    def _dispatch_vt52(self, key: str) -> None:
        screen = self.screen
        if key == "Y":
            self.state = VT52_ROW
        elif key == "F":
            screen.designate_charset(0, "0")
        elif key == "G":
            screen.designate_charset(0, "B")
        elif key == "Z":
            screen.reply("\x1b/Z")
        elif key == "<":
            screen.change_private_mode(2, True)
        elif key in VT52:
            getattr(screen, VT52[key][0])(*VT52[key][1])

    # --- state machine

    def _step(self, char: str) -> None:
        """Take one character in any state but ``STRING``."""
        if "\udc80" <= char <= "\udc9f":
            char = chr(ord(char) - 0xDC00) if self.screen.eight_bit else "\ufffd"
        if self.state == STRING_ESCAPE:
            if char == "\\":
                self._end_string("\x1b\\")
                return
            self._drop_string()
            self.state = ESCAPE_STATE
        if char == "\x1b":
            self._enter_escape()
        elif char < " " or char == "\x7f":
            self._step_control(char)
        elif "\x80" <= char <= "\x9f":
            self.state = GROUND
            self._enter_escape()
            self._step_escape(chr(ord(char) - 0x40))
        elif self.state == GROUND:
            self.screen.draw(char)
        elif self.state == ESCAPE_STATE:
            self._step_escape(char)
            self._forget_last_char()
        elif self.state == CSI_STATE:
            self._step_csi(char)
            self._forget_last_char()
        else:
            self._step_vt52_position(char)

    def _forget_last_char(self) -> None:
        """After a whole sequence there is no character that REP could repeat."""
        if self.state == GROUND:
            self.screen.last_char = ""

    def _step_control(self, char: str) -> None:
        """A C0 control works in the middle of a sequence too; CAN and SUB end it."""
        if self.state == GROUND:
            self.screen.last_char = ""
        elif char == "\x7f":
            return
        if char in "\x18\x1a":
            self.state = GROUND
            return
        handler = self._controls.get(char)
        if handler is not None:
            handler()

    def _enter_escape(self) -> None:
        self.state = ESCAPE_STATE
        self._collected = ""
        self._intermediates = ""
        self._ignored = False

    def _step_escape(self, char: str) -> None:
        if " " <= char <= "/":
            if len(self._intermediates) < _INTERMEDIATE_CHARS:
                self._intermediates += char
            else:
                self._ignored = True
            return
        self.state = GROUND
        if char > "~":
            self.screen.draw(char)
        elif not self._intermediates and not self.screen.modes.vt52 and char in "[]PX^_":
            if char == "[":
                self.state = CSI_STATE
            else:
                self.state = STRING
                self._string_kind = char
        elif not self._ignored:
            self._dispatch_escape(self._intermediates, char)

    def _step_csi(self, char: str) -> None:
        if "0" <= char <= "?":
            if self._intermediates or (char > ";" and self._collected) or len(self._collected) >= _PARAMETER_CHARS:
                self._ignored = True
            else:
                self._collected += char
        elif " " <= char <= "/":
            if len(self._intermediates) < _INTERMEDIATE_CHARS:
                self._intermediates += char
            else:
                self._ignored = True
        else:
            self.state = GROUND
            if char > "~":
                self.screen.draw(char)
            elif not self._ignored:
                self._dispatch_csi(self._collected, self._intermediates, char)

    def _step_vt52_position(self, char: str) -> None:
        if self.state == VT52_ROW:
            self._collected = char
            self.state = VT52_COLUMN
        else:
            self.state = GROUND
            self.screen.cursor_position(ord(self._collected) - 31, ord(char) - 31)

    # --- strings

    def _feed_string(self, data: str, position: int, size: int) -> int:
        """Collect a string from ``position`` on; return behind its end or the end of ``data``."""
        if self._string_size > STRING_LIMIT:
            return self._pass_over(data, position, size)
        found = (_OSC_END if self._string_kind == "]" else _STRING_END).search(data, position)
        while found is not None and found[0] == "\udc9c" and not self.screen.eight_bit:
            found = (_OSC_END if self._string_kind == "]" else _STRING_END).search(data, found.end())
        end = size if found is None else found.start()
        room = STRING_LIMIT - self._string_size
        if end - position > room:
            if self._string_kind == "]" and not ("".join(self._string[:8]) + data[position:end]).startswith(_LARGE_OSC):
                self._drop_string()
                self.state = GROUND
            else:
                self._string = [_LARGE_OSC[0] if self._string_kind == "]" else _TOO_LONG]
                self._string_size = STRING_LIMIT + 1
            return position + room
        if self._string_kind in "]P":
            self._string.append(data[position:end])
        self._string_size += end - position
        if found is None:
            return size
        terminator = found[0]
        if terminator == "\x1b":
            self.state = STRING_ESCAPE
        elif terminator in "\x18\x1a":
            self._drop_string()
            self.state = GROUND
        else:
            self._end_string("\x07" if terminator == "\x07" else "\x1b\\")
        return found.end()

    def _pass_over(self, data: str, position: int, size: int) -> int:
        """Skip what is left of a string that was too long; return behind it or the end of ``data``."""
        found = _NOT_PRINTABLE.search(data, position)
        end = min(size if found is None else found.start(), position + IGNORED_LIMIT - self._string_size)
        self._string_size += end - position
        if end == size:
            return end
        if found is not None and end == found.start():
            if found[0] == "\x1b":
                self.state = STRING_ESCAPE
                return found.end()
            ends = "\x9c" + ("\x07" if self._string_kind == "]" else "") + ("\udc9c" if self.screen.eight_bit else "")
            if found[0] in ends:
                self._end_string("\x1b\\")
                return found.end()
        self._drop_string()
        self.state = GROUND
        return end

    def _drop_string(self) -> None:
        self._string = []
        self._string_size = 0

    def _end_string(self, terminator: str) -> None:
        payload = _STRING_CONTROLS.sub("", "".join(self._string))
        self.screen.last_char = ""
        self._drop_string()
        self.state = GROUND
        if self._string_kind == "]":
            self.screen.operating_system_command(payload, terminator)
        elif self._string_kind == "P":
            self.screen.device_control(payload)


def _parse_parameters(text: str, omitted: int = 0) -> tuple[int, ...]:
    """Numbers of ``1;2;;3``, clamped."""
    if not text:
        return ()
    parts = text.split(";")[:_MAX_PARAMETERS]
    return tuple(min(int(part.lstrip("0")[:9] or 0), _MAX_PARAMETER) if part else omitted for part in parts)
