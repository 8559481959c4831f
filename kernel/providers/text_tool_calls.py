"""Tool calls and thoughts that small models write as text, turned into what they mean.

Owns the streaming: text is passed on at once except where a call or a thought may have begun; then it is held until that is certain.
The registry wraps every provider in it behind which a small model may sit. It must never invent a call: what is not one of the known
notations for a tool of the request is passed on unchanged, and a native call of the model always wins. A call that is only shown to
somebody is none: in inline code, in a quotation, in a block of code that is of another kind, behind words that announce it as shown
(`kernel.providers.announced`).
"""

from __future__ import annotations

import asyncio
import itertools
import re
import time
from collections.abc import AsyncGenerator, Collection, Iterator, Sequence
from contextlib import aclosing

import msgspec

from kernel.providers import text_calls, wire_json
from kernel.providers.announced import is_announced
from kernel.providers.base import (
    ChatRequest,
    Chunk,
    Finished,
    FinishReason,
    ModelInfo,
    Provider,
    ReasoningDelta,
    TextDelta,
    ToolCallDelta,
    ToolCallFinished,
    ToolCallStarted,
)
from kernel.providers.turn import TurnAssembler, TurnLimits, taken_ids

MAX_HELD_CHARS = 512 * 1024
MAX_OPENING_CHARS = 300
MAX_WRONG_OPENINGS = 20
MAX_QUOTED_CHARS = 8 * 1024
MAX_LINE_CHARS = 4_000
LOOKED_AT_ONCE_CHARS = 1_000
MAX_LOOK_CHARS = 64 * 1024
#: How long an answer that came in one piece is read before others have their turn on the loop: a whole one may take seconds.
AT_ONCE_S = 0.01
_THINK_OPEN = ("<think>", "<thinking>")
_THINK_END = ("</think>", "</thinking>")
_OPEN_LIST = re.compile(r"(?m)^[ \t]*(?:functools)?\[\s*\Z")
_TEXT, _THOUGHT, _BLOCK = "text", "thought", "block"
_OPENERS: dict[str, str] = {
    "<tool_call>": "</tool_call>",
    "<function_call>": "</function_call>",
    "<function=": "</function>",
    "<|tool_call|>": "<|/tool_call|>",
    "<tool_call|>": "</tool_call>",
    "[TOOL_CALLS]": "",
    "<|python_tag|>": "",
    "<|python_start|>": "<|python_end|>",
    "<invoke name=": "</invoke>",
    "<function_calls>": "</function_calls>",
    "<tools>": "</tools>",
    "```": "```",
}
_FENCE_MARK = "```"
_REACT_MARK = "Action:"
_BALANCED = ("{", "(", _REACT_MARK)
#: Marks that are only marks at the head of a line: within a sentence they are spoken of.
_HEADED = {
    mark: re.compile(rf"(?m)^[ \t]*{re.escape(mark)}") for mark in (_FENCE_MARK, "<invoke name=", "<function_calls>", "<tools>")
}
#: Openers that say which tool is called: they belong to what is read.
_NAMING = ("<function=", "<invoke name=")
_END_MARKS = (
    "<|eom_id|>", "<|eot_id|>", "<|eot|>", "<|im_end|>", "<|end|>", "</s>", "</tool_call>", "<|python_end|>", "</function_calls>",
)  # fmt: skip
# Every blank is limited: such a beginning is held back, and looked at again with each piece that comes.
_BLANK = r"[ \t]{0,20}"
_ACTION = (r"\*{0,2}", *"Action", r"\*{0,2}", _BLANK, ":", r"\*{0,2}", _BLANK)
_ACTION_INPUT = (
    _BLANK, r"\r?", r"\n", _BLANK, r"\*{0,2}", *"Action", _BLANK, *"Input", r"\*{0,2}", _BLANK, ":", r"\*{0,2}", _BLANK,
)  # fmt: skip
_QUOTED_MARK, _MARK = re.compile(r"""[\\"']"""), re.compile(r"""["'{}\[\]()]""")
_AFTER_THOUGHT: tuple[str, tuple[str, ...]] = ("\n", ())
_AFTER_CALL = (" \t\r\n", _END_MARKS)
_CALL_LABELS = frozenset({"tool_code", "tool_call", "tool_calls", "tool", "function"})
_FENCE_LABELS = _CALL_LABELS | {"", "json", "jsonc", "xml"}


