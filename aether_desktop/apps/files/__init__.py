"""The files of the agents and the shared workspaces."""
