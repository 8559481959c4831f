"""A real kernel for each test: real SQLite, real files, real sandbox, scripted model."""

import asyncio
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import pytest

from kernel.bootstrap import build_kernel
from kernel.kernel import Kernel
from kernel.principal import LOCAL_USER
from kernel.protocol.base import Command, Event
from kernel.protocol.process import ProcessExited, ProcessSend, ProcessSpawn
from kernel.protocol.records import AgentConfig, SandboxConfig
from kernel.sandbox.gpu import GpuSource
from tests.fakes.scripts import write_script


class Bench:
    """A running kernel, everything it said, and shortcuts to deploy and wait."""

    def __init__(self, kernel: Kernel, root: Path, scripts: Path) -> None:
        self.kernel = kernel
        self.root = root
        self.scripts = scripts
        self.events: list[Event] = []
        kernel.bus.on(Event, self.events.append)
        self._count = 0

    async def execute(self, command: Command[Any]) -> Any:
        return await self.kernel.execute(command, LOCAL_USER)

    async def deploy(
        self,
        *turns: dict[str, Any],
        goal: str = "do it",
        approval: str = "yes",
        sandbox: SandboxConfig | None = None,
        script: dict[str, Any] | None = None,
        **config: Any,
    ) -> int:
        """Spawn an agent that plays `turns`; returns its pid."""
        self._count += 1
        config.setdefault("model", write_script(self.scripts, *turns, name=f"script{self._count}", **(script or {})))
        config.setdefault("role", "Coder")
        asked = AgentConfig(goal=goal, approval=approval, sandbox=sandbox or SandboxConfig(), **config)  # type: ignore[arg-type]
        return int((await self.execute(ProcessSpawn(config=asked))).pid)

    async def wait(self, kind: type[Any], pid: int, condition: Callable[[Any], bool] = lambda event: True) -> Any:
        """An event of `kind` about `pid` that satisfies `condition`, past or to come."""

        def fits(event: Event) -> bool:
            return isinstance(event, kind) and getattr(event, "pid", pid) == pid and condition(event)

        for event in self.events:
            if fits(event):
                return event
        return await self.kernel.bus.wait(kind, fits, timeout_s=30)

    async def ended(self, pid: int) -> ProcessExited:
        """How the agent ended."""
        event: ProcessExited = await self.wait(ProcessExited, pid)
        return event

    def of(self, pid: int, *kinds: type[Any]) -> list[Any]:
        """The events of these kinds about an agent, in order."""
        return [event for event in self.events if isinstance(event, kinds) and getattr(event, "pid", None) == pid]

    def supervisor_run(self, pid: int) -> Any:
        """What the supervisor holds of a living agent, to reach moments that no command can."""
        handler, _ = self.kernel._router._handlers[ProcessSend]
        return handler.__self__._runs[pid]  # type: ignore[attr-defined]  # the supervisor, whose method answers process.send

    def home(self, pid: int) -> Path:
        return self.root / "home" / f"agent_{pid}"


MakeBench = Callable[..., Any]


@pytest.fixture
async def make_bench(tmp_path: Path) -> AsyncIterator[MakeBench]:
    """Starts a kernel on a root folder; the caller stops it, and this does where a test failed before that."""
    started: list[Kernel] = []

    async def make(root: Path | None = None, environ: dict[str, str] | None = None, gpus: GpuSource | None = None) -> Bench:
        kernel = build_kernel(root or tmp_path / "root", environ or {}, gpus=gpus)
        bench = Bench(kernel, root or tmp_path / "root", tmp_path)
        await kernel.start()
        started.append(kernel)
        return bench

    yield make
    for kernel in started:
        await kernel.stop()


@pytest.fixture
async def bench(make_bench: MakeBench) -> AsyncIterator[Bench]:
    """A running kernel, stopped at the end; nothing of it may be left."""
    made: Bench = await make_bench()
    yield made
    await made.kernel.stop()
    left = [task for task in asyncio.all_tasks() if task is not asyncio.current_task() and not task.done()]
    assert not [task.get_name() for task in left if "kernel" in task.get_name()]
