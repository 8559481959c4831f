"""The file operations below one folder of the host, each confined by `confinement`.

Blocking: called in a thread by `filesystem` and `agent_files`. Sizes are bounded; devices, pipes and links that lead out are refused.
"""

import errno
import os
import stat
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from kernel.errors import InvalidArgumentError, LimitReachedError, PermissionDeniedError
from kernel.protocol.ids import FileType
from kernel.protocol.records import FileStat
from kernel.vfs import ownership, removal
from kernel.vfs.confinement import Identity, clean, open_below, open_kept, open_regular, translate
from kernel.vfs.unfinished import Kind, Unfinished, temporary_name

MAX_FILE_BYTES = 10 * 1024 * 1024
MAX_ENTRIES = 20_000
MAX_SURVEYED = 200_000
_FOLDER = os.O_PATH | os.O_DIRECTORY


@dataclass(frozen=True, slots=True)
class Survey:
    """What lies below a folder, each path relative to it. Names keep their bytes (surrogateescape).

    folders: parents before what is in them. files: regular ones, those of more than ``MAX_FILE_BYTES`` in `large` instead.
    others: links, pipes, sockets and devices.
    """

    folders: tuple[str, ...]
    files: tuple[str, ...]
    large: tuple[str, ...]
    others: tuple[str, ...]


