"""Whether a mounted folder is still where the words of an "always" say that it is."""

from pathlib import Path

from kernel.tools.run_command import _is_in_place
from kernel.vfs.homes import Home


def test_a_folder_whose_parent_was_moved_or_linked_is_not_where_it_was_mounted(tmp_path: Path) -> None:
    home = Home(1, "agent_1", tmp_path, tmp_path / "tmp", "/home/agent_1")
    (tmp_path / "shared/w").mkdir(parents=True)
    assert _is_in_place(home, "/home/agent_1/shared/w")
    assert _is_in_place(home, "/home/agent_1/work"), "nothing of the agent's lies above it"
    assert _is_in_place(home, "/mnt/data")
    (tmp_path / "shared").rename(tmp_path / "q")
    assert not _is_in_place(home, "/home/agent_1/shared/w")
    (tmp_path / "shared").symlink_to("q")
    assert not _is_in_place(home, "/home/agent_1/shared/w")
