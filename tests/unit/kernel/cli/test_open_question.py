"""Which question is answered from a terminal, and what it is called there."""

import time
from types import SimpleNamespace
from typing import Any, cast

import psutil
import pytest

from kernel.cli.connection import Connection
from kernel.cli.open_question import NAMED_CHARACTERS, command_begun_at, named_question, open_question
from kernel.errors import ConflictError, NotFoundError
from kernel.protocol.process import ProcessInfoGet, ProcessListReply
from kernel.protocol.records import Approval


def approval(pid: int = 5, created_at: float = 10.0, **details: str) -> Approval:
    return Approval(
        approval_id=f"apr_{pid}", pid=pid, call_id="c", tool="write_file", kind="command", action="It wants to go on", details=details,
        created_at=created_at,
    )  # fmt: skip


class Open:
    """A kernel in which these questions are open, and the run of agent 9 has ended."""

    def __init__(self, *approvals: Approval) -> None:
        self.approvals = approvals

    async def execute(self, command: Any) -> Any:
        if isinstance(command, ProcessInfoGet):
            ended = command.pid == 9
            return SimpleNamespace(info=SimpleNamespace(state="dead" if ended else "sleeping", exit_code=0 if ended else None))
        return ProcessListReply(processes=(), approvals=self.approvals)


def connection(*approvals: Approval) -> Connection:
    return cast(Connection, Open(*approvals))


@pytest.mark.feature("AP07")
async def test_the_question_of_that_process_is_found() -> None:
    assert (await open_question(connection(approval(4), approval(5)), 5, 11.0)).approval_id == "apr_5"
    with pytest.raises(ConflictError, match="Process 6 does not wait"):
        await open_question(connection(approval(5)), 6, 11.0)
    with pytest.raises(NotFoundError, match="The run of agent 9 has ended"):
        await open_question(connection(approval(5)), 9, 11.0)


@pytest.mark.feature("AP07")
async def test_what_was_asked_after_the_command_was_given_is_not_answered() -> None:
    with pytest.raises(ConflictError, match="answered already; it asks something else now: rm -rf x"):
        await open_question(connection(approval(command="rm -rf x", created_at=12.0)), 5, 11.0)


@pytest.mark.parametrize(
    ("details", "name"),
    [
        ({"command": "rm -rf x", "cwd": "/home/a"}, "rm -rf x"),
        ({"command": "ls\nrm -rf ~ \x1b[2K\u202e"}, "ls ⏎ rm -rf ~ ⟨U+001B⟩[2K⟨U+202E⟩"),
        ({"command": "a" * 1000}, "a" * NAMED_CHARACTERS + "…"),
        ({"path": "/home/a/x\napproved 6: y", "diff": "+1"}, "write_file /home/a/x ⏎ approved 6: y"),
        ({"url": "https://a.org", "host": "a.org"}, "write_file https://a.org"),
        ({"reason": "budget"}, "It wants to go on"),
    ],
)
def test_it_is_named_on_one_line_in_which_nothing_hides(details: dict[str, str], name: str) -> None:
    assert named_question(approval(**details)) == name


def test_a_command_begins_when_its_process_does() -> None:
    begun = command_begun_at()
    assert begun <= time.time()
    assert begun == pytest.approx(psutil.Process().create_time(), abs=2.5)
