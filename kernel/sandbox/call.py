"""One running command of a supervised sandbox: its output, its deadline, its end.

`SupervisedSandbox` makes a `Call` for each command and feeds it what the supervisor reports; the caller of
`Sandbox.execute` reads and waits on it. A call must not touch any other call.
"""

import asyncio
import errno
import os
from collections.abc import Awaitable, Callable

from kernel.errors import InvalidArgumentError, LimitReachedError, UnavailableError
from kernel.sandbox.backend import SIGKILL, ExitStatus

KILL_CONFIRM_S = 5.0
START_CONFIRM_S = 15.0
READ_BYTES = 65536

KillCall = Callable[[int, int], None]
GiveUp = Callable[[str], None]
Release = Callable[[int], None]


class Call:
    """Implements `Execution`.

    output: our own reading end of its pipe (non-blocking), None for a terminal. send_kill(call_id, signal): asks the
    supervisor. give_up(reason): ends the whole sandbox, when the supervisor does not obey. release(call_id): tells the
    supervisor that the output is read no more. service: see `ExecRequest`.
    """

    def __init__(
        self, call_id: int, output: int | None, *, send_kill: KillCall, give_up: GiveUp, release: Release, service: bool = False
    ) -> None:
        self._call_id = call_id
        self.service = service
        self._output = output
        self._send_kill = send_kill
        self._give_up = give_up
        self._release = release
        self._loop = asyncio.get_running_loop()
        self._begun = self._loop.time()
        self._started: asyncio.Future[int | None] = self._loop.create_future()
        self._exited = asyncio.Event()
        self._gone = asyncio.Event()
        self._status: ExitStatus | None = None
        self._master: int | None = None
        self._readable: asyncio.Future[None] | None = None
        self._deadline: asyncio.TimerHandle | None = None
        self._remaining_s: float | None = None
        self._moving = asyncio.Event()  # cleared while the sandbox is frozen
        self._moving.set()
        self._thaws = 0
        self.timed_out = False
        self.quota_exceeded = False
        self.oom_killed = False
        self.memory_kills_before = 0

    @property
    def call_id(self) -> int:
        """Number of the call within its sandbox."""
        return self._call_id

    @property
    def master_fd(self) -> int | None:
        """The terminal's master, which the caller owns."""
        return self._master

    @property
    def exited(self) -> bool:
        """Whether the command itself has ended."""
        return self._exited.is_set()

    @property
    def gone(self) -> bool:
        """Whether no process of the call is left."""
        return self._gone.is_set()

    async def wait_started(self) -> None:
        """Wait until the supervisor has started it.

        Raises LimitReachedError when it could not, UnavailableError when it does not answer; the sandbox ends then.
        """
        if not await self._in_time(lambda: asyncio.shield(self._started), START_CONFIRM_S):
            self._give_up("it did not start a command")
            raise UnavailableError("The sandbox did not answer.", "Run the command again; a fresh one starts.")

    async def read(self, limit: int = READ_BYTES) -> bytes:
        """The next output, b"" at its end. Raises InvalidArgumentError on a terminal or when somebody else is reading."""
        if self._master is not None:
            raise InvalidArgumentError("A command on a terminal is read through its terminal.")
        if self._readable is not None:
            raise InvalidArgumentError("Another reader is waiting for this command's output.")
        while self._output is not None:
            ended = self._exited.is_set()
            try:
                data = os.read(self._output, limit)
            except BlockingIOError:
                if ended:
                    break
                await self._wait_readable(self._output)
                continue
            except OSError:
                break
            if data:
                return data
            break
        self.close()
        return b""

    async def wait(self) -> ExitStatus:
        """How it ended; after a deadline only once its whole tree is gone."""
        await self._exited.wait()
        if self.timed_out or self.quota_exceeded:
            await self._gone.wait()
        assert self._status is not None
        return self._status

    async def kill(self, signum: int = SIGKILL) -> None:
        """Signal the whole tree; SIGKILL returns when none of it is left. The sandbox ends if that takes five seconds.

        What is frozen gets the signal when it goes on, before anything else; then this returns at once.
        """
        if self._gone.is_set():
            return
        self._send_kill(self._call_id, signum)
        if signum != SIGKILL or not self._moving.is_set():
            return
        if not await self._in_time(self._gone.wait, KILL_CONFIRM_S):
            self._give_up("it did not end a command")

    async def wait_gone(self) -> None:
        """Wait until no process of it is left."""
        await self._gone.wait()

    def close(self) -> None:
        """Read no more; what is printed from now on is discarded inside the sandbox."""
        if self._output is None:
            return
        self._loop.remove_reader(self._output)
        os.close(self._output)
        self._output = None
        self._wake_reader()
        if not self._gone.is_set():
            self._release(self._call_id)

    def __del__(self) -> None:
        """A caller that never read must not leave a descriptor behind; nobody is waiting for it any more."""
        if self._output is not None:
            os.close(self._output)

    # What the sandbox tells it

    def set_started(self, master: int | None) -> None:
        """The command's processes exist; `master` is the terminal's, None on pipes."""
        if self._started.done():
            if master is not None:
                os.close(master)
            return
        self._master = master
        self._started.set_result(master)

    def set_failed(self, number: int) -> None:
        """The supervisor could not start it."""
        if not self._started.done():
            reason = os.strerror(number) if number else "unknown reason"
            if number == errno.EAGAIN:
                reason = "this agent has as many processes as it may have"
            self._started.set_exception(
                LimitReachedError(
                    f"The command could not be started: {reason}.",
                    "End other commands of this agent or raise its limits.",
                )
            )
            self._started.exception()
        self.set_exited(-SIGKILL)
        self.set_gone()

    def set_exited(self, status: int) -> None:
        """The command ended with this exit code, or with minus a signal."""
        if self._exited.is_set():
            return
        self._cancel_deadline()
        self._status = ExitStatus(
            code=128 - status if status < 0 else status,
            signal=-status if status < 0 else None,
            timed_out=self.timed_out,
            quota_exceeded=self.quota_exceeded,
            oom_killed=self.oom_killed,
            duration_s=self._loop.time() - self._begun,
        )
        self._exited.set()
        self._wake_reader()

    def set_gone(self) -> None:
        """No process of it is left."""
        self.set_exited(-SIGKILL)
        if not self._started.done():
            self._started.set_exception(
                UnavailableError("The sandbox ended before the command began.", "Run it again.")
            )
            self._started.exception()
        self._gone.set()
        self._moving.set()

    def arm(self, deadline_s: float) -> None:
        """Kill the tree after so many seconds."""
        self._remaining_s = deadline_s
        if self._moving.is_set():
            self._run_deadline()

    def pause(self) -> None:
        """The sandbox is frozen: its time stands still."""
        self._moving.clear()
        if self._deadline is not None:
            self._remaining_s = max(0.0, self._deadline.when() - self._loop.time())
            self._deadline.cancel()
            self._deadline = None

    def resume(self) -> None:
        """The sandbox goes on."""
        self._thaws += 1
        self._moving.set()
        self._run_deadline()

    def _run_deadline(self) -> None:
        if self._remaining_s is not None and self._deadline is None and not self._exited.is_set():
            self._deadline = self._loop.call_later(self._remaining_s, self._on_deadline)

    def end_for_quota(self) -> None:
        """The disk quota is used up: kill the tree and say so."""
        if not self._gone.is_set():
            self.quota_exceeded = True
            self._send_kill(self._call_id, SIGKILL)

    def _on_deadline(self) -> None:
        self._deadline = None
        self._remaining_s = None
        if not self._exited.is_set():
            self.timed_out = True
            self._send_kill(self._call_id, SIGKILL)
            self._deadline = self._loop.call_later(KILL_CONFIRM_S, self._on_deadline_ignored)

    def _on_deadline_ignored(self) -> None:
        self._deadline = None
        if not self._gone.is_set():
            self._give_up("it did not end a command")

    def _cancel_deadline(self) -> None:
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None
        self._remaining_s = None

    async def _in_time(self, waiting: Callable[[], Awaitable[object]], limit_s: float) -> bool:
        """Whether it came within so many seconds; they are counted anew where the sandbox was frozen meanwhile."""
        while True:
            thaws = self._thaws
            try:
                async with asyncio.timeout(limit_s):
                    await waiting()
                return True
            except TimeoutError:
                if self._moving.is_set() and self._thaws == thaws:
                    return False
            await self._moving.wait()

    async def _wait_readable(self, descriptor: int) -> None:
        self._readable = self._loop.create_future()
        self._loop.add_reader(descriptor, self._wake_reader)
        try:
            await self._readable
        finally:
            self._readable = None
            if self._output is not None:
                self._loop.remove_reader(descriptor)

    def _wake_reader(self) -> None:
        if self._readable is not None and not self._readable.done():
            self._readable.set_result(None)
