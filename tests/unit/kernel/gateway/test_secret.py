"""The instance's secret: set, or made once and kept."""

import stat
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from kernel.errors import InvalidArgumentError, StorageError
from kernel.gateway import secret


@pytest.mark.feature("CF01")
def test_what_is_set_is_used_and_never_kept(tmp_path: Path) -> None:
    file = tmp_path / "secret"
    found = secret.load(file, {"AETHER_SECRET": "correct horse battery"})
    assert found.reveal() == b"correct horse battery"
    assert not file.exists()
    assert "horse" not in repr(found) and "horse" not in f"{found}"


@pytest.mark.feature("CF01")
def test_else_one_is_made_once_and_kept_for_this_user_alone(tmp_path: Path) -> None:
    file = tmp_path / "secret"
    first = secret.load(file, {})
    assert len(first.reveal()) >= 40
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    file.chmod(0o644)
    assert secret.load(file, {"AETHER_SECRET": ""}).reveal() == first.reveal()
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert secret.load(tmp_path / "other", {}).reveal() != first.reveal()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["other", "secret"]


def test_starts_at_the_same_time_agree(tmp_path: Path) -> None:
    with ThreadPoolExecutor(8) as pool:
        found = {made.reveal() for made in pool.map(lambda _: secret.load(tmp_path / "secret", {}), range(32))}
    assert len(found) == 1


@pytest.mark.parametrize("value", ["short", "x" * 1025, "contains a\nline break", "ünïcödé ünïcödé ünïcödé"])
def test_a_weak_one_is_refused_without_being_shown(tmp_path: Path, value: str) -> None:
    with pytest.raises(InvalidArgumentError, match="AETHER_SECRET") as caught:
        secret.load(tmp_path / "secret", {"AETHER_SECRET": value})
    assert value not in str(caught.value)


@pytest.mark.parametrize("content", [b"short", b"\xff" * 40, b"", b"x" * 100_000])
def test_a_damaged_file_is_said(tmp_path: Path, content: bytes) -> None:
    file = tmp_path / "secret"
    file.write_bytes(content)
    with pytest.raises((InvalidArgumentError, StorageError), match="secret") as caught:
        secret.load(file, {})
    assert "emove it" in caught.value.hint


def test_a_link_in_its_place_is_not_followed(tmp_path: Path) -> None:
    (tmp_path / "elsewhere").write_text("x" * 40)
    (tmp_path / "secret").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(StorageError):
        secret.load(tmp_path / "secret", {})
