"""Aether as root on file systems that cannot map owners: what it writes in an agent's folders is the agent's all the same."""

import os
import subprocess
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from kernel.errors import UnavailableError
from kernel.sandbox.backend import Mount
from kernel.vfs.tree import Tree
from tests.integration.sandbox.conftest import make_workbench
from tests.integration.sandbox.workbench import Workbench, run

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="only root runs agents as other users")


def _mounted(kind: str, options: str, folder: Path) -> Iterator[Path]:
    command = ["mount", "-t", kind, *(("-o", options) if options else ()), "none", str(folder)]
    if subprocess.run(command, capture_output=True, check=False).returncode != 0:
        pytest.skip(f"{kind} cannot be mounted here")
    yield folder
    subprocess.run(["umount", "-l", str(folder)], check=True)


@pytest.fixture
def overlay(tmp_path: Path) -> Iterator[Path]:
    """A folder on overlayfs, as root has it in a container."""
    for name in ("lower", "upper", "work", "merged"):
        (tmp_path / name).mkdir()
    options = f"lowerdir={tmp_path}/lower,upperdir={tmp_path}/upper,workdir={tmp_path}/work"
    yield from _mounted("overlay", options, tmp_path / "merged")


@pytest.fixture
def ramfs(tmp_path: Path) -> Iterator[Path]:
    """A file system with neither mapped owners nor access lists."""
    (tmp_path / "plain").mkdir()
    yield from _mounted("ramfs", "", tmp_path / "plain")


@pytest.fixture
async def bench(overlay: Path) -> AsyncIterator[Workbench]:
    """Bubblewrap with its agents' folders on overlayfs."""
    async for made in make_workbench("rlimits", overlay):
        yield made


@pytest.mark.feature("FS09")
async def test_an_agent_may_change_what_aether_makes_in_its_home_while_it_runs(bench: Workbench) -> None:
    sandbox = bench.make()
    await sandbox.start()
    tree = Tree(Path(sandbox.spec.home), private=True)
    tree.write("made/a.txt", b"one\n")
    tree.mkdir("folder", recursive=False)
    done = await run(sandbox, "/bin/sh", "-c", "echo two >> made/a.txt && chmod +x made/a.txt && touch folder/b && cat made/a.txt")
    assert (done.output, done.status.code) == ("one\ntwo\n", 0)
    tree.write("made/a.txt", b"three\n")
    done = await run(sandbox, "/bin/sh", "-c", "echo four >> made/a.txt && cat made/a.txt && test -x made/a.txt")
    assert (done.output, done.status.code) == ("three\nfour\n", 0)


@pytest.mark.feature("FS09")
async def test_a_mounted_folder_of_the_person_can_be_worked_in(bench: Workbench, overlay: Path) -> None:
    project = overlay / "project"
    (project / "src").mkdir(parents=True)
    (project / "src/old.py").write_text("old\n")
    (project / "run").write_text("#!/bin/sh\necho ran\n")
    (project / "run").chmod(0o755)
    outside = overlay / "secret"
    outside.write_text("secret")
    (project / "link").symlink_to(outside)
    sandbox = bench.make(mounts=(Mount(str(project), "/mnt/project", False),))
    await sandbox.start()
    tree = Tree(project)
    tree.write("later/new.py", b"new\n")
    script = "echo x >> src/old.py && echo y >> later/new.py && touch later/mine src/mine && ./run && cat src/old.py later/new.py"
    done = await run(sandbox, "/bin/sh", "-c", script, cwd="/mnt/project")
    assert (done.output, done.status.code) == ("ran\nold\nx\nnew\ny\n", 0)
    assert (project / "src/old.py").stat().st_uid == 0
    assert os.listxattr(outside) == []
    second = bench.make(8, mounts=(Mount(str(project), "/mnt/project", False),))
    done = await run(second, "/bin/sh", "-c", "echo z >> later/new.py && echo z >> src/mine", cwd="/mnt/project")
    assert (done.output, done.status.code) == ("", 0)


async def test_where_neither_is_possible_the_start_says_so_and_reading_still_works(bench: Workbench, ramfs: Path) -> None:
    (ramfs / "file").write_text("text")
    writable = bench.make(mounts=(Mount(str(ramfs), "/mnt/plain", False),))
    with pytest.raises(UnavailableError, match="mount it read-only"):
        await writable.start()
    reading = bench.make(8, mounts=(Mount(str(ramfs), "/mnt/plain", True),))
    assert (await run(reading, "/bin/cat", "/mnt/plain/file")).output == "text"
