"""The question that `aether approve` and `aether reject` answer: found first, named, and answered by its own identity.

An agent may ask the next thing while an answer is on its way; a question that was asked after the command was given was seen by nobody who
gave it, so it is not answered.
"""

import os
import time
from pathlib import Path

from kernel.cli.connection import Connection, exit_of
from kernel.cli.ended import has_ended
from kernel.errors import ConflictError
from kernel.protocol.process import ProcessList
from kernel.protocol.records import Approval
from kernel.protocol.shown_text import exact_line

NAMED_CHARACTERS = 300
_FIELDS_BEFORE_START = 19


async def open_question(connection: Connection, pid: int, begun_at: float) -> Approval:
    """What an agent asks since before `begun_at` (epoch seconds). Raises NotFoundError, ConflictError."""
    ended = await exit_of(connection, pid) is not None
    listed = await connection.execute(ProcessList())
    found = next((approval for approval in listed.approvals if approval.pid == pid), None)
    if found is None and ended:
        raise has_ended(pid)
    if found is None:
        raise ConflictError(f"Process {pid} does not wait for an answer.", "It may have been answered elsewhere.")
    if found.created_at > begun_at:
        raise ConflictError(
            f"What process {pid} asked before was answered already; it asks something else now: {named_question(found)}",
            "Look at it, then answer again.",
        )
    return found


def named_question(approval: Approval) -> str:
    """What is answered, on one line: a command as it is, anything else with its tool; nothing hides in it."""
    details = approval.details
    if command := details.get("command"):
        return exact_line(command, NAMED_CHARACTERS)
    subject = details.get("path") or details.get("url")
    return exact_line(f"{approval.tool} {subject}" if subject else approval.action, NAMED_CHARACTERS)


def command_begun_at() -> float:
    """When this process was started at the latest, epoch seconds: what was asked later cannot have been meant."""
    try:
        fields = Path("/proc/self/stat").read_text().rpartition(")")[2].split()
        tick_s = 1 / os.sysconf("SC_CLK_TCK")  # in which the system counts, rounded down
        running_s = time.clock_gettime(time.CLOCK_BOOTTIME) - (int(fields[_FIELDS_BEFORE_START]) + 1) * tick_s
    except (OSError, AttributeError, ValueError, IndexError):
        return time.time()
    return time.time() - max(0.0, running_s)
