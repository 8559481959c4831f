"""The folders of Aether's root are closed to others; nobody else's folder is."""

from pathlib import Path

import pytest

from kernel.errors import StorageError
from kernel.paths import Paths


def mode(folder: Path) -> int:
    return folder.stat().st_mode & 0o777


@pytest.mark.feature("ST02")
def test_what_aether_keeps_is_closed_to_others_and_closed_again(tmp_path: Path) -> None:
    paths = Paths(tmp_path / "root")
    paths.create()
    assert {mode(folder) for folder in (paths.homes, paths.shared, paths.tmp, paths.state, paths.runtime)} == {0o700}
    paths.homes.chmod(0o755)
    paths.tmp.chmod(0o500)
    paths.create()
    assert mode(paths.homes) == mode(paths.tmp) == 0o700


@pytest.mark.parametrize("name", ["home", "tmp", "shared"])
def test_a_root_that_is_somebody_elses_is_refused_and_left_as_it_is(tmp_path: Path, name: str) -> None:
    """As / would be, with everybody's /home and /tmp."""
    (tmp_path / name).mkdir()
    (tmp_path / name).chmod(0o1777)
    with pytest.raises(StorageError, match=f"{name} is there already and open to others") as caught:
        Paths(tmp_path).create()
    assert "AETHER_FS_ROOT" in caught.value.hint
    assert mode(tmp_path / name) == 0o777
    assert [path.name for path in tmp_path.iterdir()] == [name], "nothing was made"


@pytest.mark.parametrize("name", ["home", "tmp", "var/kernel/run"])
def test_a_file_in_the_place_of_a_folder_is_refused(tmp_path: Path, name: str) -> None:
    paths = Paths(tmp_path)
    paths.create()
    (tmp_path / name).rmdir()
    (tmp_path / name).touch(mode=0o600)
    with pytest.raises(StorageError, match="cannot write"):
        paths.create()


def test_the_folder_that_a_link_leads_to_keeps_its_rights(tmp_path: Path) -> None:
    paths = Paths(tmp_path / "root")
    paths.create()
    (tmp_path / "disk").mkdir(mode=0o755)
    paths.homes.rmdir()
    paths.homes.symlink_to(tmp_path / "disk")
    with pytest.raises(StorageError, match="open to others"):
        paths.create()
    assert mode(tmp_path / "disk") == 0o755
    (tmp_path / "disk").chmod(0o700)
    paths.create()
