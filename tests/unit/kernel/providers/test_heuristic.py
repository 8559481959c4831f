"""The built-in brain does what a goal names, with real files and a real shell, and says only what is true."""

import shlex
import subprocess
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kernel.providers.base import (
    EARLIER_WORK,
    ChatMessage,
    ChatRequest,
    Finished,
    Provider,
    ReasoningDelta,
    TextDelta,
    ToolCall,
    ToolCallFinished,
    ToolSpec,
)
from kernel.providers.heuristic import HeuristicProvider, next_action
from kernel.providers.heuristic_goals import read_goal
from kernel.providers.heuristic_intents import (
    Count,
    CreateFile,
    CreateFolder,
    FindByContent,
    FindByName,
    ListFiles,
    ReadFile,
    Report,
    Summarise,
)

NAMES = ("read_file", "write_file", "list_files", "mkdir", "run_command", "browse_web", "think", "complete")
PAGE = (
    "https://example.org/ (HTTP 200)\nTitle: Otters\n\nOtters are mammals that live in rivers. They eat fish and crabs. "
    "Otters hold hands while they sleep. The weather was fine. Rivers are where otters hunt for fish every day."
)


class Machine:
    """The tools over a folder; a shell that really runs. `refuse` names tools that a person rejects."""

    def __init__(self, root: Path, *, refuse: tuple[str, ...] = ()) -> None:
        self.root = root
        self.refuse = refuse
        self.calls: list[tuple[str, dict[str, object]]] = []

    def run(self, call: ToolCall) -> ChatMessage:
        self.calls.append((call.name, call.arguments))
        try:
            text, failed = ("Rejected: no", True) if call.name in self.refuse else self._run(call)
        except OSError as error:
            text, failed = f"Error: {error.strerror}", True
        return ChatMessage("tool", text, tool_call_id=call.id, tool_name=call.name, is_error=failed)

    def _run(self, call: ToolCall) -> tuple[str, bool]:
        path = self.root / str(call.arguments.get("path", "."))
        if call.name == "list_files":
            entries = sorted(path.rglob("*") if call.arguments.get("recursive") else path.iterdir())
            lines = [
                f"{entry.name}/" if entry.is_dir() else f"{entry.name}  {entry.stat().st_size}" for entry in entries
            ]
            return "\n".join(lines) or f"{call.arguments['path']} is empty.", False
        if call.name == "read_file":
            return path.read_text(), False
        if call.name == "write_file":
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(str(call.arguments["content"]))
            return f"Created {path}.", False
        if call.name == "mkdir":
            path.mkdir(parents=True, exist_ok=True)
            return f"Made the folder {path}.", False
        if call.name == "browse_web":
            return PAGE, False
        if call.name == "complete":
            return "The run is complete.", False
        done = subprocess.run(
            ["sh", "-c", str(call.arguments["command"])],
            cwd=self.root,
            capture_output=True,
            text=True,
            timeout=20,
            check=False,
        )
        output = done.stdout + done.stderr
        return (
            f"exit code {done.returncode}\n{output}" if output else f"exit code {done.returncode}, no output"
        ), done.returncode != 0


class Run:
    """A finished run."""

    def __init__(self, machine: Machine, messages: list[ChatMessage], thoughts: list[str], summary: str) -> None:
        self.machine = machine
        self.messages = messages
        self.thoughts = thoughts
        self.summary = summary

    @property
    def tools(self) -> list[str]:
        return [name for name, _ in self.machine.calls]


def requested(messages: list[ChatMessage], names: tuple[str, ...] = NAMES) -> ChatRequest:
    return ChatRequest("built-in", tuple(messages), tuple(ToolSpec(name, "", {}) for name in names))


