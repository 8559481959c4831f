"""What the built-in brain does, step by step, for a goal that it understood, and for one that it did not.

Owns the plans: generators that yield one `Action` at a time and are sent what the tool answered. `heuristic` drives
them; replaying the recorded answers brings a plan back to where it was, so a plan must depend on nothing else.
Reports say only what a tool's answer said.
"""

from __future__ import annotations

import difflib
import posixpath
import re
import shlex
from collections.abc import Callable, Generator
from typing import Any

import msgspec

from kernel.providers import extractive, wire_json
from kernel.providers.heuristic_intents import (
    Count,
    CreateFile,
    CreateFolder,
    Fetch,
    FindByContent,
    FindByName,
    Goal,
    ListFiles,
    ReadFile,
    Report,
    RunCommand,
    Summarise,
)
from kernel.providers.heuristic_prohibitions import barred_tools

HONEST = (
    "I am Aether's built-in brain: a fixed set of rules, not a language model. I can list, find, count, read and "
    "summarise files, fetch pages, create files and folders and run commands that you name."
)
NEEDS_MODEL = (
    "This needs a language model. Start a local one (for example Ollama: `ollama serve`, then "
    "`ollama pull gemma4:e2b`), or set GEMINI_API_KEY, OPENAI_API_KEY or ANTHROPIC_API_KEY, and choose it for the agent."
)
NOT_WORKED_ON = "I did not work on this goal: I cannot read it."
#: A summary begins with it where nothing was done.
NOT_DONE = "Not done: "
#: A summary begins with it where something was done, and something else was not.
NOT_ALL_DONE = "Not all done: "
LONGEST_UNREAD_CHARS = 4_000
MAX_SHOWN_LINES = 60
MAX_FOUND = 200
MAX_SECTION_CHARS = 8_000
MAX_SUMMARY_CHARS = 6_000
MAX_FAILURES_CHARS = 2_000


class Action(msgspec.Struct, frozen=True):
    """One step: why, and which tool with which arguments."""

    thought: str
    tool: str
    arguments: dict[str, Any]


class Observed(msgspec.Struct, frozen=True):
    """What a tool answered."""

    text: str
    failed: bool = False


Plan = Generator[Action, Observed, None]
Step = Generator[Action, Observed, "Finding"]


class Finding(msgspec.Struct, frozen=True):
    """The outcome of one intent: a sentence for the summary, and details for the report."""

    sentence: str
    details: str = ""
    failed: bool = False


class Surroundings:
    """What is known of the agent's place: the tools it has and the listing of its folder. barred: tools that the goal forbids."""

    def __init__(self, tools: frozenset[str], barred: frozenset[str] = frozenset()) -> None:
        self.tools = tools - barred
        self.barred = barred
        self.listing = ""
        self.pages: dict[str, str] = {}

    @property
    def names(self) -> list[str]:
        """The file and folder names of the listing: a line each, perhaps with a slash, a size or a kind behind it."""
        lines = self.listing[:100_000].splitlines()
        return [
            re.sub(r"(?:/|\s+(?:[\d,.]+(?: ?\w{1,5})?|\(\w+\)))$", "", line.strip()) for line in lines if line.strip()
        ]

    def has(self, name: str) -> bool:
        """Whether the listing shows exactly this name."""
        return name.rstrip("/") in self.names

    def place(self, path: str) -> str:
        """Where a path of the goal is: the mounted folder `work` stands for "here", and is searched second."""
        path = path.strip()
        if not path:
            return "work" if self.has("work") else "."
        from_home = _from_home(path)
        if from_home:
            return from_home
        first = path.lstrip("./").split("/")[0]
        if path.startswith(("/", "~", "../")) or not self.has("work") or first == "work" or self.has(first):
            return path
        return posixpath.join("work", path)

    def existing(self, path: str) -> str:
        """The path of a file to be read: as named, or the one entry of the listing that the name must mean."""
        if "/" in path or self.has(path) or _from_home(path):
            return self.place(path)
        names = self.names
        for candidate in (
            [name for name in names if name.lower() == path.lower()],
            [name for name in names if name.lower().rpartition(".")[0] == path.lower()],
            difflib.get_close_matches(path, names, 1, 0.85),
        ):
            if candidate:
                return candidate[0]
        return self.place(path)


