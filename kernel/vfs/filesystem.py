"""The virtual file system that people see: `/` is Aether's root folder.

Answers the fs.* commands; every change is said with `fs.changed`. The kernel's own folder (/var/kernel) is not part of it, not even
for an administrator. The work is done by `Tree` in a thread.
"""

import asyncio
import codecs
import threading
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any, TypeVar

from kernel.bus import EventBus
from kernel.errors import InvalidArgumentError, NotFoundError, PermissionDeniedError
from kernel.paths import Paths
from kernel.principal import Principal
from kernel.protocol import fs
from kernel.protocol.base import Empty
from kernel.protocol.ids import ChangeType
from kernel.protocol.records import FileStat
from kernel.vfs import carrying
from kernel.vfs.confinement import clean
from kernel.vfs.tree import Tree
from kernel.vfs.unfinished import Unfinished

T = TypeVar("T")
OwnerOfHome = Callable[[int], str | None]
TOP = ("home", "tmp", "etc", "var", "shared")
TEXT_PROBE_BYTES = 8192
DECODED_AT_ONCE_BYTES = 256 * 1024
BINARY_SHOWN_BYTES = 64 * 1024


class VirtualFileSystem:
    """Handlers of the fs.* commands.

    owner_of: the user that owns a pid, for the rule that people see the homes of their own agents. unfinished: notes what is not whole.
    """

    def __init__(self, paths: Paths, bus: EventBus, owner_of: OwnerOfHome, unfinished: Unfinished | None = None) -> None:
        self._unfinished = unfinished
        self._paths = paths
        self._bus = bus
        self._owner_of = owner_of
        self._ending = threading.Event()
        self._carrying: set[asyncio.Future[Any]] = set()
        self._decoding = asyncio.Lock()  # several large files at once would leave the loop no time between them

    async def read(self, command: fs.FsRead, principal: Principal) -> fs.FileContent:
        """fs.read."""
        tree, path = self._locate(command.path, principal)
        content = await _in_thread(lambda: tree.read(path))
        if len(content) <= DECODED_AT_ONCE_BYTES:
            return _content(command.path, content)
        async with self._decoding:
            return await _in_thread(lambda: _content(command.path, content))

    async def write(self, command: fs.FsWrite, principal: Principal) -> Empty:
        """fs.write."""
        tree, path = self._locate(command.path, principal)
        created = await _in_thread(lambda: tree.write(path, command.content.encode("utf-8", errors="surrogateescape")))
        self._changed(command.path, "create" if created else "modify")
        return Empty()

    async def mkdir(self, command: fs.FsMkdir, principal: Principal) -> Empty:
        """fs.mkdir."""
        tree, path = self._locate(command.path, principal)
        await _in_thread(lambda: tree.mkdir(path, recursive=command.recursive))
        self._changed(command.path, "create")
        return Empty()

    async def rm(self, command: fs.FsRm, principal: Principal) -> Empty:
        """fs.rm."""
        tree, path = self._locate(command.path, principal)
        await _in_thread(lambda: tree.remove(path))
        self._changed(command.path, "delete")
        return Empty()

    async def ls(self, command: fs.FsLs, principal: Principal) -> fs.FileList:
        """fs.ls."""
        if not clean(command.path):
            entries = await _in_thread(lambda: self._top(principal))
            return fs.FileList(path="/", entries=entries)
        tree, path = self._locate(command.path, principal)
        prefix = "/" + clean(command.path)
        listed = await _in_thread(lambda: tree.list(path, uid=_home_name(prefix)))
        visible = [entry for entry in listed if self._may_see(f"{prefix}/{entry.name}", principal)]
        return fs.FileList(path=prefix, entries=tuple(_moved(entry, f"{prefix}/{entry.name}") for entry in visible))

    async def stat(self, command: fs.FsStat, principal: Principal) -> FileStat:
        """fs.stat."""
        tree, path = self._locate(command.path, principal)
        prefix = "/" + clean(command.path)
        return _moved(await _in_thread(lambda: tree.stat(path, uid=_home_name(prefix))), prefix)

    async def mv(self, command: fs.FsMv, principal: Principal) -> Empty:
        """fs.mv."""
        _require_apart(command.from_, command.to)
        source, source_path = self._locate(command.from_, principal)
        target, target_path = self._locate(command.to, principal)
        if _top_of(command.from_) == _top_of(command.to) and _home_name(command.from_) == _home_name(command.to):
            await _in_thread(lambda: source.move(source_path, target_path))
        else:
            await self._carry(lambda: carrying.move(source, source_path, target, target_path, self._ending.is_set))
        self._changed(command.from_, "delete")
        self._changed(command.to, "create")
        return Empty()

    async def cp(self, command: fs.FsCp, principal: Principal) -> fs.FsCopied:
        """fs.cp."""
        _require_apart(command.from_, command.to)
        source, source_path = self._locate(command.from_, principal)
        target, target_path = self._locate(command.to, principal)
        copied = await self._carry(lambda: carrying.copy(source, source_path, target, target_path, self._ending.is_set))
        self._changed(command.to, "create")
        return copied

    async def close(self) -> None:
        """Stop what is being copied or moved, and wait until nothing half done is left of it."""
        self._ending.set()
        if self._carrying:
            await asyncio.wait(self._carrying)

    def host_folder(self, path: str, principal: Principal) -> Path:
        """The host's folder behind a virtual one, for the watcher."""
        if not clean(path):
            if not principal.is_admin:
                raise PermissionDeniedError("/ is not yours to watch.", "Watch your agents' homes.")
            return self._paths.root.resolve()
        tree, inner = self._locate(path, principal)
        return tree.host_folder(inner)

    def owner_of(self, path: str) -> str:
        """The user whose a virtual path is, "" for shared places."""
        pid = _agent_pid(_home_name(path))
        owner = self._owner_of(pid) if pid is not None else None
        return owner or ""

    async def _carry(self, work: Callable[[], T]) -> T:
        """Work that `close` waits for, whoever waits no longer."""
        running = asyncio.get_running_loop().run_in_executor(None, work)
        self._carrying.add(running)
        running.add_done_callback(self._carried)
        return await asyncio.shield(running)

    def _carried(self, work: asyncio.Future[Any]) -> None:
        self._carrying.discard(work)
        if not work.cancelled():
            work.exception()  # for those who wait; where nobody does, it is no error of the loop's

    def _locate(self, path: str, principal: Principal) -> tuple[Tree, str]:
        """The tree that a virtual path lies in and the path below it. Each home is a tree of its own."""
        relative = clean(path)
        if not self._may_see("/" + relative, principal):
            raise PermissionDeniedError(f"{path} is not yours to see.")
        top, _, rest = relative.partition("/")
        if top not in TOP:
            raise NotFoundError(f"There is no /{top}.", f"The top folders are {', '.join(TOP)}.")
        name, _, inner = rest.partition("/")
        if top in ("home", "tmp") and name and (self._paths.root / top / name).is_dir():
            return Tree(self._paths.root / top / name, private=True, unfinished=self._unfinished), inner
        return Tree(self._paths.root / top, unfinished=self._unfinished), rest

    def _may_see(self, path: str, principal: Principal) -> bool:
        relative = clean(path)
        if relative == "var/kernel" or relative.startswith("var/kernel/"):
            return False
        if principal.is_admin:
            return True
        top, _, rest = relative.partition("/")
        if top in ("home", "tmp") and rest:
            pid = _agent_pid(rest.partition("/")[0])
            owner = self._owner_of(pid) if pid is not None else None
            return owner is not None and principal.may_see(owner)
        return top in ("", "home", "tmp", "shared")

    def _top(self, principal: Principal) -> tuple[FileStat, ...]:
        tree = Tree(self._paths.root)
        entries = [entry for entry in tree.list("") if entry.name in TOP]
        return tuple(entry for entry in entries if self._may_see(entry.path, principal))

    def _changed(self, path: str, change: ChangeType) -> None:
        full = "/" + clean(path)
        self._bus.publish(fs.FsChanged(path=full, change_type=change, owner_uid=self.owner_of(full)))


