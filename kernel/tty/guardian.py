"""Ends what runs in the person's shells as soon as Aether is gone, however it went.

One small `sh` for all shells, started with the first one: it reads which sessions there are from a pipe whose other end Aether
alone holds, and at the pipe's end hangs those sessions up and kills what is left after 0.3 s. The system hangs terminals up by
itself then, but whoever ignores SIGHUP would live on. Owned by `shell_sessions`; Linux only, since it reads /proc. What it
misses (somebody killed it too) the next start ends: `leftovers`, which also says why a program with a session of its own is let be.
"""

import asyncio
import contextlib
import os

from kernel.log import get_logger
from kernel.tty.child import Child, start_apart
from kernel.tty.exit_watch import Stop, watch_exit

#: Reads "+ SESSION START" and "- SESSION START". START is the leader's, in clock ticks: a number that has become another's is let be.
#: `##*) ` takes the last parenthesis: a program's name, which comes before it, may hold parentheses, spaces and line ends.
#: All get a signal, parents first, before any gets the next: see `sessions.END`. Without `sort` the order of the folder must do.
SCRIPT = r"""trap '' HUP INT QUIT TERM PIPE ALRM USR1 USR2 TSTP TTIN TTOU
cd /
inspect() {
  text=
  while IFS= read -r line || [ "$line" ]; do text="$text$line "; done <"/proc/$1/stat" || return 1
  set -- ${text##*) }
  state=$1 session=$4 started=${20}
  [ "$started" ]
}
signal_all() {
  found=
  for folder in /proc/[0-9]*; do
    pid=${folder#/proc/}
    inspect "$pid" || continue
    case $state in [ZX]) continue ;; esac
    case $shells in *" $session:"*) ;; *) continue ;; esac
    leader=$session began=${shells#*" $session:"} row="$started:$pid"
    began=${began%% *}
    [ "$started" -ge "$began" ] || continue
    if inspect "$leader" && [ "$started" != "$began" ]; then continue; fi
    found="$found $row"
  done
  [ "$found" ] || return 1
  ordered=$(printf '%s\n' $found | sort -t: -k1n -k2n)
  for name; do
    for row in ${ordered:-$found}; do
      inspect "${row#*:}" && [ "$started" = "${row%:*}" ] && kill -s "$name" "${row#*:}"
    done
  done
  :
}
shells=' '
while read -r change session started; do
  entry=" $session:$started "
  case $change$shells in
    +*) shells="$shells${entry# }" ;;
    -*"$entry"*) shells="${shells%%"$entry"*} ${shells#*"$entry"}" ;;
  esac
done
[ "$shells" = ' ' ] && exit
signal_all HUP CONT || exit
sleep 0.3
for round in 1 2 3 4 5 6 7 8 9 10; do
  signal_all STOP KILL || exit
  sleep 0.05
done
"""
END_WAIT_S = 2.0
_log = get_logger(__name__)


class Guardian:
    """Knows the sessions that must not outlive this process. Not started before the first one; started anew when somebody ended it."""

    def __init__(self) -> None:
        self._guarded: dict[int, int] = {}
        self._pipe: int | None = None
        self._child: Child | None = None
        self._stop_watching: Stop | None = None
        self._ended = asyncio.Event()

    @property
    def pid(self) -> int | None:
        """The number of its process while it runs."""
        return self._child.pid if self._child is not None else None

    def guard(self, session: int, started: int) -> None:
        """End a session when this process dies. started: its leader's start in clock ticks since boot. Never raises."""
        self._guarded[session] = started
        self._tell(f"+ {session} {started}\n")

    def release(self, session: int) -> None:
        """A session is over, or about to be reaped."""
        started = self._guarded.pop(session, None)
        if started is not None and self._pipe is not None:
            self._tell(f"- {session} {started}\n")

    async def close(self) -> None:
        """End it; what is left of sessions that were not released goes first. Returns after 2 s at the latest."""
        child = self._child
        self._close_pipe()
        if child is not None:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(END_WAIT_S):
                    await self._ended.wait()
            if self._stop_watching is not None:
                self._stop_watching()

    def _tell(self, line: str) -> None:
        try:
            if self._pipe is not None:
                self._write(line)
                return
        except BrokenPipeError:  # somebody has ended it
            self._close_pipe()
        if self._guarded:
            try:
                self._start()
            except OSError as error:
                self._close_pipe()
                _log.warning("terminals have no guardian: %s", error.strerror)

    def _start(self) -> None:
        """With all the sessions there are. Raises OSError; then it does not run."""
        reading, writing = os.pipe()
        os.set_blocking(writing, False)
        environment = {"GUARDIAN": SCRIPT, "PATH": os.environ.get("PATH", os.defpath), "LC_ALL": "C"}
        try:
            child = start_apart(("/bin/sh", "-c", 'eval "$GUARDIAN"', "aether-guardian"), environment, {0: reading})
        except OSError:
            os.close(writing)
            raise
        finally:
            os.close(reading)
        self._child, self._pipe = child, writing
        self._ended.clear()
        self._stop_watching = watch_exit(child.pid, lambda _: self._on_end(child))
        for session, started in self._guarded.items():
            self._write(f"+ {session} {started}\n")

    def _write(self, line: str) -> None:
        """Raises BrokenPipeError. The pipe stays open else: its end has every session ended."""
        if self._pipe is not None:
            try:
                os.write(self._pipe, line.encode())
            except BlockingIOError:
                _log.warning("the guardian of terminals does not read")

    def _on_end(self, child: Child) -> None:
        child.poll()
        if self._child is child:
            self._close_pipe()
            self._child = self._stop_watching = None
            self._ended.set()

    def _close_pipe(self) -> None:
        if self._pipe is not None:
            os.close(self._pipe)
            self._pipe = None
