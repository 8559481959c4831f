"""Starts the programs that use the real window (`journey`, `graphical_desktop`), and says where one hangs that does not come to its end."""

import asyncio
import signal
import sys
from pathlib import Path

from tests.e2e.journey import WHOLE_S

ROOT = Path(__file__).resolve().parents[2]
#: A program ends by itself before that; what takes longer hangs where it cannot notice it, as in its own end.
HANGS_S = WHOLE_S + 20


async def drive(env: dict[str, str], module: str, *arguments: str) -> tuple[int, str, str]:
    """Run a module to its end; its exit code, output and errors. Raises AssertionError with the stacks of one that hangs."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-X", "faulthandler", "-m", module, *arguments),
        cwd=ROOT,
        env=env,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    reading = asyncio.ensure_future(process.communicate())
    await asyncio.wait({reading}, timeout=HANGS_S)
    hangs = not reading.done()
    if hangs:
        if process.returncode is None:
            process.send_signal(signal.SIGABRT)  # it prints its stacks
        await asyncio.wait({reading}, timeout=10)
        said = [text.decode() for text in reading.result()] if reading.done() else ["Something holds its output open."]
        reading.cancel()
        if process.returncode is None:
            process.kill()
            await process.wait()
        raise AssertionError("\n".join([f"{module} did not end; its exit code: {process.returncode}", *said]))
    out, err = reading.result()
    assert process.returncode is not None
    return process.returncode, out.decode(), err.decode()
