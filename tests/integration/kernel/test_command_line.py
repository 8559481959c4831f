"""`aether` as people run it: real processes, real exit codes."""

import asyncio
import json
import os
import signal
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import psutil
import pytest

from kernel.errors import ConflictError
from kernel.gateway.instance import raise_running
from tests.fakes.scripts import call, turn, write_script

PROJECT = Path(__file__).resolve().parents[3]
DONE = turn("All is well.", call("complete", summary="It is done."))
MARK = "aether-command-line-mark"


class Finished:
    """How a command ended."""

    def __init__(self, code: int, out: bytes, err: bytes) -> None:
        self.code, self.out, self.err = code, out.decode(), err.decode()

    def lines(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.out.splitlines()]


class Shell:
    """Runs `aether` on one root folder."""

    def __init__(self, root: Path, **environ: str) -> None:
        self.root = root
        kept = {
            name: value
            for name, value in os.environ.items()
            if name not in ("DISPLAY", "WAYLAND_DISPLAY", "QT_QPA_PLATFORM")
        }
        self.env = {**kept, "AETHER_FS_ROOT": str(root), "PYTHONPATH": str(PROJECT), **environ}
        self.processes: list[asyncio.subprocess.Process] = []

    async def start(self, *words: str, **options: Any) -> asyncio.subprocess.Process:
        pipe = asyncio.subprocess.PIPE
        options.setdefault("stdin", asyncio.subprocess.DEVNULL)
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            "kernel.cli.main",
            *words,
            cwd=PROJECT,
            env=self.env,
            stdout=pipe,
            stderr=pipe,
            limit=1 << 24,
            **options,
        )
        self.processes.append(process)
        return process

    async def __call__(self, *words: str, given: bytes | None = None) -> Finished:
        options = {"stdin": asyncio.subprocess.PIPE} if given is not None else {}
        process = await self.start(*words, **options)
        async with asyncio.timeout(40):
            out, err = await process.communicate(given)
        assert process.returncode is not None
        assert b"Traceback" not in err, err.decode()
        return Finished(process.returncode, out, err)

    def script(self, *turns: dict[str, Any], name: str = "script") -> str:
        return write_script(self.root.parent, *turns, name=name)

    async def deploy(
        self, *turns: dict[str, Any], mode: str = "--ask", name: str = "held"
    ) -> asyncio.subprocess.Process:
        """`aether run` in the background, once its agent is deployed; it is agent 1 on a new root."""
        words = (
            "run",
            "--role",
            "Coder",
            "--goal",
            "wait here",
            "--model",
            self.script(*turns, name=name),
            "--json",
            mode,
        )
        process = await self.start(*words)
        assert process.stdout is not None
        async with asyncio.timeout(20):
            while json.loads(await process.stdout.readline())["type"] != "process.spawned":
                pass
        return process


@pytest.fixture
async def aether(tmp_path: Path) -> AsyncIterator[Shell]:
    shell = Shell(tmp_path / "root")
    yield shell
    for process in shell.processes:
        if process.returncode is None:
            process.kill()
            await process.wait()


RUN = ("run", "--role", "Coder", "--goal", "do it", "--yes")
SLEEP = turn("Wait.", call("run_command", command=f"sleep 300; : {MARK}"))


async def test_a_run_that_completes_exits_0_and_its_lines_are_json(aether: Shell) -> None:
    done = await aether(*RUN, "--model", aether.script(turn("Look.", call("list_files")), DONE), "--json")
    assert done.code == 0
    events = done.lines()
    assert [
        event["type"] for event in events if event["type"] in ("process.spawned", "agent.observation", "process.exit")
    ] == [
        "process.spawned",
        "agent.observation",
        "agent.observation",
        "process.exit",
    ]
    session = await aether(*RUN, "--model", aether.script(DONE), "--json", "session")
    assert {"timestamp", "session_id", "state", "event_type", "payload"} == set(session.lines()[0])


