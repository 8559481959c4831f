"""The shell commands that a goal names, taken out of it before anything in it is read as language.

Owns finding them: what stands behind "run" at the head of a clause, as it is written, or in backticks, in a block of code, in a list below.
`heuristic_goals` calls it. It must never take a command from what is quoted or only described ("run the tests").
"""

from __future__ import annotations

import re

import msgspec

from kernel.providers.heuristic_prohibitions import is_doubtful
from kernel.providers.heuristic_shell import end_of_command, is_english, without_the_sentence
from kernel.providers.heuristic_words import QUOTED, family, unpolite

MAX_COMMANDS = 20
#: How often it is looked for a command behind a verb: each look may be one at all that follows.
MAX_LOOKS = 40
_FENCE = re.compile(r"```(?:[\w+-]{0,20}[ \t]*\n)?(.*?)(?:```|\Z)", re.DOTALL)
_NEXT = re.compile(rf"(?P<fence>```)|(?P<quoted>{QUOTED.pattern})|(?P<verb>(?<![\w./~$-])(?i:run|e\w{{3,7}})(?=[\s:`]))")
_BOUNDARY = re.compile(r"[\n;&]|[.!?,](?=\s)|\bthen\b|\band\b", re.IGNORECASE)
_CALLED = re.compile(
    r"(?i)[ \t]*(?:(?:(?:the|this|these|following|shell|bash|sh)[ \t]+){0,4}commands?(?:[ \t]+line)?(?=[\s:`'\"]|\Z)(?![ \t]+-)[ \t]*:?"
    r"|(?:the[ \t]+)?following[ \t]*:|(?:this|these)[ \t]*:|:)"
)
_DESCRIBED = re.compile(
    r"(?i)(?:the|an?|my|your|our|this|these|those|all|some|it|them|every|each|any|both"
    r"|no|not|never|nothing|anything|everything|something|whatever|none|only|nor|either|neither|one)(?![\w.-])"
)
_NOT_TO_BE = re.compile(r"(?i)(?:do\s+not|don['’]?t|never|not|avoid|no|without)\s")
_SPAN = re.compile(r"`([^`\n]{1,4000})`")
_SPAN_ALONE = re.compile(rf"{_SPAN.pattern}[ \t.,;]*(?=\n|\Z)")
_LINE_END = re.compile(r"(?:[ \t]*\n)+")
_BETWEEN_SPANS = re.compile(r"(?:[ \t,;&]|\b(?:and|then)\b)+", re.IGNORECASE)
_ITEM = re.compile(r"[ \t]*(?:[-*•]|\d{1,2}[.)]|\$)[ \t]+")
_ASKED = re.compile(r"(?i)\b(?:can|could|will|would)\b[^.!?\n]{0,60}\Z")
_PREFIX_CHARS = 200


class Named(msgspec.Struct, frozen=True):
    """Commands that a goal names, to be run one after the other, or (shown) text in a block of code that is none."""

    commands: tuple[str, ...]
    shown: str = ""


def split(text: str) -> list[str | Named]:
    """The goal in pieces: its words, and in their places the commands that it names together with the verb before them."""
    return _Splitter(text.replace("\r\n", "\n")).pieces()