async def run(goal: str, machine: Machine, *, names: tuple[str, ...] = NAMES, provider: Provider | None = None) -> Run:
    """The agent's loop in small."""
    messages = [ChatMessage("system", "You are an agent."), ChatMessage("user", goal)]
    thoughts: list[str] = []
    for _ in range(40):
        # A new brain for each step: nothing may be kept outside of the conversation.
        chunks = [chunk async for chunk in (provider or HeuristicProvider()).stream(requested(messages, names))]
        thoughts.append("".join(chunk.text for chunk in chunks if isinstance(chunk, ReasoningDelta)))
        assert isinstance(chunks[-1], Finished)
        calls = [chunk.call for chunk in chunks if isinstance(chunk, ToolCallFinished)]
        text = "".join(chunk.text for chunk in chunks if isinstance(chunk, TextDelta))
        messages.append(ChatMessage("assistant", text, thoughts[-1], tuple(calls)))
        if not calls:
            return Run(machine, messages, thoughts, text)
        assert len(calls) == 1 and calls[0].name in names
        messages.append(machine.run(calls[0]))
        if calls[0].name == "complete":
            return Run(machine, messages, thoughts, str(calls[0].arguments["summary"]))
    raise AssertionError("the run never ended")


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    (tmp_path / "notes.txt").write_text("one two three\nfour five\nTODO: six\n")
    (tmp_path / "My Report.txt").write_text("alpha beta")
    (tmp_path / "guide.md").write_text("# Guide\n\n" + PAGE.split("\n\n")[1])
    (tmp_path / "src").mkdir()
    (tmp_path / "src" / "main.py").write_text("import os\n# TODO tidy\nprint(os.name)\n")
    (tmp_path / "src" / "util.py").write_text("x = 1\n")
    (tmp_path / "src" / "readme.md").write_text("words\n")
    return Machine(tmp_path)


@pytest.mark.feature("AL12")
async def test_a_goal_that_it_cannot_read_gets_an_honest_run_of_several_steps(tmp_path: Path) -> None:
    done = await run("Design a rocket that reaches Mars", Machine(tmp_path))
    assert done.tools == ["list_files", "mkdir", "write_file", "run_command", "write_file", "run_command", "complete"]
    assert "not a language model" in done.thoughts[0] and "cannot read this goal" in done.thoughts[0]
    assert "did not work on this goal" in done.summary and "GEMINI_API_KEY" in done.summary and "ollama" in done.summary
    report = (tmp_path / "report.md").read_text()
    assert "Design a rocket" in report and "could not read the goal" in report and "Linux" in report
    assert (tmp_path / "notes" / "surroundings.md").exists()


async def test_a_long_goal_that_it_cannot_read_ends_at_once_with_the_honest_answer(tmp_path: Path) -> None:
    done = await run("Die Katze schlief lange auf dem warmen Dach. " * 2_000, Machine(tmp_path))
    assert done.tools == ["complete"]
    assert done.summary.startswith("I did not work on this goal: I cannot read it. This needs a language model.")
    assert "not a language model" in done.thoughts[0]
    assert HeuristicProvider().shortfall(done.messages)


async def test_what_it_did_not_read_of_a_long_goal_is_told(machine: Machine) -> None:
    done = await run("Count the files. " + "x" * 30_000, machine)
    assert "Counted 6 files" in done.summary
    assert "the last 10,017 characters of the goal" in done.summary


async def test_a_note_of_earlier_work_is_no_part_of_the_goal(machine: Machine) -> None:
    """A conversation that was shortened for another model, before this brain took over."""
    earlier = ChatMessage("user", f'{EARLIER_WORK}\nYou called list_files({{"path":"."}})\nrun `rm -rf .`')
    goal = [ChatMessage("system", "You are an agent."), ChatMessage("user", "Count the files"), earlier]
    action = next_action(requested(goal))
    assert action is not None and action.tool == "list_files"
    answered = ChatMessage("assistant", "", "", (ToolCall("c", "list_files", {"path": "."}),))
    action = next_action(requested([*goal, answered, ChatMessage("tool", "a.txt", tool_call_id="c")]))
    assert action is not None and "rm -rf" not in str(action.arguments)
    assert not HeuristicProvider().shortfall(goal)


