"""To whom belongs what Aether makes in somebody else's folder: to the folder's owner, not to Aether.

Where Aether is root and the file system cannot map owners, an agent's home belongs to a user of the agent's own on disk, and the agent
could not change what root made in it. Called by `tree` alone, with descriptors that it has opened below its folder.
"""

import contextlib
import os

_ACL = "system.posix_acl_access"


def settle_file(file: int, folder: int, name: str, mode: int) -> None:
    """Give a new file, before it gets its name, the owner and the permission bits that it is to have.

    file, folder: descriptors. name: what it will be called; a file that it replaces keeps its owner, another one has the folder's.
    Raises OSError.
    """
    try:
        model = os.stat(name, dir_fd=folder, follow_symlinks=False)
    except FileNotFoundError:
        model = os.fstat(folder)
        mode = _masked(file, mode)
    _give(file, model)
    os.fchmod(file, mode)


def settle_folder(folder: int, name: str) -> None:
    """Give the folder `name`, just made in `folder`, its owner. Raises OSError."""
    made = os.open(name, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC, dir_fd=folder)
    try:
        if os.fstat(made).st_uid != os.geteuid():
            return  # somebody was quicker and has put a folder of their own there
        _give(made, os.fstat(folder))
        mode = os.fstat(made).st_mode & 0o7777
        if _masked(made, mode) != mode:
            os.fchmod(made, _masked(made, mode))
    finally:
        os.close(made)


def _give(descriptor: int, model: os.stat_result) -> None:
    """Only root can give things away; everybody else's are their own anyway."""
    found = os.fstat(descriptor)
    if os.geteuid() == 0 and (found.st_uid, found.st_gid) != (model.st_uid, model.st_gid):
        os.fchown(descriptor, model.st_uid, model.st_gid)


def _masked(descriptor: int, mode: int) -> int:
    """The bits under which those named in an inherited access list have what the owner has: the group's bits are its mask."""
    with contextlib.suppress(OSError, AttributeError):
        os.getxattr(descriptor, _ACL)
        return mode | (mode & 0o700) >> 3
    return mode
