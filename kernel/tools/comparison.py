"""What changes when a file is replaced: a unified diff whose cost is bounded, made away from the kernel's loop where it takes long.

Texts come from models and from files, so that neither their size nor how their lines repeat may decide how long a comparison takes.
`compare` is pure; `DiffWorker` has the one thread for the long ones and ends them at its closing; `Comparisons` belongs to one call of a
tool, whose run needs again what its preview found, and must find it as that did. Called by write_file.
"""

import asyncio
import bisect
import difflib
import re
import threading
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import chain, islice

from kernel.tools.head_of_change import StoppedError, Text, ends_in_line, head_of_change, lines_of

COMPARED_LINES = 20_000
COMPARED_CHARACTERS = 4_000_000
COMPARED_WORK = 3_000_000
AT_ONCE_WORK = 80_000
AT_ONCE_CHARACTERS = 20_000
HEAD_LINES = 200
HEAD_WORK = 200_000
GAP_WORK = 100
STRAY = re.compile("[\ud800-\udfff]")
ENDINGS = {"\n": "LF", "\r\n": "CR LF", "\r": "CR"}

Block = tuple[int, int, int]


class TooMuchWorkError(Exception):
    """A comparison would take more steps than it may. Caught in this module."""


@dataclass(frozen=True, slots=True)
class FileDiff:
    """text: the unified diff, or the head of it. added, removed: lines."""

    text: str
    added: int
    removed: int


def compare(
    before: Text | None, after: str, path: str, *, work: int = COMPARED_WORK, stopped: Callable[[], bool] = lambda: False
) -> FileDiff:
    """The difference of two texts; before: what the file holds, as its bytes or as text, None where there is no file yet.

    work: the most steps of a comparison, a step being about 0.1 us. Where the usual way takes more, the lines that occur once divide the
    texts; where that takes more too, and of very large texts, the head of the change is given and how much is not shown.
    stopped: asked now and then. Raises StoppedError where it says so.
    """
    texts = (before or "", after)
    origin = path if before is not None else "/dev/null"
    if not _is_large(texts, stopped):
        old, new = (list(lines_of(text, stopped)) for text in texts)
        for method in (_as_usual, _divided):
            try:
                diff = _whole(old, new, method, _Budget(work, stopped), origin, path)
            except TooMuchWorkError:
                continue
            return _said(diff, before, after, path)
    return _said(_head_of_change(texts, origin, path, stopped), before, after, path)


class DiffWorker:
    """One thread for comparisons that take longer than a turn of the kernel's loop may. Made by bootstrap, which closes it."""

    def __init__(self) -> None:
        self._thread: ThreadPoolExecutor | None = None
        self._closed = threading.Event()

    async def compare(self, before: Text | None, after: str, path: str) -> FileDiff:
        """See `compare`. A cancelled asker's comparison ends soon after. Raises StoppedError once the worker is closed."""
        if len(before or "") + len(after) <= AT_ONCE_CHARACTERS:
            small = _at_once(before, after, path)
            if small is not None:
                return small
        if self._closed.is_set():
            raise StoppedError
        if self._thread is None:
            self._thread = ThreadPoolExecutor(1, "diff")
        left = threading.Event()
        loop = asyncio.get_running_loop()
        try:
            return await loop.run_in_executor(
                self._thread,
                lambda: compare(before, after, path, stopped=lambda: left.is_set() or self._closed.is_set()),
            )
        finally:
            left.set()

    def close(self) -> None:
        """End what is being compared; waits for nothing."""
        self._closed.set()
        if self._thread is not None:
            self._thread.shutdown(wait=False, cancel_futures=True)