class Tree:
    """A folder of the host as the whole world.

    root: the host folder. read_only refuses changes. private: it belongs to one agent, so that a file in it which has more than one
    name and another owner than the folder was linked in from outside and is not read. Links that the agent makes itself have its
    owner; those to files of its own owner lie where it could read them anyway. Writing replaces the name and never its target.
    identity: which folder the root must be at every use, reached by no link; None takes what the name leads to. unfinished: where what
    is not whole yet is noted, for the start after a kill.
    """

    def __init__(
        self,
        root: Path,
        *,
        read_only: bool = False,
        private: bool = False,
        identity: Identity | None = None,
        unfinished: Unfinished | None = None,
    ) -> None:
        self._root = root
        self._unfinished = unfinished
        self._identity = identity
        self._read_only = read_only
        self._private = private

    def read(self, path: str) -> bytes:
        """A regular file's bytes. Raises LimitReachedError above 10 MB."""
        with self._root_fd() as root, _closing(open_regular(root, path, os.O_RDONLY)) as fd:
            status = os.fstat(fd)
            if self._private and status.st_nlink > 1 and status.st_uid != os.fstat(root).st_uid:
                raise PermissionDeniedError(f"{path} is a second name of somebody else's file.", "Copy the file instead of linking it.")
            if status.st_size > MAX_FILE_BYTES:
                raise LimitReachedError(
                    f"{path} is larger than {MAX_FILE_BYTES // 2**20} MB.", "Read a part of it with a command."
                )
            with os.fdopen(os.dup(fd), "rb") as file:
                return file.read(MAX_FILE_BYTES + 1)

    def write(self, path: str, content: bytes, *, new_mode: int = 0o644) -> bool:
        """Create or replace a file, atomically; missing folders are made. Returns whether it is new.

        new_mode: the permission bits of a new file; one that is replaced keeps its own.
        """
        self._require_writable(path)
        if len(content) > MAX_FILE_BYTES:
            raise LimitReachedError(f"A file may have {MAX_FILE_BYTES // 2**20} MB; this would have more.")
        parent, name = _split(path)
        with self._root_fd() as root:
            self._make_folders(root, parent)
            with _closing(open_below(root, parent, _FOLDER)) as folder:
                existed, mode = _regular_or_absent(folder, name, path)
                self._replace(folder, name, content, mode if existed else new_mode & 0o777, path)
        return not existed

    def mkdir(self, path: str, *, recursive: bool) -> None:
        """Make a folder; with `recursive`, those above it too, and one that exists is no error."""
        self._require_writable(path)
        parent, name = _split(path)
        with self._root_fd() as root:
            if recursive:
                self._make_folders(root, clean(path))
                return
            with _closing(open_below(root, parent, _FOLDER)) as folder:
                try:
                    os.mkdir(name, 0o755, dir_fd=folder)
                    ownership.settle_folder(folder, name)
                except OSError as error:
                    raise translate(error, path) from error

    @contextmanager
    def making(self, path: str) -> Iterator[None]:
        """A folder with a `temporary_name` is made in this block, and is gone or renamed at its end. The folders above it are made."""
        self._require_writable(path)
        parent, name = _split(path)
        with self._root_fd() as root:
            self._make_folders(root, parent)
            with _closing(open_below(root, parent, _FOLDER)) as folder, self._noted(folder, name, "folder"):
                yield

    def remove(self, path: str) -> None:
        """Remove a file, a link (not what it points to) or a folder with all in it."""
        self._require_writable(path)
        parent, name = _split(path)
        with self._root_fd() as root, _closing(open_below(root, parent, _FOLDER)) as folder:
            try:
                removal.remove(folder, name)
            except OSError as error:
                raise translate(error, path) from error

    def list(self, path: str, *, uid: str = "") -> tuple[FileStat, ...]:
        """A folder's entries: folders first, then by name."""
        prefix = PurePosixPath("/" + clean(path))
        with self._root_fd() as root:
            found = [_describe(str(prefix / name), status, uid) for name, status in self._entries(root, path)]
        return tuple(sorted(found, key=in_order))

    def survey(self, path: str) -> Survey:
        """All that lies below a folder; links are not followed. Raises LimitReachedError above ``MAX_SURVEYED`` entries."""
        folders, files, large, others = list[str](), list[str](), list[str](), list[str]()
        waiting = [""]
        with self._root_fd() as root:
            while waiting:
                inner = waiting.pop()
                for name, status in self._entries(root, f"{path}/{inner}"):
                    below = f"{inner}/{name}" if inner else name
                    match _type_of(status.st_mode):
                        case "directory":
                            folders.append(below)
                            waiting.append(below)
                        case "file":
                            (files if status.st_size <= MAX_FILE_BYTES else large).append(below)
                        case _:
                            others.append(below)
                if len(folders) + len(files) + len(large) + len(others) > MAX_SURVEYED:
                    raise LimitReachedError(f"{path} holds more than {MAX_SURVEYED:,} entries.", "Use a command.")
        return Survey(tuple(folders), tuple(sorted(files)), tuple(sorted(large)), tuple(sorted(others)))

    def kind(self, path: str) -> FileType:
        """What a name is itself: a link is a link, wherever it leads. Raises NotFoundError."""
        if not clean(path):
            return "directory"
        parent, name = _split(path)
        with self._root_fd() as root, _closing(open_below(root, parent, _FOLDER)) as folder:
            try:
                return _type_of(os.stat(name, dir_fd=folder, follow_symlinks=False).st_mode)
            except OSError as error:
                raise translate(error, path) from error

    def stat(self, path: str, *, uid: str = "") -> FileStat:
        """Describe a file, folder or link."""
        relative = clean(path)
        with self._root_fd() as root, _closing(open_below(root, path, os.O_PATH)) as fd:
            return _describe("/" + relative, os.fstat(fd), uid)

    def host_folder(self, path: str) -> Path:
        """The host's own path of a folder, all links resolved. Raises NotFoundError, PermissionDeniedError."""
        with self._root_fd() as root, _closing(open_below(root, path, _FOLDER)) as folder:
            return Path(os.readlink(f"/proc/self/fd/{folder}"))

    def move(self, source: str, target: str) -> None:
        """Rename within this tree; an existing file at `target` is replaced, a folder is not."""
        self._require_writable(target)
        from_parent, from_name = _split(source)
        to_parent, to_name = _split(target)
        with (
            self._root_fd() as root,
            _closing(open_below(root, from_parent, _FOLDER)) as origin,
            _closing(open_below(root, to_parent, _FOLDER)) as destination,
        ):
            try:
                os.rename(from_name, to_name, src_dir_fd=origin, dst_dir_fd=destination)
            except OSError as error:
                raise translate(error, source if error.errno == errno.ENOENT else target) from error

    @staticmethod
    def _entries(root: int, path: str) -> Iterator[tuple[str, os.stat_result]]:
        opened = os.O_RDONLY | os.O_DIRECTORY
        with _closing(open_below(root, path, opened)) as folder, os.scandir(folder) as entries:
            for number, entry in enumerate(entries):
                if number >= MAX_ENTRIES:
                    raise LimitReachedError(f"{path} has more than {MAX_ENTRIES:,} entries.", "Use a command.")
                try:
                    yield entry.name, entry.stat(follow_symlinks=False)
                except FileNotFoundError:
                    continue  # it went while this was read

    def _require_writable(self, path: str) -> None:
        if self._read_only:
            raise PermissionDeniedError(f"{path} is in a read-only folder.")

    @contextmanager
    def _root_fd(self) -> Iterator[int]:
        fd = self._open_root()
        try:
            yield fd
        finally:
            os.close(fd)

    def _open_root(self) -> int:
        if self._identity is not None:
            return open_kept(self._root, self._identity)
        try:
            return os.open(self._root, os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC)
        except OSError as error:
            raise translate(error, str(self._root)) from error

    def _make_folders(self, root: int, relative: str) -> None:
        made = ""
        for part in clean(relative).split("/") if clean(relative) else ():
            with _closing(open_below(root, made, _FOLDER)) as folder:
                try:
                    os.mkdir(part, 0o755, dir_fd=folder)
                    ownership.settle_folder(folder, part)
                except FileExistsError:
                    pass
                except OSError as error:
                    raise translate(error, relative) from error
            made = f"{made}/{part}"
        os.close(open_below(root, relative, _FOLDER))

    def _replace(self, folder: int, name: str, content: bytes, mode: int, path: str) -> None:
        temporary = temporary_name()
        try:
            with self._noted(folder, temporary, "file"):
                _put(folder, temporary, name, content, mode)
        except OSError as error:
            raise translate(error, path) from error

    def _noted(self, folder: int, name: str, kind: Kind) -> AbstractContextManager[None]:
        return nullcontext() if self._unfinished is None else self._unfinished.noted(folder, name, kind)


