"""read_file, write_file, list_files, mkdir: the agent's own files and the folders mounted for it."""

import asyncio
import contextlib
import hashlib
import re
from collections import deque
from dataclasses import dataclass
from typing import Annotated, Any, ClassVar

from msgspec import Meta

from kernel.errors import AetherError, ConflictError, InvalidArgumentError, NotFoundError, PermissionDeniedError
from kernel.protocol.agent import AgentFileCreated
from kernel.protocol.ids import FileType
from kernel.protocol.records import FileStat
from kernel.tools.base import Arguments, Preview, ToolContext, ToolResult, cut_middle
from kernel.tools.guest_links import shown
from kernel.vfs.agent_files import Location

READ_CHARACTERS = 100_000
DIFF_CHARACTERS = 20_000
SHOWN_CHARACTERS = 10_000
UNREAD = "what the file holds now goes and is neither shown nor counted, since it cannot be read:"
CHANGED = "the file changed after this was first asked; this is the difference to what it holds now"
LISTED_ENTRIES = 500
_LINE_ENDS = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029]")
PathArgument = Annotated[str, Meta(description="Absolute, or relative to the home folder.", min_length=1, max_length=4096)]


class ReadFileArguments(Arguments, frozen=True, kw_only=True):
    """What to read."""

    path: PathArgument


class ReadFile:
    """The text of a file."""

    NAME: ClassVar[str] = "read_file"
    DESCRIPTION: ClassVar[str] = "Read a text file. Long files are cut in the middle; read a part with run_command."
    ARGUMENTS: ClassVar[type[Arguments]] = ReadFileArguments

    async def preview(self, arguments: Any, context: ToolContext) -> Preview:
        """Reading what the agent may see never asks."""
        return Preview(arguments.path)

    async def run(self, arguments: Any, context: ToolContext) -> ToolResult:
        """The content, or a sentence for a binary file."""
        content = await context.files.read(arguments.path)
        if b"\x00" in content[:8192]:
            return ToolResult(f"{arguments.path} is a binary file of {len(content):,} bytes.", details=_size(content))
        text = content.decode("utf-8", errors="replace")
        return ToolResult(cut_middle(text, READ_CHARACTERS), details=_size(content))


class WriteFileArguments(Arguments, frozen=True, kw_only=True):
    """What to write where."""

    path: PathArgument
    content: Annotated[str, Meta(description="The whole new content of the file.")]


class WriteFile:
    """Create or replace a file."""

    NAME: ClassVar[str] = "write_file"
    DESCRIPTION: ClassVar[str] = "Create a file or replace its whole content. Folders above it are made."
    ARGUMENTS: ClassVar[type[Arguments]] = WriteFileArguments

    async def preview(self, arguments: Any, context: ToolContext) -> Preview:
        """The diff against what is there. Raises AetherError for what cannot be written: nobody is asked in vain."""
        place = context.files.locate(arguments.path)
        await _require_writable(place)
        held = await _held(context, arguments.path)
        diff = await context.comparisons.compare(held.content, arguments.content, place.guest_path)
        changed = context.comparisons.saw(held.state)
        notes = f"[{CHANGED}]\n" * changed + f"[{UNREAD} {held.unread}]\n" * bool(held.unread)
        own = not place.mount.shared
        home = context.files.home.guest_path
        where = "its own home" if place.mount.guest_path == home else shown(place.mount.guest_path, home)
        return Preview(
            f"{arguments.path} +{diff.added} −{diff.removed}",
            kind="file",
            risk="low",
            details={
                "path": place.guest_path,
                "diff": cut_middle(notes + diff.text, DIFF_CHARACTERS),
                "added": str(diff.added),
                "removed": str(diff.removed),
                "exists": "yes" if held.content is not None else "no",
            },
            harm="" if held.content is None else "replaces what the file holds now",
            rule=f"write_file({place.mount.guest_path}/*)",
            always=f"writing files in {where}",
            own_files=own,
            state=held.state,
        )

    async def run(self, arguments: Any, context: ToolContext) -> ToolResult:
        """Write it and say so; an interruption comes before both or after both. Raises ConflictError where it would replace something
        else than what the preview showed.
        """
        place = context.files.locate(arguments.path)
        try:
            content = arguments.content.encode("utf-8")
        except UnicodeEncodeError as error:
            raise InvalidArgumentError("The content holds characters that are not valid text.") from error
        if context.allowance is not None and not place.mount.shared:
            await context.allowance.require(len(content))
        held = await _held(context, arguments.path)
        if not context.comparisons.is_as_seen(held.state):
            raise ConflictError(
                f"Nothing was written: {place.guest_path} changed after the difference to it was made.",
                "Read it again, then write what it should hold now.",
            )
        diff = await context.comparisons.compare(held.content, arguments.content, place.guest_path)

        async def write_and_record() -> bool:
            created = await context.files.write(arguments.path, content)
            await context.emit(
                AgentFileCreated(
                    pid=context.pid,
                    step=context.step,
                    path=place.guest_path,
                    content=arguments.content[:SHOWN_CHARACTERS],
                    created=created,
                    added_lines=diff.added,
                    removed_lines=diff.removed,
                )
            )
            return created

        verb = "Created" if await context.to_the_end(write_and_record()) else "Replaced"
        return ToolResult(f"{verb} {place.guest_path} ({len(content):,} bytes).", details={"path": place.guest_path})


class ListFilesArguments(Arguments, frozen=True, kw_only=True):
    """What to list."""

    path: Annotated[str, Meta(description="A folder; the home folder when left out.", max_length=4096)] = "."
    recursive: Annotated[bool, Meta(description="Also what lies in the folders below.")] = False