class Comparisons:
    """The comparison of one call: asked again for the same texts, it gives what it found."""

    def __init__(self, worker: DiffWorker) -> None:
        self._worker = worker
        self._last: tuple[Text | None, str, str, FileDiff] | None = None
        self._states: tuple[str, str] | None = None

    def saw(self, state: str) -> bool:
        """Note what a preview found, by its fingerprint; whether the call's first preview found something else."""
        first = self._states[0] if self._states is not None else state
        self._states = (first, state)
        return state != first

    def is_as_seen(self, state: str) -> bool:
        """Whether it is what the last preview found; so it is where there was none."""
        return self._states is None or self._states[1] == state

    async def compare(self, before: Text | None, after: str, path: str) -> FileDiff:
        """See `compare`."""
        if self._last is not None and self._last[:3] == (before, after, path):
            return self._last[3]
        found = await self._worker.compare(before, after, path)
        self._last = (before, after, path, found)
        return found


class _Budget:
    """The steps that are left."""

    def __init__(self, steps: int, stopped: Callable[[], bool]) -> None:
        self._left = steps
        self._stopped = stopped

    def spend(self, steps: int) -> None:
        """Raises TooMuchWorkError before work that there are not enough steps for, StoppedError where nobody waits."""
        self._left -= steps
        if self._left < 0:
            raise TooMuchWorkError
        if self._stopped():
            raise StoppedError


class _BoundedMatcher(difflib.SequenceMatcher[str]):
    """difflib's comparison, which says before each of its searches how many steps that takes at the most.

    A search looks at each old line of its range and at every place where the new text has that line.
    """

    def __init__(self, old: Sequence[str], new: Sequence[str], budget: _Budget) -> None:
        super().__init__(None, old, new)
        self._budget = budget
        self._length = len(old)
        places = self.b2j  # type: ignore[attr-defined]  # where each line is in the new text; the stubs leave it out
        steps = 0
        self._steps_before = [0]
        for line in old:
            steps += 1 + len(places.get(line, ()))
            self._steps_before.append(steps)

    def find_longest_match(self, alo: int = 0, ahi: int | None = None, blo: int = 0, bhi: int | None = None) -> difflib.Match:
        """difflib's own, once it is paid for."""
        end = self._length if ahi is None else ahi
        self._budget.spend(self._steps_before[end] - self._steps_before[alo])
        return super().find_longest_match(alo, ahi, blo, bhi)


class _Blocks(difflib.SequenceMatcher[str]):
    """Turns blocks of equal lines, which are known already, into groups of changes."""

    def __init__(self, blocks: list[Block], lengths: tuple[int, int]) -> None:
        super().__init__(None, "", "")
        self._known = [difflib.Match(*block) for block in (*blocks, (*lengths, 0))]

    def get_matching_blocks(self) -> list[difflib.Match]:
        """The blocks, and difflib's end mark."""
        return self._known


def _at_once(before: Text | None, after: str, path: str) -> FileDiff | None:
    """The comparison of small texts, None where it would take longer than a turn of the loop may."""
    old, new = (list(lines_of(text, _never)) for text in (before or "", after))
    try:
        diff = _whole(old, new, _as_usual, _Budget(AT_ONCE_WORK, _never), path if before is not None else "/dev/null", path)
    except TooMuchWorkError:
        return None
    return _said(diff, before, after, path)


def _never() -> bool:
    return False


def _is_large(texts: tuple[Text, str], stopped: Callable[[], bool]) -> bool:
    """Whether they are more than is compared as a whole."""
    if sum(map(len, texts)) > COMPARED_CHARACTERS:
        return True
    lines = chain.from_iterable(lines_of(text, stopped) for text in texts)
    return sum(1 for _ in islice(lines, COMPARED_LINES + 1)) > COMPARED_LINES


def _as_usual(old: list[str], new: list[str], budget: _Budget) -> list[Block]:
    """The blocks of equal lines as difflib finds them."""
    return [(block.a, block.b, block.size) for block in _BoundedMatcher(old, new, budget).get_matching_blocks()[:-1]]


