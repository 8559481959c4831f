"""Where the folders of this machine really lie: the file system and the place in it, whatever they are mounted as.

Two names of one folder, as bind mounts make them, have one place. Read from the system's table of mounts by `mountable` alone; where
there is no such table, nothing is known and nothing is said.
"""

import os
import re
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

MOUNT_TABLE = Path("/proc/self/mountinfo")
_ESCAPED = re.compile(rb"\\([0-7]{3})")


@dataclass(frozen=True, slots=True)
class Place:
    """A folder of a file system. device: "major:minor". path: from the top of that file system."""

    device: str
    path: PurePosixPath

    def overlaps(self, other: "Place") -> bool:
        """Whether one of the two is the other or lies in it."""
        return self.device == other.device and (self.path.is_relative_to(other.path) or other.path.is_relative_to(self.path))


@dataclass(frozen=True, slots=True)
class _Mounted:
    at: PurePosixPath
    place: Place


class MountTable:
    """What is mounted, as it was when this was read."""

    def __init__(self, table: Path = MOUNT_TABLE) -> None:
        self._mounts = _read(table)

    def places(self, folder: Path) -> tuple[Place, ...]:
        """Where a folder without links in its path lies, and what is mounted below it. Empty where nothing is known."""
        real = PurePosixPath(folder)
        around = [mount for mount in self._mounts if real.is_relative_to(mount.at)]
        found = [mount.place for mount in self._mounts if mount.at != real and mount.at.is_relative_to(real)]
        if around:
            deepest = max(len(mount.at.parts) for mount in around)
            mount = [each for each in around if len(each.at.parts) == deepest][-1]  # the last one lies over those before
            found.append(Place(mount.place.device, mount.place.path / real.relative_to(mount.at)))
        return tuple(found)


def _read(table: Path) -> tuple[_Mounted, ...]:
    try:
        lines = table.read_bytes().splitlines()
    except OSError:
        return ()
    found: list[_Mounted] = []
    for line in lines:
        words = line.split(b" ")
        if len(words) >= 5 and words[3].startswith(b"/") and words[4].startswith(b"/"):
            place = Place(words[2].decode("ascii", "replace"), _path(words[3]))
            found.append(_Mounted(_path(words[4]), place))
    return tuple(found)


def _path(word: bytes) -> PurePosixPath:
    return PurePosixPath(os.fsdecode(_ESCAPED.sub(lambda code: bytes((int(code[1], 8) & 0xFF,)), word)))