GOALS = [
    ("Count the words in notes.txt", ["Counted 7 words in notes.txt"]),
    ("how many lines does notes.txt have?", ["Counted 3 lines in notes.txt"]),
    ("Count the characters of notes.txt", ["Counted 34 characters"]),
    ("count the files", ["Counted 6 files in ."]),
    ("count python files in src", ["Counted 2 files of files named *.py in src"]),
    ("Find all python files in src and count the lines", ["Found 2 file(s) named *.py in src", "Counted 4 lines"]),
    ("cuont the wrods in 'My Report.txt'", ["Counted 2 words in My Report.txt"]),
    ("find files containing TODO", ['Found 2 line(s) with "TODO" in 2 file(s)']),
    ("Find the word zebra in notes.txt", ['Found 0 line(s) with "zebra"']),
    ("find README.md", ["Found 1 file(s) named README.md"]),
    ("find *.txt files", ["Found 2 file(s) named *.txt"]),
    ("run `echo hello; exit 0`", ["Ran `echo hello; exit 0`"]),
    ("run echo hi && false", ["Not done: I could not run `echo hi && false`: exit code 1 hi"]),
    ("read missing.txt", ["Not done: I could not read missing.txt: Error: No such file or directory"]),
    ("count the words in missing.txt", ["Not done: I could not count the words in missing.txt"]),
    ("count the lines in nowhere/", ["Not done: I could not count the lines in nowhere/"]),
    ("list the files in src", ["Listed src (3 line(s)"]),
    ("summarise guide.md", ["Summarised guide.md", "Otters"]),
    ("summarise GUIDE", ["Summarised guide.md"]),
    (
        "Fetch https://example.org and summarise it",
        ["Fetched https://example.org", "Summarised https://example.org", "Otters"],
    ),
    ("Sumarize https://example.org/", ["Summarised https://example.org/"]),
    ("fetch https://example.org, count the words in it", [f"has {len(PAGE.split())} words"]),
    ("lsit files, then dance a tango", ["Listed .", "Not understood, and so not done: dance a tango"]),
]


@pytest.mark.parametrize(("goal", "truths"), GOALS)
async def test_what_it_says_is_what_is_there(goal: str, truths: list[str], machine: Machine) -> None:
    done = await run(goal, machine)
    for truth in truths:
        assert truth in done.summary, done.summary
    report = (machine.root / "report.md").read_text()
    assert "rules, not a language model" in report and done.summary.endswith("The report is in report.md.")


@pytest.mark.feature("AL12")
@pytest.mark.parametrize(
    ("goal", "reached"),
    [
        ("Summarise README.rst", False),
        ("Read ../../etc/shadow-of-a-doubt", False),
        ("Fetch https://example.org and summarise it", False),
        ("run `false`", False),
        ("Count the files", True),
        ("Find the word zebra in notes.txt", True),
    ],
)
async def test_a_goal_of_which_nothing_could_be_done_is_not_reached(goal: str, reached: bool, machine: Machine) -> None:
    machine.refuse = ("browse_web",)
    done = await run(goal, machine)
    assert (HeuristicProvider().shortfall(done.messages) == "") is reached, done.summary
    assert done.summary.startswith("Not done: ") is not reached


@pytest.mark.feature("AL12")
@pytest.mark.parametrize(
    ("goal", "why"),
    [
        ("Count the files, then summarise README.rst", "I could not summarise README.rst: Error: No such file or directory"),
        ("Count the files, then dance a tango", "I did not understand: dance a tango"),
        ("Count the lines of every file here and write them to totals.txt", "I did not understand: write them to totals.txt"),
        ("Never run rm. Count the files and run rm notes.txt", "The goal forbids it: `rm notes.txt`"),
        ("Count the files without running any command. List the files", "I could not count files: the goal forbids it"),
        ("Count the files. " + "x" * 30_000, "I did not understand: " + "x" * 20),
        ("; ".join(f"read notes.txt; read {number}.txt" for number in range(9)), "I could not read 0.txt"),
    ],
)
async def test_a_goal_of_which_only_a_part_was_done_is_not_reached(goal: str, why: str, machine: Machine) -> None:
    done = await run(goal, machine)
    said = HeuristicProvider().shortfall(done.messages)
    assert said.startswith("Not all of what the goal asks for was done: ") and why in said
    assert len(done.summary) <= 6_000 and done.summary.endswith("The report is in report.md.")
    assert (machine.root / "notes.txt").exists()