class _Splitter:
    def __init__(self, text: str) -> None:
        self._text = text
        self._pieces: list[str | Named] = []
        self._done = 0  # up to here the text is in the pieces
        self._found = 0
        self._looks = 0

    def pieces(self) -> list[str | Named]:
        at = 0
        while self._found < MAX_COMMANDS and self._looks < MAX_LOOKS and (found := _NEXT.search(self._text, at)) is not None:
            at = found.end()
            if found["fence"]:
                fence = _FENCE.match(self._text, found.start())
                at = fence.end() if fence else at
                self._take(found.start(), at, Named((), fence.group(1) if fence else ""))
            elif found["verb"] and self._heads_a_clause(found):
                self._looks += 1
                at = max(at, self._behind(found))
        rest = self._text[self._done :]
        return [*self._pieces, rest] if rest else self._pieces

    def _take(self, start: int, end: int, piece: Named) -> None:
        if start > self._done:
            self._pieces.append(self._text[self._done : start])
        self._pieces.append(piece)
        self._done = end
        self._found += len(piece.commands)

    def _heads_a_clause(self, verb: re.Match[str]) -> bool:
        if family(verb.group()) != "run":
            return False
        before = self._text[max(self._done, verb.start() - _PREFIX_CHARS) : verb.start()]
        start = max((match.end() for match in _BOUNDARY.finditer(before)), default=0)
        return not unpolite(before[start:])

    def _behind(self, verb: re.Match[str]) -> int:
        """Take what is to be run behind a verb, if that is certain; where to look on."""
        text = self._text
        called = _CALLED.match(text, verb.end())
        at = called.end() if called else verb.end()
        line_end = _LINE_END.match(text, at)
        if line_end and not called:
            return at
        start = line_end.end() if line_end else _after_blanks(text, at)
        fence = _FENCE.match(text, _after_blanks(text, start))
        if fence:
            self._take(verb.start(), fence.end(), Named((fence.group(1).strip("\n"),)))
            return fence.end()
        asked = bool(_ASKED.search(text, max(0, verb.start() - _PREFIX_CHARS), verb.start()))
        if line_end:
            commands, end = self._below(start)
        elif _DESCRIBED.match(text, start):
            return start
        else:
            commands, end = self._on_the_line(start, asked)
        commands = [command for command in commands if command]
        if not commands:
            return max(start, verb.end())
        self._take(verb.start(), end, Named(tuple(commands)))
        return end

    def _on_the_line(self, start: int, asked: bool) -> tuple[list[str], int]:
        text = self._text
        if spans := self._spans(start):
            return spans
        end = end_of_command(text, start) if start < len(text) else start
        quoted = QUOTED.match(text, start)
        if quoted and not without_the_sentence(text[quoted.end() : end], asked=True).strip(" .!?,"):
            return [], quoted.end()  # it is all quoted, and read as that
        if quoted and quoted.group(1) is not None:
            return [], quoted.end()
        command = without_the_sentence(text[start:end], asked=asked)
        return ([] if is_doubtful(command) else [command]), end

    def _spans(self, start: int) -> tuple[list[str], int] | None:
        """Several commands, each in backticks."""
        commands: list[str] = []
        at = end = start
        while span := _SPAN.match(self._text, at):
            commands.append(span.group(1))
            end = span.end()
            between = _BETWEEN_SPANS.match(self._text, end)
            if between is None:
                break
            at = between.end()
        return (commands, end) if len(commands) > 1 else None

    def _below(self, start: int) -> tuple[list[str], int]:
        """The commands on the lines below: those of a list each by itself, others as one script, up to a blank line or English."""
        text, at, end = self._text, start, start
        commands: list[str] = []
        script: list[str] = []
        while at < len(text) and text[at] != "\n" and len(commands) < MAX_COMMANDS:
            item = _ITEM.match(text, at)
            begin = item.end() if item else _after_blanks(text, at)
            span = _SPAN_ALONE.match(text, begin)
            if _NOT_TO_BE.match(text, begin):
                break
            if span is None and not item and (is_english(text, begin) or (script and not _plain(text, begin))):
                break
            end = span.end() if span else end_of_command(text, begin)
            command = span.group(1) if span else text[begin:end].strip()
            (commands if item or span else script).append(command)
            at = end + text.startswith("\n", end)
            if end < len(text) and text[end] != "\n":
                break
        return [*commands, "\n".join(script)] if script else commands, end


def _after_blanks(text: str, at: int) -> int:
    while text.startswith((" ", "\t"), at):
        at += 1
    return at


def _plain(text: str, at: int) -> bool:
    """Whether a line looks like a command: it does not begin as a sentence does."""
    return not text[at : at + 1].isupper() or bool(re.match(r"[A-Z_][A-Z0-9_]*=", text[at : at + 80]))