async def test_a_run_that_fails_exits_1_with_the_reason(aether: Shell) -> None:
    error = {"kind": "auth", "message": "The key was refused.", "hint": "Set OPENAI_API_KEY.", "retryable": False}
    failed = await aether(*RUN, "--model", aether.script(*[turn("", error=error)] * 3))
    assert failed.code == 1
    assert "Set OPENAI_API_KEY." in failed.out
    missing = await aether(*RUN, "--model", "nobody/has-this")
    assert missing.code == 1
    assert "nobody/has-this" in missing.out + missing.err
    unread = await aether(*RUN, "--model", "scripted:/nowhere.json")
    assert unread.code == 1
    assert "/nowhere.json" in unread.out


@pytest.mark.feature("AL12")
async def test_a_goal_that_the_built_in_brain_did_not_work_on_has_failed(aether: Shell) -> None:
    words = ("run", "--role", "Coder", "--model", "heuristic", "--yes", "--goal")
    failed = await aether(*words, "Design a rocket that reaches Mars")
    assert failed.code == 1
    assert "cannot read this goal" in failed.out
    assert "✔" not in failed.out
    assert (await aether(*words, "list the files")).code == 0
    assert [info["agentPhase"] for info in (await aether("ps", "--all", "--json")).lines()] == ["failed", "completed"]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("run",), "--role"),
        (("run", "--role", "King", "--goal", "x"), "Coder"),
        (("run", "--role", "Coder", "--goal", "  "), "the goal is empty"),
        (("run", "--role", "Coder", "--goal", "x", "--max-steps", "0"), "whole number above 0"),
        (("run", "--role", "Coder", "--goal", "x", "--workdir", "/nowhere"), "/nowhere is not a folder"),
        (("run", "--role", "Coder", "--goal", "x", "--workdir", ""), "--workdir: its name is empty; name the folder, or leave"),
        (("run", "--role", "Coder", "--goal", "x", "--workdir="), "its name is empty"),
        (("run", "--role", "Coder", "--goal", "x", "--workdir", ":ro"), "its name is empty"),
        (("run", "--role", "Coder", "--goal", "x", "--workdir", " "), "its name is empty"),
        (("run", "--role", "Coder", "--goal", "x", "--workdir", "~nobody-of-that-name/x"), "nobody has that home"),
        (("run", "--role", "Coder", "--goal", "x", "--yes", "--deny"), "not allowed with"),
        (("run", "--role", "Coder", "--goal", "x", "--max-steps", "100001"), "at most 100,000"),
        (("kill", "x"), "not the number of a process"),
        (("send", "1", " "), "The message is empty."),
        (("kill", "-s", "NOPE", "1"), "SIGTERM"),
        (("fly",), "invalid choice"),
        (("ps", "--colour"), "unrecognized"),
    ],
)
async def test_wrong_usage_exits_2_and_says_what_is_right(aether: Shell, words: tuple[str, ...], said: str) -> None:
    wrong = await aether(*words)
    assert wrong.code == 2
    assert said in wrong.err


async def test_a_goal_of_a_megabyte_is_refused_with_what_to_do(aether: Shell) -> None:
    refused = await aether("run", "--role", "Coder", "--goal", "-", given=b"x" * 1_000_000)
    assert refused.code == 2
    assert "1,000,000 characters" in refused.err
    assert "--workdir" in refused.err


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
async def test_an_interrupted_run_exits_130_and_leaves_nothing(aether: Shell, number: int) -> None:
    running = await aether.deploy(SLEEP, mode="--yes")
    assert running.stdout is not None
    async with asyncio.timeout(20):
        while json.loads(await running.stdout.readline())["type"] != "agent.toolStarted":
            pass
    async with asyncio.timeout(20):
        while not _running(MARK):
            await asyncio.sleep(0.02)
    running.send_signal(number)
    out, _ = await asyncio.wait_for(running.communicate(), 20)
    assert running.returncode == 130
    assert not _running(MARK)
    last = json.loads(out.splitlines()[-1])
    assert (last["type"], last["code"], last["signal"]) == ("process.exit", 130, "SIGINT")
    listed = await aether("ps", "--all", "--json")
    assert [(item["pid"], item["exitCode"]) for item in listed.lines()] == [(1, 130)]
    (told,) = [line for line in (await aether("ps", "--all")).out.splitlines() if "wait here" in line]
    assert "stopped" in told and "failed" not in told