def _from_home(path: str) -> str:
    """A path that names the home, as commands that run there take it without a shell's help; "" for any other."""
    if path in (".", "./", "~", "~/", "$HOME", "$HOME/"):
        return "."
    for prefix in ("~/", "$HOME/"):
        if path.startswith(prefix):
            rest = path[len(prefix) :].lstrip("/")
            return f"./{rest}" if rest.startswith("-") else rest or "."
    return ""


def plan(goal: Goal, tools: frozenset[str], notes: tuple[str, ...], report_path: str) -> Plan:
    """The steps for a goal. `notes`: later messages that could not be read; `report_path`: where to report."""
    here = Surroundings(tools, barred_tools(goal.forbidden))
    if not goal.readable and len(goal.text) > LONGEST_UNREAD_CHARS:
        # To look around first would make such a conversation longer and its end no better.
        if "complete" in tools:
            yield Action(f"{HONEST} I cannot read this goal.", "complete", {"summary": f"{NOT_WORKED_ON} {NEEDS_MODEL}"})
        return
    if "list_files" in here.tools:
        seen = yield Action(f"{HONEST} {_intention(goal)} First I look around.", "list_files", {"path": "."})
        here.listing = "" if seen.failed else seen.text
    findings: list[Finding] = []
    for intent in goal.intents:
        if not isinstance(intent, Report):
            findings.append((yield from _STEPS[type(intent)](intent, here)))
    if not goal.readable:
        findings.extend((yield from _look_around(here)))
    wanted = next((intent.path for intent in goal.intents if isinstance(intent, Report) and intent.path), "")
    path = wanted or _free_name(report_path, here)
    reported = yield from _report(goal, findings, notes, path, here)
    yield from _complete(goal, findings, reported, here)


def _intention(goal: Goal) -> str:
    if not goal.readable:
        return "I cannot read this goal with certainty, so I will not pretend to work on it: I look around and report."
    unread = f" I cannot read: {'; '.join(goal.unread)}." if goal.unread else ""
    return f"In this goal I read {len(goal.intents)} thing(s) to do.{unread}"


def _need(here: Surroundings, tool: str, what: str) -> Finding | None:
    if tool in here.tools:
        return None
    why = "the goal forbids it" if tool in here.barred else f"the tool {tool} is not available to me"
    return Finding(f"I could not {what}: {why}.", failed=True)


def _act(thought: str, tool: str, arguments: dict[str, Any]) -> Generator[Action, Observed, Observed]:
    return (yield Action(thought, tool, arguments))


def _shell(thought: str, command: str) -> Generator[Action, Observed, Observed]:
    return (yield Action(thought, "run_command", {"command": command}))


# One function for each intent.


def _list(intent: ListFiles, here: Surroundings) -> Step:
    path = here.place(intent.path)
    if missing := _need(here, "list_files", f"list {path}"):
        return missing
    if path == "." and not intent.recursive and here.listing:
        seen = Observed(here.listing)
    else:
        arguments: dict[str, Any] = {"path": path, "recursive": True} if intent.recursive else {"path": path}
        seen = yield from _act(f"I list {path}.", "list_files", arguments)
    if seen.failed:
        return _failure(f"list {path}", seen)
    shown = output_lines(seen.text)
    return Finding(f"Listed {path} ({len(shown)} line(s) of output).", _block(seen.text))


