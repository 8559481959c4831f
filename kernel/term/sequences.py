"""Which control function calls which method of the screen: tables only, read by ``kernel.term.stream``.

Keys of ``CSI`` are prefix + intermediates + final character; of ``ESCAPE`` intermediates + final character.
"""

from __future__ import annotations

import pyte

CSI: dict[str, str] = {
    **pyte.Stream.csi,
    "s": "set_left_right_margins",
    "u": "restore_cursor_ansi",
    "a": "cursor_forward_absolute",
    "e": "cursor_down_absolute",
    "`": "cursor_to_column",
    "I": "cursor_tab_forward",
    "Z": "cursor_tab_backward",
    "b": "repeat_last",
    "S": "scroll_up",
    "T": "scroll_down",
    "^": "scroll_down_ecma",
    " @": "scroll_left",
    " A": "scroll_right",
    "'}": "insert_columns",
    "'~": "delete_columns",
    "?J": "selective_erase_in_display",
    "?K": "selective_erase_in_line",
    "?W": "reset_tab_stops",
    "?h": "set_private_mode",
    "?l": "reset_private_mode",
    "?s": "save_private_modes",
    "?r": "restore_private_modes",
    '"q': "select_protection",
    '"p': "select_conformance",
    "!p": "soft_reset",
    " q": "set_cursor_style",
    "$x": "fill_rectangle",
    "$z": "erase_rectangle",
    "${": "selective_erase_rectangle",
    "$v": "copy_rectangle",
    "$r": "change_attributes",
    "$t": "reverse_attributes",
    "*x": "attribute_change_extent",
    "*y": "report_checksum",
    "#y": "select_checksum",
    "#{": "push_rendition",
    "#p": "push_rendition",
    "#}": "pop_rendition",
    "#q": "pop_rendition",
    "#|": "report_rendition",
    "#P": "push_colours",
    "#Q": "pop_colours",
    "#R": "report_colour_stack",
    "$|": "set_columns_per_page",
    "*|": "set_lines_per_screen",
    "$w": "report_presentation",
    "$p": "report_mode",
    "?$p": "report_private_mode",
    ">c": "report_secondary_attributes",
    "=c": "report_tertiary_attributes",
    ">q": "report_version",
    "x": "report_terminal_parameters",
    "?n": "report_private_status",
    ">m": "key_modifier_options",
    ">n": "disable_key_modifiers",
    "?m": "report_key_modifiers",
    ">u": "push_kitty_flags",
    "<u": "pop_kitty_flags",
    "=u": "set_kitty_flags",
    "?u": "report_kitty_flags",
    ">t": "set_title_modes",
    ">T": "reset_title_modes",
    "t": "window_operation",
    # No other terminal has these; kernel.term.snapshot writes them.
    ">$~": "add_rows_below",
    ">$|": "place_cursor",
    '>"q': "protect_pen",
}

ESCAPE: dict[str, tuple[str, tuple[int, ...]]] = {
    **{final: (name, ()) for final, name in pyte.Stream.escape.items()},
    "D": ("index_only", ()),
    "E": ("next_line", ()),
    "#8": ("alignment_display", ()),
    "6": ("back_index", ()),
    "9": ("forward_index", ()),
    "=": ("set_application_keypad", ()),
    ">": ("set_numeric_keypad", ()),
    "N": ("single_shift", (2,)),
    "O": ("single_shift", (3,)),
    "n": ("lock_shift", (2,)),
    "o": ("lock_shift", (3,)),
    "~": ("lock_shift_right", (1,)),
    "}": ("lock_shift_right", (2,)),
    "|": ("lock_shift_right", (3,)),
    "V": ("start_protected_area", ()),
    "W": ("end_protected_area", ()),
    "Z": ("report_device_attributes", ()),
    "l": ("lock_memory", ()),
    "m": ("unlock_memory", ()),
    " F": ("seven_bit_controls", ()),
    " G": ("eight_bit_controls", ()),
}

#: VT52 escape sequences.
VT52: dict[str, tuple[str, tuple[int, ...]]] = {
    "A": ("cursor_up", ()),
    "B": ("cursor_down", ()),
    "C": ("cursor_forward", ()),
    "D": ("cursor_back", ()),
    "H": ("cursor_position", ()),
    "I": ("reverse_index", ()),
    "J": ("erase_in_display", ()),
    "K": ("erase_in_line", ()),
    "=": ("set_application_keypad", ()),
    ">": ("set_numeric_keypad", ()),
}

CONTROLS: dict[str, str] = {**pyte.Stream.basic, "\x7f": "draw_delete"}

#: Slot that an intermediate character of SCS designates with a set of 94 characters, and with one of 96.
DESIGNATORS: dict[str, int] = {"(": 0, ")": 1, "*": 2, "+": 3}
LARGE_DESIGNATORS: dict[str, int] = {"-": 1, ".": 2, "/": 3}