def _put(folder: int, temporary: str, name: str, content: bytes, mode: int) -> None:
    """A whole file under its name, or nothing. Raises OSError."""
    fd = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600, dir_fd=folder)
    try:
        with os.fdopen(fd, "wb") as file:
            file.write(content)
            file.flush()
            ownership.settle_file(file.fileno(), folder, name, mode)
        os.rename(temporary, name, src_dir_fd=folder, dst_dir_fd=folder)
    except OSError:
        os.unlink(temporary, dir_fd=folder)
        raise


def in_order(entry: FileStat) -> tuple[bool, str, str]:
    """The order of a listing: folders first, then by name."""
    return entry.type != "directory", entry.name.casefold(), entry.name


@contextmanager
def _closing(fd: int) -> Iterator[int]:
    try:
        yield fd
    finally:
        os.close(fd)


def _split(path: str) -> tuple[str, str]:
    relative = clean(path)
    if not relative:
        raise PermissionDeniedError("The top folder itself cannot be changed.")
    parent, _, name = relative.rpartition("/")
    return parent, name


def _regular_or_absent(folder: int, name: str, path: str) -> tuple[bool, int]:
    """(whether it exists, the permission bits to write it with). A link or device in its place is refused."""
    try:
        status = os.stat(name, dir_fd=folder, follow_symlinks=False)
    except FileNotFoundError:
        return False, 0o644
    if stat.S_ISLNK(status.st_mode):
        raise PermissionDeniedError(f"{path} is a link; what it points to is not written through it.")
    if not stat.S_ISREG(status.st_mode):
        raise InvalidArgumentError(f"{path} is not a regular file.")
    return True, status.st_mode & 0o777


def _describe(path: str, status: os.stat_result, uid: str) -> FileStat:
    path = path.encode("utf-8", "surrogateescape").decode("utf-8", "replace")  # a name may be any bytes; a message may not
    name = path.rsplit("/", 1)[-1]
    return FileStat(
        path=path,
        name=name,
        type=_type_of(status.st_mode),
        size=status.st_size,
        mode=stat.S_IMODE(status.st_mode),
        uid=uid,
        created_at=status.st_ctime,
        modified_at=status.st_mtime,
        is_hidden=name.startswith("."),
    )


def _type_of(mode: int) -> FileType:
    if stat.S_ISDIR(mode):
        return "directory"
    if stat.S_ISLNK(mode):
        return "symlink"
    if stat.S_ISREG(mode):
        return "file"
    return "pipe" if stat.S_ISFIFO(mode) or stat.S_ISSOCK(mode) else "device"
