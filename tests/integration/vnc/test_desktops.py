"""Graphical desktops of real agents: a real kernel, real sandboxes, a real X server; looked at through real viewers."""

import asyncio
import os
import stat
from collections.abc import AsyncIterator, Callable, Iterator

import pytest

from kernel.errors import UnavailableError
from kernel.protocol import agent, fs, process, system, tty
from kernel.protocol.records import SandboxConfig
from kernel.sandbox.processes import process_table
from kernel.vnc import manager
from kernel.vnc.display import SOCKET_NAME
from kernel.vnc.viewer import DesktopViewer
from tests.fakes.scripts import call, turn
from tests.integration.kernel.conftest import Bench, MakeBench
from tests.integration.sandbox.workbench import own_children

GRAPHICAL = SandboxConfig(graphical=True)
DONE = turn("Done.", call("complete", summary="done"))
GONE = ("Z", "X")
BACKGROUND = bytes((0x40, 0x32, 0x2B))


def until(file: str) -> dict[str, object]:
    """A turn that ends when the test makes a file in the home."""
    return turn("", call("run_command", command=f"while [ ! -e {file} ]; do sleep 0.02; done"))


def run(command: str) -> dict[str, object]:
    return turn("", call("run_command", command=command))


class Looker:
    """Somebody who looks at a desktop and takes every change."""

    def __init__(self, bench: Bench, pid: int) -> None:
        self._changed = asyncio.Event()
        self.viewer: DesktopViewer = bench.kernel.view_desktop(pid, self._changed.set)

    async def sees(self, condition: Callable[[], bool], timeout_s: float = 20.0) -> None:
        """Return when what is seen satisfies the condition."""
        async with asyncio.timeout(timeout_s):
            while True:
                self._changed.clear()
                self.viewer.take_damage()
                if condition():
                    return
                await self._changed.wait()

    async def sees_desktop(self) -> None:
        """Return when the background has been painted."""
        await self.sees(lambda: not self.viewer.problem and self.pixel(5, 5) == BACKGROUND)

    def pixel(self, x: int, y: int) -> bytes:
        """Blue, green and red of a pixel; nothing where there is no picture."""
        picture = self.viewer.picture
        start = 0 if picture is None else (y * picture.width + x) * 4
        return b"" if picture is None else bytes(picture.data[start : start + 3])


@pytest.fixture
async def looking(bench: Bench) -> AsyncIterator[Callable[[int], Looker]]:
    """Makes lookers, which look no longer at the end."""
    made: list[Looker] = []

    def look(pid: int) -> Looker:
        made.append(Looker(bench, pid))
        return made[-1]

    yield look
    for looker in made:
        looker.viewer.close()


Look = Callable[[int], Looker]


def observed(bench: Bench, pid: int) -> list[str]:
    return [str(seen.result) for seen in bench.of(pid, agent.AgentObservation)]


def errors(bench: Bench, pid: int) -> list[str]:
    return [f"{notice.message} {notice.hint}" for notice in bench.of(pid, agent.AgentNotice) if notice.kind == "error"]


def processes(bench: Bench, pid: int) -> dict[str, int]:
    """{name: host pid} of the living processes in an agent's sandbox."""
    sandbox = bench.supervisor_run(pid).workplace.started
    table = process_table()
    return {table[each].name: each for each in sandbox.host_pids() if each in table and table[each].state not in GONE}


async def server_of(bench: Bench, pid: int, besides: int = 0) -> int:
    """The host's number of an agent's X server, once there is one."""
    async with asyncio.timeout(20):
        while True:
            started = bench.supervisor_run(pid).workplace.started
            found = 0 if started is None else processes(bench, pid).get("Xtigervnc", 0)
            if found not in (0, besides):
                return found
            await asyncio.sleep(0.02)


def alive(pid: int) -> bool:
    row = process_table().get(pid)
    return row is not None and row.state not in GONE


