"""Apps are found by id and loaded when first opened, never before."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from aether_desktop.shell.app_registry import (
    DEFAULT_MANIFESTS,
    AppManifest,
    AppRegistry,
    BrokenAppError,
    UnknownAppError,
)


def test_ids_shortcuts_and_colours_of_the_apps_are_their_own() -> None:
    ids = [manifest.app_id for manifest in DEFAULT_MANIFESTS]
    keys = [manifest.shortcut for manifest in DEFAULT_MANIFESTS if manifest.shortcut]
    colours = [manifest.colour for manifest in DEFAULT_MANIFESTS]
    assert len(set(ids)) == len(ids)
    assert len(set(keys)) == len(keys)
    assert len(set(colours)) == len(colours)


def test_two_apps_of_one_name_are_refused() -> None:
    manifest = AppManifest("a", "A", "agents", "#ffffff", "x:create")
    with pytest.raises(ValueError, match="two apps"):
        AppRegistry([manifest, manifest])


def test_an_unknown_app_and_a_broken_one_say_so() -> None:
    registry = AppRegistry(
        [
            AppManifest("a", "Notes", "notes", "#ffffff", "json:create"),
            AppManifest("b", "B", "x", "#000000", "no.such:f"),
        ]
    )
    with pytest.raises(UnknownAppError, match="no app called zzz"):
        registry.get("zzz")
    with pytest.raises(BrokenAppError, match="Notes cannot be loaded"):
        registry.factory("a")
    with pytest.raises(BrokenAppError, match="no"):
        registry.factory("b")


def test_no_app_is_imported_with_the_shell() -> None:
    program = (
        "import sys; import aether_desktop.shell.main_window;"
        "heavy = {'numpy', 'httpx', 'docker', 'psutil', 'pygments', 'qtawesome', 'pynvml', 'aiosqlite'};"
        "assert not heavy & set(sys.modules), heavy & set(sys.modules);"
        "apps = [name for name in sys.modules if name.startswith('aether_desktop.apps.')];"
        "assert not apps, apps"
    )
    root = Path(__file__).resolve().parents[4]
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=root, capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 0, done.stderr