def _running(mark: str) -> bool:
    return any(mark in " ".join(item.info["cmdline"] or ()) for item in psutil.process_iter(["cmdline"]))


@pytest.mark.parametrize("read_only", [False, True])
async def test_a_folder_is_mounted_at_work(aether: Shell, tmp_path: Path, read_only: bool) -> None:
    folder = tmp_path / "mine"
    folder.mkdir()
    folder.chmod(0o755)
    (folder / "given.txt").write_text("given")
    model = aether.script(
        turn("", call("run_command", command="cat ~/work/given.txt && echo made > ~/work/by-command")),
        turn("", call("write_file", path="work/by-tool", content="made"), call("read_file", path="~/work/given.txt")),
        DONE,
    )
    where = f"{folder}:ro" if read_only else str(folder)
    done = await aether(*RUN, "--model", model, "--workdir", where, "--json")
    assert done.code == 0
    results = [event for event in done.lines() if event["type"] == "agent.observation"]
    assert "given" in results[0]["result"]
    assert results[2]["result"] == "given"
    assert (results[0]["exitCode"] == 0) is not read_only
    assert results[1].get("ok", True) is not read_only
    made = {path.name for path in folder.iterdir()}
    assert made == ({"given.txt"} if read_only else {"given.txt", "by-command", "by-tool"})


@pytest.mark.feature("FS09")
async def test_aethers_own_folder_cannot_be_mounted(aether: Shell, tmp_path: Path) -> None:
    (aether.root / "var/kernel").mkdir(parents=True)
    (tmp_path / "link").symlink_to(aether.root / "var")
    for folder in (aether.root, aether.root.parent, aether.root / "var/kernel", aether.root / "var", tmp_path / "link"):
        refused = await aether(*RUN, "--model", aether.script(DONE), "--workdir", str(folder))
        assert refused.code == 1
        assert "Aether's own files" in refused.err
    assert "No agents" in (await aether("ps", "--all")).out


async def test_commands_reach_the_instance_that_runs(aether: Shell) -> None:
    risky = turn("", call("run_command", command="rm -f nothing"))
    held = turn("", call("run_command", command="while [ ! -e go ]; do sleep 0.05; done"))
    running = await aether.deploy(held, risky, risky, held, DONE, mode="--yes")
    listed = await aether("ps")
    assert "wait here" in listed.out
    assert listed.out.endswith("1 active, 0 need you, 0 idle\n")
    assert listed.code == 0
    one = await aether("send", "1", "look left")
    two = await aether("send", "1", "look right", "--queue")
    assert (one.code, two.code) == (0, 0)
    logs = await aether("logs", "1", "--json")
    said = [event["messageId"] for event in logs.lines() if event["type"] == "agent.userMessage"]
    assert len(set(said)) == 2
    assert "you: look left" in (await aether("logs", "1")).out
    second = await aether(*RUN, "--model", aether.script(DONE, name="second"), "--json")
    assert second.code == 0
    assert second.lines()[0]["pid"] == 2
    stopped = await aether("kill", "-s", "STOP", "1")
    assert stopped.code == 0
    halted = (await aether("ps")).out
    assert "stopped" in halted and halted.endswith("0 active, 0 need you, 1 idle\n")
    assert (await aether("kill", "-s", "CONT", "1")).code == 0
    nobody = await aether("kill", "77")
    assert nobody.code == 1
    assert "There is no process 77." in nobody.err and "`aether ps -a`" in nobody.err and "Mission Control" in nobody.err
    assert (await aether("approve", "1")).code == 1
    assert (await aether("resume", "1")).code == 1
    assert (await aether("kill", "1")).code == 0
    await asyncio.wait_for(running.communicate(), 20)
    assert running.returncode == 1


