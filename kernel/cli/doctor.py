"""`aether doctor`: what was found on this machine, and how to get what is missing. Exit 1 when something required is missing."""

import argparse
import os

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
    status = carry_out(_status())
    if arguments.json:
        print(codec.encode(status).decode())
    else:
        _print(status)
    return 1 if any(check.required and not check.ok for check in status.checks) else 0


async def _status() -> KernelStatusReply:
    try:
        async with connect() as connection:
            return await connection.execute(KernelStatus(checks=True))
    except AetherError as error:
        return await without_kernel(Paths(default_root(dict(os.environ))), error)


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