class TextToolCallsProvider:
    """The same provider, read more carefully."""

    def __init__(self, inner: Provider) -> None:
        self._inner = inner

    @property
    def name(self) -> str:
        """The inner provider's name."""
        return self._inner.name

    @property
    def dialect(self) -> str:
        """The inner provider's dialect."""
        return self._inner.dialect

    async def list_models(self) -> tuple[ModelInfo, ...]:
        """The inner provider's models."""
        return await self._inner.list_models()

    async def aclose(self) -> None:
        """Close the inner provider."""
        await self._inner.aclose()

    async def stream(self, request: ChatRequest) -> AsyncGenerator[Chunk]:
        """Answer `request`. Raises what the inner provider raises."""
        names = frozenset(tool.name for tool in request.tools) if request.tool_choice != "none" else frozenset()
        reader = TextReader(names, TurnAssembler(TurnLimits(), taken_ids(request), self.name))
        native: dict[int, int] = {}
        async with aclosing(self._inner.stream(request)) as chunks:
            since = time.perf_counter()
            async for chunk in chunks:
                ready: list[Chunk] = []
                for pieces in _read(reader, native, chunk):
                    ready.extend(pieces)
                    if time.perf_counter() - since < AT_ONCE_S:
                        continue
                    for piece in _joined(ready):
                        yield piece
                    ready.clear()
                    await asyncio.sleep(0)
                    since = time.perf_counter()
                for piece in _joined(ready):
                    yield piece


def _read(reader: TextReader, native: dict[int, int], chunk: Chunk) -> Iterator[list[Chunk]]:
    """What becomes certain with a chunk, a little at a time. native: the index of each native call that has begun."""
    if isinstance(chunk, TextDelta):
        yield from reader.feeding(chunk.text)
    elif isinstance(chunk, ToolCallStarted | ToolCallDelta | ToolCallFinished):
        yield reader.stop_looking()
        # Calls found in the text before came first: the native ones are numbered after them.
        index = native.setdefault(chunk.index, reader.calls + len(native))
        yield [msgspec.structs.replace(chunk, index=index)]
    elif isinstance(chunk, Finished):
        yield from reader.finishing(chunk, native=bool(native))
    else:
        yield [chunk]


def _joined(chunks: list[Chunk]) -> Iterator[Chunk]:
    """The same with neighbours of a kind as one: each costs whoever takes it a copy of all that came before."""
    for kind, group in itertools.groupby(chunks, type):
        if kind is TextDelta:
            yield TextDelta("".join(chunk.text for chunk in group if isinstance(chunk, TextDelta)))
        elif kind is ReasoningDelta:
            yield ReasoningDelta("".join(chunk.text for chunk in group if isinstance(chunk, ReasoningDelta)))
        else:
            yield from group


