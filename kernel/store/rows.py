"""Reading what the rows of the database hold, whatever a failing disk has made of it.

Used by the repositories: one damaged row must not hide the others, nor keep Aether from starting.
"""

from typing import Any, TypeVar

import msgspec

from kernel.log import get_logger

T = TypeVar("T")
_log = get_logger(__name__)


def decoded(body: Any, kind: type[T], what: str) -> T | None:
    """The JSON of a column as `kind`; None, and a line in the log that names `what`, where it cannot be read."""
    try:
        return msgspec.json.decode(body, type=kind)
    except (msgspec.MsgspecError, TypeError, ValueError, RecursionError) as error:
        _log.error("%s is damaged in the database and is passed over: %s", what, error)
        return None
