"""What the cases of ``xterm_cases`` are made of: the size of the screen, its filling, margins. Data only."""

from __future__ import annotations

COLUMNS, LINES = 20, 8

_LETTERS = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
#: Fills the screen; the cursor stays at its end.
G = "".join(
    f"\x1b[{y + 1};1H" + "".join(_LETTERS[(7 * y + x) % len(_LETTERS)] for x in range(COLUMNS)) for y in range(LINES)
)
#: Margins at lines 3 to 6 and columns 5 to 12.
TB = "\x1b[3;6r"
LR = "\x1b[?69h\x1b[5;12s"
BOX = TB + LR
ORIGIN = "\x1b[?6h"
C = "\x1b["


def at(line: int, column: int) -> str:
    """Move the cursor."""
    return f"\x1b[{line};{column}H"
