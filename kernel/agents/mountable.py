"""Which folders of this machine an agent may be given as a workspace. Called by `workplace` before an agent is deployed and as it works.

A folder is judged by where it really is, all links followed: nothing of Aether's own root, no matter by which name, and nothing that the
system makes up. What was judged at the deployment is what is kept: the real path, in which no link may lie from then on.
"""

import os
import re
import stat
from collections.abc import Iterator, Sequence
from pathlib import Path

import msgspec

from kernel.agents.mount_table import MOUNT_TABLE, MountTable
from kernel.errors import InvalidArgumentError, PermissionDeniedError
from kernel.paths import Paths
from kernel.protocol.records import WorkspaceMount

#: What the kernel of the machine makes up, and what every sandbox has its own of; memory that programs share is like any other folder.
SYSTEM_FOLDERS = (Path("/proc"), Path("/sys"), Path("/dev"))
SHARED_MEMORY = Path("/dev/shm")
MOST_LINKS = 40
#: What each agent has of its own, and what lies above.
_OWN = re.compile(r"/|/tmp|/home(?:/agent_\d+)?")


def host_folder(mount: WorkspaceMount) -> Path:
    """The folder as it is named, `~` replaced. Raises InvalidArgumentError where nobody has that home."""
    try:
        return Path(mount.host_path).expanduser()
    except RuntimeError as error:
        raise InvalidArgumentError(f"{mount.host_path} cannot be mounted: nobody has that home.", "Name the folder from /.") from error


def guest_folder(mount: WorkspaceMount, home: str) -> str:
    """Where the agent sees it: an absolute path without "." and empty parts, so that each path in it is known to lie in it.

    home: the guest path of the agent's home, which relative names and those from `~` begin with.
    """
    path = mount.guest_path.removeprefix("~/") if mount.guest_path != "~" else ""
    parts = f"{'' if path.startswith('/') else home}/{path}".split("/")
    return "/" + "/".join(part for part in parts if part not in ("", "."))


def check_mount(mount: WorkspaceMount, paths: Paths, *, table: Path = MOUNT_TABLE) -> WorkspaceMount:
    """The mount by the real path of its folder.

    table: the system's table of mounts. Raises InvalidArgumentError for what is no folder, PermissionDeniedError for one that no agent
    may see.
    """
    if "\x00" in mount.host_path or ".." in mount.guest_path.split("/") or "\x00" in mount.guest_path:
        raise InvalidArgumentError("A folder to mount is named by a path without '..' and NUL.")
    if _OWN.fullmatch(guest_folder(mount, "/home/agent_1")):
        raise InvalidArgumentError(
            f"A folder cannot be mounted at {mount.guest_path}, which is the agent's own.", "Mount it below the home, such as at work."
        )
    if guest_folder(mount, "~").startswith("/home/"):
        raise InvalidArgumentError(
            f"A folder cannot be mounted at {mount.guest_path}: which home the agent gets is not known yet.",
            "Name the place in its home, such as ~/work.",
        )
    host = host_folder(mount)
    if not mount.host_path.strip() or not host.is_absolute():
        named = mount.host_path if mount.host_path.strip() else "An empty name"
        raise InvalidArgumentError(f"{named} is not an absolute path.", "Name the folder from /.")
    try:
        real = host.resolve(strict=True)
    except (OSError, RuntimeError) as error:  # RuntimeError: links that lead in a circle
        reason = error.strerror if isinstance(error, OSError) else "its links lead in a circle"
        raise InvalidArgumentError(f"{host} cannot be mounted: {reason}.", "Choose a folder that exists.") from error
    if not real.is_dir():
        raise InvalidArgumentError(f"{host} is not a folder.", "Mount the folder that holds it.")
    above = (real, *real.parents)
    if SHARED_MEMORY not in above and any(system in above for system in SYSTEM_FOLDERS):
        raise PermissionDeniedError(f"{host} holds no files but what the system makes up.", "Choose another folder.")
    for passed in _passed(host):
        if SHARED_MEMORY not in (passed, *passed.parents) and any(system in passed.parents for system in SYSTEM_FOLDERS):
            raise PermissionDeniedError(
                f"{host} leads through {passed}, which is what the system makes up and may lead elsewhere at any time.",
                f"Name the folder itself, such as {real}.",
            )
    refuse_own(host, paths, table=table)
    if not _is_text(real):
        raise InvalidArgumentError(f"{mount.host_path} leads to a folder whose name is no text.", "Rename the folder it leads to.")
    return msgspec.structs.replace(mount, host_path=str(real))


