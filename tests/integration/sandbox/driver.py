"""Runs every escape attempt and the main verbs as whoever starts it, and prints what happened as JSON.

A program of its own, started by a test under another uid: driver.py FOLDER < facts.json
"""

import asyncio
import json
import sys
from pathlib import Path
from typing import Any

from kernel.sandbox.bubblewrap import BubblewrapBackend
from kernel.sandbox.processes import process_table
from kernel.tasks import Scope
from tests.integration.sandbox.escapes import ESCAPES, script
from tests.integration.sandbox.workbench import Workbench, is_alive, run, run_python


async def main(folder: Path, facts: dict[str, object]) -> dict[str, Any]:
    """Everything that the tests ask for."""
    scope = Scope("driver")
    backend = BubblewrapBackend(scope)
    probe = await backend.probe()
    assert probe.available, probe.reason
    bench = Workbench(backend, folder)
    sandbox = bench.make()
    escapes = {name: (await run_python(sandbox, script(name, facts))).output for name in ESCAPES}
    user = (await run(sandbox, "sh", "-c", "touch mine; whoami")).output.strip()
    sleeper = "setsid sh -c 'sleep 300' & sleep 300"
    late = await run(sandbox, "sh", "-c", sleeper, deadline_s=0.3)
    await run(sandbox, "sh", "-c", "(sleep 300 >/dev/null 2>&1 &)")
    pids = sandbox.host_pids()
    await sandbox.freeze()
    frozen = all(process_table()[pid].state == "T" for pid in pids[1:])
    await sandbox.thaw()
    thawed = (await run(sandbox, "echo", "on")).output.strip() == "on"
    owner = (folder / "home7" / "mine").stat().st_uid
    await sandbox.kill()
    await backend.close()
    await scope.close()
    behaviour = {
        "user": user,
        "frozen": frozen,
        "thawed": thawed,
        "timed_out": late.status.timed_out,
        "left": [pid for pid in pids if is_alive(pid)],
        "written_by_agent": owner,
    }
    return {"escapes": escapes, "behaviour": behaviour}


if __name__ == "__main__":
    print(json.dumps(asyncio.run(main(Path(sys.argv[1]), json.load(sys.stdin)))))
