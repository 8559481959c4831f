"""What would end with shells that are closed, and the question about it. Used by whoever shows shells in tabs."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from PySide6.QtWidgets import QWidget

from aether_desktop.widgets.sheet import Answer, Sheet
from aether_desktop.widgets.shown_text import exact_line

MOST_NAMED = 4
NAME_CHARACTERS = 60


@dataclass(frozen=True, slots=True)
class Running:
    """What runs in a shell. program: in its foreground, "" for none. background: how many others it has started."""

    program: str = ""
    background: int = 0

    @property
    def anything(self) -> bool:
        """Whether closing the shell ends something."""
        return bool(self.program) or self.background > 0


def closing_question(running: Sequence[Running], rest: str = "") -> tuple[str, str]:
    """Title and text of the question before what runs is ended. rest: a sentence that the text ends with."""
    names = [exact_line(one.program, NAME_CHARACTERS) for one in running if one.program]
    behind = sum(one.background for one in running)
    others = "1 program" if behind == 1 else f"{behind:,} programs"
    runs = "runs" if behind == 1 else "run"
    if not names:
        title, told = f"{others} still {runs} in the background here", ""
    elif len(names) == 1:
        title, told = f"{names[0]} is running", f"{others} more {runs} in the background. " if behind else ""
    else:
        more = len(names) - MOST_NAMED
        title = f"{len(names)} programs are running"
        told = f"{', '.join(names[:MOST_NAMED])}{f' and {more} more' if more > 0 else ''}"
        told += f", and {others} in the background. " if behind else ". "
    them = "it" if len(names) + behind == 1 else "them"
    return title, " ".join(part for part in (f"{told}Closing ends {them}; what is not saved is lost.", rest) if part)


def ask_to_end(over: QWidget, running: Sequence[Running], end: Callable[[], None], rest: str = "") -> Sheet:
    """Ask over a widget whether to end what runs, and call `end` if so. The safe answer is the default."""
    title, text = closing_question(running, rest)
    answers = (Answer("end", "End and close", "danger"), Answer("keep", "Keep it open", "primary", default=True))
    sheet = Sheet(over, title, text, answers=answers)
    sheet.finished.connect(lambda key: end() if key == "end" else None)
    sheet.open()
    return sheet
