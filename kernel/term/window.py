"""Window operations (XTWINOPS): sizes, position, state and titles, asked for and reported.

The core has no window. It changes its own size on request, keeps what the program believes of the window so that
reports agree with requests, and tells the owner by events; the owner may honour or undo them. Where programs may not change the
window (``window_operations``) it is never iconified or moved for them.
"""

from __future__ import annotations

from kernel.term.events import WindowRequest
from kernel.term.levels import since
from kernel.term.osc import OperatingSystemCommands

MAX_PROGRAM_COLUMNS = 1000
MAX_PROGRAM_LINES = 500


class WindowOperations(OperatingSystemCommands):
    """``window_operation`` runs one XTWINOPS sequence."""

    window_position = (0, 0)
    iconified = False
    #: Size of the whole display in cells, at least; the owner may set it.
    display_columns, display_lines = 240, 80
    _normal_size: tuple[int, int] | None = None

    def window_operation(self, code: int = 0, *args: int) -> None:
        """CSI code ; args t; an omitted argument is -1."""
        if code >= 24:
            self.request_size(self.columns, code)
        elif code in _REPORTS:
            self._report_window(code, args)
        elif code == 22 or code == 23:
            first, second = (max(0, arg) for arg in (*args, 0, 0)[:2])
            (self.push_titles if code == 22 else self.pop_titles)(first, second)
        elif code in _ACTIONS:
            self._act(code, args)

    def _act(self, code: int, args: tuple[int, ...]) -> None:
        first, second = (max(0, arg) for arg in (*args, 0, 0)[:2])
        if code in (1, 2) and self.window_operations:
            self.iconified = code == 2
        elif code == 3 and self.window_operations:
            self.window_position = (first, second)
        elif code == 4:
            self._resize_pixels(args)
        elif code == 8:
            self._resize_cells(args)
        elif code in (9, 10):
            self._maximize(code, first)
        self.emit(WindowRequest(_ACTIONS[code], args[:2]))

    def _resize_cells(self, args: tuple[int, ...]) -> None:
        """An omitted size (-1) stays, 0 is that of the display."""
        lines, columns = (*args, -1, -1)[:2]
        self.request_size(
            self.columns if columns < 0 else columns or self._full_columns(),
            self.lines if lines < 0 else lines or self._full_lines(),
        )

    def _resize_pixels(self, args: tuple[int, ...]) -> None:
        height, width = (*args, -1, -1)[:2]
        self.request_size(
            self.columns if width < 0 else width // self.cell_width or self._full_columns(),
            self.lines if height < 0 else height // self.cell_height or self._full_lines(),
        )

    def _maximize(self, code: int, how: int) -> None:
        """9: maximize (1 fully, 2 in height, 3 in width, 0 back); 10: full screen (1 on, 0 off, 2 toggle)."""
        if code == 10 and how == 2:
            how = 1 if self._normal_size is None else 0
        if how == 0:
            if self._normal_size is not None:
                columns, lines = self._normal_size
                self._normal_size = None
                self.request_size(columns, lines)
            return
        if self._normal_size is None:
            self._normal_size = (self.columns, self.lines)
        columns = self._full_columns() if how in (1, 3) or code == 10 else self.columns
        lines = self._full_lines() if how in (1, 2) or code == 10 else self.lines
        self.request_size(columns, lines)

    def _full_columns(self) -> int:
        return max(self.display_columns, self.initial_columns)

    def _full_lines(self) -> int:
        return max(self.display_lines, 24)

    def _report_window(self, code: int, args: tuple[int, ...]) -> None:
        width, height = self.columns * self.cell_width, self.lines * self.cell_height
        if code in (20, 21):
            self.report_title(icon=code == 20)
            return
        answers = {
            11: f"{2 if self.iconified else 1}t",
            13: f"3;{self.window_position[0]};{self.window_position[1]}t",
            14: f"4;{height};{width}t",
            15: f"5;{self._full_lines() * self.cell_height};{self._full_columns() * self.cell_width}t",
            16: f"6;{self.cell_height};{self.cell_width}t",
            18: f"8;{self.lines};{self.columns}t",
            19: f"9;{self._full_lines()};{self._full_columns()}t",
        }
        self.reply("\x1b[" + answers[code])

    @since(3)
    def set_columns_per_page(self, columns: int = 0, *_: int) -> None:
        """DECSCPP: 80 or 132 columns."""
        if columns in (0, 80, 132):
            self.request_size(columns or 80, self.lines)

    @since(4)
    def set_lines_per_screen(self, lines: int = 0, *_: int) -> None:
        """DECSNLS."""
        if lines:
            self.request_size(self.columns, lines)


_REPORTS = frozenset({11, 13, 14, 15, 16, 18, 19, 20, 21})
_ACTIONS = {
    1: "restore",
    2: "iconify",
    3: "move",
    4: "resize_pixels",
    5: "raise",
    6: "lower",
    7: "refresh",
    8: "resize",
    9: "maximize",
    10: "fullscreen",
}
