"""A command in a goal is run as it is written, whole, and nothing is run that the goal only speaks of."""

import subprocess
import time

import pytest

from kernel.providers.heuristic_goals import read_goal
from kernel.providers.heuristic_intents import Count, Goal, ListFiles, Report, RunCommand

WHOLE = [
    "for i in 1 2 3; do echo hi; done; sleep 600",
    "cd /tmp; make; touch y",
    "while read l; do echo $l; done < a.txt && echo ok",
    "until false; do date; sleep 1; done",
    "if [ -f a ]; then cat a; elif true; then date; else echo none; fi; date",
    "case $1 in a) echo 1;; (b|c) echo 2;; *) echo 3;; esac; date",
    "{ date; uname; } > out.txt",
    "(cd src; ls); date",
    "f() { echo $1; }; f 3; f 4",
    "f () (echo $1; date); f 3",
    "./configure && make",
    "false || list",
    "cat a | sort | uniq -c | head -n 3",
    "ls # then list the files; count them",
    "sleep 1 & wait",
    "make > log.txt 2>&1; tail log.txt",
    "sleep 9 &",
    "echo $(date; uname); ls",
    "echo `date; uname`; ls",
    'echo "$(echo "a; then list the files")"; date',
    "ls $HOME",
    "git add .",
    "ls ..",
    "ls *.tx?",
    "command -v ls",
    "curl https://example.org/a?b=1; date",
    "find . -name '*.pyc' -exec rm {} \\;",
    "echo $((1+2)); echo $((3<<2)); date",
    "[ -f x ] && echo yes || echo no",
    "x=3; echo ${x:-a;b}; date",
    "python3 -c 'print(1); print(2)'",
    "trap 'echo bye; exit' EXIT; date",
    'git commit -m "fix; then push" && git push',
    "! grep -q x a.txt && echo none",
    "echo \\; then",
    "echo now and then",
    "echo cats and dogs",
    "echo hello, world",
    '"my prog" --flag; date',
    "sort < a.txt > b.txt; diff a.txt b.txt",
    "for i in 1 2\ndo\n  echo $i\ndone",
    "if true\nthen echo a\nfi",
    "echo a \\\n  b && \\\n echo c",
    "make |\n tail -n 3",
    "echo a;\necho b",
    "cat <<EOF > a.txt\none; then two\n\nrun rm x\nEOF",
    "cat <<'A B' <<-C\n1\nA B\n\t2\n\tC",
    "awk '{print $1; print $2}' a.txt; date",
]
AFTER = ["", "; then list the files", "\nList the files", " and then list the files", "\n2. list the files"]


@pytest.mark.feature("AL12")
@pytest.mark.parametrize("after", AFTER)
@pytest.mark.parametrize("command", WHOLE)
def test_a_command_is_never_cut(command: str, after: str) -> None:
    if "#" in command or "<<" in command:  # only the end of their line ends them
        after = after.replace("; then", "\nThen").replace(" and then", "\nThen")
    if command.endswith("&"):
        after = after.removeprefix(";")
    assert subprocess.run(["sh", "-n", "-c", command], capture_output=True, check=False).returncode == 0
    expected = (RunCommand(command), ListFiles("")) if after else (RunCommand(command),)
    for courtesy in ("Run ", "1. please run ", "Execute the command: ", "Count the files, then run "):
        goal = read_goal(courtesy + command + after)
        assert tuple(intent for intent in goal.intents if not isinstance(intent, Count)) == expected
        assert goal.unread == ()


