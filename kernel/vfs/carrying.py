"""Copying and moving between two trees, such as two homes: no rename reaches from one into the other.

Called by `filesystem` in a thread. What is not whole has a temporary name beside the target and goes where the copy fails or is stopped,
and after a kill with the next start. Links and special files do not cross: what a link means depends on the home that it lies in, and
content of a device is nobody's file. A copy says what it left out; a move with any of it is refused before anything is done.
"""

from collections.abc import Callable

from kernel.errors import (
    AetherError,
    ConflictError,
    LimitReachedError,
    NotFoundError,
    PermissionDeniedError,
    UnavailableError,
)
from kernel.protocol.fs import FsCopied
from kernel.vfs.confinement import clean
from kernel.vfs.tree import MAX_FILE_BYTES, Survey, Tree
from kernel.vfs.unfinished import temporary_name

NAMED = 20
_NAMED_IN_SENTENCE = 3
Stopped = Callable[[], bool]


def copy(source: Tree, source_path: str, target: Tree, target_path: str, stopped: Stopped) -> FsCopied:
    """Copy a file, or a folder with all in it but links and special files.

    stopped: asked before each file. Raises AetherError, UnavailableError where it says so; nothing half done stays then. Of a copy into a
    folder that was there before, the files that are whole stay.
    """
    if source.stat(source_path).type != "directory":
        _copy_file(source, source_path, target, target_path)
        return FsCopied()
    found = source.survey(source_path)
    _require_small(found)
    _copy_folder(source, source_path, target, target_path, found, stopped)
    return FsCopied(left_out=tuple(_shown(name) for name in found.others[:NAMED]), left_out_count=len(found.others))


def move(source: Tree, source_path: str, target: Tree, target_path: str, stopped: Stopped) -> None:
    """Copy, then remove the source. Raises AetherError before anything is done where the copy would not be the whole of it.

    stopped: see `copy`; the source is whole then.
    """
    if not clean(source_path):
        raise PermissionDeniedError("The top folder itself cannot be moved.", "Move what is in it.")
    kind = source.kind(source_path)
    if kind not in ("file", "directory"):
        raise _stays([source_path.rpartition("/")[2]])
    if kind == "file":
        _copy_file(source, source_path, target, target_path)
    else:
        found = source.survey(source_path)
        if found.others:
            raise _stays(found.others)
        _require_small(found)
        _copy_folder(source, source_path, target, target_path, found, stopped)
    source.remove(source_path)


def _copy_file(source: Tree, source_path: str, target: Tree, target_path: str) -> None:
    target.write(target_path, source.read(source_path), new_mode=source.stat(source_path).mode | 0o600)


def _copy_folder(source: Tree, source_path: str, target: Tree, target_path: str, found: Survey, stopped: Stopped) -> None:
    if _exists(target, target_path):
        _fill(source, source_path, target, target_path, found, stopped)
        return
    made = f"{clean(target_path).rpartition('/')[0]}/{temporary_name()}"
    with target.making(made):
        try:
            _fill(source, source_path, target, made, found, stopped)
            target.move(made, target_path)
        except AetherError:
            if _exists(target, made):
                target.remove(made)
            raise


def _fill(source: Tree, source_path: str, target: Tree, target_path: str, found: Survey, stopped: Stopped) -> None:
    target.mkdir(target_path, recursive=True)
    for name in found.folders:
        target.mkdir(f"{target_path}/{name}", recursive=True)
    for name in found.files:
        if stopped():
            raise UnavailableError("Aether is ending, so what was being copied was not finished.", "Begin again when it runs.")
        _copy_file(source, f"{source_path}/{name}", target, f"{target_path}/{name}")


def _exists(tree: Tree, path: str) -> bool:
    try:
        tree.kind(path)
    except NotFoundError:
        return False
    return True


def _require_small(found: Survey) -> None:
    if found.large:
        raise LimitReachedError(
            f"Files of more than {MAX_FILE_BYTES // 2**20} MB are not carried: {_named(found.large)}.",
            "Nothing was done. Use a command.",
        )


def _stays(names: list[str] | tuple[str, ...]) -> ConflictError:
    return ConflictError(
        f"Links and special files do not go from one home to another: {_named(names)}.",
        "Nothing was moved. A copy leaves them out, or remove them first.",
    )


def _named(names: list[str] | tuple[str, ...]) -> str:
    more = len(names) - _NAMED_IN_SENTENCE
    first = ", ".join(_shown(name)[:200] for name in names[:_NAMED_IN_SENTENCE])
    return f"{first} and {more:,} more" if more > 0 else first


def _shown(name: str) -> str:
    """A name may be any bytes; a message may not."""
    return name.encode("utf-8", "surrogateescape").decode("utf-8", "replace")
