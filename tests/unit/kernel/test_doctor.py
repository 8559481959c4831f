"""What `aether doctor` says of a root folder that belongs to somebody else."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest

from kernel import doctor
from kernel.paths import Paths


def test_a_database_that_may_not_be_looked_at(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(_path: Path) -> bool:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "exists", refuse)
    found = doctor._database(Paths(tmp_path))
    assert not found.ok
    assert "Permission denied" in found.detail
    assert "AETHER_FS_ROOT" in found.remedy


def test_a_database_that_cannot_be_opened_is_not_called_damaged(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As in a folder that cannot be written, where SQLite cannot make what it needs beside the file."""
    paths = Paths(tmp_path)
    paths.create()
    paths.database.write_bytes(b"")

    def refuse(*_words: object, **_options: object) -> None:
        raise sqlite3.OperationalError("unable to open database file")

    monkeypatch.setattr(sqlite3, "connect", refuse)
    found = doctor._database(paths)
    assert not found.ok
    assert "damaged" not in found.remedy and "writable" in found.remedy
