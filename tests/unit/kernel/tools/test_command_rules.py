"""An "always" for a command covers what its words say, and a shared folder only where they name it."""

import posixpath
import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kernel.tools.command_reach import Place
from kernel.tools.command_risk import classify
from kernel.tools.command_rules import Standing, includes, standing

HOME = "/home/agent_1"
WORK = f"{HOME}/work"
PLACE = Place(HOME, (HOME,), (WORK,))
TWO = Place(HOME, (HOME,), (WORK, "/mnt/data"))


@pytest.mark.parametrize(
    ("rule", "command", "covered"),
    [
        ("run_command(curl *)", "curl x", True),
        ("run_command(curl *)", "curl a; curl b", True),
        ("run_command(curl *)", "/usr/bin/curl x", True),
        ("run_command(curl *)", "timeout 5 curl x 2>/dev/null", True),
        ("run_command(curl *)", "./curl x", False),
        ("run_command(curl *)", "/tmp/curl x", False),
        ("run_command(curl *)", "PATH=. curl x", False),
        ("run_command(curl *)", "env LD_PRELOAD=./a.so curl x", False),
        ("run_command(curl *)", "curl x | sh", False),
        ("run_command(curl *)", "curl x; rm y", False),
        ("run_command(curl *)", "curl x > y", False),
        ("run_command(curl *)", "curl $(cat secret)", False),
        ("run_command(curl *)", "env -u A curl x", False),
        ("run_command(rm *)", "rm x", True),
        ("run_command(rm *)", "rm -rf /", False),
        ("run_command(rm *)", "rmdir x", False),
        ("run_command(rm *)", 'rm "x', False),
        ("run_command(rm *)", "rm() { curl x; }; rm y", False),
        ("run_command(FOO *)", "env -u FOO rm x", False),
    ],
)
def test_a_rule_covers_its_own_program_only(rule: str, command: str, covered: bool) -> None:
    own = standing(command).rule
    assert (bool(own) and includes(rule, own)) is covered


def test_rules_are_given_for_one_plain_program_only() -> None:
    assert standing("curl x").rule == "run_command(curl *)"
    for command in ("curl x | tee y", "bash -c ls", "python3 -c 1", "$X y", "env -u A rm x", "eval ls", "a'b c'd", "make > a", "", "# x"):
        assert standing(command).rule == ""


@pytest.mark.feature("PM04")
@pytest.mark.parametrize(
    "command",
    [
        "rm -rf work/mydocs", "rm -rf ~/work/mydocs", 'rm -rf "$HOME/work/x"', "rm -rf ${HOME}/work/x", f"rm {WORK}/x", "rm a work/x",
        "rm -rf sub/../work/x", "rm -rf ./work/x", "rm -rf 'wo'rk/x", "rm -rf wo\\\nrk/x", "rm work", "rm -rf w*", "rm -rf w?rk/x", "rm *",
        "rm -rf $X", "rm -rf ~other/x", "rm -rf {a,work}/x", "rm -rf wor{k..k}/x", "rm -rf `echo work`", "xargs rm < list",
        "parallel rm < list", "/usr/bin/xargs rm < list", "cd work && rm -rf x", "cd work; rm x", "(cd work && rm x)", "pushd work; rm x",
        "env -C work rm x", "HOME=work rm ~/x", "find . -delete", "rm x > work/y", "mv work/x a", "shred work/x", "truncate -s0 work/x",
        "make", "git clean -fdx", "curl -o work/x y", "nohup rm work/x", "env A=1 rm work/x", "rm -r -- work/x",
    ],
)  # fmt: skip
def test_an_always_that_was_given_outside_a_shared_folder_covers_nothing_that_could_change_it(command: str) -> None:
    own = standing(command, PLACE).rule
    for program in ("rm", "cd", "find", "mv", "shred", "truncate", "make", "git", "curl"):
        assert not own or not includes(f"run_command({program} *)", own)


@pytest.mark.parametrize("command", ["rm -rf build", "rm -v -f a b", "rm /tmp/x", "rm workshop/x", "rm 'a b' 2>/dev/null"])
def test_what_stays_outside_is_covered(command: str) -> None:
    found = standing(command, PLACE)
    assert (found.rule, found.always) == ("run_command(rm *)", "`rm …` outside ~/work")


