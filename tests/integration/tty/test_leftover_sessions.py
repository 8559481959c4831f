"""The guardian and the next start's sweep against real sessions, their own and strangers'."""

import asyncio
import contextlib
import os
import select
import signal
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from kernel.store.repositories.shells import ShellSession
from kernel.tty import leftovers
from kernel.tty.guardian import Guardian
from kernel.tty.leftovers import VARIABLE, boot_id, end_leftovers
from kernel.tty.sessions import Row, read_row, session_over

pytestmark = pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="only where there is /proc")
LAST_PID = Path("/proc/sys/kernel/ns_last_pid")
#: Ignores hangups; its child ignores them too, and says its number.
DEAF = "trap '' HUP TERM; sh -c 'echo $$; exec sleep 300 >/dev/null' & {last}"
NO_OWNER = (2**22 + 1, 0)


class Session:
    """A real session: a leader and its child, on no terminal. leader_ends: only the child is left of it."""

    def __init__(self, *, leader_ends: bool = False, token: str = "") -> None:
        script = DEAF.format(last="exit" if leader_ends else "wait")
        environment = {"PATH": os.environ["PATH"]} | ({VARIABLE: token} if token else {})
        self.leader = subprocess.Popen(("/bin/sh", "-c", script), env=environment, stdout=subprocess.PIPE, start_new_session=True)
        assert self.leader.stdout is not None
        self.child = int(self.leader.stdout.readline())
        self.leader.stdout.close()
        self.row = self._row()
        self._descriptor: int | None = os.pidfd_open(self.child)
        if leader_ends:
            self.leader.wait(10)

    def _row(self) -> Row:
        row = read_row(self.leader.pid)
        assert row is not None
        return row

    def record(self, **changes: object) -> ShellSession:
        """What would have been written down of it."""
        fields: dict[str, object] = {
            "token": "token", "session": self.row.pid, "started": self.row.started, "boot": boot_id(),
            "owner": NO_OWNER[0], "owner_started": NO_OWNER[1],
        }  # fmt: skip
        return ShellSession(**(fields | changes))  # type: ignore[arg-type]  # a test names fields

    def over(self, seconds: float = 10.0) -> bool:
        """Whether the child ends in time."""
        assert self._descriptor is not None
        return bool(select.select([self._descriptor], [], [], seconds)[0])

    def close(self) -> None:
        if self._descriptor is not None:
            with contextlib.suppress(ProcessLookupError):
                signal.pidfd_send_signal(self._descriptor, signal.SIGKILL)
            os.close(self._descriptor)
            self._descriptor = None
        if self.leader.returncode is None:
            self.leader.kill()
            self.leader.wait(10)


Make = Callable[..., Session]


@pytest.fixture
def make() -> Iterator[Make]:
    """Makes sessions that are gone afterwards."""
    made: list[Session] = []

    def one(*, leader_ends: bool = False, token: str = "") -> Session:
        made.append(Session(leader_ends=leader_ends, token=token))
        return made[-1]

    yield one
    for session in made:
        session.close()


def test_a_session_whose_leader_lives_is_ended(make: Make) -> None:
    session = make()
    assert end_leftovers([session.record()]) == 2
    assert session.over()
    assert session.leader.wait(10) == -signal.SIGKILL


def test_of_a_session_without_a_leader_one_token_ends_all(make: Make) -> None:
    session = make(leader_ends=True, token="token")
    assert end_leftovers([session.record()]) == 1
    assert session.over()


@pytest.mark.parametrize(
    ("leader_ends", "token", "changes"),
    [
        (False, "token", {"started": 5}),
        (False, "token", {"boot": "another"}),
        (False, "token", {"owner": os.getpid(), "owner_started": getattr(read_row(os.getpid()), "started", 0)}),
        (True, "", {}),
        (True, "another", {}),
        (True, "token", {"started": 1 << 62}),
    ],
    ids=["another leader", "another boot", "its Aether lives", "no token", "another token", "older than the leader"],
)
def test_strangers_survive(make: Make, leader_ends: bool, token: str, changes: dict[str, object]) -> None:
    stranger = make(leader_ends=leader_ends, token=token)
    assert end_leftovers([stranger.record(**changes)]) == 0
    assert not stranger.over(0)


def _sleeping() -> tuple[subprocess.Popen[bytes], Row]:
    """A session of one process that carries the token."""
    process = subprocess.Popen(("sleep", "300"), env={VARIABLE: "token", "PATH": os.environ["PATH"]}, start_new_session=True)
    row = read_row(process.pid)
    assert row is not None
    return process, row