def _find_name(intent: FindByName, here: Surroundings) -> Step:
    path, wanted = here.place(intent.path), " or ".join(intent.patterns)
    if missing := _need(here, "run_command", f"search for {wanted}"):
        return missing
    command = f"find {quote(path)} -type f {_names(intent.patterns)} | head -n {MAX_FOUND}"
    seen = yield from _shell(f"I search {path} for files named {wanted}.", command)
    if seen.failed or _is_missing(seen.text):
        return _failure(f"search {path}", seen)
    found = [line for line in output_lines(seen.text) if line.startswith((path, "./"))]
    return Finding(f"Found {_number(found, seen.text)} file(s) named {wanted} in {path}.", _items(found))


def _find_text(intent: FindByContent, here: Surroundings) -> Step:
    path = here.place(intent.path)
    if missing := _need(here, "run_command", f'search for "{intent.text}"'):
        return missing
    command = f"grep -rHIn -i -F -e {shlex.quote(intent.text)} -- {quote(path)} | head -n {MAX_FOUND}"
    seen = yield from _shell(f'I search {path} for "{intent.text}".', command)
    if _is_missing(seen.text):
        return _failure(f"search {path}", seen)
    found = [line for line in output_lines(seen.text) if re.match(r"[^:\n]+:\d+:", line)]
    files = len({line.split(":", 1)[0] for line in found})
    if seen.failed and not found and exit_code(seen.text) not in (0, 1):
        return _failure(f"search {path}", seen)
    return Finding(f'Found {_number(found, seen.text)} line(s) with "{intent.text}" in {files} file(s) of {path}.', _items(found))


def _count(intent: Count, here: Surroundings) -> Step:
    if intent.path in here.pages:
        number = _count_text(here.pages[intent.path], intent.what)
        return Finding(f"The text of {intent.path} that I was given has {number:,} {intent.what}.")
    single = bool(re.search(r"\.\w{1,8}$", intent.path)) and not intent.patterns
    path = here.existing(intent.path) if single else here.place(intent.path)
    if missing := _need(here, "run_command", f"count {intent.what}"):
        return missing
    seen = yield from _shell(f"I count the {intent.what} in {path}.", _count_command(intent, path, single))
    number_found = last_number(seen.text)
    if seen.failed or number_found is None or _is_missing(seen.text):
        return _failure(f"count the {intent.what} in {path}", seen)
    details = _block(seen.text) if not single and intent.what in ("lines", "words", "characters") else ""
    of = f" of files named {' or '.join(intent.patterns)}" if intent.patterns else ""
    return Finding(f"Counted {number_found:,} {intent.what}{of} in {path}.", details)


def _count_command(intent: Count, path: str, single: bool) -> str:
    flag = {"lines": "-l", "words": "-w", "characters": "-m"}.get(intent.what, "")
    if single and flag:
        return f"wc {flag} -- {quote(path)}"
    if intent.what == "folders":
        return f"find {quote(path)} -mindepth 1 -type d | wc -l"
    files = f"find {quote(path)} -type f {_names(intent.patterns)}".rstrip()
    # `wc` ends with one line of totals for any number of files, also for none.
    return f"{files} -print0 | wc {flag} --files0-from=-" if flag else f"{files} | wc -l"


def _read(intent: ReadFile, here: Surroundings) -> Step:
    path = here.existing(intent.path)
    if missing := _need(here, "read_file", f"read {path}"):
        return missing
    seen = yield from _act(f"I read {path}.", "read_file", {"path": path})
    if seen.failed:
        return _failure(f"read {path}", seen)
    here.pages[intent.path] = seen.text
    return Finding(f"Read {path} ({len(seen.text):,} characters).", _block(seen.text))


