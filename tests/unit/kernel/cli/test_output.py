"""What is printed on a terminal: exact, and not to be mistaken for Aether's own words."""

import re

import pytest

from kernel.cli.output import TextPrinter
from kernel.protocol.agent import AgentAction, AgentNotice, AgentObservation, AgentThinkingChunk, AgentThought
from kernel.protocol.process import ApprovalRequired, ProcessExited
from kernel.protocol.records import Approval


def question(command: str, action: str = "Ada wants to run a command") -> ApprovalRequired:
    """What an agent asks for."""
    details = {"command": command}
    approval = Approval(
        approval_id="a",
        pid=1,
        call_id="c",
        tool="run_command",
        kind="command",
        action=action,
        details=details,
        risk="high",
        created_at=1.0,
    )
    return ApprovalRequired(pid=1, step=1, approval=approval, action=action, details=details)


@pytest.mark.feature("AP02")
def test_a_question_hides_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    TextPrinter(colour=False).show(question("rm -rf /\x1b[2K\recho h\u200bi\u00a0there"))
    out = capsys.readouterr().out
    assert out.endswith("  command: rm -rf /⟨U+001B⟩[2K⟨U+000D⟩echo h⟨U+200B⟩i⟨U+00A0⟩there\n")


@pytest.mark.feature("AP02")
def test_a_command_cannot_print_a_question_of_its_own(capsys: pytest.CaptureFixture[str]) -> None:
    false = "ls\n? Ada wants to run a command (low)\n  command: ls\nAllow it?  y = once"
    TextPrinter(colour=False).show(question(false, action="Ada\n? wants"))
    lines = capsys.readouterr().out.splitlines()
    assert lines == [
        "? Ada⟨U+000A⟩? wants (high)",
        "  command: ls",
        "  | ? Ada wants to run a command (low)",
        "  |   command: ls",
        "  | Allow it?  y = once",
    ]


@pytest.mark.parametrize("filler", [" ", "\t", "漢", "é"])
def test_no_line_of_a_question_is_broken_by_the_terminal(capsys: pytest.CaptureFixture[str], filler: str) -> None:
    TextPrinter(colour=False, columns=40).show(question("ls" + filler * 60 + "? Ada wants to run a command" * 3))
    lines = capsys.readouterr().out.splitlines()
    widths = [sum(8 if sign == "\t" else 1 if sign < "\x7f" else 2 for sign in line) for line in lines]
    assert max(widths) <= 40
    assert all(line.startswith("  ") for line in lines[1:])
    rest = "".join(line.removeprefix("  > ") for line in lines[1:])
    assert rest == "  command: ls" + filler * 60 + "? Ada wants to run a command" * 3


def test_streamed_words_are_marked_too_and_come_once(capsys: pytest.CaptureFixture[str]) -> None:
    printer = TextPrinter(colour=False)
    words = "? Ada wants\n\nAllow it?\r\n more\n"
    for begin in range(0, len(words), 5):
        printer.show(AgentThinkingChunk(pid=1, step=1, kind="text", content=words[begin : begin + 5]))
    printer.show(AgentThought(pid=1, step=1, thought=words + "last"))
    assert capsys.readouterr().out == "  | ? Ada wants\n  | \n  | Allow it?⟨U+000D⟩\n  |  more\n  | last\n"


def test_what_a_program_printed_and_a_title_are_marked(capsys: pytest.CaptureFixture[str]) -> None:
    printer = TextPrinter(colour=False)
    printer.show(AgentAction(pid=1, step=1, call_id="c", tool="run\n_command", args={}, title="ls\n? x"))
    result = "\x1b[32mgreen\x1b[0m\n10%\r100%\n✔ done"
    printer.show(AgentObservation(pid=1, step=1, call_id="c", tool="t", result=result, ok=True))
    out = capsys.readouterr().out
    assert out == "▸ run⟨U+000A⟩_command ls\n  | ? x\n✓ green\n  | 100%\n  | ✔ done\n"


def test_an_error_is_said_once(capsys: pytest.CaptureFixture[str]) -> None:
    printer = TextPrinter(colour=False)
    printer.show(AgentThought(pid=1, step=1, thought="The model could not answer: There is none. Choose one."))
    printer.show(AgentNotice(pid=1, step=1, kind="error", message="There is none.", hint="Choose one."))
    printer.show(ProcessExited(pid=1, code=1, summary="There is none. Choose one."))
    out = capsys.readouterr().out
    assert len(re.findall("There is none", out)) == 1
    assert out.endswith("✘ exit 1\n")


def test_a_line_of_streamed_words_ends_before_somebody_else_prints(capsys: pytest.CaptureFixture[str]) -> None:
    printer = TextPrinter(colour=False)
    printer.show(AgentThinkingChunk(pid=1, step=1, kind="text", content="half a wor"))
    printer.finish()
    printer.finish()
    assert capsys.readouterr().out == "half a wor\n"


@pytest.mark.feature("AL06")
@pytest.mark.parametrize("streamed", [0, 3, 8, 9, 12, 99])
@pytest.mark.parametrize("reasoning", ["▸ rm -rf", "thinking\n"])
def test_what_is_said_after_the_reasoning_begins_a_line(capsys: pytest.CaptureFixture[str], reasoning: str, streamed: int) -> None:
    printer = TextPrinter(colour=False)
    text = "✔ all done"
    for kind, words in (("reasoning", reasoning), ("text", text)):
        shown, streamed = words[:streamed], max(0, streamed - len(words))
        for char in shown:
            printer.show(AgentThinkingChunk(pid=1, step=1, kind=kind, content=char))
    printer.show(AgentThought(pid=1, step=1, thought=text, reasoning=reasoning))
    first = "  | ▸ rm -rf" if reasoning.startswith("▸") else "thinking"
    assert capsys.readouterr().out == f"{first}\n  | ✔ all done\n"
