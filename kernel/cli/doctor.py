"""`aether doctor`: what was found on this machine, and how to get what is missing. Exit 1 when something required is missing."""

import argparse
import os
from collections.abc import Callable

from kernel.cli.connection import connect
from kernel.cli.interruption import carry_out
from kernel.doctor import without_kernel
from kernel.errors import AetherError
from kernel.paths import Paths, default_root
from kernel.protocol import codec
from kernel.protocol.system import KernelStatus, KernelStatusReply


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The options of `aether doctor`."""
    parser.add_argument("--json", action="store_true", help="one JSON object")


def run(arguments: argparse.Namespace) -> int:
    """Look and report."""
    status = carry_out(_told(_print_json if arguments.json else _print))
    return 1 if any(check.required and not check.ok for check in status.checks) else 0


async def _told(tell: Callable[[KernelStatusReply], None]) -> KernelStatusReply:
    """What was found, told while the kernel is there: one of our own may have to wait for others behind this."""
    try:
        async with connect() as connection:
            status = await connection.execute(KernelStatus(checks=True))
            tell(status)
            return status
    except AetherError as error:
        status = await without_kernel(Paths(default_root(dict(os.environ))), error)
        tell(status)
        return status


def _print_json(status: KernelStatusReply) -> None:
    print(codec.encode(status).decode())


def _print(status: KernelStatusReply) -> None:
    print(f"Aether {status.version}, files in {status.root}")
    for notice in status.notices:
        print(f"  ! {notice}")
    if status.cannot_save:
        print(f"  ! {status.cannot_save}")
    for check in status.checks:
        mark = "ok     " if check.ok else "MISSING" if check.required else "-      "
        print(f"  {mark}  {check.name}: {check.detail}")
        if check.remedy and not check.ok:
            print(f"             {check.remedy}")
