"""New homes: an agent's folder, its private /tmp, and the names by which both are known inside and outside.

Blocking: the process manager calls `create` in a thread. Started as root, the files belong to the agent's own unprivileged user.
"""

import os
import shutil
from dataclasses import dataclass
from pathlib import Path

from kernel.errors import StorageError
from kernel.paths import Paths

FOLDERS = ("Desktop", "Documents", "Downloads", "Projects", ".config")
PROFILE = "export PATH=$HOME/.local/bin:$PATH\nPS1='\\[\\e[32m\\]➜\\[\\e[0m\\] \\[\\e[36m\\]\\w\\[\\e[0m\\] '\n"
FIRST_UID = 200_000
UID_SPAN = 60_000


@dataclass(frozen=True, slots=True)
class Home:
    """An agent's folders: `path` and `tmp` on the host, `guest_path` inside."""

    pid: int
    uid: str
    path: Path
    tmp: Path
    guest_path: str
    owner: tuple[int, int] | None


class Homes:
    """Knows and makes the homes below the root folder."""

    def __init__(self, paths: Paths) -> None:
        self._paths = paths

    def of(self, pid: int) -> Home:
        """The home of a pid, whether it exists or not."""
        uid = f"agent_{pid}"
        host_uid = FIRST_UID + pid % UID_SPAN
        owner = (host_uid, host_uid) if os.geteuid() == 0 else None
        return Home(pid, uid, self._paths.homes / uid, self._paths.tmp / uid, f"/home/{uid}", owner)

    def create(self, pid: int) -> Home:
        """Make the home. Raises StorageError; nothing is left of a home that could not be made whole."""
        home = self.of(pid)
        try:
            home.path.mkdir(mode=0o750)
            for folder in FOLDERS:
                (home.path / folder).mkdir()
            (home.path / ".profile").write_text(PROFILE)
            home.tmp.mkdir(mode=0o770, exist_ok=True)
            _give(home)
        except OSError as error:
            shutil.rmtree(home.path, ignore_errors=True)
            raise StorageError(
                f"The home {home.path} could not be made: {error.strerror or error}.",
                "Free some space or mend the permissions of Aether's folder.",
            ) from error
        return home

    def clear_tmp(self, pid: int) -> None:
        """Remove the private /tmp of an agent that has ended."""
        shutil.rmtree(self.of(pid).tmp, ignore_errors=True)


def _give(home: Home) -> None:
    if home.owner is None:
        return
    for path in (home.path, home.tmp, home.path / ".profile", *(home.path / folder for folder in FOLDERS)):
        os.chown(path, *home.owner)
