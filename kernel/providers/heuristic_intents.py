"""What the built-in rule-based brain can be asked to do.

Owns the intents and the `Goal` that holds them. `heuristic_goals` makes them, `heuristic_plans` carries them out; an
empty path means the agent's own folder.
"""

from __future__ import annotations

import msgspec


class ListFiles(msgspec.Struct, frozen=True):
    """List a folder."""

    path: str
    recursive: bool = False


class FindByName(msgspec.Struct, frozen=True):
    """Find files whose name matches one of the shell patterns."""

    patterns: tuple[str, ...]
    path: str = ""


class FindByContent(msgspec.Struct, frozen=True):
    """Find lines that hold `text`."""

    text: str
    path: str = ""


class Count(msgspec.Struct, frozen=True):
    """Count `what` (files, folders, lines, words or characters) in a file or in the matching files of a folder."""

    what: str
    patterns: tuple[str, ...] = ()
    path: str = ""


class Summarise(msgspec.Struct, frozen=True):
    """Summarise a file or a page."""

    target: str
    is_url: bool = False


class Fetch(msgspec.Struct, frozen=True):
    """Fetch a page."""

    url: str


class CreateFolder(msgspec.Struct, frozen=True):
    """Create a folder."""

    path: str


class CreateFile(msgspec.Struct, frozen=True):
    """Create a file with exactly this content."""

    path: str
    content: str


class RunCommand(msgspec.Struct, frozen=True):
    """Run a shell command as given."""

    command: str


class ReadFile(msgspec.Struct, frozen=True):
    """Read a file."""

    path: str


class Report(msgspec.Struct, frozen=True):
    """Write a report of what was done; `path` is empty where the goal names no file."""

    path: str = ""


Intent = (
    ListFiles | FindByName | FindByContent | Count | Summarise | Fetch | CreateFolder | CreateFile | RunCommand
    | ReadFile | Report
)  # fmt: skip


class Goal(msgspec.Struct, frozen=True):
    """What was understood, in order, and the clauses that were not.

    forbidden: clauses that say what is not to be done. refused: what is asked for all the same, and is not done.
    """

    text: str
    intents: tuple[Intent, ...] = ()
    unread: tuple[str, ...] = ()
    forbidden: tuple[str, ...] = ()
    refused: tuple[str, ...] = ()

    @property
    def readable(self) -> bool:
        """Whether there is anything to do that was understood."""
        return bool(self.intents)
