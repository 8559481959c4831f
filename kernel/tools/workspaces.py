"""create_shared_workspace, mount_workspace, list_workspaces: folders that several agents share."""

from typing import Annotated, Any, ClassVar

from msgspec import Meta

from kernel.errors import ConflictError
from kernel.tools.base import Arguments, Preview, ToolContext, ToolResult

NameArgument = Annotated[str, Meta(description="Letters, digits, _ and -.", min_length=1, max_length=64)]


class CreateWorkspaceArguments(Arguments, frozen=True, kw_only=True):
    """Its name."""

    name: NameArgument


class CreateSharedWorkspace:
    """Make a shared workspace and mount it."""

    NAME: ClassVar[str] = "create_shared_workspace"
    DESCRIPTION: ClassVar[str] = "Make a folder that other agents can mount; you see it at ~/shared/<name>."
    ARGUMENTS: ClassVar[type[Arguments]] = CreateWorkspaceArguments

    async def preview(self, arguments: Any, context: ToolContext) -> Preview:
        """A new folder harms nothing."""
        return Preview(arguments.name, kind="file")

    async def run(self, arguments: Any, context: ToolContext) -> ToolResult:
        """Make and mount it."""
        _require_free(context, f"shared/{arguments.name}", arguments.name)
        await context.workspaces.create(arguments.name, context.pid)
        await context.to_the_end(_mount(context, arguments.name, ""))
        return ToolResult(f"Made the workspace {arguments.name}; it is at ~/shared/{arguments.name}.")


class MountWorkspaceArguments(Arguments, frozen=True, kw_only=True):
    """Which and where."""

    name: NameArgument
    mount_point: Annotated[str, Meta(description="Folder below your home; shared/<name> when left out.", max_length=1024)] = ""


class MountWorkspace:
    """See a shared workspace."""

    NAME: ClassVar[str] = "mount_workspace"
    DESCRIPTION: ClassVar[str] = "Mount a shared workspace made by another agent."
    ARGUMENTS: ClassVar[type[Arguments]] = MountWorkspaceArguments

    async def preview(self, arguments: Any, context: ToolContext) -> Preview:
        """What is shared is meant to be mounted."""
        return Preview(arguments.name, kind="file")

    async def run(self, arguments: Any, context: ToolContext) -> ToolResult:
        """Mount it. Raises ConflictError where something else is mounted there: what was allowed there would hold for this too."""
        _require_free(context, arguments.mount_point.removeprefix("~/") or f"shared/{arguments.name}", arguments.name)
        await context.to_the_end(_mount(context, arguments.name, arguments.mount_point))
        return ToolResult(f"Mounted {arguments.name} at ~/{arguments.mount_point or 'shared/' + arguments.name}.")


class ListWorkspacesArguments(Arguments, frozen=True, kw_only=True):
    """Nothing."""


class ListWorkspaces:
    """All shared workspaces."""

    NAME: ClassVar[str] = "list_workspaces"
    DESCRIPTION: ClassVar[str] = "List the shared workspaces, their owners and who has mounted them."
    ARGUMENTS: ClassVar[type[Arguments]] = ListWorkspacesArguments

    async def preview(self, arguments: Any, context: ToolContext) -> Preview:
        """Never asks."""
        return Preview("shared workspaces")

    async def run(self, arguments: Any, context: ToolContext) -> ToolResult:
        """One line a workspace."""
        found = await context.workspaces.list()
        lines = [f"{item.name}  owner {item.owner_pid}  mounted by {list(item.mounted_by)}" for item in found]
        return ToolResult("\n".join(lines) or "There is no shared workspace.")


def _require_free(context: ToolContext, point: str, name: str) -> None:
    """Whether nothing but the workspace itself is mounted at or around a place below the home. Raises ConflictError."""
    place = context.files.locate(f"~/{point}")
    again = place.guest_path == place.mount.guest_path and place.mount.host_path.name == name
    if place.mount.shared and not again:
        raise ConflictError(f"{place.guest_path} lies in a folder that is mounted already.", "Choose another place for it.")


async def _mount(context: ToolContext, name: str, point: str) -> bool:
    await context.workspaces.mount(context.pid, name, point)
    return True