def _summarise(intent: Summarise, here: Surroundings) -> Step:
    target = intent.target if intent.is_url else here.existing(intent.target)
    tool = "browse_web" if intent.is_url else "read_file"
    if intent.target in here.pages:
        seen = Observed(here.pages[intent.target])
    else:
        if missing := _need(here, tool, f"summarise {target}"):
            return missing
        arguments = {"url": target} if intent.is_url else {"path": target}
        seen = yield from _act(f"I get {target} to summarise it.", tool, arguments)
    if seen.failed:
        return _failure(f"summarise {target}", seen)
    here.pages[intent.target] = seen.text
    text = without_line_numbers(seen.text)
    chosen = extractive.summarise(text)
    if not chosen:
        return Finding(f"Read {target}, but found no sentences in it to summarise.", _block(seen.text))
    details = (
        f"The {len(chosen)} sentences that say most, chosen by word statistics from {len(text):,} characters:\n\n"
        + "\n".join(f"> {sentence}" for sentence in chosen)
        + f"\n\nFrequent words: {', '.join(extractive.keywords(text))}."
    )
    return Finding(f"Summarised {target}: {' '.join(chosen)[:700]}", details)


def _fetch(intent: Fetch, here: Surroundings) -> Step:
    if missing := _need(here, "browse_web", f"fetch {intent.url}"):
        return missing
    seen = yield from _act(f"I fetch {intent.url}.", "browse_web", {"url": intent.url})
    if seen.failed:
        return _failure(f"fetch {intent.url}", seen)
    here.pages[intent.url] = seen.text
    return Finding(f"Fetched {intent.url} ({len(seen.text):,} characters of text).", _block(seen.text, 2_000))


def _make_folder(intent: CreateFolder, here: Surroundings) -> Step:
    path = here.place(intent.path)
    if missing := _need(here, "mkdir", f"create the folder {path}"):
        return missing
    seen = yield from _act(f"I create the folder {path}.", "mkdir", {"path": path})
    return _failure(f"create the folder {path}", seen) if seen.failed else Finding(f"Created the folder {path}.")


def _make_file(intent: CreateFile, here: Surroundings) -> Step:
    path = here.place(intent.path)
    if missing := _need(here, "write_file", f"create {path}"):
        return missing
    arguments = {"path": path, "content": intent.content}
    seen = yield from _act(f"I write {path} with the content given in the goal.", "write_file", arguments)
    if seen.failed:
        return _failure(f"write {path}", seen)
    return Finding(f"Wrote {path} ({len(intent.content):,} characters).", _block(intent.content, 2_000))


def _run(intent: RunCommand, here: Surroundings) -> Step:
    if missing := _need(here, "run_command", f"run `{intent.command}`"):
        return missing
    seen = yield from _shell("I run the command that the goal names.", intent.command)
    code = exit_code(seen.text)
    if seen.failed or code not in (None, 0):
        return _failure(f"run `{intent.command}`", seen)
    return Finding(f"Ran `{intent.command}`.", _block(seen.text))


_STEPS: dict[type, Callable[[Any, Surroundings], Step]] = {
    ListFiles: _list,
    FindByName: _find_name,
    FindByContent: _find_text,
    Count: _count,
    Summarise: _summarise,
    Fetch: _fetch,
    CreateFolder: _make_folder,
    CreateFile: _make_file,
    RunCommand: _run,
    ReadFile: _read,
}


# What happens for a goal that cannot be read, and at the end of each plan.


def _look_around(here: Surroundings) -> Generator[Action, Observed, list[Finding]]:
    findings = [Finding("Looked at the files that are here.", _block(here.listing))] if here.listing else []
    if "mkdir" in here.tools:
        findings.append((yield from _make_folder(CreateFolder("notes"), here)))
        if "write_file" in here.tools:
            listing = here.listing or "(nothing was listed)"
            content = f"What was here when the agent looked around:\n\n{listing[:MAX_SECTION_CHARS]}\n"
            findings.append((yield from _make_file(CreateFile("notes/surroundings.md", content), here)))
    if "run_command" in here.tools:
        findings.append((yield from _run(RunCommand("uname -sm && id -un && pwd && ls -la"), here)))
    return findings


