"""The desktop's entry: `aether`, `make run`, `python -m aether_desktop`.

Order of the start, chosen so that the first frame comes early: instance lock (a second start raises the first and leaves), QApplication,
theme, main window with the splash, first frame; then the kernel's thread, stores, and the windows of the last time.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path


def main() -> int:
    """Open the desktop. Returns the exit code."""
    import kernel

    expected = Path(__file__).resolve().parent.parent / "kernel"
    found = Path(str(kernel.__file__)).resolve().parent
    if found != expected:
        print(f"aether: another package named 'kernel' is in the way: {found}", file=sys.stderr)  # noqa: T201  # no window yet
        return 1
    from kernel.errors import AetherError
    from kernel.gateway.instance import InstanceLock, control_socket, raise_running
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
        print(f"aether: {error}", file=sys.stderr)  # noqa: T201  # no window yet
        from aether_desktop.failure import show_failure

        return show_failure(error)
    if not first:
        if raise_running(control_socket(paths.runtime)):
            return 0
        print(  # noqa: T201  # no window yet
            f"aether: {paths.root} is in use by `aether run` or `aether serve`, which have no window; wait for it or end it first",
            file=sys.stderr,
        )
        return 1
    from aether_desktop.bootstrap import run_desktop

    return run_desktop(paths, dict(os.environ))


if __name__ == "__main__":
    sys.exit(main())
