"""Owns a sandbox with daemons in it, prints the host pids of all its processes, and waits to be killed.

A program of its own, started by a test: python -m tests.integration.sandbox.owner KIND FOLDER [frozen]
"""

import asyncio
import json
import sys
from pathlib import Path

from kernel.sandbox.backend import ExecRequest
from kernel.tasks import Scope
from kernel.vnc.display import programs
from kernel.vnc.manager import find_program
from tests.integration.sandbox.conftest import make_backend
from tests.integration.sandbox.workbench import Workbench, run


async def main(kind: str, folder: Path, *, frozen: bool) -> None:
    """Never returns."""
    backend = make_backend(kind, Scope("owner"))
    await backend.probe()
    sandbox = Workbench(backend, folder).make(network=kind == "groups")
    await run(sandbox, "sh", "-c", "(setsid sh -c 'trap \"\" TERM HUP; sleep 300; :' >/dev/null 2>&1 &)")
    await sandbox.execute(ExecRequest(("sleep", "300"), sandbox.home_path))
    if kind == "groups":
        server = await sandbox.execute(ExecRequest(programs("640x480", find_program).server, sandbox.home_path, service=True))
        await server.read()
    await asyncio.sleep(0.2)
    pids = sandbox.host_pids()
    if frozen:
        await sandbox.freeze()
    print(json.dumps(pids), flush=True)
    print(json.dumps(sandbox.identity()), flush=True)
    await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], Path(sys.argv[2]), frozen="frozen" in sys.argv[3:]))
