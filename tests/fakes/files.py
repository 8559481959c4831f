"""Real files for a ``FakeKernelClient``: the kernel's own virtual file system over a folder of the test."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

from kernel.paths import Paths
from kernel.principal import LOCAL_USER
from kernel.protocol import fs
from kernel.protocol.base import Event
from kernel.vfs.filesystem import VirtualFileSystem
from tests.fakes.kernel_client import FakeKernelClient


class _Bus:
    """Hands the file system's events to the client's listeners."""

    def __init__(self, client: FakeKernelClient) -> None:
        self._client = client

    def publish(self, event: Event) -> None:
        self._client.publish(event)


def serve_files(client: FakeKernelClient, root: Path) -> Path:
    """Answer the fs.* commands from ``root``, in which the top folders are made. Watching is answered and does nothing."""
    for name in ("home/agent_7", "tmp", "etc", "var", "shared"):
        (root / name).mkdir(parents=True, exist_ok=True)
    files = VirtualFileSystem(Paths(root), _Bus(client), lambda _pid: None)  # type: ignore[arg-type] # all it uses of a bus

    def answer(handler: Callable[[Any, Any], Awaitable[Any]]) -> Callable[[Any], Awaitable[Any]]:
        return lambda command: handler(command, LOCAL_USER)

    for command, handler in (
        (fs.FsLs, files.ls),
        (fs.FsRead, files.read),
        (fs.FsWrite, files.write),
        (fs.FsMkdir, files.mkdir),
        (fs.FsRm, files.rm),
        (fs.FsStat, files.stat),
        (fs.FsMv, files.mv),
        (fs.FsCp, files.cp),
    ):
        client.answer(command, answer(handler))
    return root
