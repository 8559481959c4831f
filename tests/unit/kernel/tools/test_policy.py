"""Who decides: the mode, the rules, the risk, the confinement."""

import pytest

from kernel.errors import InvalidArgumentError, NotFoundError
from kernel.protocol.ids import ApprovalMode
from kernel.tools.base import Preview, Risk, cut_middle, parse_arguments, schema_of
from kernel.tools.policy import covers, judge
from kernel.tools.registry import BUILT_IN, ToolRegistry
from kernel.tools.run_command import RunCommand


def command(line: str, risk: Risk = "low", rule: str = "") -> Preview:
    return Preview(line, kind="command", risk=risk, details={"command": line}, harm="harms", rule=rule)


def file(path: str, *, own: bool = True, rule: str = "") -> Preview:
    return Preview(path, kind="file", risk="low", details={"path": path}, own_files=own, rule=rule)


@pytest.mark.parametrize(
    ("mode", "risk", "decision"),
    [
        ("ask", "none", "allow"),
        ("ask", "low", "ask"),
        ("ask", "high", "ask"),
        ("edits", "low", "ask"),
        ("edits", "high", "ask"),
        ("yes", "high", "allow"),
        ("deny", "none", "allow"),
        ("deny", "low", "deny"),
        ("deny", "high", "deny"),
    ],
)
def test_the_mode_decides_by_risk(mode: ApprovalMode, risk: Risk, decision: str) -> None:
    assert judge("run_command", command("x", risk), mode, (), "bubblewrap").decision == decision


@pytest.mark.feature("PM01")
@pytest.mark.parametrize(("mode", "decision"), [("yes", "deny"), ("deny", "deny"), ("ask", "ask"), ("edits", "ask")])
def test_a_page_for_an_agent_without_a_network_needs_a_person(mode: ApprovalMode, decision: str) -> None:
    page = Preview("u", kind="network", risk="low", details={"host": "a.org"}, harm="sends", needs_person=True, rule="browse_web(a.org)")
    assert judge("browse_web", page, mode, (), "bubblewrap").decision == decision
    assert judge("browse_web", page, mode, ("browse_web(a.org)",), "bubblewrap").decision == "allow"


def test_edits_lets_writes_in_its_own_home_pass() -> None:
    assert judge("write_file", file("/home/agent_1/a"), "edits", (), "bubblewrap").decision == "allow"
    assert judge("write_file", file("/home/agent_1/work/a", own=False), "edits", (), "bubblewrap").decision == "ask"


def test_without_confinement_every_command_asks() -> None:
    assert judge("run_command", command("ls", "none"), "ask", (), "none").decision == "ask"
    assert judge("run_command", command("ls", "none"), "ask", ("run_command(ls *)",), "none").decision == "ask"
    assert judge("run_command", command("ls", "none"), "deny", (), "none").decision == "deny"
    assert judge("list_files", Preview("x"), "ask", (), "none").decision == "allow"


def test_rules_allow_what_they_name_and_nothing_worse() -> None:
    rules = ("run_command(curl *)", "write_file(/home/agent_1/*)", "browse_web(a.org)")
    curl, home, other = "run_command(curl *)", "write_file(/home/agent_1/*)", "write_file(/home/agent_10/*)"
    assert judge("run_command", command("curl a", rule=curl), "ask", rules, "bubblewrap").decision == "allow"
    assert judge("run_command", command("curl a", "high", curl), "ask", rules, "bubblewrap").decision == "ask"
    assert judge("run_command", command("curl $X"), "ask", rules, "bubblewrap").decision == "ask"
    assert judge("write_file", file("/home/agent_1/x/y", rule=home), "ask", rules, "bubblewrap").decision == "allow"
    assert judge("write_file", file("/home/agent_10/x", rule=other), "ask", rules, "bubblewrap").decision == "ask"
    assert covers("browse_web(a.org)", "browse_web", Preview("", risk="low", rule="browse_web(a.org)"))
    assert not covers("browse_web(a.org)", "browse_web", Preview("", risk="low", rule="browse_web(a.org.evil)"))
    assert not covers("browse_web(a.org)", "write_file", file("a.org", rule="browse_web(a.org)"))


@pytest.mark.feature("PM04")
def test_a_rule_for_the_home_is_none_for_what_is_mounted_in_it() -> None:
    work = file("/home/agent_1/work/x", own=False, rule="write_file(/home/agent_1/work/*)")
    inner = file("/home/agent_1/work/in/x", own=False, rule="write_file(/home/agent_1/work/in/*)")
    for call in (work, inner):
        assert judge("write_file", call, "ask", ("write_file(/home/agent_1/*)",), "bubblewrap").decision == "ask"
    assert judge("write_file", work, "ask", (work.rule,), "bubblewrap").decision == "allow"
    assert judge("write_file", inner, "ask", (work.rule,), "bubblewrap").decision == "ask"


def test_every_tool_has_a_schema_that_models_can_read() -> None:
    for tool in BUILT_IN:
        schema = schema_of(tool.ARGUMENTS)
        assert schema["type"] == "object"
        assert "$ref" not in str(schema)
        assert all("description" in field for field in schema["properties"].values())
        assert tool.DESCRIPTION


def test_arguments_are_read_leniently_and_refused_with_their_names() -> None:
    read = parse_arguments(RunCommand(), {"command": "ls", "timeout_s": "3", "unknown": 1})
    assert (read.command, read.timeout_s) == ("ls", 3.0)  # type: ignore[attr-defined]  # the tool's own struct
    for wrong in ({}, {"command": ""}, {"command": None}, {"command": "x" * 100_001}, {"command": ["ls"]}):
        with pytest.raises(InvalidArgumentError, match="command, timeout_s, cwd"):
            parse_arguments(RunCommand(), wrong)


def test_an_agent_has_the_tools_it_was_given_and_can_always_end() -> None:
    assert ToolRegistry(allowed=("read_file",)).names == ("read_file", "think", "complete")
    assert len(ToolRegistry().names) == len(BUILT_IN)
    with pytest.raises(NotFoundError, match="read_file"):
        ToolRegistry().get("read_fil")
    with pytest.raises(NotFoundError, match="The tools are"):
        ToolRegistry().get("zzzzzz" * 100)


def test_a_long_text_keeps_its_beginning_and_its_end() -> None:
    cut = cut_middle("a" * 1000 + "b" * 1000, 300)
    assert cut.startswith("a" * 200)
    assert cut.endswith("b" * 100)
    assert "1,700 characters left out" in cut
    assert cut_middle("short", 5) == "short"


def test_a_long_text_is_cut_between_lines_and_not_for_less_than_it_takes_to_say_so() -> None:
    lines = "".join(f"line {number:03d}\n" for number in range(100))
    first, said, last = cut_middle(lines, 300).partition("\n[... 604 characters left out ...]\n")
    assert said and lines.startswith(first + "\n") and lines.endswith("\n" + last)
    assert all(line.startswith("line ") and len(line) == 8 for line in (first + "\n" + last).splitlines())
    assert cut_middle("x" * 330, 300) == "x" * 330
    assert len(cut_middle("x" * 380, 300)) < 340