def _report(
    goal: Goal, findings: list[Finding], notes: tuple[str, ...], path: str, here: Surroundings
) -> Generator[Action, Observed, str]:
    if "write_file" not in here.tools:
        return ""
    text = compose(goal, findings, notes)
    seen = yield from _act(f"I write down what I did in {path}.", "write_file", {"path": path, "content": text})
    if seen.failed:
        return ""
    if "run_command" in here.tools:
        yield from _shell("I check that the report is there.", f"wc -c -- {quote(path)}")
    return path


def _complete(goal: Goal, findings: list[Finding], reported: str, here: Surroundings) -> Plan:
    failed = [finding.sentence for finding in findings if finding.failed]
    done = [finding.sentence for finding in findings if not finding.failed]
    failed.extend(f"The goal forbids it: {refused}." for refused in goal.refused)
    parts = []
    if not goal.readable:
        parts.append(f"{NOT_WORKED_ON} {NEEDS_MODEL} I looked around instead.")
    if failed:
        # First, since a long summary is cut, and only one that begins so is no success.
        parts.append(((NOT_ALL_DONE if done and goal.readable else NOT_DONE) + " ".join(failed))[:MAX_FAILURES_CHARS])
    if goal.readable and goal.unread:
        parts.append(f"Not understood, and so not done: {'; '.join(goal.unread)}"[:MAX_FAILURES_CHARS] + f". {NEEDS_MODEL}")
    parts.extend(done)
    if goal.forbidden:
        parts.append(f"Understood as what not to do: {'; '.join(goal.forbidden)}."[:MAX_FAILURES_CHARS])
    parts.append(f"The report is in {reported}." if reported else _no_report(here))
    if "complete" in here.tools:
        yield Action("That is all I can do here.", "complete", {"summary": _cut("\n".join(part.strip() for part in parts))})


def _cut(summary: str) -> str:
    """A summary that is too long without its middle: the end says where the report is."""
    if len(summary) <= MAX_SUMMARY_CHARS:
        return summary
    return f"{summary[: MAX_SUMMARY_CHARS - 600]}\n[...]\n{summary[-500:]}"


def _no_report(here: Surroundings) -> str:
    return "No report was written: the goal forbids it." if "write_file" in here.barred else "No report could be written."


def compose(goal: Goal, findings: list[Finding], notes: tuple[str, ...]) -> str:
    """The report as Markdown."""
    lines = ["# Report", "", f"**Goal:** {' '.join(goal.text.split())[:1_000]}", "", f"_{HONEST}_", ""]
    if not goal.readable:
        lines += ["## What I could not do", "", f"I could not read the goal. {NEEDS_MODEL}", ""]
    for finding in findings:
        lines += [f"## {'Failed: ' if finding.failed else ''}{finding.sentence.splitlines()[0][:200]}", ""]
        if finding.details:
            lines += [finding.details, ""]
    if goal.readable and goal.unread:
        lines += ["## Not understood", "", *(f"- {clause}" for clause in goal.unread), "", NEEDS_MODEL, ""]
    if goal.forbidden:
        lines += ["## Not to be done", "", *(f"- {clause}" for clause in goal.forbidden), ""]
    if goal.refused:
        lines += ["## Not done, since the goal forbids it", "", *(f"- {refused}" for refused in goal.refused), ""]
    if notes:
        lines += ["## Messages that I could not read", "", *(f"- {' '.join(note.split())[:300]}" for note in notes), ""]
    return "\n".join(lines)


def _free_name(path: str, here: Surroundings) -> str:
    stem, dot, extension = path.rpartition(".")
    number, name = 2, path
    while here.has(name) and number < 100:
        name, number = f"{stem}-{number}{dot}{extension}", number + 1
    return name


def _failure(what: str, seen: Observed) -> Finding:
    reason = " ".join(seen.text.split())[:300] or "the tool gave no reason"
    return Finding(f"I could not {what}: {reason}", failed=True)


# Reading what tools answer; their exact form is theirs, so only what cannot be misread is used.