class TextReader:
    """Splits streamed text into text, thoughts and calls."""

    def __init__(self, tools: Collection[str], turn: TurnAssembler) -> None:
        self._turn = turn
        self._tools = frozenset(tools)
        self._openings = _Openings(self._tools)
        self._looking = bool(tools)
        self._marks = (*_THINK_OPEN, *_THINK_END, *_OPENERS) if tools else (*_THINK_OPEN, *_THINK_END)
        self._held = ""
        self._mode = _TEXT
        self._end = _EndFinder("", self._openings)
        self._fence = ""
        self._quoted = False
        self._line = self._before = ""
        self._at_line_start = True
        self._wrong = 0
        self._skipping: tuple[str, tuple[str, ...]] | None = None
        self.calls = 0

    def feed(self, text: str) -> list[Chunk]:
        """The chunks that become certain with `text`."""
        return [chunk for chunks in self.feeding(text) for chunk in chunks]

    def feeding(self, text: str) -> Iterator[list[Chunk]]:
        """As `feed`, a little at a time: to be taken to its end."""
        # A whole answer may come at once, and each mark in it costs a look at all that is held.
        for start in range(0, len(text), LOOKED_AT_ONCE_CHARS):
            self._held += text[start : start + LOOKED_AT_ONCE_CHARS]
            yield from self._advances(final=False)

    def stop_looking(self) -> list[Chunk]:
        """The model calls natively: whatever is held was text, and so is what follows (thoughts are still split)."""
        if not self._looking:
            return []
        self._looking = False
        self._marks = (*_THINK_OPEN, *_THINK_END)
        self._mode = self._mode if self._mode == _THOUGHT else _TEXT
        return self._rest()

    def finish(self, finished: Finished, *, native: bool) -> list[Chunk]:
        """The end of the turn: what was held, the finished calls, and the finish reason that fits them."""
        return [chunk for chunks in self.finishing(finished, native=native) for chunk in chunks]

    def finishing(self, finished: Finished, *, native: bool) -> Iterator[list[Chunk]]:
        """As `finish`, a little at a time."""
        # After a cut at the token limit an open call is not complete, whatever it looks like.
        if finished.reason != "length":
            yield from self._advances(final=True)
        yield self._rest()
        if not self.calls:
            yield [finished]
            return
        reason: FinishReason = "tool_calls" if native or finished.reason == "stop" else finished.reason
        yield [chunk for chunk in self._turn.end(reason) if isinstance(chunk, ToolCallFinished)]
        # The turn's opaque state describes text that is a call now; replaying it would not fit any more.
        yield [Finished(reason)]

    def _advances(self, *, final: bool) -> Iterator[list[Chunk]]:
        more = True
        while more:
            chunks: list[Chunk] = []
            more = self._advance(chunks, final=final)
            yield chunks

    def _rest(self) -> list[Chunk]:
        rest, self._held = self._held, ""
        if not rest:
            return []
        return [ReasoningDelta(rest) if self._mode == _THOUGHT else TextDelta(rest)]

    def _advance(self, chunks: list[Chunk], *, final: bool) -> bool:
        """Take one certain piece off the front of what is held; False where nothing is certain."""
        if not self._held:
            return False
        if self._mode == _THOUGHT:
            return self._advance_thought(chunks, final=final)
        if self._mode == _TEXT:
            return self._advance_text(chunks, final=final)
        if self._mode == _BLOCK:
            return self._advance_block(chunks, final=final)
        if self._quoted:
            return self._advance_quoted(chunks, final=final)
        return self._advance_call(chunks, final=final)

    def _skip(self, *, final: bool) -> bool:
        """Drop what separates a thought or a call from what follows; False where more must come to know."""
        if self._skipping is None:
            return True
        blank, marks = self._skipping
        while True:
            self._held = self._held.lstrip(blank)
            mark = next((mark for mark in marks if self._held.startswith(mark)), "")
            if not mark:
                break
            self._held = self._held[len(mark) :]
        if not self._held or (not final and any(mark.startswith(self._held) for mark in marks)):
            return False
        self._skipping = None
        return True

    def _advance_text(self, chunks: list[Chunk], *, final: bool) -> bool:
        if not self._skip(final=final):
            return False
        start, kind = self._opening()
        if not kind:
            safe = len(self._held) if final else self._safe_length()
            self._release(chunks, safe)
            return False
        self._release(chunks, start)
        if kind in _THINK_OPEN:
            self._held = self._held[len(kind) :]
            self._mode = _THOUGHT
        elif kind in _THINK_END:
            # The thought began before the answer did: what follows is the answer, the mark is nothing.
            self._held = self._held[len(kind) :]
        else:
            self._mode = kind
            self._end = _EndFinder(kind, self._openings)
            self._quoted = bool(_OPENERS.get(kind) is not None and kind != _FENCE_MARK and _in_quotation(self._line))
        return True

    def _advance_block(self, chunks: list[Chunk], *, final: bool) -> bool:
        """A block of code is text up to the line that ends it."""
        for match in re.finditer(rf"(?m)^[ \t]*{self._fence}`*[ \t]*(?:\n|\Z)", self._held):
            if self._heads(match) and (final or match.group().endswith("\n")):
                self._release(chunks, match.end())
                self._mode = _TEXT
                return True
        last = self._held.rfind("\n") + 1
        line = self._held[last : last + MAX_OPENING_CHARS]
        may_end = (last or self._at_line_start) and len(line) < MAX_OPENING_CHARS and re.fullmatch(r"[ \t]*`*[ \t]*", line)
        self._release(chunks, last if may_end and not final else len(self._held))
        return False

    def _advance_quoted(self, chunks: list[Chunk], *, final: bool) -> bool:
        """A mark in a quotation: it and what belongs to it are text."""
        kind, closing = self._mode, _OPENERS[self._mode]
        paragraph = self._held.partition("\n\n")[0]
        end = paragraph.find(closing, len(kind)) if closing else -1
        if closing and end < 0 and paragraph == self._held and len(self._held) <= MAX_QUOTED_CHARS and not final:
            return False
        whole = end >= 0 and kind not in paragraph[len(kind) : end]
        self._mode = _TEXT
        self._release(chunks, end + len(closing) if whole else len(kind))
        return True

    def _advance_thought(self, chunks: list[Chunk], *, final: bool) -> bool:
        found = [(index, mark) for mark in _THINK_END if (index := self._held.find(mark)) >= 0]
        safe = len(self._held) if final else len(self._held) - _overlap(self._held, _THINK_END)
        if found:
            safe = min(found)[0]
        if safe > 0:
            chunks.append(ReasoningDelta(self._held[:safe]))
        self._held = self._held[safe:]
        if found:
            self._held = self._held[len(min(found)[1]) :]
            self._mode = _TEXT
            self._skipping = _AFTER_THOUGHT
        return bool(found)

    def _advance_call(self, chunks: list[Chunk], *, final: bool) -> bool:
        end = self._end.find(self._held, final=final)
        if end is None and self._end.behind(self._held):
            return True
        if end is None and len(self._held) <= MAX_HELD_CHARS:
            return False
        kind, self._mode = self._mode, _TEXT
        announcement = self._line if self._line.strip() else self._before
        shown = is_announced(announcement)
        found = text_calls.parse(_content(self._held[:end], kind), self._tools) if end and not shown else []
        if not found:
            # Not a call. Each opening that never closes costs a look at all that follows: there is an end to that.
            again = self._held.find(kind, len(kind), end) if end and kind.startswith("<") else -1
            self._wrong += 0 if end and again < 0 else 1
            if kind == _FENCE_MARK and not end and _opens_block(self._held):
                self._mode = _BLOCK
                self._fence = re.match("`*", self._held).group()  # type: ignore[union-attr]  # it matches anything
                self._release(chunks, len(self._fence))
            else:
                self._release(chunks, again if again > 0 else end or len(kind))
            if shown and end:
                # What stands below it is shown, too.
                self._line, self._before = "", announcement
            if self._wrong > MAX_WRONG_OPENINGS:
                chunks.extend(self.stop_looking())
            return True
        for call in found:
            arguments = wire_json.dump(call.arguments)
            chunks.extend(self._turn.whole_call(call_id="", name=call.name, arguments=arguments))
            self.calls += 1
        self._held = self._held[end:]
        self._at_line_start, self._line = True, ""
        self._skipping = _AFTER_CALL
        return True

    def _opening(self) -> tuple[int, str]:
        """Where something that must be held begins, and what; (-1, "") where nothing does."""
        best, kind = -1, ""
        for mark in self._marks:
            index = self._held.find(mark)
            if index >= 0 and mark in _HEADED:
                # It counts at the head of a line only, and the first one may stand elsewhere.
                ends = (match.end() for match in _HEADED[mark].finditer(self._held) if self._heads(match))
                index = next(ends, len(mark) - 1) - len(mark)
            if index >= 0 and (best < 0 or index < best):
                best, kind = index, mark
        if self._looking:
            for match in self._openings.lines.finditer(self._held, 0, best if best >= 0 else len(self._held)):
                if self._heads(match):
                    return match.start(), "{" if match.group("json") else _REACT_MARK if match.group("react") else "("
        return best, kind

    def _heads(self, match: re.Match[str]) -> bool:
        """Whether a match at the head of a held line is at the head of a line of the whole text."""
        return match.start() > 0 or self._at_line_start

    def _safe_length(self) -> int:
        """How much of what is held cannot be the beginning of anything."""
        safe = len(self._held) - _overlap(self._held, self._marks)
        if self._looking:
            bracket = _OPEN_LIST.search(self._held)
            if bracket and len(bracket.group()) <= MAX_OPENING_CHARS and self._heads(bracket):
                safe = min(safe, bracket.start())
            action = self._openings.begun_action.search(self._held, max(0, len(self._held) - MAX_OPENING_CHARS))
            if action and self._heads(action):
                safe = min(safe, action.start())
            line_start = self._held.rfind("\n") + 1
            if (line_start or self._at_line_start) and self._openings.may_begin(self._held[line_start:]):
                safe = min(safe, line_start)
        return safe

    def _release(self, chunks: list[Chunk], length: int) -> None:
        text, self._held = self._held[:length], self._held[length:]
        if text:
            chunks.append(TextDelta(text))
            tail = text.rpartition("\n")[2]
            self._at_line_start = not tail.strip() and ("\n" in text or self._at_line_start)
            lines = (self._line + text).rpartition("\n")[0].rsplit("\n", 8)[-8:]
            self._before = next((line for line in reversed(lines) if line.strip()), self._before)[:MAX_LINE_CHARS]
            self._line = (tail if "\n" in text else self._line + tail)[:MAX_LINE_CHARS]