@pytest.mark.feature("VN01", "VN06", "MC05")
async def test_an_agent_has_its_desktop_before_its_first_command(bench: Bench, looking: Look) -> None:
    pid = await bench.deploy(turn("", call("run_command", command="rm -f never")), DONE, sandbox=GRAPHICAL, approval="ask")
    looker = looking(pid)
    await looker.sees_desktop()
    assert looker.viewer.picture is not None
    assert (looker.viewer.picture.width, looker.viewer.picture.height) == (1280, 800)
    assert {"Xtigervnc", "openbox"} <= set(processes(bench, pid))
    assert observed(bench, pid) == [] and errors(bench, pid) == []
    info = next(info for info in (await bench.execute(process.ProcessList())).processes if info.pid == pid)
    assert info.graphical and (await bench.execute(system.KernelStatus())).desktop_problem == ""


@pytest.mark.feature("VN01")
async def test_what_the_agent_starts_is_seen_and_can_be_typed_into(bench: Bench, looking: Look) -> None:
    xterm = "xterm -geometry 200x60+0+0 -bg '#102030' -fg '#102030' -e 'read line; echo $line > typed' > /dev/null 2>&1 & echo $DISPLAY"
    pid = await bench.deploy(run(xterm), until("typed"), run("cat typed"), DONE, sandbox=GRAPHICAL)
    looker = looking(pid)
    await looker.sees(lambda: looker.pixel(300, 300) == bytes((0x30, 0x20, 0x10)))
    looker.viewer.point(300, 300, 0)
    for key in (*b"hi", 0xFF0D):
        looker.viewer.press(key, True)
        looker.viewer.press(key, False)
    assert (await bench.ended(pid)).code == 0
    assert observed(bench, pid)[0].endswith(":99") and observed(bench, pid)[2].endswith("hi")
    await looker.sees(lambda: looker.viewer.ended)
    assert "has ended" in looker.viewer.problem


async def test_a_shell_of_the_agent_has_the_display_too(bench: Bench) -> None:
    pid = await bench.deploy(until("go"), DONE, sandbox=GRAPHICAL)
    reply = await bench.execute(tty.TtyOpen(pid=pid))
    await bench.execute(tty.TtyInput(tty_id=reply.tty_id, data="xrandr > seen; touch go; exit\n"))
    assert (await bench.ended(pid)).code == 0
    assert "1280x800" in (bench.home(pid) / "seen").read_text()


@pytest.mark.feature("VN01")
async def test_an_agent_without_one_has_no_display_and_no_sandbox_before_it_needs_it(bench: Bench, looking: Look) -> None:
    pid = await bench.deploy(turn("", call("run_command", command="rm -f asked")), DONE, approval="ask")
    asked = await bench.wait(process.ApprovalRequired, pid)
    assert bench.supervisor_run(pid).workplace.started is None
    looker = looking(pid)
    await looker.sees(lambda: looker.viewer.ended)
    assert "without a graphical desktop" in looker.viewer.problem
    await bench.execute(process.ProcessApprove(pid=pid, approval_id=asked.approval.approval_id))
    assert (await bench.ended(pid)).code == 0
    other = await bench.deploy(run("echo \"[$DISPLAY]\"; ls /tmp /etc/X11 /etc/xdg; true"), DONE)
    assert (await bench.ended(other)).code == 0
    assert "[]" in observed(bench, other)[0] and "X" not in observed(bench, other)[0].replace("/etc/X11", "")
    nobody = looking(4711)
    assert nobody.viewer.ended and nobody.viewer.problem


@pytest.mark.feature("VN01")
async def test_nobody_else_reaches_it(bench: Bench, looking: Look) -> None:
    """No TCP port, no abstract socket; the socket is for its owner, in a folder that only its owner may enter."""
    sockets = "cat /proc/net/tcp /proc/net/tcp6 | grep -c ' 0A '; grep -c @ /proc/net/unix"
    pid = await bench.deploy(run(sockets), until("go"), DONE, sandbox=GRAPHICAL)
    await looking(pid).sees_desktop()
    other = await bench.deploy(run("ls -A /tmp; DISPLAY=:99 xrandr; ls -A /proc/*/root/tmp"), DONE)
    assert (await bench.ended(other)).code == 0
    assert "Can't open display" in observed(bench, other)[0] and SOCKET_NAME not in observed(bench, other)[0]
    (bench.home(pid) / "go").touch()
    folder = bench.root / "tmp" / f"agent_{pid}"
    assert stat.S_IMODE(folder.stat().st_mode) & 0o077 == 0
    assert stat.S_IMODE((folder / SOCKET_NAME).lstat().st_mode) == 0o600
    assert (await bench.ended(pid)).code == 0
    assert observed(bench, pid)[0].split("\n")[-2:] == ["0", "0"]


