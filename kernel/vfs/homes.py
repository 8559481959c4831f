"""New homes: an agent's folder, its private /tmp, and the names by which both are known inside and outside.

Blocking: the process manager calls `create` in a thread. The files belong to whoever runs Aether; the sandbox maps that owner to its user.
"""

import os
from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from pathlib import Path

from kernel.errors import StorageError
from kernel.paths import Paths
from kernel.vfs import removal
from kernel.vfs.unfinished import Unfinished

FOLDERS = ("Desktop", "Documents", "Downloads", "Projects", ".config")
PROFILE = "export PATH=$HOME/.local/bin:$PATH\nPS1='\\[\\e[32m\\]➜\\[\\e[0m\\] \\[\\e[36m\\]\\w\\[\\e[0m\\] '\n"


@dataclass(frozen=True, slots=True)
class Home:
    """An agent's folders: `path` and `tmp` on the host, `guest_path` inside. unfinished: notes what is being written for the agent."""

    pid: int
    uid: str
    path: Path
    tmp: Path
    guest_path: str
    unfinished: Unfinished | None = field(default=None, compare=False, repr=False)


class Homes:
    """Knows and makes the homes below the root folder."""

    def __init__(self, paths: Paths) -> None:
        self._paths = paths
        self.unfinished = Unfinished(paths.unfinished)

    def of(self, pid: int) -> Home:
        """The home of a pid, whether it exists or not."""
        uid = f"agent_{pid}"
        return Home(pid, uid, self._paths.homes / uid, self._paths.tmp / uid, f"/home/{uid}", self.unfinished)

    def create(self, pid: int) -> Home:
        """Make the home. Raises StorageError; nothing is left of a home that could not be made whole."""
        home = self.of(pid)
        try:
            home.path.mkdir(mode=0o700)
        except OSError as error:
            raise _cannot_make(home, error) from error
        try:
            for folder in FOLDERS:
                (home.path / folder).mkdir()
            (home.path / ".profile").write_text(PROFILE)
            home.tmp.mkdir(mode=0o700, exist_ok=True)
        except OSError as error:
            self.discard(pid)
            raise _cannot_make(home, error) from error
        return home

    def highest_pid(self) -> int:
        """The highest pid that ever had a home here, whatever the database knows; 0 for none. Raises StorageError."""
        try:
            names = [*os.listdir(self._paths.homes), *os.listdir(self._paths.tmp)]
        except OSError as error:
            raise StorageError(f"{self._paths.homes} cannot be read: {error.strerror}.", "Mend its permissions.") from error
        numbers = (name.removeprefix("agent_") for name in names if name.startswith("agent_"))
        return max((int(number) for number in numbers if number.isascii() and number.isdigit() and len(number) < 12), default=0)

    def discard(self, pid: int) -> None:
        """Remove the new home of a process that could not be recorded."""
        home = self.of(pid)
        for folder in (home.path, home.tmp):
            _remove(folder)

    def clear_tmp(self, pid: int) -> None:
        """Remove the private /tmp of an agent that has ended."""
        _remove(self.of(pid).tmp)

    def left_tmp(self, living: Collection[int]) -> tuple[int, ...]:
        """The pids whose private /tmp is still there although they are not among the living: they ended with a kernel that died."""
        try:
            names = os.listdir(self._paths.tmp)
        except OSError:
            return ()
        numbers = (name.removeprefix("agent_") for name in names if name.startswith("agent_"))
        found = {int(number) for number in numbers if number.isascii() and number.isdigit() and len(number) < 12}
        return tuple(sorted(found - set(living)))

    def clear_all_tmp(self, pids: Iterable[int]) -> None:
        """Remove the private /tmp of agents that have ended."""
        for pid in pids:
            self.clear_tmp(pid)


def _remove(folder: Path) -> None:
    """Remove a folder as far as the system lets us; what cannot be removed now stays."""
    try:
        parent = os.open(folder.parent, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    except OSError:
        return
    try:
        removal.remove(parent, folder.name)
    except OSError:
        return
    finally:
        os.close(parent)


def _cannot_make(home: Home, error: OSError) -> StorageError:
    return StorageError(
        f"The home {home.path} could not be made: {error.strerror or error}.",
        "Free some space or mend the permissions of Aether's folder.",
    )
