"""Makes real sandboxes for tests, runs commands in them, and checks that nothing of them is left."""

import asyncio
import dataclasses
import os
from pathlib import Path

from kernel.sandbox.backend import (
    Device,
    ExecRequest,
    ExitStatus,
    Limits,
    LossReason,
    Mount,
    SandboxBackend,
    SandboxSpec,
    SystemFolder,
)
from kernel.sandbox.processes import children_index, process_table
from kernel.sandbox.supervised import SupervisedSandbox

SMALL = Limits(
    memory_bytes=192 << 20,
    cpu_cores=1.0,
    max_processes=64,
    max_file_bytes=64 << 20,
    open_files=256,
    disk_bytes=64 << 20,
)


@dataclasses.dataclass(frozen=True, slots=True)
class Finished:
    """What a command printed and how it ended."""

    output: str
    status: ExitStatus


class Workbench:
    """One backend, and the sandboxes that a test made from it, under `root`."""

    def __init__(self, backend: SandboxBackend, root: Path) -> None:
        self.backend = backend
        self.root = root
        self.lost: list[tuple[int, LossReason]] = []
        self.sandboxes: list[SupervisedSandbox] = []

    def make(
        self,
        pid: int = 7,
        *,
        mounts: tuple[Mount, ...] = (),
        network: bool = False,
        devices: tuple[Device, ...] = (),
        descriptions: tuple[SystemFolder, ...] = (),
        limits: Limits = SMALL,
    ) -> SupervisedSandbox:
        """A sandbox that is not started yet."""
        home, tmp = self.root / f"home{pid}", self.root / f"tmp{pid}"
        home.mkdir(parents=True, exist_ok=True)
        tmp.mkdir(parents=True, exist_ok=True)
        spec = SandboxSpec(
            pid=pid,
            uid_name=f"agent_{pid}",
            home=str(home),
            tmp=str(tmp),
            mounts=mounts,
            network=network,
            devices=devices,
            descriptions=descriptions,
            limits=limits,
        )
        sandbox = self.backend.create(spec, lambda agent, reason: self.lost.append((agent, reason)))
        assert isinstance(sandbox, SupervisedSandbox)
        self.sandboxes.append(sandbox)
        return sandbox

    async def close(self) -> None:
        """Kill everything that was made."""
        await asyncio.gather(*(sandbox.kill() for sandbox in self.sandboxes))


async def run(
    sandbox: SupervisedSandbox, *argv: str, deadline_s: float | None = 20.0, stdin: bytes = b"", cwd: str = ""
) -> Finished:
    """Run a command on pipes and read all of its output."""
    request = ExecRequest(argv=argv, cwd=cwd or sandbox.home_path, deadline_s=deadline_s, stdin=stdin)
    execution = await sandbox.execute(request)
    pieces = []
    while piece := await execution.read():
        pieces.append(piece)
    return Finished(b"".join(pieces).decode(errors="replace"), await execution.wait())


async def run_python(sandbox: SupervisedSandbox, script: str, *arguments: str, deadline_s: float = 20.0) -> Finished:
    """Run a Python script inside."""
    return await run(sandbox, "/usr/bin/python3", "-I", "-c", script, *arguments, deadline_s=deadline_s)


def own_children() -> set[int]:
    """Living and dead children of this process."""
    return set(children_index(process_table()).get(os.getpid(), ()))


def is_alive(pid: int) -> bool:
    """Whether a process exists and is no zombie."""
    row = process_table().get(pid)
    return row is not None and row.state not in ("Z", "X")


def control_group_folders() -> set[str]:
    """Every control-group folder that this process made."""
    found = set()
    prefix = f"aether-{os.getpid()}-"
    for folder, names, _ in os.walk("/sys/fs/cgroup"):
        for name in names:
            if name.startswith(prefix) or f"/{prefix}" in folder:
                found.add(os.path.join(folder, name))
    return found
