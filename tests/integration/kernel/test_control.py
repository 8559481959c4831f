"""The control socket of a running instance, and whatever can be thrown at it."""

import asyncio
import collections
import json
import os
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import psutil
import pytest

from kernel.cli.connection import _join
from kernel.cli.interruption import Interruption
from kernel.cli.output import make_printer
from kernel.cli.own_kernel import OwnKernel
from kernel.cli.run import _follow
from kernel.errors import ConflictError, UnavailableError
from kernel.gateway.control import MAX_CLIENTS, ControlServer
from kernel.gateway.instance import InstanceLock, raise_running
from kernel.protocol import agent, fs, process, system
from kernel.protocol.base import Event
from kernel.protocol.records import AgentConfig, LlmExchange
from kernel.tasks import Scope
from tests.fakes.scripts import call, turn, write_script
from tests.integration.kernel.conftest import Bench

DONE = turn("Done.", call("complete", summary="done"))


class Client:
    """One connection: lines out, JSON in."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader, self.writer = reader, writer

    async def send(self, line: bytes) -> None:
        self.writer.write(line + b"\n")
        await self.writer.drain()

    async def next(self) -> dict[str, Any]:
        async with asyncio.timeout(20):
            line = await self.reader.readline()
        assert line, "the connection was closed"
        decoded: dict[str, Any] = json.loads(line)
        return decoded

    async def ask(self, line: bytes) -> dict[str, Any]:
        await self.send(line)
        return await self.next()


@pytest.fixture
async def socket(bench: Bench) -> AsyncIterator[Path]:
    """The path of the running kernel's socket."""
    server = ControlServer(bench.kernel, bench.root / "var/kernel/run/control.sock", Scope("control"))
    await server.start()
    yield bench.root / "var/kernel/run/control.sock"
    await server.stop()


async def connect(path: Path) -> Client:
    return Client(*await asyncio.open_unix_connection(str(path), limit=1 << 26))


@pytest.fixture
async def client(socket: Path) -> AsyncIterator[Client]:
    made = await connect(socket)
    yield made
    made.writer.close()


@pytest.mark.feature("EV12", "EV01")
@pytest.mark.parametrize(
    ("line", "identity", "code", "words"),
    [
        (b"this is no json", "parse_error", "parse_error", "not JSON"),
        (b'{"type":"process.list"', "parse_error", "parse_error", "not JSON"),
        (b"\xff\xfe\x00", "parse_error", "parse_error", "not JSON"),
        (b'{"type":"ipc.send","id":"z","fromPid":0,"toPid":1,"payload":' + b"[" * 100_000, "parse_error", "parse_error", "not JSON"),
        (b'{"type":"process.lst","id":"a"}', "a", "unknown_command", "process.lst"),
        (b'{"type":"process.exit","id":"a","pid":1,"code":0}', "a", "unknown_command", "process.exit"),
        (b"null", "", "invalid_argument", "this is null"),
        (b"[1]", "", "invalid_argument", "this is a list"),
        (b'"process.list"', "", "invalid_argument", "this is a str"),
        (b"{}", "", "invalid_argument", 'without a "type"'),
        (b'{"id":"b"}', "b", "invalid_argument", "type"),
        (b'{"type":7,"id":"c"}', "c", "invalid_argument", "type"),
        (b'{"type":"process.signal","id":"d"}', "d", "invalid_argument", "pid"),
        (b'{"type":"process.signal","id":"e","pid":"1","signal":"SIGTERM"}', "e", "invalid_argument", "pid"),
        (b'{"type":"process.signal","id":"f","pid":1,"signal":"SIGWINCH"}', "f", "invalid_argument", "SIGWINCH"),
        (b'{"type":"process.signal","id":"g","pid":null,"signal":"SIGTERM"}', "g", "invalid_argument", "pid"),
        (b'{"type":"process.signal","id":"h","pid":999,"signal":"SIGTERM"}', "h", "not_found", "no process 999"),
        (b'{"type":"process.spawn","id":"i","config":null}', "i", "invalid_argument", "config"),
        (b'{"type":"process.spawn","id":"j","config":{"role":"King","goal":"x"}}', "j", "invalid_argument", "role"),
        (b'{"type":"process.spawn","id":"k","config":{"role":"Coder","goal":""}}', "k", "invalid_argument", "goal"),
        (b'{"type":"process.spawn","id":"l","config":{"role":"Coder","goal":"x","maxSteps":-1}}', "l", "invalid_argument", "maxSteps"),
        (b'{"type":"history.logs","id":"m","pid":1e400}', "parse_error", "invalid_argument", "out of range"),
        (b'{"type":"history.logs","id":"n","pid":99999999999999999999999}', "n", "not_found", "There was never a process"),
        (b'{"type":"history.logs","id":"o","pid":1,"limit":0}', "o", "invalid_argument", "limit"),
        (b'{"type":"fs.read","id":"p","path":"/home/x\\u0000y"}', "p", "invalid_argument", "NUL"),
        (b'{"type":"settings.set","id":"q","name":"agents.max_stepz","value":3}', "q", "invalid_argument", "agents.max_steps"),
        (b'{"type":"settings.set","id":"r","name":"agents.max_steps","value":"many"}', "r", "invalid_argument", "agents.max_steps"),
        (b'{"type":"ipc.send","id":"s","fromPid":0,"toPid":0}', "s", "invalid_argument", "itself"),
        (b'{"type":"tty.input","id":"t","ttyId":"nothing","data":"x"}', "t", "not_found", "nothing"),
        (b'{"type":"process.list","id":["x"]}', "", "invalid_argument", "id"),
    ],
)
async def test_wrong_input_is_answered_with_a_sentence(client: Client, line: bytes, identity: str, code: str, words: str) -> None:
    answer = await client.ask(line)
    assert (answer["type"], answer["id"]) == ("response.error", identity)
    assert answer["code"] == code
    assert words in answer["error"] + answer.get("hint", "")
    assert "inside Aether" not in answer["error"]
    assert (await client.ask(b'{"type":"process.list","id":"after"}'))["type"] == "response.ok"


