"""A kernel with one shell of the person, as a program of its own: `python -m tests.integration.kernel.shell_owner ROOT SCRIPT`.

Types `. SCRIPT` into the shell, prints its host pid and the guardian's once the script has made the file `ready` beside it, and then
either ends properly on SIGTERM or waits to be killed.
"""

import asyncio
import json
import shlex
import signal
import sys
from pathlib import Path

from kernel.bootstrap import build_kernel
from kernel.principal import LOCAL_USER
from kernel.protocol.tty import TtyInput, TtyOpen


async def main(root: Path, script: Path) -> None:
    """Returns after SIGTERM."""
    ended = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, ended.set)
    kernel = build_kernel(root, {})
    await kernel.start()
    opened = await kernel.execute(TtyOpen(pid=0), LOCAL_USER)
    await kernel.execute(TtyInput(tty_id=opened.tty_id, data=f". {shlex.quote(str(script))}\n"), LOCAL_USER)
    async with asyncio.timeout(30):
        while not script.with_name("ready").exists():
            await asyncio.sleep(0.02)
    (child,) = (int(pid) for pid in Path("/proc/self/task", str(_main_thread()), "children").read_text().split() if _is_guardian(pid))
    print(json.dumps({"guardian": child}), flush=True)
    await ended.wait()
    await kernel.stop()


def _main_thread() -> int:
    return int(Path("/proc/self").resolve().name)


def _is_guardian(pid: str) -> bool:
    return b"aether-guardian" in Path("/proc", pid, "cmdline").read_bytes()


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1]), Path(sys.argv[2])))
