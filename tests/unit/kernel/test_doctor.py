"""What `aether doctor` says of a root folder that belongs to somebody else."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest

from kernel import doctor
from kernel.paths import Paths
from kernel.sandbox.backend import Probe


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


@pytest.mark.feature("VN01")
def test_whether_agents_can_have_desktops_is_said_with_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    confined, not_confined = Probe(True, "bubblewrap", "Confined."), Probe(True, "none", "Not confined.", "Install bubblewrap.")
    there = {"Xtigervnc": "/usr/bin/Xtigervnc", "twm": "/usr/bin/twm"}
    monkeypatch.setattr(doctor, "find_program", there.get)
    assert doctor._desktops(confined).ok and "with twm" in doctor._desktops(confined).detail
    found = doctor._desktops(not_confined)
    assert (found.ok, found.remedy, found.required) == (False, "Install bubblewrap.", False)
    del there["twm"]
    assert doctor._desktops(confined).ok and "openbox" in doctor._desktops(confined).detail
    there.clear()
    found = doctor._desktops(confined)
    assert not found.ok and not found.required and "apt install tigervnc-standalone-server" in found.remedy


def test_letters_that_no_font_has_are_named_with_what_to_do(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    found = doctor._fonts()
    assert found.ok and "Korean" in found.detail and not found.remedy  # `make setup` installs them
    listing = tmp_path / "fc-list"
    listing.write_text("#!/bin/sh\necho ':lang=en|zh-cn|ja'\necho ':lang=und-zsye'\n")
    listing.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    found = doctor._fonts()
    assert (found.ok, found.detail) == (False, f"{found.detail.split()[0]} bundled; none for Korean")
    assert "fonts-wqy-microhei" in found.remedy
    monkeypatch.setenv("PATH", str(tmp_path / "none"))
    assert "none for emoji, Chinese, Japanese, Korean" in doctor._fonts().detail


def test_a_display_that_does_not_answer_is_not_called_found() -> None:
    found = doctor._display({"DISPLAY": ":4242"})
    assert not found.ok and "The display :4242 does not answer" in found.detail and "aether run" in found.remedy
    found = doctor._display({})
    assert (found.ok, found.detail) == (False, "none")
    found = doctor._display({"QT_QPA_PLATFORM": "offscreen"})
    assert (found.ok, found.detail) == (True, "offscreen")