async def test_a_message_of_100_megabytes_is_answered_and_the_connection_goes_on(client: Client, bench: Bench) -> None:
    piece = b"x" * (1 << 20)
    client.writer.write(b'{"type":"fs.write","id":"big","path":"/shared/x","content":"')
    for _ in range(100):
        client.writer.write(piece)
        await client.writer.drain()
    await client.send(b'"}')
    answer = await client.next()
    assert answer["type"] == "response.error"
    assert "16,777,216 bytes" in answer["error"]
    assert (await client.ask(b'{"type":"process.list","id":"after"}'))["id"] == "after"
    assert not (bench.root / "shared/x").exists()


async def test_the_largest_message_that_is_allowed_is_taken(client: Client, bench: Bench) -> None:
    content = b"y" * (10 * 1024 * 1024)
    answer = await client.ask(b'{"type":"fs.write","id":"w","path":"/shared/x","content":"' + content + b'"}')
    assert answer["type"] == "response.ok"
    assert (bench.root / "shared/x").stat().st_size == len(content)


@pytest.mark.feature("EV08")
async def test_a_subscriber_is_greeted_and_then_told_everything(client: Client, bench: Bench) -> None:
    pid = await bench.deploy(turn("", call("run_command", command="sleep 60")))
    await client.send(b'{"type": "subscribe"}')
    ok, ready, listed = [await client.next() for _ in range(3)]
    assert (ok["type"], ok["id"]) == ("response.ok", "subscribe")
    assert ready["type"] == "kernel.ready"
    assert ready["version"]
    assert listed["type"] == "process.list"
    assert [info["pid"] for info in listed["processes"]] == [pid]
    await bench.execute(process.ProcessSignal(pid=pid, signal="SIGKILL"))
    sequence = listed["seq"]
    while (event := await client.next())["type"] != "process.exit":
        assert event["seq"] >= sequence
        sequence = event["seq"]
    assert event["code"] == 137


async def test_nothing_from_before_the_greeting_follows_it(client: Client, bench: Bench) -> None:
    """Also where something happens while the greeting is made; who asks for it again misses nothing in between."""
    pid = await bench.deploy(turn("", call("run_command", command="sleep 60")))
    bench.kernel.bus.publish(agent.AgentNotice(pid=pid, step=1, kind="limit", message="before"))
    await client.send(b'{"type": "subscribe"}')
    for number in range(30):
        bench.kernel.bus.publish(agent.AgentNotice(pid=pid, step=1, kind="limit", message=str(number)))
        if number % 3 == 2:
            await asyncio.sleep(0.001)
        if number == 15:
            await client.send(b'{"type": "subscribe"}')
    bench.kernel.bus.publish(agent.AgentNotice(pid=pid, step=1, kind="limit", message="last"))
    told: list[dict[str, Any]] = []
    while not told or told[-1].get("message") != "last":
        told.append(await client.next())
    assert [message["type"] for message in told[:3]] == ["response.ok", "kernel.ready", "process.list"]
    told = [message for message in told if message["type"] not in ("response.ok", "kernel.ready")]
    assert [message["type"] for message in told].count("process.list") == 2
    sequences = [message["seq"] for message in told]
    assert sequences == sorted(sequences)
    notices = [message["message"] for message in told if message["type"] == "agent.notice"]
    assert "before" not in notices
    assert notices == [*map(str, range(30 - len(notices) + 1, 30)), "last"]


