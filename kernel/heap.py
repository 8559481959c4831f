"""Keeps full collections of Python's garbage short, so that they do not hold up the loops of the kernel and the window.

A full collection visits every object there is: 70 ms and more for an open desktop, although nearly all of it is modules and classes that
live as long as the process. What has been loaded is therefore set aside once the kernel has started, and once more when what is loaded
late has come; then what nobody needs any more is freed before, since what is set aside is never looked at again. Owned by the kernel;
knows nothing of agents.
"""

import asyncio
import gc

SETTLED_AFTER_S = 5.0
PYTHONS_OWN = 1_000
"""Objects that an interpreter may have set aside by itself (3.12: 375); a program has tens of thousands."""


class LoadedHeap:
    """Sets aside what the program consists of; `start` on the kernel's loop, `stop` at its end."""

    def __init__(self, *, settled_after_s: float = SETTLED_AFTER_S) -> None:
        self._settled_after_s = settled_after_s
        self._handle: asyncio.TimerHandle | None = None

    def start(self) -> None:
        """Set aside what is there now, and later what was loaded after it.

        Once for each process: where a kernel has done so before, what came since is no longer what the program consists of.
        """
        if gc.get_freeze_count() > PYTHONS_OWN:
            return
        gc.freeze()
        self._handle = asyncio.get_running_loop().call_later(self._settled_after_s, _set_aside)

    def stop(self) -> None:
        """Set nothing more aside."""
        if self._handle is not None:
            self._handle.cancel()
            self._handle = None


def _set_aside() -> None:
    gc.collect()
    gc.freeze()
