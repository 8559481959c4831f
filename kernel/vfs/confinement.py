"""Opening files below a folder and nowhere else, whatever links and races lie inside.

The operating system resolves: openat2 with RESOLVE_BENEATH and RESOLVE_NO_MAGICLINKS, or, where the kernel has no openat2, a walk
from descriptor to descriptor with O_NOFOLLOW (then links inside are refused as well). Called by `tree`; `open_kept` also by whoever
keeps a folder by its path for long.
"""

import ctypes
import errno
import os
import platform
import stat
from pathlib import Path

from kernel.errors import InvalidArgumentError, NotFoundError, PermissionDeniedError, StorageError

RESOLVE_NO_MAGICLINKS = 0x02
RESOLVE_BENEATH = 0x08
_SYS_OPENAT2 = 437
_AT_RETRY = 32

#: (st_dev, st_ino) of a folder.
Identity = tuple[int, int]
#: What no folder has.
NO_FOLDER: Identity = (-1, -1)
_ANEW = "Put the folder back, or deploy a new agent with the folder that is meant."


class _OpenHow(ctypes.Structure):
    _fields_ = [("flags", ctypes.c_uint64), ("mode", ctypes.c_uint64), ("resolve", ctypes.c_uint64)]


def clean(path: str) -> str:
    """A relative path without empty and "." parts. Raises InvalidArgumentError (NUL, too long), PermissionDeniedError ("..")."""
    if "\x00" in path:
        raise InvalidArgumentError("A path cannot hold a NUL character.")
    parts = [part for part in path.split("/") if part not in ("", ".")]
    if ".." in parts:
        raise PermissionDeniedError(f"{path[:200]} leads out with '..'.", "Name the path from its top.")
    if any(len(part.encode(errors="surrogateescape")) > 255 for part in parts) or len(path) > 4096:
        raise InvalidArgumentError("The path is too long.")
    return "/".join(parts)


def open_below(root_fd: int, path: str, flags: int, mode: int = 0o644) -> int:
    """A descriptor of `path` below the folder `root_fd`, never blocking on a pipe or device, close-on-exec.

    Raises NotFoundError, PermissionDeniedError, StorageError.
    """
    flags |= os.O_CLOEXEC
    if not flags & os.O_PATH:
        flags |= os.O_NONBLOCK | os.O_NOCTTY
    relative = clean(path) or "."
    try:
        return _openat2(root_fd, relative, flags, mode)
    except OSError as error:
        if error.errno == errno.ENOSYS:
            return _walk(root_fd, relative, flags, mode)
        raise translate(error, path) from error


def open_kept(path: Path, identity: Identity | None) -> int:
    """A descriptor (O_PATH) of a folder that was found at a real path earlier: no part of the path is a link, whoever changed it since.

    path: absolute, all links resolved when it was kept. identity: what it was then; None takes what is there. Raises NotFoundError where
    it is gone, PermissionDeniedError where it is a link or another folder now.
    """
    flags = os.O_PATH | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
    current = os.open("/", flags)
    try:
        for part in path.parts[1:]:
            try:
                following = os.open(part, flags, dir_fd=current)
            except OSError as error:
                raise _not_kept(error, path, part, current) from error
            os.close(current)
            current = following
        found = identity_of(current)
        if identity is not None and found != identity:
            raise PermissionDeniedError(f"{path} cannot be used: it is another folder than the one that was mounted.", _ANEW)
    except BaseException:
        os.close(current)
        raise
    return current


def identity_of(descriptor: int) -> Identity:
    """Which folder a descriptor is of."""
    status = os.fstat(descriptor)
    return status.st_dev, status.st_ino


def _not_kept(error: OSError, path: Path, part: str, folder: int) -> Exception:
    """The sentence for a part of a kept path that is no folder any more."""
    if error.errno == errno.ENOENT:
        return NotFoundError(f"{path} cannot be used: it is not there any more.", _ANEW)
    if error.errno not in (errno.ENOTDIR, errno.ELOOP):
        return translate(error, str(path))
    try:
        linked = stat.S_ISLNK(os.stat(part, dir_fd=folder, follow_symlinks=False).st_mode)
    except OSError:
        linked = False
    what = "a link" if linked else "no folder"
    return PermissionDeniedError(f"{path} cannot be used: {part} in it is {what} now, which it was not when it was mounted.", _ANEW)


def open_regular(root_fd: int, path: str, flags: int, mode: int = 0o644) -> int:
    """Like `open_below`, and what was opened is a regular file: no folder, pipe, socket or device."""
    fd = open_below(root_fd, path, flags, mode)
    status = os.fstat(fd)
    if stat.S_ISREG(status.st_mode):
        return fd
    os.close(fd)
    kind = "a folder" if stat.S_ISDIR(status.st_mode) else "not a regular file"
    raise InvalidArgumentError(f"{path} is {kind}.", "Only regular files have content.")


def translate(error: OSError, path: str) -> Exception:
    """The sentence for what the operating system answered."""
    match error.errno:
        case errno.ENOENT | errno.ENOTDIR:
            return NotFoundError(f"There is no {path}.")
        case errno.EXDEV | errno.ELOOP:
            return PermissionDeniedError(f"{path} leads out of what may be seen here.")
        case errno.EACCES | errno.EPERM:
            return PermissionDeniedError(f"{path} may not be touched: {error.strerror}.")
        case errno.EROFS:
            return PermissionDeniedError(f"{path} is read-only.")
        case errno.ENOSPC | errno.EDQUOT:
            return StorageError("The disk is full.", "Remove something, then try again.")
        case errno.EEXIST:
            return InvalidArgumentError(f"{path} exists already.")
        case errno.ENOTEMPTY:
            return InvalidArgumentError(f"{path} is not empty.")
        case errno.EISDIR:
            return InvalidArgumentError(f"{path} is a folder.")
        case errno.ENXIO:
            return InvalidArgumentError(f"{path} is not a regular file.")
        case _:
            return InvalidArgumentError(f"{path}: {error.strerror or error}.")


def _openat2(root_fd: int, path: str, flags: int, mode: int) -> int:
    if platform.system() != "Linux":
        raise OSError(errno.ENOSYS, "no openat2")
    libc = ctypes.CDLL(None, use_errno=True)
    creating = flags & os.O_CREAT
    how = _OpenHow(flags, mode if creating else 0, RESOLVE_BENEATH | RESOLVE_NO_MAGICLINKS)
    for _ in range(_AT_RETRY):
        fd = libc.syscall(
            _SYS_OPENAT2, root_fd, os.fsencode(path), ctypes.byref(how), ctypes.c_size_t(ctypes.sizeof(how))
        )
        if fd >= 0:
            return int(fd)
        code = ctypes.get_errno()
        if code != errno.EAGAIN:  # a rename raced with the resolution: ask again
            raise OSError(code, os.strerror(code))
    raise OSError(errno.EAGAIN, "the path keeps changing")


def _walk(root_fd: int, path: str, flags: int, mode: int) -> int:
    parts = [part for part in path.split("/") if part != "."]
    current = os.dup(root_fd)
    try:
        for part in parts[:-1]:
            following = os.open(part, os.O_PATH | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC, dir_fd=current)
            os.close(current)
            current = following
        return os.open(parts[-1] if parts else ".", flags | os.O_NOFOLLOW, mode, dir_fd=current)
    except OSError as error:
        raise translate(error, path) from error
    finally:
        os.close(current)