async def test_many_commands_at_once_are_all_answered(client: Client) -> None:
    count = 3000
    for number in range(count):
        client.writer.write(b'{"type":"process.list","id":"%d"}\n' % number)
    await client.writer.drain()
    answers = {(await client.next())["id"] for _ in range(count)}
    assert answers == {str(number) for number in range(count)}


async def test_large_files_read_at_once_hold_nobody_up_and_stay_whole(socket: Path, client: Client, bench: Bench) -> None:
    """The loop's watch fails this test where an answer of megabytes is made in one turn."""
    text = "é\t\"\\ 漢字 \x01" * 500_000
    (bench.root / "shared/text").write_text(text)
    (bench.root / "shared/latin").write_bytes(b"caf\xe9 " * 500_000)
    (bench.root / "shared/noise").write_bytes(os.urandom(8_000_000))
    others = [await connect(socket) for _ in range(3)]
    await client.send(b'{"type":"subscribe"}')
    for one in (client, *others):
        for name in (b"text", b"latin", b"noise"):
            await one.send(b'{"type":"fs.read","id":"%s","path":"/shared/%s"}' % (name, name))
    for number in range(20):  # events in between must not fall into an answer
        await bench.execute(fs.FsMkdir(path=f"/shared/folder{number}"))
    for one in (client, *others):
        found: dict[str, dict[str, Any]] = {}
        while len(found) < 3:
            answer = await one.next()
            if answer["type"] == "response.ok" and answer["id"] != "subscribe":
                found[answer["id"]] = answer["data"]
        assert found["text"]["content"] == text
        assert found["latin"]["content"] == "caf\ufffd " * 500_000
        assert (found["noise"]["size"], found["noise"]["binary"]) == (8_000_000, True)
        assert len(found["noise"]["content"]) <= 65_536
        one.writer.close()


async def test_a_client_that_does_not_read_harms_nobody(socket: Path, client: Client, bench: Bench) -> None:
    deaf = await connect(socket)
    await deaf.send(b'{"type":"subscribe"}')
    (bench.root / "shared/big").write_bytes(b"z" * 8_000_000)

    async def pester() -> None:
        for number in range(60):
            deaf.writer.write(b'{"type":"fs.read","id":"%d","path":"/shared/big"}\n' % number)
            await deaf.writer.drain()

    pestering = asyncio.get_running_loop().create_task(pester())
    for _ in range(20):
        assert (await client.ask(b'{"type":"process.list","id":"x"}'))["id"] == "x"
    pestering.cancel()
    deaf.writer.close()


async def test_more_clients_than_there_is_room_for_are_told_so(socket: Path) -> None:
    clients = [await connect(socket) for _ in range(MAX_CLIENTS)]
    for one in clients:
        assert (await one.ask(b'{"type":"process.list","id":"x"}'))["type"] == "response.ok"
    late = await connect(socket)
    assert "clients are connected already" in (await late.next())["error"]
    for one in (*clients, late):
        one.writer.close()


async def test_nobody_else_may_reach_the_socket(socket: Path) -> None:
    assert socket.stat().st_mode & 0o777 == 0o600
    assert socket.parent.stat().st_mode & 0o777 == 0o700


async def test_a_client_that_vanishes_in_the_middle_leaves_nothing(socket: Path, bench: Bench) -> None:
    before = bench.kernel.bus.statistics()["subscriptions"]
    for _ in range(20):
        gone = await connect(socket)
        await gone.send(b'{"type":"subscribe"}')
        gone.writer.write(b'{"type":"process.list"')
        gone.writer.transport.abort()
    async with asyncio.timeout(5):
        while bench.kernel.bus.statistics()["subscriptions"] != before:
            await asyncio.sleep(0.01)


#: Ignores SIGTERM, as does the child that it forked away: ending it takes all of the moment that a termination gives.
DEAF = (
    "(setsid sh -c 'trap \"\" TERM INT HUP; while :; do sleep 1; done' &); "
    "trap '' TERM; touch deaf; while :; do sleep 0.2; done"
)