def _divided(old: list[str], new: list[str], budget: _Budget) -> list[Block]:
    """The blocks of equal lines between a common beginning, a common end and the lines that both have once and in the same order."""
    least = min(len(old), len(new))
    head = next((at for at in range(least) if old[at] != new[at]), least)
    tail = next((at for at in range(least - head) if old[-1 - at] != new[-1 - at]), least - head)
    budget.spend(len(old) + len(new))
    end = (len(old) - tail, len(new) - tail)
    blocks: list[Block] = [(0, 0, head)] if head else []
    begin = (head, head)
    for anchor in [*_anchors(old, new, begin, end), end]:
        blocks += _between(old, new, begin, anchor, budget)
        if anchor != end:
            blocks.append((*anchor, 1))
        begin = (anchor[0] + 1, anchor[1] + 1)
    return _joined([*blocks, (*end, tail)] if tail else blocks)


def _between(old: list[str], new: list[str], begin: tuple[int, int], end: tuple[int, int], budget: _Budget) -> list[Block]:
    """The blocks in one gap."""
    part_old, part_new = old[begin[0] : end[0]], new[begin[1] : end[1]]
    if not part_old or not part_new:
        return []
    budget.spend(GAP_WORK + len(part_old) + len(part_new))
    return [(begin[0] + a, begin[1] + b, size) for a, b, size in _as_usual(part_old, part_new, budget)]


def _anchors(old: list[str], new: list[str], begin: tuple[int, int], end: tuple[int, int]) -> list[tuple[int, int]]:
    """(old index, new index) of as many lines as can be that are once in both texts and in the same order there."""
    once_old, once_new = Counter(old[begin[0] : end[0]]), Counter(new[begin[1] : end[1]])
    places = {new[at]: at for at in range(begin[1], end[1]) if once_new[new[at]] == 1}
    pairs = [(at, places[old[at]]) for at in range(begin[0], end[0]) if once_old[old[at]] == 1 and old[at] in places]
    lowest: list[int] = []  # the lowest new index that ends a rising chain of each length
    chains: list[int] = []
    previous: list[int] = []
    for number, (_, at) in enumerate(pairs):
        length = bisect.bisect_left(lowest, at)
        previous.append(chains[length - 1] if length else -1)
        lowest[length : length + 1] = [at]
        chains[length : length + 1] = [number]
    rising: list[tuple[int, int]] = []
    number = chains[-1] if chains else -1
    while number >= 0:
        rising.append(pairs[number])
        number = previous[number]
    return rising[::-1]


def _joined(blocks: list[Block]) -> list[Block]:
    """The blocks with those in one where nothing lies between."""
    joined: list[Block] = []
    for old, new, size in blocks:
        if joined and (joined[-1][0] + joined[-1][2], joined[-1][1] + joined[-1][2]) == (old, new):
            joined[-1] = (joined[-1][0], joined[-1][1], joined[-1][2] + size)
        else:
            joined.append((old, new, size))
    return joined


def _whole(
    old: list[str],
    new: list[str],
    method: Callable[[list[str], list[str], _Budget], list[Block]],
    budget: _Budget,
    origin: str,
    path: str,
) -> FileDiff:
    """The difference of all lines, which come with their endings; where only those differ, a note says so."""
    bare_old, bare_new = [_bare(line) for line in old], [_bare(line) for line in new]
    blocks = method(bare_old, bare_new, budget)
    equal = sum(size for _, _, size in blocks)
    lines = list(_unified(bare_old, bare_new, blocks, origin, path))
    others = [(a + at, b + at) for a, b, size in blocks for at in range(size) if old[a + at] != new[b + at]]
    if others:
        at, bt = others[0]
        was, now = _ending(old[at]), _ending(new[bt])
        note = f"[lines that look unchanged and end otherwise than before: {len(others):,}; line {bt + 1:,} ended with {was}, now {now}]"
        lines[:2] = [*(lines[:2] or (f"--- {origin}", f"+++ {path}")), note]
    return FileDiff(_text(lines), len(new) - equal + len(others), len(old) - equal + len(others))