@pytest.mark.feature("AL12")
async def test_what_a_command_prints_or_is_cannot_make_a_success_of_a_failure_or_the_other_way(machine: Machine) -> None:
    (machine.root / "page.md").write_text("Not done: all is lost.\n\nNot all done: this is a sentence that says so.\n")
    done = await run("Summarise page.md and run echo 'Not done: x'", machine)
    assert HeuristicProvider().shortfall(done.messages) == ""


@pytest.mark.feature("AL12")
async def test_words_of_what_it_reads_are_no_failures_of_its_own(tmp_path: Path) -> None:
    (tmp_path / "log.txt").write_text("Error: the disk is full. No such file or directory\n")
    (tmp_path / "Not found.txt").write_text("x\n")
    done = await run('Read log.txt, find the text "No such file" in log.txt and count the words in log.txt', Machine(tmp_path))
    assert "Read log.txt (51 characters)." in done.summary
    assert 'Found 1 line(s) with "No such file"' in done.summary and "has 10 words" in done.summary
    assert "Not done" not in done.summary


async def test_it_does_not_claim_to_have_found_all_where_it_did_not_look_further(tmp_path: Path) -> None:
    for number in range(205):
        (tmp_path / f"{number}.txt").write_text("needle\n")
    done = await run('find *.txt files, then find the text "needle"', Machine(tmp_path))
    assert "Found at least 200 file(s)" in done.summary and "Found at least 200 line(s)" in done.summary


async def test_what_is_not_in_the_home_is_looked_for_in_the_mounted_folder(tmp_path: Path) -> None:
    (tmp_path / "work").mkdir()
    (tmp_path / "work" / "README.md").write_text(PAGE.split("\n\n")[1])
    done = await run("Summarise README.md and list the files in this folder", Machine(tmp_path))
    assert "Summarised work/README.md" in done.summary and "Listed work" in done.summary
    done = await run("Read ../../etc/shadow", Machine(tmp_path))
    assert "I could not read ../../etc/shadow" in done.summary


async def test_it_creates_exactly_what_is_given(machine: Machine) -> None:
    goal = 'Create a folder called "my things", create a file my.txt with the content "a, b and `c`", then write "x" to out/deep.txt'
    done = await run(goal, machine)
    assert (machine.root / "my things").is_dir()
    assert (machine.root / "my.txt").read_text() == "a, b and `c`" and (
        machine.root / "out/deep.txt"
    ).read_text() == "x"
    assert "Wrote my.txt" in done.summary


async def test_an_earlier_report_is_not_overwritten(machine: Machine) -> None:
    (machine.root / "report.md").write_text("mine")
    done = await run("list the files", machine)
    assert (machine.root / "report.md").read_text() == "mine" and done.summary.endswith("report-2.md.")


async def test_a_named_report_is_written_there(machine: Machine) -> None:
    await run("List the files and write a report to out/summary.md", machine)
    assert "Listed ." in (machine.root / "out/summary.md").read_text()


async def test_the_mounted_folder_is_meant_by_here(tmp_path: Path) -> None:
    (tmp_path / "work").mkdir()
    (tmp_path / "work" / "a.py").write_text("x\n")
    done = await run("list the files, count python files and read a.py", Machine(tmp_path))
    assert "Listed work" in done.summary and "Counted 1 files" in done.summary and "Read work/a.py" in done.summary


async def test_rejections_and_missing_tools_are_told(machine: Machine) -> None:
    machine.refuse = ("run_command", "write_file")
    done = await run("run `ls`", machine)
    assert "Rejected: no" in done.summary and "No report could be written." in done.summary
    assert not (machine.root / "report.md").exists()
    few = await run(
        "run `ls`, fetch https://example.org", Machine(machine.root), names=("list_files", "write_file", "complete")
    )
    assert "run_command is not available" in few.summary and "browse_web is not available" in few.summary


async def test_without_complete_it_ends_with_a_sentence(tmp_path: Path) -> None:
    done = await run("list the files", Machine(tmp_path), names=("list_files",))
    assert "nothing left" in done.summary


