"""Setting and resetting modes and what that does to the screen; the alternate screen; resets."""

from __future__ import annotations

from typing import Any

from kernel.term.modes import PRIVATE_DEFAULTS, PRIVATE_FIXED
from kernel.term.rows import PLAIN
from kernel.term.stacks import Stacks
from kernel.term.state import UNPROTECTED, SavedCursor

_ALTERNATE = (47, 1047, 1049)
#: First conformance level that knows a private mode.
MODE_LEVELS = {42: 2, 69: 4, 95: 5}


class ModeChanges(Stacks):
    """SM, RM, DECSET, DECRST, XTSAVE, XTRESTORE, DECSTR, RIS, DECSCL."""

    def set_mode(self, *modes: int, **kwargs: Any) -> None:
        """SM."""
        self._change_ansi(modes, True)

    def reset_mode(self, *modes: int, **kwargs: Any) -> None:
        """RM."""
        self._change_ansi(modes, False)

    def _change_ansi(self, modes: tuple[int, ...], value: bool) -> None:
        for mode in modes:
            if mode in self.modes.ansi:
                self.modes.ansi[mode] = value
        self.refresh_fast()

    def set_private_mode(self, *modes: int) -> None:
        """DECSET."""
        for mode in modes:
            self.change_private_mode(mode, True)

    def reset_private_mode(self, *modes: int) -> None:
        """DECRST."""
        for mode in modes:
            self.change_private_mode(mode, False)

    def save_private_modes(self, *modes: int) -> None:
        """XTSAVE."""
        for mode in modes:
            if mode in self.modes.private:
                self.modes.saved[mode] = self.modes.private[mode]

    def restore_private_modes(self, *modes: int) -> None:
        """XTRESTORE: a mode that was not saved gets its default. The screen is switched without the cursor."""
        for mode in modes:
            value = self.modes.saved.get(mode, PRIVATE_DEFAULTS.get(mode, False))
            if mode not in _ALTERNATE:
                self.change_private_mode(mode, value)
            elif self.modes.private[1046]:
                self._switch(value)

    def change_private_mode(self, mode: int, value: bool) -> None:
        """Set or reset one private mode with its effects; unknown ones are ignored."""
        if mode not in self.modes.private or mode in PRIVATE_FIXED:
            return
        if self.conformance - 60 < MODE_LEVELS.get(mode, 0):
            return
        if mode in _ALTERNATE or mode == 1048:
            self._change_alternate(mode, value)
            return
        if mode == 3 and not self.modes.private[40]:
            return
        self.modes.set_private(mode, value)
        effect = _EFFECTS.get(mode)
        if effect is not None:
            getattr(self, effect)(value)
        self.refresh_fast()

    def _on_columns(self, value: bool) -> None:
        """DECCOLM."""
        self.request_size(132 if value else 80, self.lines)
        if not self.modes.private[95]:
            self.erase_in_display(2)
        self.reset_margins()
        self.refresh_fast()
        self.home()

    def _on_vt52(self, value: bool) -> None:
        self.charsets.reset()

    def _on_origin(self, value: bool) -> None:
        self.origin = value
        self.home()

    def _on_blink(self, value: bool) -> None:
        self.cursor.blinking = value

    def _on_cursor_visible(self, value: bool) -> None:
        self.cursor.hidden = not value

    def _on_national(self, value: bool) -> None:
        self.charsets.national = value

    def _on_side_margins(self, value: bool) -> None:
        if not value:
            self.left, self.right = 0, self.columns - 1

    def request_size(self, columns: int, lines: int) -> None:
        """Change the size on the program's wish; the complete screen overrides this."""
        raise NotImplementedError

    def set_application_keypad(self) -> None:
        """DECKPAM."""
        self.modes.private[66] = True

    def set_numeric_keypad(self) -> None:
        """DECKPNM."""
        self.modes.private[66] = False

    # --- alternate screen

    def _change_alternate(self, mode: int, value: bool) -> None:
        if mode == 1048:
            self.modes.private[1048] = value
            if value:
                self.save_cursor()
            else:
                self.restore_cursor()
            return
        if not self.modes.private[1046]:
            return
        if value:
            if mode == 1049:
                self.save_cursor()
            self._switch(True)
            if mode == 1049:
                self.rows[:] = [self.blank_line()] * self.lines
                self.wrap_pending = False
        else:
            if mode == 1047 and self.on_alternate:
                self.rows[:] = [self.blank_line()] * self.lines
            self._switch(False)
            if mode == 1049:
                self.restore_cursor()

    def _switch(self, alternate: bool) -> None:
        if alternate != self.on_alternate:
            self.on_alternate = alternate
            self.rows, self.other_rows = self.other_rows, self.rows
            self.saved_cursor, self.other_saved_cursor = self.other_saved_cursor, self.saved_cursor
            self.modes.kitty_keyboard, self.other_kitty = self.other_kitty, self.modes.kitty_keyboard
        for mode in _ALTERNATE:
            self.modes.private[mode] = alternate

    # --- resets

    def reset(self) -> None:
        """RIS: everything, the history too."""
        if self.modes.private[3]:
            self.request_size(80, self.lines)
        self.history.clear()
        self.palette.overrides.clear()
        self.full_reset()

    def soft_reset(self, *_: int) -> None:
        """DECSTR."""
        self.selective_erase = self.was_reset_softly = True
        for mode in (1, 6, 66, 69, 45, 42):
            self.modes.set_private(mode, False)
        self.modes.set_private(25, True)
        self.modes.set_private(7, True)
        self.cursor.hidden = False
        self.cursor.shape, self.cursor.blinking = "block", True
        self.modes.private[12] = False
        self.modes.ansi[4] = False
        self.modes.ansi[2] = False
        self.charsets.national = False
        self.charsets.reset()
        self.reset_margins()
        self.pen = PLAIN
        self.link = ("", "")
        self.protection = UNPROTECTED
        self.saved_cursor = SavedCursor()
        self.modes.kitty_keyboard = [0]
        self.modes.modify_other_keys = 0
        self.refresh_fast()

    def select_conformance(self, level: int = 0, controls: int | None = None, *_: int) -> None:
        """DECSCL: level 61..65 with 7-bit (1) or 8-bit controls (from level 5 on only when asked for); resets like DECSTR."""
        if not 61 <= level <= 65:
            return
        self.soft_reset()
        self.conformance = level
        self.eight_bit = level > 61 and controls != 1 and (level < 65 or controls is not None)

    def seven_bit_controls(self) -> None:
        """S7C1T."""
        self.eight_bit = False

    def eight_bit_controls(self) -> None:
        """S8C1T, from the VT220 on."""
        self.eight_bit = self.conformance > 61

    def set_cursor_style(self, style: int = 0, *_: int) -> None:
        """DECSCUSR: 0-2 block, 3-4 underline, 5-6 bar; odd ones and 0 blink."""
        if style <= 6:
            self.cursor.shape = ("block", "block", "block", "underline", "underline", "bar", "bar")[style]
            self.cursor.blinking = style == 0 or style % 2 == 1
            self.modes.private[12] = self.cursor.blinking and style != 0


_EFFECTS = {
    2: "_on_vt52",
    3: "_on_columns",
    6: "_on_origin",
    12: "_on_blink",
    25: "_on_cursor_visible",
    42: "_on_national",
    69: "_on_side_margins",
}