@pytest.mark.feature("VN01")
async def test_a_server_that_was_ended_is_told_of_and_there_again_at_the_next_command(bench: Bench) -> None:
    turns = (run("pkill Xtigervnc; sleep 0.5"), until("go"), run("xrandr | head -n 1"), DONE)
    pid = await bench.deploy(*turns, sandbox=GRAPHICAL)
    notice = await bench.wait(agent.AgentNotice, pid, lambda event: event.kind == "error")
    assert "graphical desktop ended" in notice.message and "next command" in notice.hint
    (bench.home(pid) / "go").touch()
    assert (await bench.ended(pid)).code == 0
    assert observed(bench, pid)[2].split("\n")[-1].startswith("Screen 0")
    assert len(errors(bench, pid)) == 1


async def test_a_window_manager_that_was_left_is_there_again_and_none_is_without_its_server(bench: Bench) -> None:
    pid = await bench.deploy(until("go"), DONE, sandbox=GRAPHICAL)
    server = await server_of(bench, pid)
    async with asyncio.timeout(20):
        while (first := processes(bench, pid).get("openbox")) is None:
            await asyncio.sleep(0.02)
        await asyncio.sleep(0.5)  # it obeys a signal once it is up
        os.kill(first, 15)
        while processes(bench, pid).get("openbox", first) == first:
            await asyncio.sleep(0.02)
        os.kill(server, 9)
        while "openbox" in processes(bench, pid):
            await asyncio.sleep(0.02)
        await asyncio.sleep(1.5)  # longer than it takes to begin again
    assert "openbox" not in processes(bench, pid)
    (bench.home(pid) / "go").touch()
    assert (await bench.ended(pid)).code == 0


@pytest.mark.feature("VN01")
async def test_while_somebody_looks_it_is_there_again_at_once_but_not_for_ever(bench: Bench, looking: Look) -> None:
    pid = await bench.deploy(until("go"), DONE, sandbox=GRAPHICAL)
    looker, server = looking(pid), 0
    for _ in range(manager.MOST_STARTS):
        server = await server_of(bench, pid, besides=server)
        await looker.sees(lambda: looker.viewer._updates > 0)  # of this server: the picture of the one before stays until then
        os.kill(server, 9)
    await looker.sees(lambda: manager.TOO_OFTEN in looker.viewer.problem)
    assert "Xtigervnc" not in processes(bench, pid) and not looker.viewer.ended
    async with asyncio.timeout(5):
        while len(errors(bench, pid)) < manager.MOST_STARTS:
            await bench.kernel.bus.wait(agent.AgentNotice, lambda event: True, timeout_s=5)
    assert len(errors(bench, pid)) == manager.MOST_STARTS and "signal 9" in errors(bench, pid)[0]
    (bench.home(pid) / "go").touch()
    assert (await bench.ended(pid)).code == 0


@pytest.mark.expects_records
async def test_after_a_lost_sandbox_it_is_there_again(bench: Bench, looking: Look) -> None:
    pid = await bench.deploy(run("kill -9 2; sleep 30"), until("go"), DONE, sandbox=GRAPHICAL)
    looker = looking(pid)
    await bench.wait(agent.AgentNotice, pid, lambda event: "sandbox ended unasked" in event.message)
    await looker.sees_desktop()
    (bench.home(pid) / "go").touch()
    assert (await bench.ended(pid)).code == 0
    assert len(errors(bench, pid)) == 1  # of the sandbox alone


