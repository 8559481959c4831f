"""Settings on a real kernel: the file, the environment, and what is kept."""

import asyncio
import json
import os
import threading
from pathlib import Path

import pytest

from kernel import config
from kernel.bootstrap import build_kernel
from kernel.errors import InvalidArgumentError, StorageError
from kernel.paths import Paths, default_root
from kernel.principal import LOCAL_USER, Principal
from kernel.protocol import agent, system
from tests.fakes.scripts import call, turn
from tests.integration.kernel.conftest import Bench, MakeBench

DONE = turn("Done.", call("complete", summary="done"))


@pytest.mark.feature("CF01", "ST01")
async def test_the_environment_is_in_force_but_never_written(make_bench: MakeBench) -> None:
    environ = {"AETHER_PORT": "4001", "AETHER_MODEL": "heuristic", "OLLAMA_HOST": "0.0.0.0:9", "AETHER_REGISTRATION_OPEN": "false"}
    bench = await make_bench(environ=environ)
    values = (await bench.execute(system.SettingsGet())).values
    assert values["gateway.port"] == 4001
    assert values["providers.model"] == "heuristic"
    assert values["providers.ollama_url"] == "http://127.0.0.1:9"
    assert values["gateway.registration_open"] is False
    changed = await bench.execute(system.SettingsSet(name="agents.max_steps", value=9))
    assert (changed.values["agents.max_steps"], changed.values["gateway.port"]) == (9, 4001)
    await bench.kernel.stop()
    kept = json.loads((bench.root / "var/kernel/agent-config.json").read_text())
    assert kept == {"agents": {"max_steps": 9}}
    again = await make_bench()
    values = (await again.execute(system.SettingsGet())).values
    assert (values["agents.max_steps"], values["gateway.port"], values["providers.model"]) == (9, 3001, "")
    await again.kernel.stop()


@pytest.mark.feature("CF01")
def test_the_root_comes_from_the_environment_or_the_platform(tmp_path: Path) -> None:
    assert default_root({"AETHER_FS_ROOT": str(tmp_path / "x")}) == tmp_path / "x"
    assert default_root({"AETHER_FS_ROOT": "~/x"}) == Path.home() / "x"
    assert default_root({}).is_absolute()
    assert default_root({}).name == "aether"


@pytest.mark.feature("CF01")
@pytest.mark.parametrize(("name", "value"), [("AETHER_PORT", "many"), ("AETHER_PORT", "99999"), ("AETHER_CLUSTER_ROLE", "king")])
def test_a_wrong_value_in_the_environment_is_named(tmp_path: Path, name: str, value: str) -> None:
    with pytest.raises(InvalidArgumentError, match=f"{name}={value}"):
        build_kernel(tmp_path, {name: value})


@pytest.mark.parametrize(
    "content", [b"{", b"null", b"[]", b'{"agents": 3}', b'{"agents": {"max_steps": -1}}', b"\xff\xfe", b"[" * 100_000, b""]
)
async def test_a_damaged_file_is_kept_aside_and_said_so(make_bench: MakeBench, tmp_path: Path, content: bytes) -> None:
    paths = Paths(tmp_path / "root")
    paths.create()
    paths.config_file.write_bytes(content)
    bench = await make_bench()
    notices = (await bench.execute(system.KernelStatus())).notices
    assert any("agent-config.damaged.json" in notice for notice in notices)
    assert (paths.state / "agent-config.damaged.json").read_bytes() == content
    assert (await bench.execute(system.SettingsGet())).values["agents.max_steps"] == 50
    await bench.kernel.stop()


async def test_a_change_that_cannot_be_kept_is_no_change(make_bench: MakeBench, monkeypatch: pytest.MonkeyPatch) -> None:
    bench = await make_bench()

    def full(*arguments: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("kernel.config.os.replace", full)
    with pytest.raises(StorageError, match="No space left"):
        await bench.execute(system.SettingsSet(name="agents.max_steps", value=9))
    monkeypatch.undo()
    assert (await bench.execute(system.SettingsGet())).values["agents.max_steps"] == 50
    assert not [name for name in os.listdir(bench.root / "var/kernel") if name.startswith(".settings-")]
    await bench.kernel.stop()


@pytest.mark.feature("CF01", "PR09")
async def test_the_secret_reaches_no_agent_no_log_and_no_database(make_bench: MakeBench, monkeypatch: pytest.MonkeyPatch) -> None:
    value = "a-secret-nobody-may-see-42"
    monkeypatch.setenv("AETHER_SECRET", value)
    bench = await make_bench(environ={"AETHER_SECRET": value})
    pid = await bench.deploy(turn("", call("run_command", command="env; cat /proc/*/environ; echo end")), DONE)
    assert (await bench.ended(pid)).code == 0
    assert any("AETHER_ROLE" in event.result or "end" in event.result for event in bench.of(pid, agent.AgentObservation))
    await bench.kernel.stop()
    kept = [path for path in bench.root.rglob("*") if path.is_file() and value.encode() in path.read_bytes()]
    assert kept == []
    with pytest.raises(InvalidArgumentError, match="AETHER_SECRET"):
        build_kernel(bench.root, {"AETHER_SECRET": "weak"})
    made = await make_bench()
    assert (bench.root / "var/kernel/secret").stat().st_mode & 0o777 == 0o600
    await made.kernel.stop()


@pytest.mark.feature("CF01")
async def test_every_change_is_told_with_the_value_in_force(bench: Bench) -> None:
    await bench.execute(system.SettingsSet(name="terminal.font_px", value=15))
    with pytest.raises(InvalidArgumentError):
        await bench.execute(system.SettingsSet(name="terminal.font_px", value=1))
    await bench.execute(system.SettingsSet(name="terminal.theme", value="Nord"))
    await asyncio.sleep(0)
    told = [(event.name, event.value) for event in bench.events if isinstance(event, system.SettingsChanged)]
    assert told == [("terminal.font_px", 15), ("terminal.theme", "Nord")]


async def test_changes_of_settings_are_told_to_those_alone_who_may_read_them(tmp_path: Path) -> None:
    kernel = build_kernel(tmp_path, {})
    event = system.SettingsChanged(name="terminal.theme", value="Nord")
    mine, visitors = (kernel.bus.subscribe(principal) for principal in (LOCAL_USER, Principal(uid="visitor")))
    kernel.bus.publish(event)
    assert [type(item) for item in mine.take()[0]] == [system.SettingsChanged]
    assert not visitors.take()[0]


async def test_what_is_read_includes_the_changes_asked_for_before(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    """A window that closes sends its last change and the desktop ends right after it."""
    begun, let_go = threading.Event(), threading.Event()

    def slow(_config: object, _path: object) -> None:
        begun.set()
        assert let_go.wait(10)

    monkeypatch.setattr(config, "save", slow)
    async with asyncio.TaskGroup() as group:
        group.create_task(bench.execute(system.SettingsSet(name="agents.max_steps", value=7)))
        await asyncio.to_thread(begun.wait, 10)
        read = group.create_task(bench.execute(system.SettingsGet()))
        await asyncio.sleep(0.05)
        assert not read.done()
        let_go.set()
    assert read.result().values["agents.max_steps"] == 7
