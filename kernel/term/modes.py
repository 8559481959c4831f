"""Modes of a terminal: which exist, their defaults, which may change, and the view of them that widgets read.

``Modes`` holds the flags; ``kernel.term.mode_changes`` gives them their effects. Pure.
"""

from __future__ import annotations

#: ANSI modes that can change, with their defaults: KAM (without effect, see ``kernel.term.keys``), IRM, SRM, LNM.
ANSI_DEFAULTS: dict[int, bool] = {2: False, 4: False, 12: True, 20: False}
#: ANSI modes that exist and are always reset.
ANSI_FIXED = frozenset({1, 3, 5, 7, 10, 11, 13, 14, 15, 16, 17, 18, 19})

#: DEC private modes that can change, with their defaults.
PRIVATE_DEFAULTS: dict[int, bool] = {
    1: False,  # DECCKM: cursor keys send application sequences
    2: True,  # DECANM: reset means VT52
    3: False,  # DECCOLM: 132 columns
    4: False,  # DECSCLM
    5: False,  # DECSCNM: reverse video
    6: False,  # DECOM: origin
    7: True,  # DECAWM: autowrap
    8: True,  # DECARM
    9: False,  # X10 mouse
    12: False,  # cursor blinks
    13: False,
    18: False,  # DECPFF
    19: False,  # DECPEX
    25: True,  # DECTCEM: cursor shows
    30: False,
    35: True,
    38: False,
    40: False,  # DECCOLM is allowed
    41: False,  # more(1) fix
    42: False,  # DECNRCM: national sets
    43: False,
    44: False,  # margin bell
    45: False,  # reverse wrap
    47: False,  # alternate screen
    66: False,  # DECNKM: application keypad
    67: False,  # DECBKM: backspace sends BS
    69: False,  # DECLRMM: left and right margins
    80: False,  # DECSDM
    95: False,  # DECNCSM: DECCOLM does not clear
    1000: False,
    1001: False,
    1002: False,
    1003: False,
    1004: False,  # focus reports
    1005: False,
    1006: False,  # SGR mouse reports
    1007: False,  # alternate scroll
    1010: False,
    1011: False,
    1014: False,
    1015: False,
    1016: False,  # SGR mouse reports in pixels
    1034: False,
    1035: True,
    1036: True,
    1037: False,
    1039: False,
    1040: False,
    1041: False,
    1042: False,
    1043: False,
    1044: False,
    1045: False,  # reverse wrap past the top
    1046: True,  # the alternate screen is allowed
    1047: False,
    1048: False,
    1049: False,
    1050: False,
    1051: False,
    1052: False,
    1053: False,
    1060: False,
    1061: False,
    1070: True,
    2001: False,
    2002: False,
    2003: False,
    2004: False,  # bracketed paste
    2005: False,
    2006: False,
    2026: False,  # synchronized output
}
#: Private modes that exist and never change: value of each.
PRIVATE_FIXED: dict[int, bool] = {14: True, 46: False, 2027: True}

_MOUSE_MODES = (9, 1000, 1001, 1002, 1003)


class Modes:
    """Flags of all modes. Widgets read the named properties; numbers are those of SM/RM and DECSET/DECRST."""

    def __init__(self) -> None:
        #: What XTSAVE kept, for good.
        self.saved: dict[int, bool] = {}
        self.reset()

    def reset(self) -> None:
        """All modes to their defaults; what was saved stays."""
        self.ansi = dict(ANSI_DEFAULTS)
        self.private = dict(PRIVATE_DEFAULTS)
        self.mouse = 0
        self.modify_other_keys = 0
        self.kitty_keyboard: list[int] = [0]

    @property
    def application_cursor(self) -> bool:
        """DECCKM: cursor keys send SS3 sequences."""
        return self.private[1]

    @property
    def application_keypad(self) -> bool:
        """DECKPAM: the keypad sends application sequences."""
        return self.private[66]

    @property
    def vt52(self) -> bool:
        """The terminal speaks VT52."""
        return not self.private[2]

    @property
    def reverse_video(self) -> bool:
        """DECSCNM: foreground and background of the whole screen are swapped."""
        return self.private[5]

    @property
    def bracketed_paste(self) -> bool:
        """Pasted text is put between brackets."""
        return self.private[2004]

    @property
    def focus_reporting(self) -> bool:
        """The program wants to hear of focus changes."""
        return self.private[1004]

    @property
    def synchronized_output(self) -> bool:
        """The program is in the middle of a repaint: hold painting (for a bounded time)."""
        return self.private[2026]

    @property
    def alternate_screen(self) -> bool:
        """The alternate screen shows."""
        return self.private[47] or self.private[1047] or self.private[1049]

    @property
    def alternate_scroll(self) -> bool:
        """On the alternate screen the wheel sends cursor keys."""
        return self.private[1007]

    @property
    def backspace_sends_bs(self) -> bool:
        """DECBKM: the backspace key sends BS instead of DEL."""
        return self.private[67]

    @property
    def newline(self) -> bool:
        """LNM: Return sends CR LF."""
        return self.ansi[20]

    @property
    def mouse_sgr(self) -> bool:
        """Mouse reports are in the SGR form."""
        return self.private[1006]

    @property
    def mouse_pixels(self) -> bool:
        """Mouse reports are in the SGR form and count pixels."""
        return self.private[1016]

    @property
    def kitty_flags(self) -> int:
        """Progressive enhancement flags of the kitty keyboard protocol in force."""
        return self.kitty_keyboard[-1]

    def set_private(self, number: int, value: bool) -> None:
        """Change one private mode flag; mouse modes replace each other."""
        self.private[number] = value
        if number in _MOUSE_MODES:
            for other in _MOUSE_MODES:
                self.private[other] = value and other == number
            self.mouse = number if value else 0

    def report(self, number: int, private: bool) -> int:
        """DECRPM value: 0 unknown, 1 set, 2 reset, 3 always set, 4 always reset."""
        if private and number in PRIVATE_FIXED:
            return 3 if PRIVATE_FIXED[number] else 4
        if not private and number in ANSI_FIXED:
            return 4
        value = (self.private if private else self.ansi).get(number)
        return 0 if value is None else 1 if value else 2