class _Openings:
    """How the lines begin that are a call of one of the tools."""

    def __init__(self, tools: Collection[str]) -> None:
        ordered = sorted(tools, key=len, reverse=True)
        names = rf"(?:functions\.)?(?:{'|'.join(map(re.escape, ordered)) or '(?!)'})"
        action, given = "".join(_ACTION), "".join(_ACTION_INPUT)
        self._words = (*ordered, "functions.", "functools")
        self.call = re.compile(rf"{names}[ \t]*\(")
        #: `{`, `[{`, the name of a tool and a bracket, the same in a list, or an action and its input.
        self.lines = re.compile(
            rf"(?m)^[ \t]*(?:(?P<json>\{{|(?:functools)?\[\s*\{{)|(?P<react>{action}{names}{given}\{{)"
            rf"|{names}[ \t]*(?:(?:[:(][ \t]*)?\{{|\()|\[[ \t]*{names}[ \t]*\()"
        )
        begun = "|".join(_begun([*map(re.escape, name)]) for name in ("functions.", *ordered))
        self.begun_action = re.compile(
            rf"(?m)^[ \t]*(?:{_begun(_ACTION)}|{action}(?:functions\.)?(?:{begun})|{action}{names}{_begun(_ACTION_INPUT)})\Z"
        )

    def may_begin(self, line: str) -> bool:
        """Whether an unfinished line may still become the beginning of a call."""
        word = line.lstrip(" \t")
        if not word or len(line) > MAX_OPENING_CHARS:
            return not word and len(line) <= MAX_OPENING_CHARS
        word = word.removeprefix("[").lstrip(" \t").removeprefix("functions.")
        return any(
            name.startswith(word) or re.fullmatch(rf"{re.escape(name)}[ \t]*[:(]?[ \t]*", word) for name in self._words
        )