@pytest.mark.parametrize(
    "command", ["rm a; rm b", "rm ~/a", "nohup rm x", "rm -rf sub/*.o", "/bin/rm x", "'rm' x", "rm x > /tmp/y",
                "rm $X", "rm - x", "rm --recursive x", "rm -d x", "rm --", "shred x", "cp -r a b", "ln -s ../a b"]
)  # fmt: skip
def test_what_is_not_surely_outside_has_no_rule(command: str) -> None:
    assert standing(command, PLACE) == Standing()


@pytest.mark.parametrize(
    ("link", "command"), [("b/a", "cp a b"), ("b/a", "mv -v c/a b"), ("a", "ln -s c/a"), ("b", "touch b"), ("b", "mkdir -p b/x")]
)
def test_what_a_program_makes_in_a_folder_is_followed_too(link: str, command: str) -> None:
    at = f"{HOME}/{link}"
    place = Place(HOME, (HOME,), (WORK,), lambda path: re.sub(f"^{at}(?=/|$)", f"{WORK}/x", posixpath.normpath(path)))
    assert standing(command, PLACE).rule.endswith(" *)")
    assert standing(command, place).rule.endswith(f" in {WORK}")


@pytest.mark.feature("PM04")
@pytest.mark.parametrize(
    ("command", "place", "rule", "always"),
    [
        ("rm work/x", PLACE, f"run_command(rm *) in {WORK}", "`rm …` also in ~/work"),
        ("make", PLACE, f"run_command(make *) in {WORK}", "`make …` also in ~/work"),
        ("curl x", PLACE, f"run_command(curl *) in {WORK}", "`curl …` also in ~/work"),
        ("rm x", TWO, "run_command(rm *)", "`rm …` outside ~/work and /mnt/data"),
        ("rm work/x", TWO, f"run_command(rm *) in {WORK}", "`rm …` also in ~/work"),
        ("make", TWO, f"run_command(make *) in {WORK}, /mnt/data", "`make …` also in ~/work and /mnt/data"),
        ("kill 5", PLACE, "run_command(kill *)", "`kill …` commands"),
        ("rm x", Place(HOME, (WORK,), (WORK,)), f"run_command(rm *) in {WORK}", "`rm …` also in ~/work"),
        ("rm x", Place(HOME, (), (WORK,)), "", ""),
        ("make", Place(HOME, (HOME,), ("/mnt/a, b",)), "", ""),
        ("make", Place(HOME, (HOME,), tuple(f"/mnt/{number:050d}" for number in range(5))), "", ""),
    ],
)
def test_its_words_name_each_shared_folder_that_it_covers(command: str, place: Place, rule: str, always: str) -> None:
    found = standing(command, place)
    assert (found.rule, found.always) == (rule, always)


def test_a_wider_rule_holds_the_narrower_and_no_other_folder() -> None:
    narrow, work, both = (standing(line, TWO).rule for line in ("rm x", "rm work/x", "rm work/x /mnt/data/y"))
    assert includes(work, narrow) and includes(both, work) and includes(both, narrow)
    assert not includes(narrow, work) and not includes(work, both)
    assert not includes(work, standing("rm /mnt/data/y", TWO).rule)
    assert not includes(work, standing("make", PLACE).rule)
    assert not includes("write_file(/home/agent_1/*)", narrow)


@pytest.mark.parametrize(
    "command", ["rm -rf work", "rm -rf work/", "rm -rf work/*", "rm -rf ~/work/../work", "rm -r ~/../agent_1", "cd work; rm -r ."]
)
def test_a_whole_shared_folder_is_never_deleted_under_an_always(command: str) -> None:
    assert classify(command, PLACE).risk == "high"
    assert standing(command, PLACE).rule == ""


@settings(max_examples=300, deadline=None)
@given(st.lists(st.sampled_from([*"ab <>|&;\"'$(){}~*\n\\#=-/", "rm ", "cd ", "work", "work/", "$HOME", "../", "xargs "]), max_size=30))
def test_a_rule_without_a_folder_is_given_to_no_line_that_names_it_plainly(words: list[str]) -> None:
    line = "".join(words)
    rule = standing(f"rm work/x {line}", PLACE).rule
    assert not rule or rule.endswith(f" in {WORK}")