@pytest.mark.feature("AP06", "CF01")
@pytest.mark.parametrize(
    ("setting", "words", "approval"),
    [("yes", (), "yes"), ("deny", (), "deny"), ("ask", (), "deny"), ("edits", (), "deny"), ("yes", ("--deny",), "deny")],
)
async def test_without_an_option_agents_ask_as_the_settings_say(
    aether: Shell, setting: str, words: tuple[str, ...], approval: str
) -> None:
    """Where nobody can be asked, what asks becomes a refusal, and is said so."""
    folder = aether.root / "var/kernel"
    folder.mkdir(parents=True)
    (folder / "agent-config.json").write_text(json.dumps({"approvals": {"mode": setting}}))
    done = await aether("run", "--role", "Coder", "--goal", "do it", *words, "--model", aether.script(DONE), "--json")
    (spawned,) = [event for event in done.lines() if event["type"] == "process.spawned"]
    assert spawned["info"]["approval"] == approval
    assert ("nobody can be asked here" in done.err) is (setting in ("ask", "edits"))


async def test_questions_are_answered_from_another_terminal(aether: Shell) -> None:
    risky = [turn("", call("run_command", command=f"rm -f nothing{number}")) for number in range(2)]
    running = await aether.start(
        *("run", "--role", "Coder", "--goal", "wait", "--json", "--ask", "--model", aether.script(*risky, DONE)),
    )
    await _until(running, "process.approval_required")
    rejected = await aether("reject", "1", "not this one")
    assert (rejected.code, rejected.out) == (0, "rejected 1: rm -f nothing0\n")
    refused = await _until(running, "process.approval_answered")
    assert (refused["approved"], refused["reason"]) == (False, "not this one")
    await _until(running, "process.approval_required")
    approved = await aether("approve", "1", "--always")
    assert (approved.code, approved.out) == (
        0, "approved 1: rm -f nothing1\nfrom now on without asking: `rm …` commands\n")  # fmt: skip
    assert (await _until(running, "process.approval_answered"))["approved"]
    _, err = await asyncio.wait_for(running.communicate(), 30)
    assert running.returncode == 0
    assert b"`aether approve 1`" in err


@pytest.mark.feature("AP07")
@pytest.mark.parametrize("word", ["approve", "reject"])
async def test_of_two_answers_at_once_the_second_answers_nothing_that_nobody_saw(aether: Shell, word: str) -> None:
    risky = [turn("", call("run_command", command=f"touch kept{number}; rm -f kept{number}")) for number in range(2)]
    running = await aether.start(
        *("run", "--role", "Coder", "--goal", "wait", "--json", "--ask", "--model", aether.script(*risky, DONE)),
    )
    await _until(running, "process.approval_required")
    answers = sorted(await asyncio.gather(*(aether(word, "1") for _ in range(2))), key=lambda answer: answer.code)
    assert [answer.code for answer in answers] == [0, 1]
    assert answers[0].out.endswith("ed 1: touch kept0; rm -f kept0\n")
    assert "answered already" in answers[1].err or "answered elsewhere" in answers[1].err
    assert (await _until(running, "process.approval_required"))["details"]["command"].endswith("kept1")
    listed = await aether("ps")
    assert "1 need you" in listed.out
    assert (await aether("reject", "1")).out == "rejected 1: touch kept1; rm -f kept1\n"
    await asyncio.wait_for(running.communicate(), 30)
    assert running.returncode == 0


async def test_answers_may_be_piped_in(aether: Shell) -> None:
    risky = [turn("", call("run_command", command=f"rm -f nothing{number}")) for number in range(3)]
    words = ("run", "--role", "Coder", "--goal", "wait", "--json", "--ask", "--model", aether.script(*risky, DONE))
    done = await aether(*words, given=b"n too early\ny\na")
    answers = [event for event in done.lines() if event["type"] == "process.approval_answered"]
    assert [(answer["approved"], answer["reason"]) for answer in answers] == [(False, "too early"), (True, ""), (True, "")]
    assert done.code == 0


