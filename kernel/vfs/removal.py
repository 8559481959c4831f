"""Removing a folder with all in it, however deep an agent has made it.

Called by `tree` and `homes` in a thread. Neither recursion nor one descriptor a level: each folder's own folders are first moved up to the
top, so that two descriptors are enough for a tree that no path can name. Links are removed, never followed.
"""

import os
import secrets
import stat

_OPEN = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC


def remove(parent: int, name: str) -> None:
    """Remove `name` from the folder `parent` (a descriptor): a file, a link, or a folder with all in it. Raises OSError."""
    status = os.stat(name, dir_fd=parent, follow_symlinks=False)
    if not stat.S_ISDIR(status.st_mode):
        os.unlink(name, dir_fd=parent)
        return
    top = _open(parent, name)
    try:
        while folders := _unlink_files(top):
            for folder in folders:
                _flatten(top, folder)
    finally:
        os.close(top)
    os.rmdir(name, dir_fd=parent)


def _unlink_files(folder: int) -> list[str]:
    """Remove what is no folder; the names of the folders."""
    folders: list[str] = []
    with os.scandir(folder) as entries:
        for entry in entries:
            if entry.is_dir(follow_symlinks=False):
                folders.append(entry.name)
            else:
                os.unlink(entry.name, dir_fd=folder)
    return folders


def _flatten(top: int, name: str) -> None:
    """Empty the folder `name` of `top` by moving its folders up, then remove it."""
    folder = _open(top, name)
    try:
        for inner in _unlink_files(folder):
            os.close(_open(folder, inner))
            os.rename(inner, f".{secrets.token_hex(8)}.part", src_dir_fd=folder, dst_dir_fd=top)
    finally:
        os.close(folder)
    os.rmdir(name, dir_fd=top)


def _open(parent: int, name: str) -> int:
    """A folder's descriptor, with the right to empty it where it is ours."""
    status = os.stat(name, dir_fd=parent, follow_symlinks=False)
    if stat.S_IMODE(status.st_mode) & 0o700 != 0o700 and stat.S_ISDIR(status.st_mode):
        os.chmod(name, 0o700, dir_fd=parent)
    return os.open(name, _OPEN, dir_fd=parent)
