"""The desktop's entry: `aether`, `make run`, `python -m aether_desktop`.

Order of the start, chosen so that the first frame comes early: instance lock (a second start raises the first and leaves), QApplication,
theme, main window with the splash, first frame; then the kernel's thread, stores, and the windows of the last time.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from kernel.errors import AetherError


def main() -> int:
    """Open the desktop. Returns the exit code."""
    import kernel

    expected = Path(__file__).resolve().parent.parent / "kernel"
    found = Path(str(kernel.__file__)).resolve().parent
    if found != expected:
        print(f"aether: another package named 'kernel' is in the way: {found}", file=sys.stderr)  # noqa: T201  # no window yet
        return 1
    from kernel.errors import AetherError
    from kernel.gateway.instance import InstanceLock, control_socket, raise_running, silence_of
    from kernel.paths import Paths, default_root
    from kernel.store.place import require_files

    paths = Paths(default_root(dict(os.environ)))
    lock = InstanceLock(paths.runtime / "lock")
    try:
        paths.create()
        first = lock.acquire()
        if first:
            require_files(paths.database)
    except AetherError as error:
        lock.release()
        return _refuse(error)
    if not first:
        try:
            raised = raise_running(control_socket(paths.runtime))
        except AetherError as error:
            return _refuse(error)
        return 0 if raised else _refuse(silence_of(paths.root, paths.state))
    from aether_desktop.bootstrap import run_desktop

    return run_desktop(paths, dict(os.environ), lock)


def _refuse(error: AetherError) -> int:
    """Say why there is no desktop, on the screen too: from a menu nobody sees a terminal. Returns the exit code."""
    print(f"aether: {error}", file=sys.stderr)  # noqa: T201  # no window yet
    from aether_desktop.failure import show_failure

    return show_failure(error)


if __name__ == "__main__":
    sys.exit(main())