@pytest.mark.parametrize("given", ["/dev/zero", "write-only"])
async def test_an_input_that_holds_no_answers_leaves_the_question_open(aether: Shell, tmp_path: Path, given: str) -> None:
    risky = turn("", call("run_command", command="rm -f nothing"))
    words = ("run", "--role", "Coder", "--goal", "wait", "--json", "--ask", "--model", aether.script(risky, DONE))
    with open(given, "rb") if given == "/dev/zero" else open(tmp_path / "answers", "wb") as source:
        running = await aether.start(*words, stdin=source)
        await _until(running, "process.approval_required")
        assert (await aether("approve", "1")).code == 0
        _, err = await asyncio.wait_for(running.communicate(), 30)
    assert running.returncode == 0
    assert b"`aether approve 1`" in err


async def _until(process: asyncio.subprocess.Process, kind: str) -> dict[str, Any]:
    assert process.stdout is not None
    async with asyncio.timeout(20):
        while line := await process.stdout.readline():
            event: dict[str, Any] = json.loads(line)
            if event["type"] == kind:
                return event
    raise AssertionError(f"no {kind} came")


async def test_commands_work_without_an_instance(aether: Shell) -> None:
    empty = await aether("ps")
    assert (empty.code, "No agents" in empty.out) == (0, True)
    await aether(*RUN, "--model", aether.script(DONE))
    assert "It is done." in (await aether("logs", "1")).out
    assert (await aether("ps", "--all", "--json")).lines()[0]["summary"] == "It is done."
    for words in (("send", "1", "x"), ("approve", "1"), ("reject", "1"), ("kill", "1"), ("resume", "1"), ("logs", "9")):
        refused = await aether(*words)
        assert refused.code == 1
        assert refused.err.startswith("aether: ")
        if words[0] in ("send", "kill", "resume"):
            assert "The run of agent 1 has ended." in refused.err and "`aether logs 1`" in refused.err
    assert "There is no process 9." in (await aether("send", "9", "x")).err
    checked = await aether("doctor", "--json")
    assert checked.code in (0, 1)
    names = {check["name"] for check in json.loads(checked.out)["checks"]}
    assert any("andbox" in name for name in names)


async def test_an_instance_that_dies_ends_those_who_joined_it_with_a_sentence(aether: Shell) -> None:
    holder = await aether.deploy(SLEEP, mode="--yes")
    joined = await aether.deploy(SLEEP, mode="--yes", name="joined")
    followed = await aether.start("logs", "2", "-f", "--json")
    assert await _until(followed, "agent.toolStarted")
    holder.kill()
    await holder.wait()
    for process in (joined, followed):
        _, err = await asyncio.wait_for(process.communicate(), 20)
        assert process.returncode == 1
        assert b"`aether resume 2`" in err
    taken_up = await aether("ps")
    assert taken_up.out.count("interrupted") == 2


async def test_a_run_whose_model_is_gone_stays_interrupted(aether: Shell) -> None:
    holder = await aether.deploy(SLEEP, mode="--yes")
    holder.kill()
    await holder.wait()
    (aether.root.parent / "held.json").unlink()
    resumed = await aether("resume", "1")
    assert resumed.code == 1
    assert "is not there now" in resumed.out
    assert "interrupted" in (await aether("ps")).out


@pytest.mark.feature("CF01", "PR11")
async def test_a_command_that_only_looks_takes_no_agent_up(aether: Shell) -> None:
    """Whatever the settings say: the agent would be ended again with the command. `aether run` takes it up."""
    holder = await aether.deploy(SLEEP, DONE, mode="--yes")
    assert await _until(holder, "agent.toolStarted")
    holder.kill()
    await holder.wait()
    (aether.root / "var/kernel/agent-config.json").write_text('{"agents": {"resume_at_start": true}}')
    for words in (("ps",), ("logs", "1"), ("doctor",), ("kill", "-s", "USR1", "1")):
        await aether(*words)
    assert (await aether("ps", "--json")).lines()[0]["interrupted"]
    assert "agent.resumed" not in (await aether("logs", "1", "--json")).out
    assert (await aether(*RUN, "--model", aether.script(DONE))).code == 0
    assert "agent.resumed" in (await aether("logs", "1", "--json")).out


