"""What `aether doctor` says of a root folder that belongs to somebody else."""

from __future__ import annotations

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
