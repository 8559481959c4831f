"""Records go to a file where there can be one, to memory always, and nobody waits for them."""

import logging
import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from kernel import log
from tests.unit.kernel.test_own_file import PRESENT


@pytest.fixture(autouse=True)
def the_log_of_before() -> Iterator[None]:
    raised, root = logging.raiseExceptions, logging.getLogger("aether")
    handlers, level = tuple(root.handlers), root.level
    for handler in handlers:
        root.removeHandler(handler)
    yield
    log.configure(None)
    root.handlers[:] = handlers
    root.setLevel(level)
    logging.raiseExceptions = raised


def test_records_are_in_the_file_and_in_memory_without_secrets(tmp_path: Path) -> None:
    recent = log.configure(tmp_path / "aether.log")
    with log.bound_pid(7):
        log.get_logger("test").info("asked with %s and \udcff", "sk-12345678901234")
    (line,) = recent.lines()
    assert "pid=7" in line and "[redacted]" in line and "sk-1" not in line
    assert (tmp_path / "aether.log").read_text() == line.replace("\udcff", "\\udcff") + "\n"


@pytest.mark.feature("ST01")
@pytest.mark.parametrize("kind", PRESENT)
def test_what_is_no_file_is_said_and_left_alone(tmp_path: Path, kind: str) -> None:
    make, words = PRESENT[kind]
    path = tmp_path / "aether.log"
    make(path)
    before = sorted(tmp_path.iterdir())
    recent = log.configure(path)
    log.get_logger("test").info("something")
    assert f"(it {words})" in log.unusable(path) and str(path) in log.unusable(path)
    assert len(recent.lines()) == 1
    assert sorted(tmp_path.iterdir()) == before


@pytest.mark.parametrize("kind", PRESENT)
def test_what_takes_the_place_of_the_file_before_its_first_record_stops_nobody(tmp_path: Path, kind: str) -> None:
    path = tmp_path / "aether.log"
    recent = log.configure(path)
    PRESENT[kind][0](path)
    log.get_logger("test").info("something")
    assert len(recent.lines()) == 1


def test_a_file_a_link_to_one_and_nothing_are_usable(tmp_path: Path) -> None:
    path = tmp_path / "aether.log"
    assert log.unusable(path) == "" and not path.exists()
    path.write_text("before\n")
    (tmp_path / "link").symlink_to("aether.log")
    assert log.unusable(path) == log.unusable(tmp_path / "link") == ""
    log.configure(tmp_path / "link")
    log.get_logger("test").info("something")
    assert path.read_text().startswith("before\n") and "something" in path.read_text()


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_file_of_somebody_else_is_said(tmp_path: Path) -> None:
    path = tmp_path / "aether.log"
    path.touch(mode=0o400)
    assert "Permission denied" in log.unusable(path)