def check_nesting(mounts: Sequence[WorkspaceMount]) -> None:
    """Whether each folder has a place of its own, and one that is mounted within another has it there already.

    mounts: as `check_mount` returns them. Raises InvalidArgumentError: nothing is made in a folder of a person unasked.
    """
    placed: dict[str, WorkspaceMount] = {}
    for mount in mounts:
        guest = guest_folder(mount, "~")
        if guest in placed:
            raise InvalidArgumentError(
                f"{placed[guest].host_path} and {mount.host_path} cannot both be mounted at {mount.guest_path}.",
                "Choose another place for one of them.",
            )
        placed[guest] = mount
    for guest, mount in placed.items():
        holder = max((other for other in placed if guest.startswith(f"{other}/")), key=len, default="")
        if holder:
            _require_place(mount, placed[holder], guest[len(holder) + 1 :])


def _require_place(mount: WorkspaceMount, holder: WorkspaceMount, inner: str) -> None:
    refused = f"{mount.host_path} cannot be mounted at {mount.guest_path}"
    elsewhere = f"a place outside of {holder.guest_path}"
    at = Path(holder.host_path)
    for part in inner.split("/"):
        at /= part
        try:
            mode = at.lstat().st_mode
        except FileNotFoundError as error:
            raise InvalidArgumentError(
                f"{refused}: there is no {inner} in {holder.host_path}, which is mounted around it.",
                f"Make the folder {Path(holder.host_path, inner)} first, or choose {elsewhere}.",
            ) from error
        except OSError as error:
            raise InvalidArgumentError(f"{refused}: {at}: {error.strerror}.", f"Choose {elsewhere}.") from error
        if not stat.S_ISDIR(mode):
            raise InvalidArgumentError(f"{refused}: {at} is a link or no folder.", f"Choose {elsewhere}.")


def refuse_own(host: Path, paths: Paths, *, table: Path = MOUNT_TABLE) -> None:
    """Raise PermissionDeniedError where a folder lies in Aether's root or holds it, by whatever name or mount it is reached."""
    root, real = (Path(os.path.realpath(folder)) for folder in (paths.root, host))
    if real in root.parents or any(_is_same(real, parent) for parent in root.parents):
        raise PermissionDeniedError(f"{host} holds Aether's own files; an agent must not see them.", "Choose another folder.")
    if root in (real, *real.parents) or any(_is_same(folder, root) for folder in (real, *real.parents)):
        led = "" if real == host else f", where it leads to {real},"
        raise PermissionDeniedError(
            f"{host}{led} lies among Aether's own files; an agent must not see them.", f"Choose a folder outside of {root}."
        )
    mounts = MountTable(table)
    own = mounts.places(root)
    if any(place.overlaps(each) for place in mounts.places(real) for each in own):
        raise PermissionDeniedError(
            f"{host} shows Aether's own files by a bind mount; an agent must not see them.",
            "Choose a folder without that mount, or unmount it.",
        )


def _passed(host: Path) -> Iterator[Path]:
    """Every name on the way to a folder, those in the targets of links too."""
    waiting = list(host.parts[:0:-1])
    at, links = Path("/"), 0
    while waiting and links <= MOST_LINKS:
        part = waiting.pop()
        at = at.parent if part == ".." else at / part
        yield at
        try:
            target = Path(os.readlink(at))
        except OSError:
            continue
        links += 1
        at = Path("/") if target.is_absolute() else at.parent
        waiting += [name for name in reversed(target.parts) if name != "/"]


def _is_text(path: Path) -> bool:
    """Whether a name can be written down: it may be any bytes."""
    try:
        return bool(str(path).encode())
    except UnicodeEncodeError:
        return False


def _is_same(one: Path, other: Path) -> bool:
    """Whether two names are of one folder, as those of bind mounts are."""
    try:
        return os.path.samefile(one, other)
    except OSError:
        return False
