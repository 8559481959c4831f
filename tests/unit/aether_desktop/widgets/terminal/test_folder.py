"""Folders that shells report."""

from __future__ import annotations

import pytest

from aether_desktop.widgets.terminal.folder import folder_of


@pytest.mark.parametrize(
    ("uri", "folder"),
    [
        ("file://host/home/a%20b", "/home/a b"),
        ("file:///srv", "/srv"),
        ("/plain", "/plain"),
        ("http://x/y", ""),
        ("file://host/%ff", ""),
        ("file://[", ""),
        ("relative", ""),
        ("file:///a%00b", ""),
    ],
)
def test_the_folder_that_a_shell_reports(uri: str, folder: str) -> None:
    assert folder_of(uri) == folder
