"""How events look on a terminal: colours by role as in the window, or one JSON object a line.

Whatever comes from a model or a command is stripped of control sequences first: it must not steer the person's terminal.
"""

import os
import re
import sys
from typing import Protocol

from kernel.protocol import agent, codec, process
from kernel.protocol.base import Event
from kernel.protocol.session import envelope

COLOURS = {"thought": "35", "action": "34", "observation": "36", "needs": "33", "done": "32", "failed": "31", "quiet": "90"}
_CONTROLS = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]")
#: Characters that make text look like other text: overrides of its direction, and tags.
_DISGUISES = re.compile("[\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\U000e0000-\U000e007f]")


class Printer(Protocol):
    """Shows a run."""

    def show(self, event: Event) -> None:
        """One event."""
        ...

    def say(self, text: str) -> None:
        """A word of Aether's own."""
        ...


def make_printer(json: str | None) -> Printer:
    """The printer for `--json`, `--json session` or plain text."""
    return JsonPrinter(json) if json else TextPrinter(colour=sys.stdout.isatty() and "NO_COLOR" not in os.environ)


def safe(text: str) -> str:
    """Text without control characters (line feeds and tabs stay); what would disguise it is written out."""
    text = _CONTROLS.sub("", text.replace("\r\n", "\n"))
    return _DISGUISES.sub(lambda found: f"⟨U+{ord(found[0]):04X}⟩", text)


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


class TextPrinter:
    """Lines for people; streamed words appear as they come."""

    def __init__(self, *, colour: bool) -> None:
        self._colour = colour
        self._streamed = ""

    def show(self, event: Event) -> None:
        """One event, where a person wants to see it."""
        if isinstance(event, agent.AgentThinkingChunk):
            self._stream(event)
        elif isinstance(event, agent.AgentThought):
            self._thought(event)
        else:
            for role, text in _lines(event):
                self._end_stream()
                self._print(role, text)

    def say(self, text: str) -> None:
        """A word of Aether's own."""
        self._end_stream()
        self._print("needs", text)

    def _stream(self, event: agent.AgentThinkingChunk) -> None:
        text = safe(event.content)
        self._streamed += text
        sys.stdout.write(self._paint("thought" if event.kind == "text" else "quiet", text))
        sys.stdout.flush()

    def _thought(self, event: agent.AgentThought) -> None:
        """The rest of a thought of which a part was streamed."""
        whole = safe(event.reasoning + event.thought)
        if whole.startswith(self._streamed):
            rest = whole[len(self._streamed) :]
            if rest:
                sys.stdout.write(self._paint("thought", rest))
            self._streamed = whole
            self._end_stream()
        else:
            self._end_stream()
            self._print("thought", whole)

    def _end_stream(self) -> None:
        if self._streamed:
            sys.stdout.write("\n")
            self._streamed = ""

    def _print(self, role: str, text: str) -> None:
        print(self._paint(role, safe(text)), flush=True)

    def _paint(self, role: str, text: str) -> str:
        return f"\x1b[{COLOURS[role]}m{text}\x1b[0m" if self._colour and text else text


def _lines(event: Event) -> list[tuple[str, str]]:
    match event:
        case process.ProcessSpawned():
            return [("quiet", f"Agent {event.pid} ({event.info.role}) deployed; home {event.info.cwd}")]
        case agent.AgentStepStarted():
            return [("quiet", f"— step {event.step}/{event.max_steps}")]
        case agent.AgentAction():
            return [("action", f"▸ {event.tool} {event.title}".rstrip())]
        case agent.AgentObservation():
            mark = "✓" if event.ok else "✗"
            return [("observation" if event.ok else "failed", f"{mark} {event.result}")]
        case process.ApprovalRequired():
            details = "\n".join(f"  {name}: {value}" for name, value in event.details.items())
            risk = f" ({event.approval.risk})" if event.approval.risk else ""
            return [("needs", f"? {event.action}{risk}\n{details}")]
        case process.ApprovalAnswered():
            word = "approved" if event.approved else f"rejected{': ' + event.reason if event.reason else ''}"
            return [("quiet", f"  {word} by {event.by}")]
        case agent.AgentNotice():
            return [("failed" if event.kind == "error" else "needs", f"! {event.message} {event.hint}".rstrip())]
        case agent.AgentUserMessage() if not event.delivered:
            return [("needs", f"you: {event.text}")]
        case agent.AgentCompleted():
            return [("done", f"✔ {event.summary}")]
        case process.ProcessExited() if event.code != 0:
            return [("failed", f"✘ exit {event.code}: {event.summary}")]
        case _:
            return []