def _content(path: str, content: bytes) -> fs.FileContent:
    binary = b"\x00" in content[:TEXT_PROBE_BYTES]
    shown = content[:BINARY_SHOWN_BYTES] if binary else content
    return fs.FileContent(path=path, content=_decoded(shown), size=len(content), binary=binary)


def _decoded(content: bytes) -> str:
    """The text. What is no UTF-8 is decoded in slices: one call for a large file would keep every other thread waiting for 80 ms."""
    with suppress(UnicodeDecodeError):
        return content.decode("utf-8")
    decoder = codecs.getincrementaldecoder("utf-8")(errors="replace")
    view = memoryview(content)
    pieces = [decoder.decode(view[at : at + DECODED_AT_ONCE_BYTES]) for at in range(0, len(view), DECODED_AT_ONCE_BYTES)]
    return "".join((*pieces, decoder.decode(b"", True)))


def _require_apart(source: str, target: str) -> None:
    if (clean(target) + "/").startswith(clean(source) + "/"):
        raise InvalidArgumentError(f"{source} cannot be put into itself.", "Choose a place outside of it.")


def _moved(entry: FileStat, path: str) -> FileStat:
    import msgspec

    return msgspec.structs.replace(entry, path=path, name=path.rsplit("/", 1)[-1])


def _top_of(path: str) -> str:
    return clean(path).partition("/")[0]


def _home_name(path: str) -> str:
    parts = clean(path).split("/")
    return parts[1] if len(parts) > 1 and parts[0] in ("home", "tmp") else ""


def _agent_pid(name: str) -> int | None:
    prefix, _, number = name.partition("_")
    return int(number) if prefix == "agent" and number.isascii() and number.isdigit() and len(number) < 12 else None


async def _in_thread(work: Callable[[], T]) -> T:
    return await asyncio.to_thread(work)