def test_a_process_that_got_a_recorded_number_anew_survives() -> None:
    """The number is a real one that was used twice."""
    first, before = _sleeping()
    record = ShellSession("token", before.pid, before.started, boot_id(), *NO_OWNER)
    first.kill()
    first.wait(10)
    for _ in range(50):
        try:
            LAST_PID.write_text(str(before.pid - 1))
        except OSError:
            pytest.skip("numbers cannot be chosen here")
        stranger, after = _sleeping()
        try:
            if after.pid == before.pid and after.started != before.started:
                assert end_leftovers([record]) == 0
                assert stranger.poll() is None
                return
        finally:
            stranger.kill()
            stranger.wait(10)
    pytest.skip("others were faster")


def test_nobody_is_killed_before_everybody_is_stopped(make: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    session = make()
    sent: list[tuple[int, int]] = []
    send = leftovers._signal_same

    def note(row: Row, signum: int) -> None:
        sent.append((row.pid, signum))
        send(row, signum)

    monkeypatch.setattr(leftovers, "_signal_same", note)
    assert end_leftovers([session.record()]) == 2
    everybody, order = (session.leader.pid, session.child), ("SIGHUP", "SIGCONT", "SIGSTOP", "SIGKILL")
    assert sent[:8] == [(pid, getattr(signal, name)) for name in order for pid in everybody]


async def test_a_script_that_the_guardian_ends_does_not_go_on_to_its_next_command(tmp_path: Path) -> None:
    """Where the table of processes names the script's command before the script: 10000 and 9999."""
    next_command = tmp_path / "next"
    script = f"trap '' HUP; sleep 300; echo > {next_command}; sleep 300"
    for _ in range(50):
        try:
            LAST_PID.write_text("9998")
        except OSError:
            pytest.skip("numbers cannot be chosen here")
        leader = subprocess.Popen(("/bin/sh", "-c", script), start_new_session=True)
        try:
            command = await _child(leader.pid)
            row = read_row(leader.pid)
            assert row is not None
            if str(command) < str(leader.pid):
                guardian = Guardian()
                guardian.guard(leader.pid, row.started)
                await guardian.close()
                assert await asyncio.to_thread(session_over, leader.pid, 10.0)
                assert not next_command.exists()
                return
        finally:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(leader.pid, signal.SIGKILL)
            leader.wait(10)
    pytest.skip("others were faster")


async def _child(pid: int) -> int:
    """The number of a process's child, as soon as it has one."""
    children = Path(f"/proc/{pid}/task/{pid}/children")
    async with asyncio.timeout(10):
        while not (found := children.read_text().split()):
            await asyncio.sleep(0.01)
    return int(found[0])


async def test_the_guardian_ends_what_it_guards_and_no_stranger(make: Make) -> None:
    guarded, released, stranger = make(leader_ends=True), make(), make()
    guardian = Guardian()
    guardian.guard(guarded.row.pid, guarded.row.started)
    guardian.guard(released.row.pid, released.row.started)
    guardian.guard(stranger.row.pid, stranger.row.started - 1)
    guardian.release(released.row.pid)
    await guardian.close()
    assert guarded.over()
    assert not released.over(0)
    assert not stranger.over(0)


async def test_a_guardian_that_somebody_ended_is_started_anew_with_all_it_knew(make: Make) -> None:
    first, second = make(), make()
    guardian = Guardian()
    guardian.guard(first.row.pid, first.row.started)
    ended = guardian.pid
    assert ended is not None
    os.kill(ended, signal.SIGKILL)
    async with asyncio.timeout(10):
        while guardian.pid is not None:
            await asyncio.sleep(0.01)
    guardian.guard(second.row.pid, second.row.started)
    assert guardian.pid not in (None, ended)
    assert not first.over(0)
    await guardian.close()
    assert first.over()
    assert second.over()


async def test_a_guardian_that_ended_unseen_is_noticed_at_the_next_word(make: Make) -> None:
    session = make()
    guardian = Guardian()
    guardian.guard(NO_OWNER[0], 1)
    ended = guardian.pid
    assert ended is not None
    os.kill(ended, signal.SIGKILL)
    os.waitid(os.P_PID, ended, os.WEXITED | os.WNOWAIT)
    guardian.guard(session.row.pid, session.row.started)
    assert guardian.pid not in (None, ended)
    await guardian.close()
    assert session.over()
    with pytest.raises(ProcessLookupError):
        os.kill(ended, 0)