async def test_it_goes_on_where_it_was(machine: Machine) -> None:
    """Every prefix of a conversation leads to the step that came next in it."""
    done = await run("Find all python files, count the lines and summarise guide.md", machine)
    for index, message in enumerate(done.messages):
        if message.role == "assistant":
            action = next_action(requested(done.messages[:index]))
            assert action is not None
            assert (action.tool, action.arguments) == (message.tool_calls[0].name, message.tool_calls[0].arguments)
    assert next_action(requested(done.messages)) is None


async def test_a_readable_message_becomes_the_next_goal_and_another_is_noted(machine: Machine) -> None:
    done = await run("count the files", machine)
    messages = [
        *done.messages,
        ChatMessage("user", "Go on with a tool call."),
        ChatMessage("user", "count the words in notes.txt"),
    ]
    action = next_action(requested(messages))
    assert action is not None and action.tool == "list_files"
    noted = [*done.messages[:4], ChatMessage("user", "Sing a song for me"), *done.messages[4:-6]]
    action = next_action(requested(noted))
    assert (
        action is not None and action.tool == "write_file" and "Sing a song for me" in str(action.arguments["content"])
    )


async def test_steps_of_another_model_are_passed_over(machine: Machine) -> None:
    done = await run("count the files", machine)
    foreign = ToolCall("f", "send_message", {})
    messages = [
        *done.messages[:2],
        ChatMessage("assistant", tool_calls=(foreign,)),
        ChatMessage("tool", "ok", tool_call_id="f"),
        *done.messages[2:4],
    ]
    action = next_action(requested(messages))
    assert action is not None and action.tool == "run_command"


HOMES = [
    *(
        (f"list the files in {home}", ListFiles("."))
        for home in (
            "your home folder", "my home", "the home folder", "your own home directory", "the agent's home", "home", "$HOME",
        )
    ),
    ("list your home folder", ListFiles(".")),
    ("List everything in your home directory recursively", ListFiles(".", True)),
    ("show me what's in your home folder", ListFiles(".")),
    ("What is in your home folder?", ListFiles(".")),
    ("What files are in my home directory?", ListFiles(".")),
    ("show the contents of your home folder", ListFiles(".")),
    ("list this directory", ListFiles("")),
    ("list the files in the current working directory", ListFiles("")),
    ("what's in ~/work", ListFiles("~/work")),
    ("list ~/work", ListFiles("~/work")),
    ("list the files in ~", ListFiles("~")),
    ('list the files in "my stuff/old"', ListFiles("my stuff/old")),
    ("find all python files in your home folder", FindByName(("*.py",), ".")),
    ("Find files containing TODO in my home directory", FindByContent("TODO", ".")),
    ("find *.txt in your own home", FindByName(("*.txt",), ".")),
    ("How many files are in your home folder?", Count("files", (), ".")),
    ("How many python files are there in my home?", Count("files", ("*.py",), ".")),
    ("count the words in notes.txt in your home folder", Count("words", (), "notes.txt")),
    ('Count the lines of "My Report.txt" in my home', Count("lines", (), "My Report.txt")),
    ("summarise notes.txt in your home folder", Summarise("notes.txt")),
    ("Summarise the text in ~/work/guide.md", Summarise("~/work/guide.md")),
    ("read notes.txt in your home folder", ReadFile("notes.txt")),
    ("create a folder in your home folder called data", CreateFolder("data")),
    ("create a file hello.txt with 'hi there' in your home folder", CreateFile("hello.txt", "hi there")),
    ("write a report in your home folder as done.md", Report("done.md")),
    ("write a report called findings.md in my home directory", Report("findings.md")),
    ("write a report to your home folder", Report()),
]  # fmt: skip


@pytest.mark.parametrize(("goal", "intent"), HOMES)
def test_a_place_may_be_called_by_many_names(goal: str, intent: object) -> None:
    assert (read_goal(goal).intents, read_goal(goal).unread) == ((intent,), ())


