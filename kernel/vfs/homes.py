"""New homes: an agent's folder, its private /tmp, and the names by which both are known inside and outside.

Blocking: the process manager calls `create` in a thread. The files belong to whoever runs Aether; the sandbox maps that owner to its user.
"""

import shutil
from dataclasses import dataclass
from pathlib import Path

from kernel.errors import StorageError
from kernel.paths import Paths

FOLDERS = ("Desktop", "Documents", "Downloads", "Projects", ".config")
PROFILE = "export PATH=$HOME/.local/bin:$PATH\nPS1='\\[\\e[32m\\]➜\\[\\e[0m\\] \\[\\e[36m\\]\\w\\[\\e[0m\\] '\n"


@dataclass(frozen=True, slots=True)
class Home:
    """An agent's folders: `path` and `tmp` on the host, `guest_path` inside."""

    pid: int
    uid: str
    path: Path
    tmp: Path
    guest_path: str


class Homes:
    """Knows and makes the homes below the root folder."""

    def __init__(self, paths: Paths) -> None:
        self._paths = paths

    def of(self, pid: int) -> Home:
        """The home of a pid, whether it exists or not."""
        uid = f"agent_{pid}"
        return Home(pid, uid, self._paths.homes / uid, self._paths.tmp / uid, f"/home/{uid}")

    def create(self, pid: int) -> Home:
        """Make the home. Raises StorageError; nothing is left of a home that could not be made whole."""
        home = self.of(pid)
        try:
            home.path.mkdir(mode=0o750)
            for folder in FOLDERS:
                (home.path / folder).mkdir()
            (home.path / ".profile").write_text(PROFILE)
            home.tmp.mkdir(mode=0o770, exist_ok=True)
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
