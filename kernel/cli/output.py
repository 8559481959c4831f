"""How events look on a terminal: colours by role as in the window, or one JSON object a line.

Whatever comes from a model or a command goes through `shown_text` first: it must not steer the person's terminal, hide anything, or
pass for words of Aether's own.
"""

import os
import shutil
import sys
from typing import Protocol

from msgspec import structs

from kernel.cli.marked_text import MARK, folded, marked, named
from kernel.protocol import agent, codec, process
from kernel.protocol.base import Event
from kernel.protocol.session import envelope
from kernel.protocol.shown_text import exact, printed, visible

COLOURS = {"thought": "35", "action": "34", "observation": "36", "needs": "33", "done": "32", "failed": "31", "quiet": "90"}
OWN_MARKS = tuple("?▸✓✗!✔✘—")


class Printer(Protocol):
    """Shows a run."""

    def show(self, event: Event) -> None:
        """One event."""
        ...

    def say(self, text: str) -> None:
        """A word of Aether's own."""
        ...

    def finish(self) -> None:
        """End the line that is being written; what comes next is printed by somebody else."""
        ...


def make_printer(json: str | None) -> Printer:
    """The printer for `--json`, `--json session` or plain text."""
    if json:
        return JsonPrinter(json)
    terminal = sys.stdout.isatty()
    columns = shutil.get_terminal_size().columns if terminal else 0
    return TextPrinter(colour=terminal and "NO_COLOR" not in os.environ, columns=columns)


class JsonPrinter:
    """One JSON object a line: the kernel's events, or the session envelopes."""

    def __init__(self, vocabulary: str) -> None:
        self._vocabulary = vocabulary

    def show(self, event: Event) -> None:
        """Print at once, so that a pipe sees it as it happens."""
        if self._vocabulary == "session":
            wrapped = envelope(event)
            if wrapped is None:
                return
            line = codec.encode_safely(wrapped)
        else:
            line = codec.encode_safely(event)
        sys.stdout.buffer.write(line + b"\n")  # UTF-8, whatever the terminal speaks
        sys.stdout.buffer.flush()

    def say(self, text: str) -> None:
        """Words are no JSON."""
        print(f"aether: {text}", file=sys.stderr)

    def finish(self) -> None:
        """Every line is whole."""