@pytest.mark.parametrize(
    ("goal", "last"),
    [
        ("List the files in docs and count the lines of each", Count("lines", (), "docs")),
        ("List the files, then count the lines in every .py file", Count("lines", ("*.py",), "")),
        ("Count the lines in each .md file in docs", Count("lines", ("*.md",), "docs")),
        ("Create a directory called notes and list it", ListFiles("notes")),
        ("Count the lines in the a.txt file", Count("lines", (), "a.txt")),
    ],
)
def test_what_was_spoken_of_may_be_meant_by_a_word(goal: str, last: object) -> None:
    assert (read_goal(goal).intents[-1], read_goal(goal).unread) == (last, ())


async def test_the_home_is_meant_even_where_a_folder_is_mounted(machine: Machine) -> None:
    (machine.root / "work").mkdir()
    (machine.root / "work" / "inner.txt").write_text("a b")
    done = await run("Count the files in your home folder, list ~/work and count the words in ~/work/inner.txt", machine)
    assert "Counted 7 files in ." in done.summary
    assert "Listed work" in done.summary
    assert "Counted 2 words in work/inner.txt" in done.summary
    fetched = await run("Fetch https://example.org and write a report called findings.md in your home folder", machine)
    assert "Fetched https://example.org" in fetched.summary
    assert "Otters" in (machine.root / "findings.md").read_text()


UNREADABLE = [
    "what is in the news", "What is in season?", "go home", "make your home better", "read the home page of otters",
    "Write a Python script that computes primes", "Write a report about quantum physics", "Research the best laptops",
    "list 5 countries in Europe", "run the tests", "create a file hello.py that prints hello", "delete all files",
    "summarise the news about AI", "Build a todo app in React", "make it better", "find a good restaurant near me",
    "read my mind", "create a website", "write a poem to cheer me up", "", "  ", "🚀🚀🚀", "مرحبا بالعالم", "count to ten",
    "create a file plan.md with a list of the ten best films", "show me the way", "open the door",
]  # fmt: skip


@pytest.mark.parametrize("goal", UNREADABLE)
def test_what_is_not_certain_is_not_read(goal: str) -> None:
    assert read_goal(goal).intents == ()


@settings(max_examples=300)
@given(
    st.lists(
        st.one_of(
            st.sampled_from(
                [
                    "find",
                    "count",
                    "create a file",
                    "run",
                    "in",
                    "with",
                    "'",
                    '"',
                    "`",
                    ".",
                    ",",
                    "and",
                    "the",
                    "https://x.y/z",
                    "a.txt",
                    "\n",
                ]
            ),
            st.text(max_size=8),
        ),
        max_size=25,
    )
)
def test_no_goal_breaks_the_reader(words: list[str]) -> None:
    goal = read_goal(" ".join(words))
    assert len(goal.intents) <= 20
    action = next_action(requested([ChatMessage("user", goal.text)]))
    assert action is None or action.tool == "list_files"


@pytest.mark.parametrize(
    "unit",
    [
        "a",
        " ",
        "\n",
        "find ",
        "create a file x with ",
        "and list files, ",
        "'",
        '"a" ',
        "a.",
        "`x` ",
        "in in ",
        "the of my ",
    ],
)
def test_a_goal_of_a_megabyte_is_read_quickly(unit: str) -> None:
    import time

    started = time.process_time()
    read_goal(unit * (1_000_000 // len(unit)))
    assert time.process_time() - started < 3


@pytest.mark.parametrize(
    "hostile", ["x'; touch pwned; '", "$(touch pwned)", "-rf", "`touch pwned`", "a b", "*", "\\", "~root"]
)
async def test_names_from_the_goal_are_never_run_by_the_shell(hostile: str, tmp_path: Path) -> None:
    from kernel.providers.heuristic_plans import _STEPS, Surroundings

    for intent in (
        FindByName((hostile,), hostile),
        FindByContent(hostile, hostile),
        Count("files", (hostile,), hostile),
        Count("words", (), hostile),
    ):
        step = _STEPS[type(intent)](intent, Surroundings(frozenset(NAMES)))
        action = next(step)
        subprocess.run(
            ["sh", "-c", str(action.arguments["command"])], cwd=tmp_path, capture_output=True, timeout=20, check=False
        )
        step.close()
        assert shlex.split(str(action.arguments["command"]))[0] in ("find", "grep", "wc")
    assert not (tmp_path / "pwned").exists()
