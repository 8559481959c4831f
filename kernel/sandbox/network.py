"""A network of its own for a sandbox that may use one: slirp4netns, joined from outside.

What leaves goes through a user-space stack; the host's loopback, its own addresses, abstract sockets and link-local
(metadata) addresses stay out of reach. Used by the bubblewrap launcher only.
"""

import asyncio
import os
import select
import subprocess
import tempfile
from pathlib import Path

from kernel.errors import UnavailableError
from kernel.sandbox.child import Child
from kernel.sandbox.processes import children_index, process_table

READY_TIMEOUT_S = 10.0
SLIRP_PATHS = ("/usr/bin/slirp4netns", "/usr/local/bin/slirp4netns")


class SlirpNetwork:
    """Starts a slirp4netns for a sandbox. path: the program. python: runs the joining script."""

    def __init__(self, path: str, python: str) -> None:
        self._path = path
        self._python = python

    @classmethod
    def detect(cls, python: str, bwrap: str, uid: int | None) -> "SlirpNetwork | None":
        """One that works here, by trying it; None where it does not. Blocks.

        bwrap: makes the namespace to try on. uid: whom to drop to, None to stay who we are.
        """
        path = next((path for path in SLIRP_PATHS if os.access(path, os.X_OK)), None)
        if path is None:
            return None
        network = cls(path, python)
        return network if network._works(bwrap, uid) else None

    def _works(self, bwrap: str, uid: int | None) -> bool:
        command = [bwrap, "--unshare-user", "--unshare-net", "--die-with-parent", "--dev-bind", "/", "/"]
        command += ["sh", "-c", "echo; exec cat"]
        if uid is not None:
            command = ["setpriv", f"--reuid={uid}", f"--regid={uid}", "--clear-groups", *command]
        environment = {"PATH": "/usr/bin:/bin"}
        try:
            with subprocess.Popen(
                command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, env=environment
            ) as holder:
                assert holder.stdout is not None
                child = children_index(process_table()).get(holder.pid, []) if holder.stdout.readline() else []
                return bool(child) and self._answers(child[0], uid)
        except OSError:
            return False

    def _answers(self, pid: int, uid: int | None) -> bool:
        ready_read, ready_write = os.pipe()
        exit_read, exit_write = os.pipe()
        try:
            command = self._command(pid, uid, ready_write, exit_read)
            with open(os.devnull, "wb") as errors:
                process = _start(command, errors.fileno(), (ready_write, exit_read))
            os.close(ready_write)
            ready_write = -1
            found, _, _ = select.select([ready_read], [], [], READY_TIMEOUT_S)
            answered = bool(found) and bool(os.read(ready_read, 1))
            process.kill()
            process.wait()
        finally:
            for descriptor in (ready_read, ready_write, exit_read, exit_write):
                if descriptor >= 0:
                    os.close(descriptor)
        return answered

    def _command(self, pid: int, uid: int | None, ready: int, ending: int) -> list[str]:
        script = str(Path(__file__).with_name("netjoin.py"))
        words = [str(pid), "-" if uid is None else str(uid), self._path, str(ready), str(ending)]
        return [self._python, "-I", "-S", script, *words]

    async def attach(self, pid: int, uid: int | None) -> Child:
        """Give the network namespace of host process `pid` an interface; returns the process that serves it.

        It ends when we do: it watches a pipe that only we hold. Raises UnavailableError with what hindered it.
        """
        ready_read, ready_write = os.pipe()
        exit_read, exit_write = os.pipe()
        with tempfile.TemporaryFile() as errors:
            try:
                process = _start(
                    self._command(pid, uid, ready_write, exit_read), errors.fileno(), (ready_write, exit_read)
                )
            except OSError as error:
                for descriptor in (ready_read, ready_write, exit_read, exit_write):
                    os.close(descriptor)
                raise UnavailableError(f"slirp4netns could not be started: {error.strerror}.") from error
            os.close(ready_write)
            os.close(exit_read)
            child = Child(process, lambda code: os.close(exit_write))
            if not await _became_ready(ready_read):
                child.send_signal(9)
                await child.wait()
                errors.seek(0)
                text = errors.read(2000).decode(errors="replace").strip().splitlines()
                raise UnavailableError(f"The sandbox's network could not be made: {text[-1] if text else 'no answer'}.")
        return child


async def _became_ready(descriptor: int) -> bool:
    """Whether a byte comes before the end of the pipe, which is closed afterwards."""
    loop = asyncio.get_running_loop()
    done: asyncio.Future[bool] = loop.create_future()

    def on_readable() -> None:
        if not done.done():
            done.set_result(bool(os.read(descriptor, 1)))

    loop.add_reader(descriptor, on_readable)
    try:
        async with asyncio.timeout(READY_TIMEOUT_S):
            return await done
    except TimeoutError:
        return False
    finally:
        loop.remove_reader(descriptor)
        os.close(descriptor)


def _start(command: list[str], errors: int, descriptors: tuple[int, ...]) -> subprocess.Popen[bytes]:
    """Blocks for the vfork only."""
    return subprocess.Popen(
        command,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=errors,
        pass_fds=descriptors,
        env={},
        cwd="/",
        start_new_session=True,
    )