class ListFiles:
    """A folder's entries."""

    NAME: ClassVar[str] = "list_files"
    DESCRIPTION: ClassVar[str] = "List a folder: folders first (with a trailing /), then files with their size in bytes."
    ARGUMENTS: ClassVar[type[Arguments]] = ListFilesArguments

    async def preview(self, arguments: Any, context: ToolContext) -> Preview:
        """Listing never asks."""
        return Preview(arguments.path)

    async def run(self, arguments: Any, context: ToolContext) -> ToolResult:
        """One line an entry."""
        lines = await _listing(context, arguments.path or ".", arguments.recursive)
        if not lines:
            return ToolResult(f"{arguments.path} is empty.")
        shown = lines[:LISTED_ENTRIES]
        if len(lines) > len(shown):
            least = "at least " if len(lines) > LISTED_ENTRIES * 4 else ""  # it was not looked further
            shown.append(f"[... {least}{len(lines) - len(shown):,} more entries ...]")
        return ToolResult("\n".join(shown), details={"entries": str(len(lines))})


class MkdirArguments(Arguments, frozen=True, kw_only=True):
    """What to make."""

    path: PathArgument


class Mkdir:
    """Make a folder."""

    NAME: ClassVar[str] = "mkdir"
    DESCRIPTION: ClassVar[str] = "Make a folder, and those above it."
    ARGUMENTS: ClassVar[type[Arguments]] = MkdirArguments

    async def preview(self, arguments: Any, context: ToolContext) -> Preview:
        """A new folder harms nothing in the agent's own home; one in a folder that others share is theirs to allow."""
        place = context.files.locate(arguments.path)
        if not place.mount.shared:
            return Preview(arguments.path, kind="file", own_files=True)
        return Preview(
            arguments.path,
            kind="file",
            risk="low",
            details={"path": place.guest_path},
            harm=f"makes a folder in {place.mount.guest_path}",
            rule=f"mkdir({place.mount.guest_path}/*)",
            always=f"making folders in {shown(place.mount.guest_path, context.files.home.guest_path)}",
        )

    async def run(self, arguments: Any, context: ToolContext) -> ToolResult:
        """Make it."""
        await context.files.mkdir(arguments.path)
        return ToolResult(f"Made the folder {context.files.absolute(arguments.path)}.")


async def _require_writable(place: Location) -> None:
    """Refuse what a write would refuse by the name alone. Raises AetherError."""
    if place.mount.read_only:
        raise PermissionDeniedError(f"{place.guest_path} is in a read-only folder.")
    kind = await asyncio.to_thread(_kind_or_none, place)
    if kind is None:
        return  # it will be made, and the folders above it
    if kind == "symlink":
        raise PermissionDeniedError(f"{place.guest_path} is a link; what it points to is not written through it.")
    if kind != "file":
        raise InvalidArgumentError(f"{place.guest_path} is not a regular file.")


def _kind_or_none(place: Location) -> FileType | None:
    """What the name is, None where it is free. Raises AetherError also where a folder above it is none."""
    try:
        return place.tree.kind(place.relative)
    except NotFoundError:
        above = place.relative.rpartition("/")[0]
    while above:
        with contextlib.suppress(NotFoundError):
            if place.tree.kind(above) not in ("directory", "symlink"):
                raise InvalidArgumentError(f"{place.guest_path} lies below a file; {above} is no folder.")
            return None
        above = above.rpartition("/")[0]
    return None


@dataclass(frozen=True, slots=True)
class _Held:
    """What a file holds, None where there is none; why that cannot be read, "" where it can; and a fingerprint of it."""

    content: bytes | None
    unread: str
    state: str


async def _held(context: ToolContext, path: str) -> _Held:
    try:
        content = await context.files.read(path)
    except NotFoundError:
        return _Held(None, "", "absent")
    except AetherError as error:
        return _Held(b"", error.message, await _stamp(context, path))
    return _Held(content, "", hashlib.blake2b(content, digest_size=16).hexdigest())


async def _stamp(context: ToolContext, path: str) -> str:
    """What can be told of a file that cannot be read; a change of what it holds changes that."""
    try:
        found = await context.files.stat(path)
    except AetherError as error:
        return error.message
    return f"{found.type} {found.size} {found.created_at} {found.modified_at}"


async def _listing(context: ToolContext, path: str, recursive: bool) -> list[str]:
    """The entries as lines. Raises AetherError where `path` cannot be listed; a folder below it that cannot be is only said so."""
    lines: list[str] = []
    waiting = deque([(path, "")])
    while waiting and len(lines) <= LISTED_ENTRIES * 4:
        folder, prefix = waiting.popleft()
        try:
            entries = await context.files.list(folder)
        except AetherError as error:
            if not prefix:
                raise
            lines.append(f"{_on_one_line(prefix)}  (not listed: {_on_one_line(error.message)})")
            continue
        for entry in entries:
            lines.append(_line(entry, prefix))
            if recursive and entry.type == "directory":
                waiting.append((f"{folder}/{entry.name}", f"{prefix}{entry.name}/"))
    return lines


def _line(entry: FileStat, prefix: str) -> str:
    name = _on_one_line(f"{prefix}{entry.name}")
    if entry.type == "directory":
        return f"{name}/"
    return f"{name}  {entry.size}" if entry.type == "file" else f"{name}  ({entry.type})"


def _on_one_line(text: str) -> str:
    """A name may hold whatever ends a line: then it would look like several."""
    return _LINE_ENDS.sub(lambda match: match.group().encode("unicode_escape").decode("ascii"), text)


def _size(content: bytes) -> dict[str, str]:
    return {"bytes": str(len(content))}
