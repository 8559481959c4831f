"""The agent's window as an app: called by the shell when it opens."""

from __future__ import annotations

from PySide6.QtWidgets import QWidget

from aether_desktop.apps.agent_vm.view import AgentView
from aether_desktop.apps.context import AppContext
from aether_desktop.widgets.empty_state import EmptyState


def create(ctx: AppContext) -> QWidget:
    """Build the window's content for the agent named by the argument ``pid``."""
    pid = ctx.arguments.get("pid", "")
    if not pid.isdigit():
        return EmptyState("agent", "No agent was chosen", "Open one from Mission Control.")
    return AgentView(ctx, int(pid))
