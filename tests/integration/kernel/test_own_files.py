"""`aether` where something else lies in the place of its settings and its log: it says so and works."""

from pathlib import Path

import pytest

from kernel.paths import Paths
from tests.integration.kernel.test_database_place import aether
from tests.unit.kernel.test_own_file import PRESENT


@pytest.mark.feature("ST01")
@pytest.mark.parametrize("kind", PRESENT)
def test_one_sentence_each_and_a_run_with_defaults(tmp_path: Path, kind: str) -> None:
    paths = Paths(tmp_path / "root")
    paths.create()
    make, words = PRESENT[kind]
    make(paths.config_file)
    if kind == "link to a pipe":
        paths.log_file.symlink_to(paths.config_file)
    else:
        make(paths.log_file)
    done = aether(paths.root, "run --role Coder --goal x --yes --model heuristic")
    assert "The run ends without reaching its goal." in done.stdout, done.stderr
    assert f"The settings in {paths.config_file} cannot be read (it {words}); defaults are in force." in done.stderr
    assert f"The log {paths.log_file} cannot be written (it {words})" in done.stderr
    assert "Traceback" not in done.stderr