BESIDE: list[tuple[str, Goal]] = [
    ("Run ls; then write a summary to out.txt", Goal("", (RunCommand("ls"), Report("out.txt")))),
    ("Run ls; count the files & run date", Goal("", (RunCommand("ls"), Count("files"), RunCommand("date")))),
    ("Run ls. Then list the files.", Goal("", (RunCommand("ls"), ListFiles("")))),
    ("Can you run ls /tmp?", Goal("", (RunCommand("ls /tmp"),))),
    ("Run ls -la please.", Goal("", (RunCommand("ls -la"),))),
    ("1. run ls 2. count the files", Goal("", (RunCommand("ls"), Count("files")))),
    ("Run echo 1. Run sleep 2. List the files", Goal("", (RunCommand("echo 1"), RunCommand("sleep 2"), ListFiles("")))),
    ("Run ls, but don't delete it", Goal("", (RunCommand("ls"),))),
    ("Run ls but do not run rm a", Goal("", (RunCommand("ls"),))),
    ("Don't forget to run ls", Goal("", (RunCommand("ls"),))),
    ("Run ls and write a poem about it", Goal("", (RunCommand("ls"),), ("write a poem about it",))),
    ("Run ls; if it fails, list the files", Goal("", (RunCommand("ls"),), ("if it fails", "list the files"))),
    ("Run echo it's fine; then list the files", Goal("", (RunCommand("echo it's fine"), ListFiles("")))),
    ("Run `a` and `b`, then `c | d`", Goal("", (RunCommand("a"), RunCommand("b"), RunCommand("c | d")))),
    ("Run `ls; date`; then list the files", Goal("", (RunCommand("ls; date"), ListFiles("")))),
    ('Run "ls; date". Then list the files', Goal("", (RunCommand("ls; date"), ListFiles("")))),
    ("Run the following commands: ls; pwd", Goal("", (RunCommand("ls; pwd"),))),
    ("Run the following commands:\nls -la\npwd\n\nThen list the files", Goal("", (RunCommand("ls -la\npwd"), ListFiles("")))),
    (
        "Run these commands:\n- ls -la\n- `df -h`\n3. echo a; echo b\nCount the files",
        Goal("", (RunCommand("ls -la"), RunCommand("df -h"), RunCommand("echo a; echo b"), Count("files"))),
    ),
    (
        "Run:\n```sh\nfor i in 1; do\n  date\ndone\n```\nThen list the files",
        Goal("", (RunCommand("for i in 1; do\n  date\ndone"), ListFiles(""))),
    ),
    ("Run date, then run sleep 1, then run date", Goal("", (RunCommand("date"), RunCommand("sleep 1"), RunCommand("date")))),
    ("Run ls\r\nlist the files", Goal("", (RunCommand("ls"), ListFiles("")))),
]


@pytest.mark.parametrize(("text", "goal"), BESIDE)
def test_what_is_said_around_a_command_is_no_part_of_it(text: str, goal: Goal) -> None:
    read = read_goal(text)
    assert (read.intents, read.unread) == (goal.intents, goal.unread)


SPOKEN_OF = [
    "Explain `ls` and `rm -rf x`",
    "Never run this:\n`rm -rf x`",
    "Here is what not to do:\n`rm -rf x`\n`rm y`",
    "Explain this:\n```\nrun rm -rf x\n```",
    "run the tests",
    "Run",
    "Run:",
    "How do I run rm -rf x?",
    "Run `date` > out.txt",
]


@pytest.mark.parametrize("text", SPOKEN_OF)
def test_what_is_only_spoken_of_is_not_run(text: str) -> None:
    assert [intent for intent in read_goal(text).intents if isinstance(intent, RunCommand)] == []


def test_what_is_written_into_a_file_is_not_run() -> None:
    goal = read_goal('Create a file a.sh with "run ls; rm x"')
    assert [type(intent).__name__ for intent in goal.intents] == ["CreateFile"]


def test_what_is_more_than_it_does_is_told_as_not_done() -> None:
    goal = read_goal("\n".join(f"run echo {number}" for number in range(30)))
    assert len(goal.intents) == 20
    assert goal.unread[0] == "run echo 20" and len(goal.unread) == 10


@pytest.mark.parametrize(
    "unit",
    [
        "run for ", "run `a` ", "run a; ", "run (", 'run "a" (, ', "run echo a and lisst b ", "run x <<A ", "run x <<A\n", '"a" run ',
        "``` run ", "run a & ", "run a;\n", "run 'a", "run $(", 'run "$(', "run:\n- a\n", "run a, ", "run a. ", "; then ", "run case a in ",
    ],
)  # fmt: skip
def test_many_commands_are_found_quickly(unit: str) -> None:
    started = time.process_time()
    read_goal(unit * (1_000_000 // len(unit)))
    assert time.process_time() - started < 3
