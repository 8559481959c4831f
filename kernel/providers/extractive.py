"""Summaries made of a text's own sentences: no model, no invention.

Owns sentence splitting and scoring. The heuristic brain calls it; it must not rephrase anything.
"""

from __future__ import annotations

import math
import re
from collections import Counter

MAX_CHARS = 400_000
MAX_SENTENCES = 3000
MAX_SENTENCE_CHARS = 400

_STOP_WORDS = (
    "a about after all also an and any are as at be because been before being between both but by can could did do does"
    " each even for from had has have he her here him his how i if in into is it its itself just like made make many may"
    " me more most much must my no not now of off on one only or other our out over own said same she should so some"
    " still such than that the their them then there these they this those through to too two under up us use used using"
    " very was we well were what when where which while who why will with within without would you your"
)
_STOP = frozenset(_STOP_WORDS.split())
_WORD = re.compile(r"[^\W\d_][\w'’-]*")
_END = re.compile(r"(?<=[.!?])[\"'”’)\]]?\s+(?=[\"'“‘(\[]?[A-Z0-9À-Þ])")
_ABBREVIATION = re.compile(r"(?:\b(?:e\.g|i\.e|etc|vs|cf|approx|Dr|Mr|Mrs|Ms|Prof|St|No|Fig|Inc|Ltd|Jr|Sr)|\b[A-Z])\.$")


def sentences(text: str) -> list[str]:
    """The sentences of a text or of a Markdown page, in order; code blocks, tables and bare links are left out."""
    text = re.sub(r"(?ms)^\s*(```|~~~).*?^\s*\1\s*$", "\n\n", text[:MAX_CHARS])
    found: list[str] = []
    for block in re.split(r"\n\s*\n|\n(?=\s*(?:[-*+•#>|]|\d+[.)])\s)", text):
        if _is_prose(block):
            found.extend(_split(_clean(block)))
        if len(found) >= MAX_SENTENCES:
            break
    return found[:MAX_SENTENCES]


def summarise(text: str, count: int = 5) -> list[str]:
    """The `count` sentences that say most about the text, in their order there; fewer for a short text."""
    candidates = [(index, sentence) for index, sentence in enumerate(sentences(text)) if len(_words(sentence)) >= 4]
    if len(candidates) <= count:
        return [sentence for _, sentence in candidates]
    bags = {index: set(_words(sentence)) for index, sentence in candidates}
    weight = Counter(word for bag in bags.values() for word in bag)
    total = len(candidates)
    ranked = sorted(candidates, key=lambda item: -_score(item[0], bags[item[0]], weight, total))
    chosen: list[tuple[int, str]] = []
    for index, sentence in ranked:
        if all(_overlap(bags[index], bags[other]) < 0.6 for other, _ in chosen):
            chosen.append((index, sentence))
        if len(chosen) == count:
            break
    return [sentence for _, sentence in sorted(chosen)]


def keywords(text: str, count: int = 8) -> list[str]:
    """The words that occur most often, stop words left out."""
    words = [word for word in _words(text[:MAX_CHARS]) if len(word) > 3]
    return [word for word, _ in Counter(words).most_common(count)]


def _score(index: int, bag: set[str], weight: Counter[str], total: int) -> float:
    if not bag:
        return 0.0
    # The mean would favour one-word sentences and the sum endless ones; the square root lies between.
    central = sum(weight[word] for word in bag) / math.sqrt(len(bag))
    early = 1.0 + 0.5 * max(0.0, 1.0 - index / max(1.0, total * 0.2))
    length = 1.0 if 6 <= len(bag) <= 30 else 0.6
    return central * early * length


def _overlap(first: set[str], second: set[str]) -> float:
    return len(first & second) / max(1, min(len(first), len(second)))


def _words(text: str) -> list[str]:
    words = (match.group().lower().rstrip("'’") for match in _WORD.finditer(text))
    return [word for word in words if word not in _STOP and len(word) > 1]


def _is_prose(block: str) -> bool:
    stripped = block.strip()
    if not stripped or stripped.startswith(("|", "#")):
        return False
    letters = sum(character.isalpha() or character.isspace() for character in stripped)
    return letters / len(stripped) > 0.7


def _clean(block: str) -> str:
    block = re.sub(r"!?\[([^\]]{0,300})\]\([^)]{0,500}\)", r"\1", block)
    block = re.sub(r"^\s*(?:[-*+•>]|\d+[.)])\s+", "", block)
    return " ".join(re.sub(r"[*_`]{1,3}", "", block).split())


def _split(block: str) -> list[str]:
    parts: list[str] = []
    for piece in _END.split(block):
        if parts and _ABBREVIATION.search(parts[-1]):
            parts[-1] = f"{parts[-1]} {piece}"
        else:
            parts.append(piece)
    return [part[:MAX_SENTENCE_CHARS].strip() for part in parts if part.strip()]
