"""What a search in a terminal's text finds, by absolute lines: shared by who searches and who shows it. Pure."""

from __future__ import annotations

from typing import NamedTuple

#: Of a longer logical line the rest counts as another line, so that memory stays bounded whatever the pattern.
MAX_LINE = 20_000


class Match(NamedTuple):
    """A found text: absolute line and column of its first cell, and of the cell behind its last one."""

    line: int
    column: int
    end_line: int
    end_column: int