class _EndFinder:
    """Finds where a held call ends; looks at every character once, however small the pieces are."""

    def __init__(self, kind: str, openings: _Openings) -> None:
        self._kind = kind
        self._openings = openings
        self._position = 0
        self._depth = 0
        self._quote = ""

    def find(self, held: str, *, final: bool) -> int | None:
        """The length of the call, 0 where it is none, None where it goes on."""
        if self._kind in _BALANCED:
            end = self._balanced(held)
            return 0 if end is None and final and not self.behind(held) else end
        if self._kind == "```":
            return self._fence(held, final=final)
        closing = _OPENERS[self._kind]
        index = held.find(closing, max(len(self._kind), self._position - len(closing))) if closing else -1
        self._position = len(held)
        if index >= 0:
            return index + len(closing)
        # Some models stop without closing the last call, and some notations have no closing mark.
        return len(held) if final else None

    def behind(self, held: str) -> bool:
        """Whether `find` is to be asked again: it did not look at everything that is held."""
        return self._kind in _BALANCED and self._position < len(held)

    def _fence(self, held: str, *, final: bool) -> int | None:
        line, newline, _ = held[: MAX_OPENING_CHARS + 1].partition("\n")
        if not newline:
            return 0 if final or len(line) > MAX_OPENING_CHARS else None
        label = line[3:].strip().lower()
        head = held[len(line) : len(line) + 200].lstrip()
        if label not in _FENCE_LABELS:
            return 0
        # Without a label it may hold a call as Python writes it, from the first word on.
        python = not label and (self._openings.call.match(head) or self._openings.may_begin(head))
        if head and label not in _CALL_LABELS and head[0] not in "[{<" and not python:
            return 0
        index = held.find("\n```", max(len(line), self._position - 4))
        self._position = len(held)
        return index + 4 if index >= 0 else len(held) if final else None

    def _balanced(self, held: str) -> int | None:
        position, stop = self._position, min(len(held), self._position + MAX_LOOK_CHARS)
        while found := (_QUOTED_MARK if self._quote else _MARK).search(held, position, stop):
            character, position = found.group(), found.end()
            if character == "\\":
                position += 1  # whatever stands behind it means nothing
            elif self._quote:
                self._quote = "" if character == self._quote else self._quote
            elif character == '"' or (character == "'" and self._kind == "(" and self._depth):
                self._quote = character
            elif character in "{[(":
                self._depth += 1
            elif character in "}])":
                self._depth -= 1
                if self._depth <= 0:
                    return position
        self._position = max(position, stop)
        return None


