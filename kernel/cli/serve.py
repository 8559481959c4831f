"""`aether serve`, and `python -m kernel`: the kernel without a window, until somebody ends it."""

import argparse
import asyncio
import signal
from collections.abc import AsyncIterator

from kernel.cli.connection import connect
from kernel.cli.interruption import carry_out
from kernel.errors import ConflictError
from kernel.protocol.base import Event
from kernel.protocol.system import KernelShutdownRequested, KernelStatus
from kernel.tasks import Scope


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """It has none."""


def run(arguments: argparse.Namespace) -> int:
    """Serve until SIGINT, SIGTERM or kernel.shutdown. Returns 0. Raises AetherError where one runs already."""
    return carry_out(_serve())


async def _serve() -> int:
    ended = asyncio.Event()
    async with connect(stays=True, hurry=ended) as connection:
        if not connection.owns_kernel:
            raise ConflictError("Aether runs already on this folder.", "`aether ps` shows its agents; `aether run` joins it.")
        loop = asyncio.get_running_loop()
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(number, ended.set)
        scope = Scope("serve")
        async with connection.events() as events:
            scope.spawn(_until_asked(events, ended), name="events")
            status = await connection.execute(KernelStatus())
            print(f"Aether {status.version} serves {status.root}; `aether run`, `ps` and `send` reach it. Ctrl+C ends it.", flush=True)
            for notice in status.notices:
                print(notice, flush=True)
            await ended.wait()
            await scope.close()
    return 0


async def _until_asked(events: AsyncIterator[Event], ended: asyncio.Event) -> None:
    async for event in events:
        if isinstance(event, KernelShutdownRequested):
            ended.set()
            return
