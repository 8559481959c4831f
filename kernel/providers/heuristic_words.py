"""The words by which the built-in brain knows what a sentence asks for, and the forms around them.

Owns no reading: `heuristic_goals` and `heuristic_shell` ask whether a word is one of these.
"""

from __future__ import annotations

import difflib
import re
from functools import lru_cache

VERBS: dict[str, str] = {
    "list": "list", "ls": "list", "enumerate": "list",
    "find": "find", "search": "find", "locate": "find", "grep": "find", "look": "find",
    "count": "count", "tally": "count",
    "summarise": "summarise", "summarize": "summarise", "summary": "summarise", "digest": "summarise",
    "fetch": "fetch", "download": "fetch", "browse": "fetch", "visit": "fetch", "get": "fetch", "load": "fetch",
    "create": "create", "make": "create", "write": "create", "add": "create", "save": "create", "put": "create",
    "mkdir": "mkdir", "touch": "touch",
    "run": "run", "execute": "run", "exec": "run",
    "read": "read", "show": "read", "print": "read", "cat": "read", "display": "read", "open": "read",
    "report": "report",
}  # fmt: skip
POLITE = re.compile(
    r"(?i)^(?:\s|[-*•,]|\d+[.)]|please|pls|kindly|can you|could you|would you|i want you to|i would like you to"
    r"|i'd like you to|i need you to|you should|your task is to|then|also|first(?:ly)?|second(?:ly)?|finally|next|now"
    r"|afterwards|after that|and|but|just|only|simply|instead(?! of)|rather|to"
    r"|when (?:(?:that|it|this)(?: is|['’]s) |you are |you['’]re )?(?:done|finished)|(?:do not|don['’]?t) forget to)(?=\s|,|:|$)[\s,:]*"
)
QUOTED = re.compile(r"`([^`\n]{1,4000})`|\"([^\"]{0,8000})\"|“([^”]{0,8000})”|(?<![\w'])'([^'\n]{0,8000})'(?![\w'])")


def unpolite(clause: str) -> str:
    """A clause without the courtesies before it and the marks behind it."""
    clause = clause.strip()
    while (shorter := POLITE.sub("", clause, count=1).strip()) != clause:
        clause = shorter
    return re.sub(r"(?i)\s+and$", "", clause.rstrip(" ,.!?:"))


@lru_cache(maxsize=2_048)
def family(word: str) -> str:
    """The family of a verb, small typing errors forgiven, or ""."""
    word = word.lower()
    if word in VERBS:
        return VERBS[word]
    if len(word) < 4:
        return ""
    found = closest(word, tuple(VERBS), 0.82)
    return VERBS[found] if found else ""


def closest(word: str, known: tuple[str, ...], cutoff: float) -> str:
    """The known word that this one is, one small typing error forgiven, or ""."""
    if word in known:
        return word
    for candidate in known:
        # Two letters swapped, as in "lsit", count as one error; the ratio alone would not forgive it in short words.
        if len(candidate) == len(word) and candidate[0] == word[0] and sorted(candidate) == sorted(word):
            return candidate
    close = difflib.get_close_matches(word, [candidate for candidate in known if len(candidate) >= 5], 1, cutoff)
    return close[0] if close and close[0][0] == word[0] else ""
