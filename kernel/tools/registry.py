"""The readable list of the tools that agents have.

Adding a tool means a file and a line here. Called by bootstrap and the agents.
"""

import difflib
import functools
from collections.abc import Iterable
from typing import Any

from kernel.errors import NotFoundError
from kernel.providers.base import ToolSpec
from kernel.tools.base import Arguments, Tool, schema_of
from kernel.tools.browse_web import BrowseWeb
from kernel.tools.files import ListFiles, Mkdir, ReadFile, WriteFile
from kernel.tools.peers import CheckMessages, ListAgents, SendMessage
from kernel.tools.run_command import RunCommand
from kernel.tools.thinking import Complete, Think
from kernel.tools.workspaces import CreateSharedWorkspace, ListWorkspaces, MountWorkspace

BUILT_IN: tuple[Tool, ...] = (
    ReadFile(),
    WriteFile(),
    ListFiles(),
    Mkdir(),
    RunCommand(),
    BrowseWeb(),
    Think(),
    ListAgents(),
    SendMessage(),
    CheckMessages(),
    CreateSharedWorkspace(),
    MountWorkspace(),
    ListWorkspaces(),
    Complete(),
)
ALWAYS = ("think", "complete")


class ToolRegistry:
    """The tools of one agent.

    allowed: the names that it may use, None for all; `think` and `complete` are always there.
    """

    def __init__(self, tools: Iterable[Tool] = BUILT_IN, allowed: tuple[str, ...] | None = None) -> None:
        self._tools = {tool.NAME: tool for tool in tools if allowed is None or tool.NAME in (*allowed, *ALWAYS)}

    @property
    def names(self) -> tuple[str, ...]:
        """The names, in order."""
        return tuple(self._tools)

    def get(self, name: str) -> Tool:
        """The tool. Raises NotFoundError with the nearest names."""
        tool = self._tools.get(name)
        if tool is None:
            near = difflib.get_close_matches(name, self._tools, n=2)
            hint = f"Did you mean {' or '.join(near)}?" if near else f"The tools are: {', '.join(self._tools)}."
            raise NotFoundError(f"There is no tool {name[:100]!r}.", hint)
        return tool

    def specs(self) -> tuple[ToolSpec, ...]:
        """The tools as a model sees them."""
        return tuple(ToolSpec(tool.NAME, tool.DESCRIPTION, _schema(tool.ARGUMENTS)) for tool in self._tools.values())


@functools.cache
def _schema(arguments: type[Arguments]) -> dict[str, Any]:
    """Made once for each tool: a step would spend half a millisecond on them. Nobody changes it."""
    return schema_of(arguments)
