"""Searches lines of text for a pattern, in a process of its own: `python search_worker.py`.

A regular expression can take for ever, and Python cannot interrupt one, nor let others run meanwhile; so the window ends this
process instead. Reads one request a line from stdin and writes one answer a line, both JSON. Imports nothing of Aether, so that
it starts at once. Started by `search_client`.

Request: {"id": int, "pattern": str, "ignore_case": bool, "first": int, "limit": int, "lines": [str]}.
Answer: {"id": int, "matches": [[index of the line, start, end]], "error": str}; error is a sentence about a wrong pattern.
"""

from __future__ import annotations

import json
import re
import sys
from typing import Any


def search(pattern: str, ignore_case: bool, first: int, limit: int, lines: list[str]) -> list[tuple[int, int, int]]:
    """The places of all matches that are not empty. first: number of the first line. Raises re.error."""
    found: list[tuple[int, int, int]] = []
    compiled = re.compile(pattern, re.IGNORECASE if ignore_case else 0)
    for index, line in enumerate(lines, first):
        for match in compiled.finditer(line):
            start, end = match.span()
            if start < end:
                found.append((index, start, end))
                if len(found) >= limit:
                    return found
    return found


def answer(request: dict[str, Any]) -> dict[str, Any]:
    """The answer to one request; never raises for a wrong pattern."""
    matches: list[tuple[int, int, int]] = []
    error = ""
    try:
        matches = search(
            request["pattern"], request["ignore_case"], request["first"], request["limit"], request["lines"]
        )
    except re.error as problem:
        error = problem.msg[:1].upper() + problem.msg[1:]
        if problem.pos is not None:
            error += f" at {problem.pos + 1}"
    except (OverflowError, RecursionError, MemoryError):
        error = "Too complicated"
    return {"id": request["id"], "matches": matches, "error": error}


def main() -> None:
    """Answer until stdin ends."""
    for line in sys.stdin:
        sys.stdout.write(json.dumps(answer(json.loads(line))) + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
