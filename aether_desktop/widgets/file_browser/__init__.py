"""The file browser: a virtual folder's files, read, made, renamed, moved, deleted. Used by the files app and the agent's window."""

from aether_desktop.widgets.file_browser.view import FilesView

__all__ = ["FilesView"]
