"""Every tool of an agent, on a real kernel with a real sandbox."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from kernel.protocol import agent, fs, process, system
from kernel.protocol.records import SandboxConfig
from kernel.sandbox.bubblewrap import BubblewrapLauncher
from tests.fakes.scripts import call, turn
from tests.integration.kernel.conftest import Bench

DONE = turn("Done.", call("complete", summary="done"))


ONLINE = SandboxConfig(network_access=True)


async def results(bench: Bench, *calls: dict[str, object], **config: object) -> list[agent.AgentObservation]:
    """What came of the calls, made in one turn by an agent that then completes."""
    pid = await bench.deploy(turn("", *calls), DONE, **config)  # type: ignore[arg-type]
    assert (await bench.ended(pid)).code == 0
    found: list[agent.AgentObservation] = bench.of(pid, agent.AgentObservation)
    return found[: len(calls)]


@pytest.mark.feature("TL01", "TL02", "TL03", "TL04", "TL13")
async def test_files_are_made_read_and_listed(bench: Bench) -> None:
    pid = await bench.deploy(
        turn(
            "",
            call("mkdir", path="Projects/a/b"),
            call("write_file", path="Projects/a/b/note.txt", content="first\nsecond\n"),
            call("read_file", path="~/Projects/a/b/note.txt"),
            call("list_files", path="Projects", recursive=True),
            call("write_file", path="Projects/a/b/note.txt", content="first\n2nd\nthird\n"),
            call("run_command", command="cat Projects/a/b/note.txt"),
        ),
        DONE,
    )
    assert (await bench.ended(pid)).code == 0
    seen = bench.of(pid, agent.AgentObservation)
    assert seen[0].result == f"Made the folder /home/agent_{pid}/Projects/a/b."
    assert "Created" in seen[1].result
    assert seen[2].result == "first\nsecond\n"
    assert seen[3].result.splitlines() == ["a/", "a/b/", "a/b/note.txt  13"]
    assert "Replaced" in seen[4].result
    assert seen[5].result.endswith("first\n2nd\nthird")
    created = bench.of(pid, agent.AgentFileCreated)
    path = f"/home/agent_{pid}/Projects/a/b/note.txt"
    assert [(item.path, item.created, item.added_lines, item.removed_lines) for item in created] == [
        (path, True, 2, 0),
        (path, False, 2, 1),
    ]
    assert created[0].content == "first\nsecond\n"
    actions = bench.of(pid, agent.AgentAction)
    assert [item.tool for item in actions][:2] == ["mkdir", "write_file"]
    stored = [event for event in (await bench.execute(system.HistoryLogs(pid=pid))).events if event["type"] == "agent.action"]
    assert [event["callId"] for event in stored] == [item.call_id for item in actions]
    assert stored[1]["args"] == {"path": "Projects/a/b/note.txt", "content": "first\nsecond\n"}


@pytest.mark.feature("TL01", "TL02", "TL03", "FS04", "FS09")
async def test_files_outside_are_refused_with_a_sentence(bench: Bench) -> None:
    other = await bench.deploy(turn("", call("write_file", path="secret", content="mine")), DONE)
    await bench.ended(other)
    seen = await results(
        bench,
        call("read_file", path="/etc/passwd"),
        call("read_file", path="../agent_1/secret"),
        call("read_file", path=f"/home/agent_{other}/secret"),
        call("write_file", path="/tmp/../../x", content="x"),
        call("read_file", path="a\x00b"),
        call("list_files", path="/"),
        call("read_file", path="missing.txt"),
        call("read_file", path="Documents"),
        call("mkdir", path=f"/home/agent_{other}0/sibling"),
    )
    assert not any(item.ok for item in seen)
    assert "outside of what this agent sees" in seen[0].result
    assert "/home/agent_2" in seen[0].result
    assert "outside" in seen[2].result
    assert "NUL" in seen[4].result
    assert seen[6].result == "Error: There is no missing.txt."
    assert "is a folder" in seen[7].result


async def test_binary_and_undecodable_names_do_not_harm_the_agent(bench: Bench) -> None:
    command = "printf 'a\\000b' > bin; touch \"$(printf 'caf\\351')\"; printf 'caf\\351' > latin"
    pid = await bench.deploy(
        turn("", call("run_command", command=command)),
        turn("", call("list_files"), call("read_file", path="bin"), call("read_file", path="latin")),
        DONE,
    )
    assert (await bench.ended(pid)).code == 0
    seen = bench.of(pid, agent.AgentObservation)
    assert "caf\ufffd" in seen[1].result
    assert "binary file of 3 bytes" in seen[2].result
    assert seen[3].result == "caf\ufffd"
    listed = await bench.execute(fs.FsLs(path=f"/home/agent_{pid}"))
    assert "caf\ufffd" in [entry.name for entry in listed.entries]


@pytest.mark.feature("TL05")
async def test_a_command_runs_in_the_sandbox_with_its_exact_exit_code(bench: Bench) -> None:
    seen = await results(
        bench,
        call("run_command", command="echo out; echo err >&2; exit 7"),
        call("run_command", command="sleep 30", timeout_s=0.3),
        call("run_command", command="pwd", cwd="Documents"),
        call("run_command", command="cat /root/.bashrc /etc/shadow"),
        call("run_command", command="kill -9 $$"),
    )
    assert (seen[0].exit_code, seen[0].ok) == (7, False)
    assert {"out", "err"} <= set(seen[0].result.split())
    assert seen[1].result.startswith("timed out after 0.3 s")
    assert not seen[1].ok
    assert seen[2].result.endswith("/Documents")
    assert seen[3].exit_code != 0
    assert seen[4].exit_code == 137


@pytest.mark.feature("TL07")
async def test_thinking_changes_nothing(bench: Bench) -> None:
    seen = await results(bench, call("think", thought="Is it so?"), call("list_files"))
    assert seen[0].result == "Noted."
    assert not [event for event in bench.events if isinstance(event, agent.AgentFileCreated)]


@pytest.mark.feature("TL08", "TL09", "TL10", "PR12")
async def test_two_agents_talk(bench: Bench) -> None:
    waiting = "while [ ! -e go ]; do sleep 0.05; done"
    reader = await bench.deploy(
        turn("", call("run_command", command=waiting)),
        turn("", call("check_messages"), call("check_messages"), call("list_agents")),
        DONE,
        role="Analyst",
    )
    writer = await bench.deploy(
        turn(
            "",
            call("list_agents"),
            call("send_message", to_pid=reader, message="look at a.txt", channel="work"),
            call("send_message", to_pid=2, message="to myself"),
            call("send_message", to_pid=99, message="to nobody"),
        ),
        DONE,
    )
    assert writer == 2
    await bench.ended(writer)
    (bench.home(reader) / "go").touch()
    await bench.ended(reader)
    sent = bench.of(writer, agent.AgentObservation)
    assert sent[0].result.startswith(f"{reader}  Analyst")
    assert str(writer) not in sent[0].result.split()
    assert sent[1].ok
    assert "itself" in sent[2].result
    assert "no living process 99" in sent[3].result
    read = bench.of(reader, agent.AgentObservation)
    assert read[1].result == f"from {writer} (work): look at a.txt"
    assert read[2].result == "No messages."
    assert read[3].result == "No other agent is running."
    message = bench.of(reader, system.IpcMessageSent)[0].message
    assert (message.from_pid, message.from_uid, message.to_pid, message.to_uid) == (writer, "agent_2", reader, f"agent_{reader}")
    assert (message.channel, message.payload, message.delivered) == ("work", "look at a.txt", False)
    assert message.id
    assert message.timestamp > 0
    assert [event.message_id for event in bench.of(reader, system.IpcDelivered)] == [message.id]


@pytest.mark.feature("TL11", "FS09")
async def test_agents_share_a_workspace(bench: Bench) -> None:
    owner = await bench.deploy(
        turn("", call("run_command", command="true"), call("create_shared_workspace", name="plans")),
        turn(
            "",
            call("write_file", path="shared/plans/one.txt", content="by the owner"),
            call("run_command", command="ls ~/shared/plans"),
            call("create_shared_workspace", name="plans"),
            call("create_shared_workspace", name="../out"),
        ),
        DONE,
    )
    assert (await bench.ended(owner)).code == 0
    member = await bench.deploy(
        turn("", call("read_file", path="shared/plans/one.txt"), call("mount_workspace", name="plans", mount_point="work/p")),
        turn(
            "",
            call("run_command", command="cat ~/work/p/one.txt && echo by the member > ~/work/p/two.txt"),
            call("list_workspaces"),
            call("mount_workspace", name="nothing"),
        ),
        DONE,
    )
    assert (await bench.ended(member)).code == 0
    first = bench.of(owner, agent.AgentObservation)
    assert first[3].result.endswith("one.txt")
    assert "already" in first[4].result
    assert not first[5].ok
    second = bench.of(member, agent.AgentObservation)
    assert not second[0].ok
    assert "by the owner" in second[2].result
    assert second[3].result == f"plans  owner {owner}  mounted by [{owner}, {member}]"
    assert "no workspace nothing" in second[4].result
    assert (bench.root / "shared/plans/two.txt").read_text() == "by the member\n"


@pytest.mark.feature("TL11")
async def test_a_workspace_mounted_while_something_runs_is_there_when_that_has_ended(bench: Bench) -> None:
    background = "(sleep 2; touch ~/over) > /dev/null 2>&1 & true"
    pid = await bench.deploy(
        turn("", call("run_command", command=background), call("create_shared_workspace", name="plans")),
        turn("", call("run_command", command="while [ ! -e ~/over ]; do sleep 0.05; done")),
        turn("", call("write_file", path="shared/plans/one.txt", content="x"), call("run_command", command="ls ~/shared/plans")),
        DONE,
    )
    assert (await bench.ended(pid)).code == 0
    seen = bench.of(pid, agent.AgentObservation)
    assert "is running" in seen[1].result
    assert seen[4].result.endswith("one.txt")
    assert (bench.root / "shared/plans/one.txt").read_text() == "x"


@pytest.fixture
async def site() -> AsyncIterator[str]:
    """A small web site on this machine; gives its address."""
    pages = {
        "/": ("200 OK", "text/html", "<html><title>A page</title><script>no()</script><main><p>Hello <b>there</b>.</main></html>"),
        "/long": ("200 OK", "text/plain", "x" * 10_000),
        "/gone": ("404 Not Found", "text/html", "<html><body>Not here.</body></html>"),
        "/round": ("302 Found\r\nLocation: /round", "text/html", ""),
        "/moved": ("301 Moved\r\nLocation: /", "text/html", ""),
        "/evil": ("302 Found\r\nLocation: file:///etc/passwd", "text/html", ""),
        "/bin": ("200 OK", "application/octet-stream", "\x00\x01"),
    }

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        path = (await reader.readline()).split()[1].decode()
        while (await reader.readline()).strip():
            pass
        status, kind, body = pages[path]
        head = f"HTTP/1.1 {status}\r\nContent-Type: {kind}\r\nContent-Length: {len(body)}\r\nConnection: close\r\n\r\n"
        writer.write((head + body).encode())
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    server.close()
    await server.wait_closed()


@pytest.mark.feature("TL06")
async def test_a_page_is_fetched_and_read(bench: Bench, site: str) -> None:
    await bench.execute(system.SettingsSet(name="agents.private_pages", value=True))
    pid = await bench.deploy(
        turn("", *(call("browse_web", url=site + path) for path in ("/", "/long", "/gone", "/round", "/moved", "/evil", "/bin"))),
        DONE,
        sandbox=ONLINE,
    )
    assert (await bench.ended(pid)).code == 0
    seen = bench.of(pid, agent.AgentObservation)
    assert [item.ok for item in seen[:7]] == [True, True, False, False, True, False, True]
    assert "Title: A page" in seen[0].result
    assert "Hello" in seen[0].result
    assert "no()" not in seen[0].result
    assert "HTTP 404" in seen[2].result
    assert "keeps redirecting" in seen[3].result
    assert "no http or https address" in seen[5].result
    assert "not text" in seen[6].result
    browsed = bench.of(pid, agent.AgentBrowsing)
    assert browsed[0].url == f"{site}/"
    assert browsed[0].summary == "Hello there ." or "Hello" in browsed[0].summary


@pytest.mark.feature("TL06")
@pytest.mark.parametrize(
    "url", ["http://localhost:1", "http://[::1]/", "http://[::1", "http://x:99999/", "ftp://a.b/", "http://a..b/", "http://u:p@e.com"]
)
async def test_pages_of_this_machine_and_nonsense_are_not_fetched(bench: Bench, url: str) -> None:
    seen = await results(bench, call("browse_web", url=url), sandbox=ONLINE)
    assert not seen[0].ok
    assert seen[0].result.startswith("Error: ")
    assert "inside Aether" not in seen[0].result


@pytest.mark.feature("TL06")
async def test_an_agent_without_a_network_sends_nothing_out_whatever_its_mode(bench: Bench, site: str) -> None:
    await bench.execute(system.SettingsSet(name="agents.private_pages", value=True))
    (seen,) = await results(bench, call("browse_web", url=f"{site}/?all=it+knows"), approval="yes")
    assert not seen.ok
    assert "was not given" in seen.result


async def test_files_are_written_within_the_disk_quota_and_an_agent_above_it_clears_up(bench: Bench) -> None:
    big = "x" * 700_000
    seen = await results(
        bench,
        call("write_file", path="a", content=big),
        call("write_file", path="b", content=big),
        call("run_command", command="head -c 2000000 /dev/zero > c; sleep 3"),
        call("write_file", path="d", content="small"),
        call("run_command", command="sleep 0.7; rm -f a c && echo cleared"),
        call("write_file", path="b", content=big),
        sandbox=SandboxConfig(disk_limit_mb=1),
    )
    assert [item.ok for item in seen] == [True, False, False, False, True, True]
    assert "disk quota of 1 MB" in seen[1].result
    assert "disk quota" in seen[2].result
    assert "cleared" in seen[4].result


async def test_people_are_told_once_what_the_confinement_lacks(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(BubblewrapLauncher, "note", lambda self, spec: "Its commands have no network.")
    pid = await bench.deploy(turn("", call("run_command", command="true")), turn("", call("run_command", command="true")), DONE)
    assert (await bench.ended(pid)).code == 0
    notices = [notice.message for notice in bench.of(pid, agent.AgentNotice)]
    assert notices.count("Its commands have no network.") == 1


@pytest.mark.feature("AL14")
async def test_wrong_calls_are_answered_with_what_would_be_right(bench: Bench) -> None:
    broken = {"name": "run_command", "arguments": {}, "raw_arguments": '{"command": "ls'}
    seen = await results(
        bench,
        call("run_comand", command="ls"),
        call("read_file"),
        call("read_file", path=["a"]),
        call("write_file", path="a", content=None),
        broken,
        call("run_command", command="x" * 200_000),
        call("send_message", to_pid="somebody", message="x"),
    )
    assert not any(item.ok for item in seen)
    assert "Did you mean run_command" in seen[0].result
    assert "Its arguments are: path" in seen[1].result
    assert all("inside Aether" not in item.result for item in seen)


@pytest.mark.feature("AL02")
async def test_a_model_that_never_stops_ends_at_its_limit(bench: Bench) -> None:
    pid = await bench.deploy(
        turn("Again.", call("run_command", command="true")), turn("And again.", call("list_files")),
        script={"at_end": "repeat"}, max_steps=12,
    )
    exited = await bench.ended(pid)
    assert exited.code == 0
    assert "limit of 12 steps" in exited.summary
    assert any(event.kind == "loop" for event in bench.of(pid, agent.AgentNotice))


async def test_a_model_that_floods_does_not_hold_up_the_kernel(bench: Bench) -> None:
    pid = await bench.deploy(
        turn("x" * 400_000, *(call("think", thought=f"{number}") for number in range(100)), chunk_chars=2_000),
        turn("", call("run_command", command="head -c 3000000 /dev/zero | tr '\\0' a")),
        DONE,
    )
    listed = await asyncio.wait_for(bench.execute(process.ProcessList()), 2)
    assert listed.processes[0].pid == pid
    assert (await bench.ended(pid)).code == 0
    thought = bench.of(pid, agent.AgentThought)[0].thought
    assert len(thought) == 400_000
    assert all(len(item.result) <= 500 for item in bench.of(pid, agent.AgentObservation))


async def test_a_model_that_writes_without_end_is_cut_off(bench: Bench) -> None:
    pid = await bench.deploy(turn("y" * 1_200_000, chunk_chars=50_000), script={"at_end": "repeat", "position": "calls"})
    exited = await bench.ended(pid)
    assert exited.code == 1
    assert "writes without end" in exited.summary
