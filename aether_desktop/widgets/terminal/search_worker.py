"""Searches lines of text for a pattern, in a process of its own: `python search_worker.py`.

A regular expression can take for ever, and Python cannot interrupt one, nor let others run meanwhile; so the window ends this
process instead. Reads one request a line from stdin and writes one answer a line, both JSON. Imports nothing of Aether, so that
it starts at once. Started by `search_client`.

Request: {"id": int, "pattern": str, "ignore_case": bool, "first": int, "near": [int, int], "limit": int, "lines": [str]}; lines are
numbered from first on; those of near, which show, are searched first and whole, then what is nearest to them, until there are more
matches than limit.
Answer: {"id": int, "matches": [[number of the line, start, end]], "searched": [int, int], "error": str}; matches in the order of the
text, searched is the first and last line that were, error a sentence about a wrong pattern.
"""

from __future__ import annotations

import json
import re
import sys
from typing import Any

Place = tuple[int, int, int]


def search(pattern: str, ignore_case: bool, lines: list[str], near: tuple[int, int], limit: int) -> tuple[list[Place], tuple[int, int]]:
    """The places of the matches that are not empty, and the first and last line that were searched, all counted from 0.

    near: the first and last line to begin with. Raises re.error.
    """
    compiled = re.compile(pattern, re.IGNORECASE if ignore_case else 0)

    def found_in(index: int) -> list[Place]:
        spans = [match.span() for match in compiled.finditer(lines[index])]
        return [(index, start, end) for start, end in spans if start < end]

    low = max(0, min(near[0], len(lines) - 1))
    high = max(low, min(near[1], len(lines) - 1))
    middle = (low, high)
    above: list[list[Place]] = []
    below = [found_in(index) for index in range(low, high + 1)] if lines else []
    count = sum(map(len, below))
    while count <= limit and (low > 0 or high < len(lines) - 1):
        if low > 0 and (high >= len(lines) - 1 or middle[0] - low <= high - middle[1]):
            low -= 1
            above.append(found_in(low))
            count += len(above[-1])
        else:
            high += 1
            below.append(found_in(high))
            count += len(below[-1])
    return [place for places in (*reversed(above), *below) for place in places], (low, high)


def answer(request: dict[str, Any]) -> dict[str, Any]:
    """The answer to one request; never raises for a wrong pattern."""
    matches: list[Place] = []
    first, error = request["first"], ""
    searched = (0, -1)
    try:
        near = (request["near"][0] - first, request["near"][1] - first)
        matches, searched = search(request["pattern"], request["ignore_case"], request["lines"], near, request["limit"])
    except re.error as problem:
        error = problem.msg[:1].upper() + problem.msg[1:]
        if problem.pos is not None:
            error += f" at {problem.pos + 1}"
    except (OverflowError, RecursionError, MemoryError):
        error = "Too complicated"
    return {
        "id": request["id"],
        "matches": [(first + index, start, end) for index, start, end in matches],
        "searched": (first + searched[0], first + searched[1]),
        "error": error,
    }


def main() -> None:
    """Answer until stdin ends."""
    for line in sys.stdin:
        sys.stdout.write(json.dumps(answer(json.loads(line))) + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