@pytest.mark.feature("PR06", "EV01")
async def test_a_signal_whose_sender_goes_away_is_carried_out_to_its_end(socket: Path, bench: Bench) -> None:
    pid = await bench.deploy(turn("", call("run_command", command=DEAF)), DONE)
    async with asyncio.timeout(20):
        while not (bench.home(pid) / "deaf").exists():
            await asyncio.sleep(0.02)
    run = bench.supervisor_run(pid)
    processes = run.workplace.started.host_pids()
    gone = await connect(socket)
    await gone.send(b'{"type":"process.signal","id":"k","pid":%d,"signal":"SIGTERM"}' % pid)
    async with asyncio.timeout(10):
        while run.ended_by is None:
            await asyncio.sleep(0.01)
    gone.writer.transport.abort()
    assert (await bench.ended(pid)).code == 143
    assert processes and not [number for number in processes if psutil.pid_exists(number)]
    reaped = await bench.wait(process.ProcessReaped, pid)
    assert reaped.pid == pid


@pytest.mark.feature("PR08")
async def test_a_stop_whose_sender_goes_away_leaves_nothing_half_stopped(
    socket: Path, bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    pid = await bench.deploy(turn("", call("run_command", command="while [ ! -e go ]; do sleep 0.02; done")), DONE)
    async with asyncio.timeout(20):
        while bench.supervisor_run(pid).workplace.started is None:
            await asyncio.sleep(0.02)
    workplace = bench.supervisor_run(pid).workplace
    freezing, froze = asyncio.Event(), workplace.freeze

    async def freeze() -> None:
        freezing.set()
        await asyncio.sleep(0.3)
        await froze()

    monkeypatch.setattr(workplace, "freeze", freeze)
    gone = await connect(socket)
    await gone.send(b'{"type":"process.signal","id":"s","pid":%d,"signal":"SIGSTOP"}' % pid)
    await asyncio.wait_for(freezing.wait(), 10)
    gone.writer.transport.abort()
    await bench.wait(agent.AgentPaused, pid)
    assert (await bench.execute(process.ProcessInfoGet(pid=pid))).info.state == "stopped"
    await bench.execute(process.ProcessSignal(pid=pid, signal="SIGCONT"))
    (bench.home(pid) / "go").touch()
    assert (await bench.ended(pid)).code == 0


async def test_a_second_start_raises_the_first(socket: Path, bench: Bench) -> None:
    lock = InstanceLock(bench.root / "var/kernel/run/lock")
    assert lock.acquire()
    assert not InstanceLock(bench.root / "var/kernel/run/lock").acquire()
    raised = asyncio.get_running_loop().create_task(bench.kernel.bus.wait(system.DesktopRaiseRequested, timeout_s=5))
    await asyncio.sleep(0)
    assert await asyncio.to_thread(raise_running, socket)
    await raised
    lock.release()
    again = InstanceLock(bench.root / "var/kernel/run/lock")
    assert again.acquire()
    again.release()


async def test_a_root_with_a_very_long_name_is_refused_with_what_to_do(bench: Bench) -> None:
    path = bench.root / ("d" * 100) / "control.sock"
    with pytest.raises(ConflictError, match="too long for a socket"):
        await ControlServer(bench.kernel, path, Scope("control")).start()


async def test_a_stale_socket_is_replaced(bench: Bench) -> None:
    path = bench.root / "var/kernel/run/control.sock"
    first = ControlServer(bench.kernel, path, Scope("one"))
    await first.start()
    inode = os.stat(path).st_ino
    second = ControlServer(bench.kernel, path, Scope("two"))
    await second.start()
    assert os.stat(path).st_ino != inode
    reached = await connect(path)
    assert (await reached.ask(b'{"type":"process.list","id":"1"}'))["type"] == "response.ok"
    reached.writer.close()
    await second.stop()
    await first.stop()


@pytest.mark.feature("EV12")
async def test_one_that_ends_tells_who_waits_for_nothing_that_it_has_begun(bench: Bench) -> None:
    """What was sent and is held back was not begun; whoever is being answered gets no such word."""
    server = ControlServer(bench.kernel, bench.root / "var/kernel/run/control.sock", Scope("control"))
    await server.start()
    client = await connect(bench.root / "var/kernel/run/control.sock")
    await client.ask(b'{"type":"process.list","id":"1"}')
    assert not server.is_quiet(60, since=0) and server.is_quiet(0, since=0)
    server.hold()
    await client.send(b'{"type":"process.list","id":"2"}')
    await asyncio.sleep(0.05)
    server.go_on()
    assert (await client.next())["id"] == "2"
    server.hold()
    await client.send(b'{"type":"process.list","id":"3"}')
    await asyncio.sleep(0.05)
    await server.stop()
    farewell = await client.next()
    assert (farewell["type"], farewell["id"], farewell["code"]) == ("response.error", "", "leaving")
    assert await client.reader.read() == b""
    client.writer.close()


@pytest.mark.feature("EV08")
async def test_a_client_that_reads_is_not_cut_off_by_a_large_batch(client: Client, bench: Bench) -> None:
    await client.send(b'{"type":"subscribe"}')
    for _ in range(3):
        await client.next()
    for number in range(1, 81):  # 32 MB in one turn of the loop
        bench.kernel.bus.publish(agent.AgentNotice(pid=0, step=number, kind="info", message="x" * 400_000))
    for number in range(1, 81):
        assert (await _notice(client))["step"] == number


async def _notice(client: Client) -> dict[str, Any]:
    """The next notice; the kernel's own figures come in between."""
    while (event := await client.next())["type"] != "agent.notice":
        pass
    return event


@pytest.mark.parametrize("asked", [False, True])
async def test_exchanges_with_models_come_only_where_they_are_asked_for(client: Client, bench: Bench, asked: bool) -> None:
    await client.send(b'{"type":"subscribe","exchanges":true}' if asked else b'{ "type": "subscribe" }')
    for _ in range(3):
        await client.next()
    exchange = LlmExchange(
        id="1", pid=0, provider="x", model="m", url="u", request_body="q", response_body="a", status=200, started_at=0, duration_s=0
    )
    bench.kernel.bus.publish(system.LlmExchanged(exchange=exchange))
    bench.kernel.bus.publish(system.LlmChanged(chosen="after"))
    bench.kernel.bus.publish(agent.AgentNotice(pid=0, kind="info", message="last"))
    kinds = []
    while (event := await client.next())["type"] != "agent.notice":
        kinds.append(event["type"])
    assert ("llm.exchanged" in kinds) is asked
    assert "llm.changed" in kinds


@pytest.mark.feature("EV08")
async def test_a_client_is_told_where_events_were_lost(client: Client, bench: Bench) -> None:
    await client.send(b'{"type":"subscribe"}')
    for _ in range(3):
        await client.next()
    subscription = bench.kernel.bus._subscriptions[-1]
    subscription._events, subscription._capacity = collections.deque(maxlen=5), 5
    for number in range(12):
        bench.kernel.bus.publish(agent.AgentNotice(pid=0, step=number, kind="info", message=""))
    assert [(await _notice(client))["step"] for _ in range(5)] == [7, 8, 9, 10, 11]
    assert (await client.next())["type"] == "process.list"


async def test_a_run_whose_last_words_were_lost_ends_all_the_same(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    nothing = open(os.devnull)  # noqa: SIM115  # closed below
    monkeypatch.setattr("sys.stdin", nothing)
    connection = OwnKernel(bench.kernel)

    config = AgentConfig(role="Coder", goal="x", approval="yes", model=write_script(bench.scripts, DONE))
    pid = (await connection.execute(process.ProcessSpawn(config=config))).pid

    async def events() -> AsyncIterator[Event]:
        await bench.ended(pid)
        yield process.ProcessListed(processes=())

    scope = Scope("run")
    interruption = Interruption()
    interruption.started()
    code = await asyncio.wait_for(_follow(connection, pid, events(), make_printer("kernel"), interruption, scope), 20)
    assert code == 0
    await scope.close()
    nothing.close()


async def test_a_kernel_of_our_own_tells_where_events_were_lost(bench: Bench) -> None:
    connection = OwnKernel(bench.kernel)
    async with connection.events() as events:
        subscription = bench.kernel.bus._subscriptions[-1]
        subscription._events, subscription._capacity = collections.deque(maxlen=2), 2
        for number in range(4):
            bench.kernel.bus.publish(agent.AgentNotice(pid=0, step=number, kind="info", message=""))
        seen = [await anext(events) for _ in range(3)]
    assert [type(event).__name__ for event in seen] == ["AgentNotice", "AgentNotice", "ProcessListed"]


async def test_joining_a_running_instance_does_not_look_as_if_events_were_lost(socket: Path, bench: Bench) -> None:
    """What every subscriber is told first is passed over, so that an agent that fails at once is followed to its reason."""
    connection = await _join(socket, lambda: UnavailableError("It is silent.", ""))
    assert connection is not None
    seen: list[Event] = []
    async with connection.events() as events:
        bench.kernel.bus.publish(agent.AgentNotice(pid=0, step=1, kind="info", message="first"))
        async with asyncio.timeout(10):
            while not isinstance(event := await anext(events), agent.AgentNotice):
                seen.append(event)
    await connection.close()
    assert not [event for event in seen if isinstance(event, process.ProcessListed)]