def _said(diff: FileDiff, before: Text | None, after: str, path: str) -> FileDiff:
    """The difference; a file that is replaced by another text has one, and where the last line feed comes or goes it says so."""
    if before is None or ends_in_line(before) == ends_in_line(after) or (diff.text and not before):
        return diff
    if not diff.text:
        return FileDiff(f"--- {path}\n+++ {path}\n[only the end of the last line changes: whether a line feed comes after it]", 1, 1)
    note = "no line feed comes after the last line any more" if ends_in_line(after) else "a line feed comes after the last line now"
    return FileDiff(f"{diff.text}\n[{note}]", diff.added, diff.removed)


def _bare(line: str) -> str:
    return line[:-2] if line.endswith("\r\n") else line[:-1]


def _ending(line: str) -> str:
    """The name of how a line ends."""
    ending = line[len(_bare(line)) :]
    return ENDINGS.get(ending) or f"U+{ord(ending):04X}"


def _unified(old: list[str], new: list[str], blocks: list[Block], origin: str, path: str) -> Iterator[str]:
    """The lines of a unified diff; none where nothing changed."""
    began = False
    for group in _Blocks(blocks, (len(old), len(new))).get_grouped_opcodes():
        if not began:
            began = True
            yield f"--- {origin}"
            yield f"+++ {path}"
        first, last = group[0], group[-1]
        yield f"@@ -{_range(first[1], last[2])} +{_range(first[3], last[4])} @@"
        for tag, old_begin, old_end, new_begin, new_end in group:
            if tag == "equal":
                yield from (f" {line}" for line in old[old_begin:old_end])
                continue
            yield from (f"-{line}" for line in old[old_begin:old_end])
            yield from (f"+{line}" for line in new[new_begin:new_end])


def _range(begin: int, end: int) -> str:
    """Lines as the head of a hunk names them: counted from 1, and an empty range by the line before it."""
    length = end - begin
    if length == 1:
        return str(begin + 1)
    return f"{begin + 1 if length else begin},{length}"


def _head_of_change(texts: tuple[Text, str], origin: str, path: str, stopped: Callable[[], bool]) -> FileDiff:
    """The lines from the first change on, and how much is not shown. A line that only moved counts as unchanged."""
    head = head_of_change(*texts, HEAD_LINES, stopped)
    if head is None:
        return FileDiff("", 0, 0)
    old, new = list(head.old), list(head.new)
    try:
        blocks = _as_usual(old, new, _Budget(HEAD_WORK, stopped))
    except TooMuchWorkError:
        same = next((at for at, (a, b) in enumerate(zip(old, new, strict=False)) if a != b), min(len(old), len(new)))
        blocks = [(0, 0, same)] if same else []
    named = len({_ending(line) for line in (*old, *new)}) > 1
    shown_old, shown_new = ([_shown(line, named) for line in lines] for lines in (old, new))
    lines = list(_unified(shown_old, shown_new, blocks, origin, path))
    left_old, left_new = head.before - head.begin - len(old), head.after - head.begin - len(new)
    sizes = f"{head.before:,} lines before, {head.after:,} after"
    note = f"[too large to be compared as a whole: {sizes}; shown from line {head.begin + 1:,} on; a line that only moved is not counted]"
    lines.insert(2, note)
    lines.append(f"[... {left_old:,} lines of before and {left_new:,} lines of after are not shown ...]")
    return FileDiff(_text(lines), head.added, head.removed)


def _shown(line: str, named: bool) -> str:
    """The line without its ending; named: with the name of one that is no line feed."""
    ending = _ending(line)
    return f"{_bare(line)} [{ending}]" if named and ending != "LF" else _bare(line)


def _text(lines: list[str]) -> str:
    """The lines of a difference; bytes that are no UTF-8 as \\xNN. In parts: one search through all would keep the loop waiting."""
    return "\n".join(line if line.isascii() else STRAY.sub(_escaped, line) for line in lines)


def _escaped(found: re.Match[str]) -> str:
    code = ord(found[0])
    return f"\\x{code - 0xDC00:02x}" if 0xDC80 <= code <= 0xDCFF else f"\\u{code:04x}"