def _in_quotation(before: str) -> bool:
    """Whether what follows `before` on its line is quoted, or is inline code."""
    ticks = len(re.findall("`+", before)) if "``" in before else before.count("`")
    opened = ticks % 2 or before.count('"') % 2 or before.count("“") > before.count("”")
    return bool(opened) or before.lstrip().startswith(">") or before[-1:] in tuple("'‘«„")


def _begun(parts: Sequence[str]) -> str:
    """A pattern for every beginning of what these patterns match one after the other."""
    return "(?:".join(parts) + ")?" * (len(parts) - 1)


def _opens_block(held: str) -> bool:
    """Whether a fence opens a block of code: with a backtick behind it on its line it is inline code."""
    line = held[:MAX_OPENING_CHARS].partition("\n")[0]
    return "`" not in line.lstrip("`")


def _content(held: str, kind: str) -> str:
    """What a held call holds between its marks."""
    if kind == "```":
        body = held.partition("\n")[2]
        return body.rpartition("```")[0] if body.rstrip().endswith("```") else body
    closing = _OPENERS.get(kind)
    if closing is None or kind in _NAMING:
        return held
    body = held[len(kind) :]
    body = (body.removesuffix(closing) if closing else body).rstrip()
    for mark in _END_MARKS:
        body = body.removesuffix(mark)
    return body


def _overlap(text: str, marks: Collection[str]) -> int:
    """The length of the longest end of `text` that is the beginning of a mark."""
    longest = 0
    for mark in marks:
        for length in range(min(len(mark) - 1, len(text)), longest, -1):
            if text.endswith(mark[:length]):
                longest = length
                break
    return longest
