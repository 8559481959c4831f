"""Every attempt to leave a sandbox fails, for the agents of root and of an ordinary person alike."""

import json
import os
import shutil
import socket
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.integration.sandbox.conftest import make_workbench
from tests.integration.sandbox.escapes import ESCAPES, script
from tests.integration.sandbox.workbench import Workbench, run_python

ROOT = Path(__file__).resolve().parents[3]
DRIVER = Path(__file__).with_name("driver.py")
ORDINARY_UID = 61_000


@pytest.fixture(scope="module")
def facts(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, object]]:
    """Things of the host that an agent must not reach, and that do exist."""
    secret = tmp_path_factory.mktemp("secret") / "secret.txt"
    secret.write_text("the host's secret")
    secret.chmod(0o644)
    listener = socket.socket(socket.AF_INET)
    listener.bind(("127.0.0.1", 0))
    listener.listen(8)
    abstract = socket.socket(socket.AF_UNIX)
    name = f"aether-test-{os.getpid()}"
    abstract.bind("\0" + name)
    abstract.listen(8)
    os.environ["AETHER_TEST_SECRET"] = "leaked"
    yield {
        "port": listener.getsockname()[1],
        "secret": secret,
        "abstract": name,
        "source": ROOT / "kernel" / "errors.py",
        "host_pid": os.getpid(),
    }
    del os.environ["AETHER_TEST_SECRET"]
    listener.close()
    abstract.close()


@pytest.fixture
async def bench_for_escapes(tmp_path: Path) -> AsyncIterator[Workbench]:
    """Bubblewrap as this machine does it best."""
    async for made in make_workbench("groups", tmp_path):
        yield made


@pytest.mark.parametrize("name", ESCAPES)
async def test_attempt_fails(name: str, bench_for_escapes: Workbench, facts: dict[str, object]) -> None:
    done = await run_python(bench_for_escapes.make(), script(name, facts))
    assert done.output.startswith("denied:"), done.output


def python_for(uid: int) -> list[str] | None:
    """A command that runs this project's code as another user; None where that user can run no fitting Python."""
    packages = next(path for path in sys.path if path.endswith("site-packages"))
    for python in (sys.executable, "/usr/bin/python3", "/usr/local/bin/python3"):
        prefix = ["setpriv", f"--reuid={uid}", f"--regid={uid}", "--clear-groups", "--inh-caps=-all"]
        command = [*prefix, "env", "-i", f"PYTHONPATH={ROOT}:{packages}", "PATH=/usr/bin:/bin", python]
        if (
            subprocess.run([*command, "-c", "import msgspec"], capture_output=True, cwd="/", check=False).returncode
            == 0
        ):
            return command
    return None


@pytest.fixture(scope="module")
def ordinary(facts: dict[str, object], tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Any]]:
    """What the driver found when an ordinary person without control groups ran it."""
    if os.geteuid() != 0:
        pytest.skip("these tests already run as an ordinary person")
    command = python_for(ORDINARY_UID)
    if command is None:
        pytest.skip("no Python that an ordinary person can run has the project's packages")
    folder = Path(f"/tmp/aether-ordinary-{os.getpid()}")
    folder.mkdir()
    os.chown(folder, ORDINARY_UID, ORDINARY_UID)
    try:
        done = subprocess.run(
            [*command, str(DRIVER), str(folder)],
            input=json.dumps({key: str(value) for key, value in facts.items()}),
            capture_output=True,
            text=True,
            timeout=110,
            check=False,
        )
        assert done.returncode == 0, done.stderr[-3000:]
        yield json.loads(done.stdout)
    finally:
        shutil.rmtree(folder)


@pytest.mark.parametrize("name", ESCAPES)
def test_attempt_fails_for_an_ordinary_person(name: str, ordinary: dict[str, Any]) -> None:
    assert ordinary["escapes"][name].startswith("denied:"), ordinary["escapes"][name]


def test_an_ordinary_person_has_the_whole_sandbox(ordinary: dict[str, Any]) -> None:
    found = ordinary["behaviour"]
    assert found["user"] == "agent_7"
    assert found["frozen"] and found["thawed"] and found["timed_out"]
    assert found["left"] == []
    assert found["written_by_agent"] == ORDINARY_UID
