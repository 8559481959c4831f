"""Commands and events of the virtual file system. Paths are virtual: `/` is Aether's root, `/home/agent_7` a home."""

from typing import Annotated

from msgspec import Meta, field

from kernel.protocol.base import Command, Empty, Event, Record
from kernel.protocol.ids import ChangeType
from kernel.protocol.records import FileStat, SharedMountInfo

VirtualPath = Annotated[str, Meta(min_length=1, max_length=4096)]
WorkspaceName = Annotated[str, Meta(pattern=r"^[A-Za-z0-9_-]{1,64}\Z")]


class FileContent(Record, frozen=True, kw_only=True, rename="camel"):
    """A file's text; bytes that are not UTF-8 come as U+FFFD. `binary`: it is no text; only its first 64 KB are shown."""

    path: str
    content: str
    size: int
    binary: bool = False


class FileList(Record, frozen=True, kw_only=True, rename="camel"):
    """A folder's entries: folders first, then by name."""

    path: str
    entries: tuple[FileStat, ...]


class SharedList(Record, frozen=True, kw_only=True, rename="camel"):
    """All shared workspaces."""

    mounts: tuple[SharedMountInfo, ...]


class FsCopied(Record, frozen=True, kw_only=True, rename="camel"):
    """What a copy did not take along: links and special files inside a folder.

    left_out: the first of them, below the folder. left_out_count: how many there are.
    """

    left_out: tuple[str, ...] = ()
    left_out_count: int = 0


class FsRead(Command[FileContent], frozen=True, kw_only=True, rename="camel", tag="fs.read"):
    """Read a regular file of at most 10 MB."""

    path: VirtualPath


class FsWrite(Command[Empty], frozen=True, kw_only=True, rename="camel", tag="fs.write"):
    """Create or replace a file of at most 10 MB."""

    path: VirtualPath
    content: str


class FsMkdir(Command[Empty], frozen=True, kw_only=True, rename="camel", tag="fs.mkdir"):
    """Make a folder."""

    path: VirtualPath
    recursive: bool = False


class FsRm(Command[Empty], frozen=True, kw_only=True, rename="camel", tag="fs.rm"):
    """Remove a file or a folder with all in it."""

    path: VirtualPath


class FsLs(Command[FileList], frozen=True, kw_only=True, rename="camel", tag="fs.ls"):
    """List a folder."""

    path: VirtualPath


class FsStat(Command[FileStat], frozen=True, kw_only=True, rename="camel", tag="fs.stat"):
    """Describe a file or folder."""

    path: VirtualPath


class FsMv(Command[Empty], frozen=True, kw_only=True, rename="camel", tag="fs.mv"):
    """Move or rename. Between two homes, a folder with links or special files in it is refused and stays as it is."""

    from_: VirtualPath = field(name="from")
    to: VirtualPath


class FsCp(Command[FsCopied], frozen=True, kw_only=True, rename="camel", tag="fs.cp"):
    """Copy a file, or a folder with all in it but links and special files; the reply names what was left out."""

    from_: VirtualPath = field(name="from")
    to: VirtualPath


class FsWatch(Command[Empty], frozen=True, kw_only=True, rename="camel", tag="fs.watch"):
    """Say `fs.changed` for whatever changes below a folder, also from outside of the kernel."""

    path: VirtualPath


class FsUnwatch(Command[Empty], frozen=True, kw_only=True, rename="camel", tag="fs.unwatch"):
    """Stop watching."""

    path: VirtualPath


class FsCreateShared(Command[SharedMountInfo], frozen=True, kw_only=True, rename="camel", tag="fs.createShared"):
    """Make a shared workspace."""

    name: WorkspaceName
    owner_pid: int


class FsMountShared(Command[SharedMountInfo], frozen=True, kw_only=True, rename="camel", tag="fs.mountShared"):
    """Let an agent see a shared workspace at ~/shared/<name>, or at `mount_point` below its home."""

    pid: int
    name: WorkspaceName
    mount_point: Annotated[str, Meta(max_length=1024)] = ""


class FsUnmountShared(Command[Empty], frozen=True, kw_only=True, rename="camel", tag="fs.unmountShared"):
    """Take a shared workspace away from an agent; its files stay."""

    pid: int
    name: WorkspaceName


class FsListShared(Command[SharedList], frozen=True, kw_only=True, rename="camel", tag="fs.listShared"):
    """All shared workspaces."""


class FsChanged(Event, frozen=True, kw_only=True, rename="camel", tag="fs.changed"):
    """A file or folder changed. owner_uid: whose home it lies in; "" for shared places."""

    path: str
    change_type: ChangeType
    owner_uid: str = ""


class FsSharedCreated(Event, frozen=True, kw_only=True, rename="camel", tag="fs.sharedCreated"):
    """A shared workspace exists."""

    mount: SharedMountInfo


class FsSharedMounted(Event, frozen=True, kw_only=True, rename="camel", tag="fs.sharedMounted"):
    """An agent sees a shared workspace."""

    pid: int
    name: str


class FsSharedUnmounted(Event, frozen=True, kw_only=True, rename="camel", tag="fs.sharedUnmounted"):
    """An agent no longer sees a shared workspace."""

    pid: int
    name: str
