"""What a goal forbids is not done, however it is said, and what it forbids in general rules out what would do it."""

from pathlib import Path

import pytest

from kernel.providers.heuristic import HeuristicProvider
from kernel.providers.heuristic_goals import read_goal
from kernel.providers.heuristic_intents import Count, FindByName, ListFiles, RunCommand
from tests.unit.kernel.providers.test_heuristic import Machine, run

FORBIDDEN = [
    "Things you must not do:\n- run rm a.txt\n- run touch b",
    "Forbidden commands:\n- `rm a.txt`\n- `rm b.txt`",
    "Never:\nrun rm a.txt",
    "do not\nrun rm a.txt",
    "You must not, whatever happens, run rm a.txt",
    "do not list the files and run rm a.txt",
    "do not ever, please, run rm a.txt",
    "refrain from this and run rm a.txt",
    "Dangerous! `rm a.txt`",
    "Run rm a.txt. Just kidding, do not.",
    "Run rm a.txt? No!",
    "run rm a.txt never",
    "run rm a.txt is forbidden",
    "Run rm a.txt unless it is needed",
    "run not rm a.txt",
    "run anything but rm a.txt",
    "Run these commands:\n- do not run rm a.txt",
    "Never run rm. Run rm a.txt.",
    "The program rm is forbidden. Run rm a.txt.",
    "Do not delete anything. Run find . -name a.txt -delete",
    "Do not delete anything; run cd work && rm a.txt",
    "Do not delete files. Run X=1 sudo rm a.txt",
    "Don't remove files. Run for f in *; do rm $f; done",
    "Never touch a.txt. Run sed -i s/a/b/ a.txt",
    "Do not change any files. Run echo x > a.txt",
    "Run rm a.txt. Do not use any shell commands.",
    "No network, please. Run curl https://example.org",
    "Führe niemals aus: run rm a.txt",
    "不要:\nrun rm a.txt",
    "Никогда:\n- run rm a.txt",
]


@pytest.mark.feature("AL12")
@pytest.mark.parametrize("goal", FORBIDDEN)
def test_what_is_forbidden_is_not_run(goal: str) -> None:
    assert [intent for intent in read_goal(goal).intents if isinstance(intent, RunCommand)] == []


CONDITIONS = [
    "If a.txt exists, run rm a.txt",
    "If it is there then run rm a.txt",
    "List the files. If that fails, run rm a.txt.",
    "After I say yes, run rm a.txt",
    "Tomorrow, run rm a.txt",
    "Wait for my OK, then run rm a.txt",
    "First ask me. Then run rm a.txt",
    "Ask me first\n\nRun rm a.txt",
    "Run either `ls` or `rm a.txt`",
    "Run ls or run rm a.txt",
    "Run rm a.txt every 5 minutes",
    "Run rm a.txt if it is old",
]


@pytest.mark.feature("AL12")
@pytest.mark.parametrize("goal", CONDITIONS)
def test_what_depends_on_what_it_cannot_know_is_not_run(goal: str) -> None:
    read = read_goal(goal)
    assert [intent for intent in read.intents if isinstance(intent, RunCommand)] == [] and "rm a.txt" in str(read.unread)


ALLOWED = [
    ("Do not delete anything. Run ls.", "ls"),
    ("Do not change anything. Run cat a.txt | sort > /dev/null 2>&1", "cat a.txt | sort > /dev/null 2>&1"),
    ("Do not run anything else. Run make test", "make test"),
    ("Never run anything other than ls. Run ls -la", "ls -la"),
    ("Don't be shy\n\nRun rm a.txt", "rm a.txt"),
    ("Do not list the files, just run date", "date"),
    ("Do nothing of that sort:\n- run rm a.txt\n\nRun date", "date"),
    ("When you are done, run date", "date"),
    ("List the files, and after that run date", "date"),
    ("If it rains, count the files. Run date", "date"),
    ("Can you please run `date` for me?", "date"),
    ("Run x=1; if [ $x = 1 ]; then date; fi", "x=1; if [ $x = 1 ]; then date; fi"),
    ("Run dd if=a of=b", "dd if=a of=b"),
    ("Instead of running `rm a.txt`, run `ls`", "ls"),
    ("Run find . -not -name 'never mind'", "find . -not -name 'never mind'"),
    ("Run echo never say never", "echo never say never"),
    ("Run python3 -c 'print(1 not in [2])'", "python3 -c 'print(1 not in [2])'"),
    ("Run cat <<EOF\nnever do not\nEOF", "cat <<EOF\nnever do not\nEOF"),
]


@pytest.mark.parametrize(("goal", "command"), ALLOWED)
def test_a_prohibition_keeps_from_nothing_else(goal: str, command: str) -> None:
    assert [intent for intent in read_goal(goal).intents if isinstance(intent, RunCommand)] == [RunCommand(command)]


@pytest.mark.parametrize(
    "goal",
    [
        "list the files except the python ones",
        "find all files not ending in .txt in ~/work",
        "count files that are not python",
        "read a.txt and b.txt",
        "count the words in a.txt and b.txt",
    ],
)
def test_a_clause_that_excludes_something_or_names_two_is_not_read_as_half_of_it(goal: str) -> None:
    read = read_goal(goal)
    assert read.intents == () and read.unread == (goal,)


def test_each_and_every_are_no_places() -> None:
    assert read_goal("count the lines of every file in ~/work").intents == (Count("lines", (), "~/work"),)
    assert read_goal("find all python files and list the files").intents == (FindByName(("*.py",)), ListFiles(""))


@pytest.mark.feature("AL12")
@pytest.mark.parametrize(
    ("goal", "tools", "left"),
    [
        ("List the files without running any command", {"run_command"}, ["notes.txt"]),
        ("List the files. Do not write any files.", {"write_file", "mkdir"}, ["notes.txt"]),
        ("Invent a poem. Do not create anything.", {"write_file", "mkdir"}, ["notes.txt"]),
        ("Do not read any file, count the files", {"read_file"}, None),
    ],
)
async def test_nothing_that_is_ruled_out_is_used(goal: str, tools: set[str], left: list[str] | None, tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("x\n")
    done = await run(goal, Machine(tmp_path))
    assert not tools & set(done.tools)
    assert left is None or "report.md" in done.summary or [path.name for path in tmp_path.iterdir()] == left
    assert "what not to do" in done.summary


@pytest.mark.feature("AL12")
async def test_a_prohibition_that_was_kept_is_no_failure(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("x\n")
    done = await run("Do not delete anything. Count the files. Never run rm.", Machine(tmp_path))
    assert HeuristicProvider().shortfall(done.messages) == ""
    assert "Counted 1 files" in done.summary
    assert "Understood as what not to do: Do not delete anything; Never run rm." in done.summary
