"""`aether kill` with several agents: each that can be is signalled, each that cannot is said."""

import argparse
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest

from kernel.cli import kill
from kernel.errors import ConflictError, NotFoundError, UnavailableError
from kernel.protocol.base import Empty
from kernel.protocol.process import ProcessSignal


class Kernel:
    """A connection that knows agents 1 and 3. gone: what it says of 2."""

    owns_kernel = False

    def __init__(self, gone: Exception) -> None:
        self.gone = gone
        self.signalled: list[int] = []

    async def execute(self, command: Any) -> Any:
        if not isinstance(command, ProcessSignal):
            raise NotFoundError("Nothing is recorded.")
        if command.pid == 2:
            raise self.gone
        self.signalled.append(command.pid)
        return Empty()


def _kill(monkeypatch: pytest.MonkeyPatch, kernel: Kernel, *words: str) -> int:
    @asynccontextmanager
    async def connect() -> AsyncIterator[Kernel]:
        yield kernel

    monkeypatch.setattr(kill, "connect", connect)
    parser = argparse.ArgumentParser()
    kill.add_arguments(parser)
    return kill.run(parser.parse_args(words))


def test_one_that_is_gone_keeps_no_other_from_its_signal(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    kernel = Kernel(NotFoundError("There is no process 2.", "Look at the list."))
    assert _kill(monkeypatch, kernel, "2", "1", "99999999999999999999", "0", "3") == 1
    assert kernel.signalled == [1, 3]
    said = capsys.readouterr()
    assert said.out == "SIGTERM was sent to 1\nSIGTERM was sent to 3\n"
    told = [line for line in said.err.splitlines() if line.startswith("aether: ")]
    assert told == [f"aether: There is no process {number}." for number in (2, 99999999999999999999, 0)]
    assert "Look at the list." in said.err


def test_all_that_got_it_is_a_success(monkeypatch: pytest.MonkeyPatch) -> None:
    assert _kill(monkeypatch, Kernel(ConflictError("")), "1", "3") == 0


def test_an_instance_that_has_ended_is_said_once(monkeypatch: pytest.MonkeyPatch) -> None:
    kernel = Kernel(UnavailableError("The instance has ended."))
    with pytest.raises(UnavailableError):
        _kill(monkeypatch, kernel, "2", "1")
    assert kernel.signalled == []