async def test_stopping_it_while_it_starts_and_while_it_runs(bench: Bench, looking: Look) -> None:
    pid = await bench.deploy(until("go"), DONE, sandbox=GRAPHICAL)
    await bench.execute(process.ProcessSignal(pid=pid, signal="SIGSTOP"))
    looker = looking(pid)
    with pytest.raises(TimeoutError):
        await looker.sees(lambda: looker.viewer.picture is not None or bool(looker.viewer.problem), 0.5)
    await bench.execute(process.ProcessSignal(pid=pid, signal="SIGCONT"))
    await looker.sees_desktop()
    await bench.execute(process.ProcessSignal(pid=pid, signal="SIGSTOP"))
    late = looking(pid)
    with pytest.raises(TimeoutError):
        await late.sees(lambda: late.viewer.picture is not None or bool(late.viewer.problem), 0.5)
    await bench.execute(process.ProcessSignal(pid=pid, signal="SIGCONT"))
    await late.sees_desktop()
    (bench.home(pid) / "go").touch()
    assert (await bench.ended(pid)).code == 0
    assert errors(bench, pid) == []


@pytest.mark.parametrize("signal", ["SIGTERM", "SIGKILL"])
@pytest.mark.parametrize("stopped", [False, True])
async def test_an_end_leaves_nothing(bench: Bench, looking: Look, signal: str, stopped: bool) -> None:
    pid = await bench.deploy(run("xterm"), DONE, sandbox=GRAPHICAL)
    looker = looking(pid)
    await looker.sees_desktop()
    pids = bench.supervisor_run(pid).workplace.started.host_pids()
    if stopped:
        await bench.execute(process.ProcessSignal(pid=pid, signal="SIGSTOP"))
    await bench.execute(process.ProcessSignal(pid=pid, signal=signal))  # type: ignore[arg-type]  # one of the two
    assert [each for each in pids if alive(each)] == []
    await looker.sees(lambda: looker.viewer.ended)
    assert errors(bench, pid) == []


@pytest.mark.parametrize("signal", ["SIGTERM", "SIGKILL"])
@pytest.mark.parametrize("pause_s", [0, 0.01, 0.03, 0.06, 0.1, 0.15])
async def test_an_agent_that_ends_while_its_desktop_starts(bench: Bench, looking: Look, signal: str, pause_s: float) -> None:
    pid = await bench.deploy(until("never"), sandbox=GRAPHICAL)
    looker = looking(pid)
    await asyncio.sleep(pause_s)  # each is another moment of the start; none is waited for
    await bench.execute(process.ProcessSignal(pid=pid, signal=signal))  # type: ignore[arg-type]  # one of the two
    await looker.sees(lambda: looker.viewer.ended)
    assert errors(bench, pid) == []


async def test_folders_are_mounted_with_a_desktop_running_which_begins_anew(bench: Bench, looking: Look) -> None:
    turns = (run("rm -f asked"), turn("", call("create_shared_workspace", name="plans")), run("rm -f asked"), run("rm -f never"))
    pid = await bench.deploy(*turns, DONE, sandbox=GRAPHICAL, approval="ask")
    looker = looking(pid)
    await looker.sees_desktop()
    first = (await bench.wait(process.ApprovalRequired, pid)).approval
    server = await server_of(bench, pid)
    await bench.execute(process.ProcessApprove(pid=pid, approval_id=first.approval_id))
    asked = await bench.wait(process.ApprovalRequired, pid, lambda event: event.approval.approval_id != first.approval_id)
    second = await server_of(bench, pid, besides=server)
    await looker.sees_desktop()
    await bench.execute(fs.FsUnmountShared(pid=pid, name="plans"))
    await server_of(bench, pid, besides=second)
    await looker.sees_desktop()
    assert not alive(server) and not alive(second) and errors(bench, pid) == []
    await bench.execute(process.ProcessApprove(pid=pid, approval_id=asked.approval.approval_id))
    await bench.wait(agent.AgentObservation, pid, lambda event: event.call_id == asked.approval.call_id)


@pytest.mark.feature("VN01")
async def test_an_agent_that_is_taken_up_has_its_desktop_again(make_bench: MakeBench) -> None:
    first = await make_bench()
    pid = await first.deploy(until("go"), until("go"), DONE, sandbox=GRAPHICAL)
    await server_of(first, pid)
    await first.kernel.stop()
    second = await make_bench()
    looker = Looker(second, pid)
    await looker.sees(lambda: bool(looker.viewer.problem))
    assert "resumed" in looker.viewer.problem and not looker.viewer.ended
    await second.execute(process.ProcessResume(pid=pid))
    await looker.sees_desktop()
    looker.viewer.close()
    (second.home(pid) / "go").touch()
    assert (await second.ended(pid)).code == 0
    await second.kernel.stop()