async def test_a_second_desktop_is_told_that_there_is_no_window(aether: Shell) -> None:
    await aether.deploy(SLEEP, mode="--yes")
    with pytest.raises(ConflictError, match="without a window") as refused:
        await asyncio.to_thread(raise_running, aether.root / "var/kernel/run/control.sock")
    assert "aether ps" in refused.value.hint


async def test_without_a_display_the_desktop_names_the_other_way(aether: Shell) -> None:
    refused = await aether()
    assert refused.code == 1
    assert "aether run" in refused.err


@pytest.mark.parametrize("variable", ["DISPLAY", "WAYLAND_DISPLAY"])
async def test_a_display_that_does_not_answer_is_named_before_qt_ends_the_process(aether: Shell, variable: str) -> None:
    aether.env[variable] = ":4242"
    refused = await aether()
    assert refused.code == 1
    assert "The display :4242 does not answer" in refused.err and "aether run" in refused.err
    assert "Qt" not in refused.err and "plugin" not in refused.err


async def test_a_terminal_that_cannot_show_a_sign_does_not_end_the_run(aether: Shell) -> None:
    aether.env["PYTHONIOENCODING"] = "ascii"
    done = await aether(*RUN, "--model", aether.script(turn("Fine 🚀 שלום", call("think", thought="ü")), DONE))
    assert done.code == 0
    lines = await aether(
        *RUN, "--model", aether.script(turn("Fine 🚀 שלום", call("think", thought="ü")), DONE), "--json"
    )
    assert any("🚀 שלום" in str(event) for event in lines.lines())


async def test_control_sequences_of_a_model_do_not_reach_the_terminal(aether: Shell) -> None:
    evil = "\x1b]0;owned\x07\x1b[2Jhello\x9b31m"
    done = await aether(*RUN, "--model", aether.script(turn(evil, call("think", thought=evil)), DONE))
    assert done.code == 0
    assert "\x1b" not in done.out
    assert "\x9b" not in done.out
    assert "hello" in done.out


async def test_a_root_that_cannot_be_written_is_said_in_a_sentence(aether: Shell) -> None:
    aether.root.write_text("a file where a folder should be")
    refused = await aether("ps")
    assert refused.code == 1
    assert "AETHER_FS_ROOT" in refused.err


@pytest.mark.parametrize("words", [("-m", "kernel"), ("-m", "kernel.cli.main", "serve")])
@pytest.mark.parametrize("end", ["SIGTERM", "SIGINT", "kernel.shutdown"])
async def test_the_kernel_serves_without_a_window_until_it_is_ended(aether: Shell, words: tuple[str, ...], end: str) -> None:
    process = await asyncio.create_subprocess_exec(
        sys.executable, *words, cwd=PROJECT, env=aether.env, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE
    )
    aether.processes.append(process)
    assert process.stdout is not None
    async with asyncio.timeout(20):
        assert str(aether.root).encode() in await process.stdout.readline()
    done = await aether("run", "--role", "Coder", "--goal", "x", "--yes", "--model", aether.script(DONE))
    assert (done.code, "It is done." in done.out) == (0, True)
    again = await aether("serve")
    assert (again.code, "runs already" in again.err) == (1, True)
    if end == "kernel.shutdown":
        reader, writer = await asyncio.open_unix_connection(str(aether.root / "var/kernel/run/control.sock"))
        writer.write(b'{"type":"kernel.shutdown","id":"end"}\n')
        assert b"response.ok" in await reader.readline()
        writer.close()
    else:
        process.send_signal(getattr(signal, end))
    async with asyncio.timeout(20):
        assert await process.wait() == 0
    assert b"Traceback" not in (await process.stderr.read() if process.stderr else b"")


async def test_python_m_kernel_takes_the_subcommands(aether: Shell) -> None:
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "kernel", "ps", cwd=PROJECT, env=aether.env, stdout=asyncio.subprocess.PIPE
    )
    assert await process.wait() == 0
