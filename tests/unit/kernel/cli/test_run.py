"""Ctrl+C in `aether run`: what is said is what happened."""

import argparse
import asyncio
import io
import sys
from pathlib import Path
from typing import Any

import pytest

from kernel.cli import run
from kernel.errors import ConflictError
from kernel.protocol.base import Event
from kernel.protocol.process import ProcessExited
from kernel.protocol.records import AgentConfig
from kernel.tasks import Scope


class Words:
    """A printer that remembers."""

    def __init__(self) -> None:
        self.said: list[str] = []

    def show(self, event: Event) -> None:
        self.said.append(type(event).__name__)

    def say(self, text: str) -> None:
        self.said.append(text)


class Ending:
    """A connection whose one command takes its time, or is refused."""

    owns_kernel = True

    def __init__(self, queue: "asyncio.Queue[Event | None]", how: str) -> None:
        self._queue, self._how = queue, how
        self.finished = asyncio.Event()
        self.cancelled = False

    async def execute(self, command: Any) -> Any:
        if self._how == "ended by itself":
            raise ConflictError("It has ended.")
        try:
            await asyncio.wait_for(asyncio.Event().wait(), 0.3 if self._how == "slow" else 60)
        except TimeoutError:
            self._queue.put_nowait(ProcessExited(pid=1, code=130, signal="SIGINT"))
        except asyncio.CancelledError:
            self.cancelled = True
            raise
        self.finished.set()


@pytest.mark.parametrize(
    ("how", "said"),
    [
        ("slow", ["ProcessExited", "Interrupted; agent 1 was ended."]),
        ("ended by itself", ["ProcessExited", "Interrupted; agent 1 was ended."]),
        ("stuck", ["Interrupted; that agent 1 has ended could not be recorded. `aether ps --all` tells what became of it."]),
    ],
)
async def test_what_is_said_at_the_end_is_true(monkeypatch: pytest.MonkeyPatch, how: str, said: list[str]) -> None:
    monkeypatch.setattr(run, "LAST_WORDS_S", 1.0)
    queue: asyncio.Queue[Event | None] = asyncio.Queue()
    if how == "ended by itself":
        queue.put_nowait(ProcessExited(pid=1, code=0))
    connection, words, scope = Ending(queue, how), Words(), Scope("test")
    await run._end(connection, 1, queue, words, scope)  # type: ignore[arg-type]  # it has no events
    assert words.said == said
    assert not connection.cancelled, "the signal goes on until the kernel itself ends"
    assert connection.finished.is_set() is (how == "slow")
    await scope.close()


@pytest.mark.feature("MC05")
def test_a_gpu_the_network_and_a_desktop_are_given_on_request_only(monkeypatch: pytest.MonkeyPatch) -> None:
    deployed: list[AgentConfig] = []

    async def deploy(config: AgentConfig, approval: object, printer: object) -> int:
        deployed.append(config)
        return 0

    monkeypatch.setattr(run, "_deploy", deploy)
    monkeypatch.setattr(run, "let_it_end", lambda: None)
    parser = argparse.ArgumentParser()
    run.add_arguments(parser)
    for options in ([], ["--gpu"], ["--network"], ["--graphical"]):
        run.run(parser.parse_args(["--role", "Coder", "--goal", "x", *options]))
    given = [(config.sandbox.gpu, config.sandbox.network_access, config.sandbox.graphical) for config in deployed]
    assert given == [(False, False, False), (True, False, False), (False, True, False), (False, False, True)]


def test_a_folder_is_named_and_mounted_as_it_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for text, read_only in ((".", False), (f"{tmp_path}", False), (".:ro", True)):
        mount = run._mount(text)
        assert (mount.host_path, mount.guest_path, mount.read_only) == (str(tmp_path), "work", read_only)


@pytest.mark.parametrize("text", ["", ":ro", " ", "\t:ro"])
def test_an_empty_name_is_not_the_folder_where_one_is(text: str) -> None:
    with pytest.raises(argparse.ArgumentTypeError, match="its name is empty"):
        run._mount(text)


def test_a_folder_that_its_person_may_not_read_is_not_mounted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its agent would find a folder that it cannot enter, without a word why."""
    monkeypatch.setattr("os.access", lambda path, mode: False)  # root may read everything
    with pytest.raises(argparse.ArgumentTypeError, match=r"you may not read .*Mend its permissions"):
        run._mount(str(tmp_path))


def test_a_current_folder_that_is_gone_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "gone").mkdir()
    monkeypatch.chdir(tmp_path / "gone")
    (tmp_path / "gone").rmdir()
    with pytest.raises(argparse.ArgumentTypeError, match="the current folder is gone, so"):
        run._mount(".")
    assert run._mount(str(tmp_path)).host_path == str(tmp_path)


class _Unreadable(io.StringIO):
    """As where standard input is a folder."""

    def read(self, size: int | None = -1) -> str:
        raise IsADirectoryError(21, "Is a directory")


@pytest.mark.parametrize(
    ("given", "said"),
    [
        (None, "standard input is closed"),
        (io.TextIOWrapper(io.BytesIO(b"bad \xff"), "utf-8"), "not valid UTF-8"),
        (io.TextIOWrapper(io.BytesIO(b"bad \xff"), "utf-8", "surrogateescape"), "not valid UTF-8"),
        (_Unreadable(), "cannot be read: Is a directory"),
    ],
)
def test_an_input_that_holds_no_goal_is_said(monkeypatch: pytest.MonkeyPatch, given: Any, said: str) -> None:
    monkeypatch.setattr(sys, "stdin", given)
    with pytest.raises(argparse.ArgumentTypeError, match=said):
        run._goal("-")
