"""What cannot be right is refused before a kernel is asked, in words of the command line."""

import argparse

import pytest

from kernel.cli import main as command_line
from kernel.cli.arguments import message, model, number_up_to, process_id, reason, steps
from kernel.errors import NotFoundError

NO_PIDS = ["one", "", "-", "1_0", " 1", "1 ", "+1", "1.0", "1e3", "0x1", "١", "１", "²", "--1"]


@pytest.mark.parametrize("text", ["0", "-1", "000", str(1 << 53), "9" * 20, "9" * 5000])
def test_a_number_that_no_process_has_is_no_process(text: str) -> None:
    with pytest.raises(NotFoundError, match=f"There is no process {text[:100]}"):
        process_id(text)


@pytest.mark.parametrize(
    ("judge", "text", "said"),
    [
        (steps, "100001", "at most 100,000"),
        (steps, "0", "above 0"),
        (steps, "many", "above 0"),
        (number_up_to(), str(1 << 63), "too large"),
        (model, "m" * 501, "501 characters; at most 500"),
        (message, "m" * 100_001, "100,001 characters; at most 100,000"),
        (message, "  ", "empty"),
        (reason, "r" * 10_001, "10,001 characters; at most 10,000"),
        (message, "bad \udcff", "not valid UTF-8"),
        (reason, "bad \udcff", "not valid UTF-8"),
        (model, "bad \udcff", "not valid UTF-8"),
        *((process_id, text, "is not the number of a process") for text in NO_PIDS),
    ],
)
def test_what_is_too_much_is_said(judge: object, text: str, said: str) -> None:
    with pytest.raises(argparse.ArgumentTypeError, match=said):
        judge(text)  # type: ignore[operator] # one of the judges


@pytest.mark.parametrize(
    "words", [["kill"], ["send", "x"], ["approve"], ["reject"], ["resume"], ["logs"]], ids=lambda words: words[0]
)
def test_each_command_takes_the_digits_of_ascii_alone_for_a_pid(words: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    """Read as `int` does, 1_0 would be agent 10."""
    for pid in ("1_0", "１"):
        with pytest.raises(SystemExit) as ended:
            command_line.main([words[0], pid, *words[1:]])
        assert ended.value.code == 2
        assert f"'{pid}' is not the number of a process. Write it in the digits 0 to 9" in capsys.readouterr().err


def test_what_fits_is_taken() -> None:
    assert process_id("0007") == 7
    assert (process_id("7"), steps("100000"), model("m" * 500), message("go on"), reason("")) == (7, 100_000, "m" * 500, "go on", "")


@pytest.mark.parametrize(
    "arguments",
    [
        ["run", "--role", "Coder", "--goal", "x", "--max-steps", "100001"],
        ["run", "--role", "Coder", "--goal", "x", "--model", "m" * 600],
        ["send", "1", "m" * 120_000],
        ["reject", "1", "r" * 12_000],
    ],
)
def test_wrong_usage_exits_with_2(arguments: list[str], capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.argv", ["aether", *arguments])
    with pytest.raises(SystemExit) as ended:
        command_line.main()
    assert ended.value.code == 2
    assert "at most" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("words", "format", "pid"),
    [
        (["--json", "1"], "kernel", 1),
        (["1", "--json"], "kernel", 1),
        (["--json", "session", "1"], "session", 1),
        (["--json=session", "1"], "session", 1),
        (["1", "--json", "kernel"], "kernel", 1),
        (["--json", "--", "1"], "kernel", 1),
        (["1"], None, 1),
    ],
)
@pytest.mark.parametrize("subcommand", ["logs", "resume"])
def test_a_format_is_a_format_and_nothing_else(
    subcommand: str, words: list[str], format: str | None, pid: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    taken = _taken_by(subcommand, monkeypatch)
    assert command_line.main([subcommand, *words]) == 0
    assert [(arguments.json, arguments.pid) for arguments in taken] == [(format, pid)]


def _taken_by(subcommand: str, monkeypatch: pytest.MonkeyPatch) -> list[argparse.Namespace]:
    taken: list[argparse.Namespace] = []

    def take(arguments: argparse.Namespace) -> int:
        taken.append(arguments)
        return 0

    monkeypatch.setattr(f"kernel.cli.{subcommand}.run", take)
    return taken


def test_other_subcommands_keep_their_own_json(monkeypatch: pytest.MonkeyPatch) -> None:
    taken = _taken_by("ps", monkeypatch)
    assert command_line.main(["ps", "--json", "-a"]) == 0
    assert taken[0].json is True
    with pytest.raises(SystemExit):
        command_line.main(["logs", "--json=yaml", "1"])
