"""A run that has ended is told from one that never was."""

from types import SimpleNamespace
from typing import Any

import pytest

from kernel.cli.ended import known_to_have_ended
from kernel.errors import ConflictError, NotFoundError


class History:
    """A connection whose kernel has the runs `codes`."""

    owns_kernel = True

    def __init__(self, codes: dict[int, int | None]) -> None:
        self._codes = codes

    async def execute(self, command: Any) -> Any:
        if command.pid not in self._codes:
            raise NotFoundError(f"There is no process {command.pid}.")
        state = "zombie" if self._codes[command.pid] is not None else "running"
        return SimpleNamespace(info=SimpleNamespace(exit_code=self._codes[command.pid], state=state))


@pytest.mark.parametrize(
    ("raised", "said"),
    [
        (NotFoundError("There is no process 1."), "The run of agent 1 has ended."),
        (NotFoundError("It is not known, in whatever words."), "The run of agent 1 has ended."),
        (ConflictError("It is busy."), "It is busy."),
    ],
)
async def test_only_what_is_not_there_is_looked_up(raised: NotFoundError, said: str) -> None:
    connection: Any = History({1: 0})
    with pytest.raises(type(raised), match=said):
        async with known_to_have_ended(connection, 1):
            raise raised


@pytest.mark.parametrize("codes", [{}, {1: None}])
@pytest.mark.parametrize("said", ["There is no process 1.", "Process 1 has ended; that is not saved yet."])
async def test_what_is_not_known_to_have_ended_is_not_said_to_have(codes: dict[int, int | None], said: str) -> None:
    connection: Any = History(codes)
    with pytest.raises(NotFoundError, match=said):
        async with known_to_have_ended(connection, 1):
            raise NotFoundError(said)