class TextPrinter:
    """Lines for people; streamed words appear as they come. columns: of the terminal; 0 folds no line."""

    def __init__(self, *, colour: bool, columns: int = 0) -> None:
        self._colour = colour
        self._columns = columns
        self._streamed = ""
        self._begun = False
        self._reasoning = False
        self._breaks = 0
        self._told = ""

    def show(self, event: Event) -> None:
        """One event, where a person wants to see it."""
        if isinstance(event, agent.AgentThinkingChunk):
            self._stream(event)
        elif isinstance(event, agent.AgentThought):
            self._thought(event)
        else:
            for role, text in _lines(self._without_repetition(event)):
                self.finish()
                self._print(role, text)

    def say(self, text: str) -> None:
        """A word of Aether's own."""
        self.finish()
        self._print("needs", visible(text))

    def show_output(self, line: str) -> None:
        """A line that a command has printed; it must be `visible` already."""
        self.finish()
        self._print("observation", f"{MARK}{line}")

    def finish(self) -> None:
        """End a line of streamed words."""
        if self._streamed:
            sys.stdout.write("\n")
            sys.stdout.flush()
            self._streamed = ""
            self._begun = self._reasoning = False
            self._breaks = 0

    def _stream(self, event: agent.AgentThinkingChunk) -> None:
        self._streamed += event.content
        self._words(event.content, reasoning=event.kind != "text")

    def _words(self, text: str, *, reasoning: bool) -> None:
        """A part of what a model thinks; what it says after its reasoning begins a line."""
        if self._reasoning and not reasoning and text:
            self._breaks = max(self._breaks, 1)
        self._reasoning = reasoning and (self._reasoning or bool(text))
        self._write("quiet" if reasoning else "thought", text)

    def _write(self, role: str, text: str) -> None:
        """Streamed words; line feeds at their end wait for what follows them."""
        kept = text.rstrip("\n")
        if kept:
            shown = marked("\n" * self._breaks + visible(kept))
            if not self._begun and kept.lstrip()[:1] in OWN_MARKS:
                shown = MARK + shown
            self._begun = True
            self._breaks = len(text) - len(kept)
            sys.stdout.write(self._paint(role, shown))
            sys.stdout.flush()
        else:
            self._breaks += len(text)

    def _thought(self, event: agent.AgentThought) -> None:
        """The rest of a thought of which a part was streamed."""
        self._told = event.thought
        whole = event.reasoning + event.thought
        if not whole.startswith(self._streamed):
            self.finish()
        shown = len(self._streamed)
        self._streamed = whole
        self._words(event.reasoning[shown:], reasoning=True)
        self._words(event.thought[max(0, shown - len(event.reasoning)) :], reasoning=False)
        self.finish()

    def _without_repetition(self, event: Event) -> Event | None:
        """What a thought or a notice has said already is not said again right after it."""
        if isinstance(event, agent.AgentNotice) and event.kind == "error":
            text = f"{event.message} {event.hint}".rstrip()
            if text and self._told.endswith(text):
                return None
            self._told = text
        if isinstance(event, process.ProcessExited) and event.summary and self._told.endswith(event.summary):
            return structs.replace(event, summary="")
        if isinstance(event, (agent.AgentAction, agent.AgentObservation)):
            self._told = ""
        return event

    def _print(self, role: str, text: str) -> None:
        """Print what is safe already."""
        text = folded(text, self._columns) if self._columns else text
        print(self._paint(role, text), flush=True)

    def _paint(self, role: str, text: str) -> str:
        return f"\x1b[{COLOURS[role]}m{text}\x1b[0m" if self._colour and text else text


def _lines(event: Event | None) -> list[tuple[str, str]]:
    """(role, text); everything that is not Aether's own stands on one line or is marked."""
    match event:
        case process.ProcessSpawned():
            return [("quiet", f"Agent {event.pid} ({event.info.role}) deployed; home {named(event.info.cwd)}")]
        case agent.AgentStepStarted():
            return [("quiet", f"— step {event.step}/{event.max_steps}")]
        case agent.AgentAction():
            return [("action", f"▸ {named(event.tool)} {marked(exact(event.title))}".rstrip())]
        case agent.AgentObservation():
            mark = "✓" if event.ok else "✗"
            return [("observation" if event.ok else "failed", f"{mark} {marked(printed(event.result))}")]
        case process.ApprovalRequired():
            return [("needs", _question(event))]
        case process.ApprovalAnswered():
            word = "approved" if event.approved else f"rejected{': ' + event.reason if event.reason else ''}"
            return [("quiet", f"  {marked(visible(word))} by {named(event.by)}")]
        case agent.AgentNotice():
            words = f"{event.message} {event.hint}".rstrip()
            return [("failed" if event.kind == "error" else "needs", f"! {marked(visible(words))}")]
        case agent.AgentUserMessage() if not event.delivered:
            return [("needs", f"you: {marked(visible(event.text))}")]
        case agent.AgentCompleted():
            return [("done", f"✔ {marked(visible(event.summary))}")]
        case process.ProcessExited() if event.code != 0:
            return [("failed", f"✘ exit {event.code}: {marked(visible(event.summary))}".removesuffix(": "))]
        case _:
            return []


def _question(event: process.ApprovalRequired) -> str:
    """What is asked: nothing in it looks like anything else, and only its first line begins at the left edge."""
    risk = f" ({event.approval.risk})" if event.approval.risk else ""
    details = (f"  {named(name)}: {marked(exact(value))}" for name, value in event.details.items())
    return "\n".join((f"? {named(event.action)}{risk}", *details))