def _is_missing(text: str) -> bool:
    """Whether a program itself says that what it was to look at is not there, and not a line that it found."""
    return re.search(r"(?m)^(?:find|grep|wc): .*: No such file or directory$", text) is not None


def _number(found: list[str], text: str) -> str:
    """How many were found, as far as that can be told: no more were asked for, and a long output is cut."""
    cut = len(found) >= MAX_FOUND or re.search(r"(?m)^\[\.\.\. [\d,]+ characters left out \.\.\.\]$", text) is not None
    return f"at least {len(found)}" if cut else str(len(found))


def output_lines(text: str) -> list[str]:
    """The lines that a command printed, without frames such as "exit code: 0"."""
    value = wire_json.load_object(text) if text.lstrip().startswith("{") else None
    if value is not None:
        text = next((value[name] for name in ("stdout", "output") if isinstance(value.get(name), str)), text)
    lines = (line.rstrip() for line in text.splitlines())
    return [line for line in lines if line.strip() and not _FRAME.match(line)]


_FRAME = re.compile(r"(?i)^\s*[\[(]?(?:exit[ _]?(?:code|status)?\b|stdout|stderr|output|duration|took)[^/]{0,60}$")
_EXIT = re.compile(r"(?i)exit(?:ed)?[ _\"]*(?:code|status|with)?[ _\"]*(?:code|status)?[\":=\s]{1,4}(-?\d{1,3})\b")


def exit_code(text: str) -> int | None:
    """The exit code that an answer names, or None."""
    found = _EXIT.search(text[:300]) or _EXIT.search(text[-300:])
    return int(found.group(1)) if found else None


def last_number(text: str) -> int | None:
    """The number at the head of the last line that starts with one, as `wc` prints it."""
    numbers = [match for line in output_lines(text) if (match := re.match(r"\s*(\d{1,15})(?:\s|$)", line))]
    return int(numbers[-1].group(1)) if numbers else None


def without_line_numbers(text: str) -> str:
    """The text without a column of line numbers, where nearly every line has one."""
    lines = text.splitlines()
    numbered = [re.sub(r"^\s*\d{1,7}(?:\t|\s*[|│→:]\s?)", "", line, count=1) for line in lines]
    changed = sum(new != old for new, old in zip(numbered, lines, strict=True))
    return "\n".join(numbered) if lines and changed >= 0.9 * len(lines) else text


def quote(path: str) -> str:
    """A path as one shell word that no program takes for an option; a leading ~ keeps its meaning."""
    quoted = shlex.quote(path)
    if path == "~" or path.startswith("~/"):
        return "~" + (f"/{shlex.quote(path[2:])}" if path[2:] else "")
    return f"./{quoted}" if path.startswith("-") else quoted


def _names(patterns: tuple[str, ...]) -> str:
    if not patterns:
        return ""
    tests = " -o ".join(f"-iname {shlex.quote(pattern)}" for pattern in patterns)
    return f"\\( {tests} \\)" if len(patterns) > 1 else tests


def _count_text(text: str, what: str) -> int:
    if what == "lines":
        return len(text.splitlines())
    return len(text.split()) if what == "words" else len(text)


def _block(text: str, limit: int = MAX_SECTION_CHARS) -> str:
    shown = text[:limit].rstrip()
    cut = f"\n[... {len(text) - limit:,} more characters ...]" if len(text) > limit else ""
    fence = "`" * max(3, 1 + max((len(run) for run in re.findall(r"`+", shown)), default=0))
    return f"{fence}\n{shown}{cut}\n{fence}"


def _items(lines: list[str]) -> str:
    shown = [f"- `{line[:300]}`" for line in lines[:MAX_SHOWN_LINES]]
    if len(lines) > MAX_SHOWN_LINES:
        shown.append(f"- and {len(lines) - MAX_SHOWN_LINES} more")
    return "\n".join(shown)
