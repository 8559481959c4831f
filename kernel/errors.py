"""The errors that Aether shows to people.

Every error says what happened (`message`) and what to do (`hint`). A family exists only where somebody catches it.
The router alone turns an error into a payload; nobody else formats one.
"""

from typing import ClassVar

WHERE_RUNS_ARE = "Mission Control and its history show all runs; on the command line `aether ps -a` lists them."


class AetherError(Exception):
    """An expected failure with a sentence for a person.

    message: what happened and why, in one sentence.
    hint: what the person can do about it; may be empty.
    """

    code: ClassVar[str] = "error"
    retryable: ClassVar[bool] = False

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint

    def __str__(self) -> str:
        return f"{self.message} {self.hint}".strip()


class InvalidArgumentError(AetherError):
    """A command or a tool call has a missing, malformed or out-of-range value."""

    code = "invalid_argument"


class UnknownCommandError(InvalidArgumentError):
    """A message names a command type that this kernel does not know."""

    code = "unknown_command"


class ParseError(InvalidArgumentError):
    """A message is not JSON."""

    code = "parse_error"


class NotFoundError(AetherError):
    """The named process, file, terminal or run does not exist."""

    code = "not_found"


class PermissionDeniedError(AetherError):
    """The principal may not do this, or the path lies outside of what it may see."""

    code = "permission_denied"


class ConflictError(AetherError):
    """The thing is in a state in which this cannot be done."""

    code = "conflict"


class LimitReachedError(AetherError):
    """A limit (processes, size, tokens, time) is reached."""

    code = "limit_reached"


class UnavailableError(AetherError):
    """Something this needs (sandbox, disk, server) is not there now."""

    code = "unavailable"
    retryable = True


class LeavingError(UnavailableError):
    """The instance ends, and what it was asked was certainly not begun: the next instance may be asked the same."""

    code = "leaving"


class StorageError(UnavailableError):
    """The disk or the database refused a write or a read."""

    code = "storage"


class DiskFullError(StorageError):
    """The disk has no room; the same may succeed once there is some."""


class TimeoutExceededError(AetherError):
    """A deadline passed; what was running has been ended."""

    code = "timeout"
    retryable = True


class ProviderError(AetherError):
    """A language-model server refused, failed or answered nonsense."""

    code = "provider"


def no_process(pid: int) -> NotFoundError:
    """What is said of a number that nobody has who lives; its hint is for whoever reads it, in the window or at a prompt."""
    return NotFoundError(f"There is no process {pid}.", WHERE_RUNS_ARE)