@pytest.mark.parametrize("trick", ["rm", "mkfifo", "ln -s /etc/passwd", "mkdir", "touch"])
async def test_an_agent_that_takes_its_socket_away_is_told_of_to_who_looks(bench: Bench, looking: Look, trick: str) -> None:
    there = "" if trick == "rm" else f"{trick} /tmp/{SOCKET_NAME};"
    pid = await bench.deploy(run(f"rm /tmp/{SOCKET_NAME}; {there} touch tricked"), until("go"), DONE, sandbox=GRAPHICAL)
    await bench.wait(agent.AgentObservation, pid)
    looker = looking(pid)
    await looker.sees(lambda: bool(looker.viewer.problem))
    assert looker.viewer.picture is None and not looker.viewer.ended
    (bench.home(pid) / "go").touch()
    assert (await bench.ended(pid)).code == 0


async def test_where_the_server_cannot_start_people_are_told_why(bench: Bench, looking: Look) -> None:
    prepare = "pkill Xtigervnc; sleep 0.3; rm -rf /tmp/.X11-unix; ln -s /proc /tmp/.X11-unix; touch prepared"
    pid = await bench.deploy(run(prepare), run("echo works"), until("go"), DONE, sandbox=GRAPHICAL)
    notice = await bench.wait(agent.AgentNotice, pid, lambda event: "could not be started" in event.message)
    assert len(notice.message) < 400 and notice.message.isprintable()
    looker = looking(pid)
    await looker.sees(lambda: bool(looker.viewer.problem))
    (bench.home(pid) / "go").touch()
    assert (await bench.ended(pid)).code == 0
    assert observed(bench, pid)[1].endswith("works")


async def test_its_size_is_the_settings(bench: Bench, looking: Look) -> None:
    await bench.execute(system.SettingsSet(name="sandbox.desktop_size", value="1024x768"))
    pid = await bench.deploy(until("go"), DONE, sandbox=GRAPHICAL)
    looker = looking(pid)
    await looker.sees(lambda: looker.viewer.picture is not None)
    assert looker.viewer.picture is not None
    assert (looker.viewer.picture.width, looker.viewer.picture.height) == (1024, 768)
    (bench.home(pid) / "go").touch()
    assert (await bench.ended(pid)).code == 0


@pytest.fixture
def without_server(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A machine without the X server."""
    real = manager.find_program
    monkeypatch.setattr(manager, "find_program", lambda name: None if name == "Xtigervnc" else real(name))
    yield


@pytest.mark.feature("VN06")
async def test_where_there_is_no_server_the_deployment_is_refused_with_what_to_do(without_server: None, make_bench: MakeBench) -> None:
    bench = await make_bench()
    with pytest.raises(UnavailableError, match="apt install tigervnc-standalone-server") as refused:
        await bench.deploy(DONE, sandbox=GRAPHICAL)
    assert refused.value.message == (await bench.execute(system.KernelStatus())).desktop_problem
    assert (await bench.execute(process.ProcessList())).processes == ()
    await bench.kernel.stop()


async def test_churn_leaves_no_process_and_no_descriptor(bench: Bench) -> None:
    async def round_() -> None:
        pids = [await bench.deploy(until("never"), sandbox=GRAPHICAL) for _ in range(3)]
        lookers = [Looker(bench, pid) for pid in pids]
        await asyncio.gather(*(looker.sees_desktop() for looker in lookers))
        for looker, pid in zip(lookers, pids, strict=True):
            if pid % 2:
                looker.viewer.close()
            await bench.execute(process.ProcessSignal(pid=pid, signal="SIGKILL"))
            looker.viewer.close()
        for pid in pids:  # their records are closed then
            await bench.wait(process.ProcessReaped, pid)

    await round_()
    children, descriptors = own_children(), len(os.listdir("/proc/self/fd"))
    for _ in range(3):
        await round_()
    assert own_children() <= children
    assert len(os.listdir("/proc/self/fd")) <= descriptors

