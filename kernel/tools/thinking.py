"""think and complete: the agent's word to itself, and its last word."""

from typing import Annotated, Any, ClassVar

from msgspec import Meta

from kernel.tools.base import Arguments, Preview, ToolContext, ToolResult


class ThinkArguments(Arguments, frozen=True, kw_only=True):
    """The reasoning."""

    thought: Annotated[str, Meta(description="What you are thinking.", max_length=100_000)]


class Think:
    """Record reasoning; no side effect."""

    NAME: ClassVar[str] = "think"
    DESCRIPTION: ClassVar[str] = "Write down your reasoning. It changes nothing."
    ARGUMENTS: ClassVar[type[Arguments]] = ThinkArguments

    async def preview(self, arguments: Any, context: ToolContext) -> Preview:
        """Never asks."""
        return Preview(arguments.thought[:200])

    async def run(self, arguments: Any, context: ToolContext) -> ToolResult:
        """Acknowledge."""
        return ToolResult("Noted.")


class CompleteArguments(Arguments, frozen=True, kw_only=True):
    """The answer."""

    summary: Annotated[str, Meta(description="What was done and found, for the person who asked.", max_length=100_000)]


class Complete:
    """End the run."""

    NAME: ClassVar[str] = "complete"
    DESCRIPTION: ClassVar[str] = "End the run when the goal is reached (or cannot be), with a summary for the person."
    ARGUMENTS: ClassVar[type[Arguments]] = CompleteArguments

    async def preview(self, arguments: Any, context: ToolContext) -> Preview:
        """Never asks."""
        return Preview(arguments.summary[:200])

    async def run(self, arguments: Any, context: ToolContext) -> ToolResult:
        """The run is over."""
        return ToolResult("The run is complete.", completed=arguments.summary)
