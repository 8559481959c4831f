"""Whether the words before a call that is written as text say that it is shown and not meant.

Asked by the reader of tool calls that models write as text. It must never take an ordinary sentence for an announcement: a call that
goes through can still be refused by a person, one that is dropped is lost without a word. So only fixed phrases count, only in the last
sentence, and the loose ones not where that sentence says what its speaker does.
"""

from __future__ import annotations

import re

MAX_SENTENCE_CHARS = 500
_SENTENCE_END = re.compile(r"(?<!\be\.g)(?<!\bi\.e)[.!?…][\"'”’)]?\s+")
_EMPHASIS = re.compile("[*`]")
_CALL = r"(?:calls?|usages?|uses?|requests?|answers?|outputs?|formats?|syntax|notation|arguments|it|this|that|one)"
_OF_A_CALL = rf"(?:\s+\d+)?(?:\s+(?:of|for)\s+(?:[\w-]+\s+){{0,3}}{_CALL})?\W*\Z"
_FOR_EXAMPLE = r"(?:for\s+(?:example|instance)|e\.\s?g\.?)"

_SOURCE = r"\b(?:file|page|website|document|e?-?mail|message|log|output|readme|comment)s?"

#: Announcements, whoever speaks.
_STRICT = (
    rf"\b{_CALL}\s+looks?\s+like\s+(?:this|that|the\s+following)\W*\Z",
    r"\bthe\s+(?:old\s+|usual\s+)?(?:syntax|format|notation)(?:\s+(?:of|for)\s+(?:[\w-]+\s+){0,3}[\w-]+)?\s+is"
    r"(?:\s+(?:this|as\s+follows|the\s+following|like\s+this))?\W*\Z",
    r"\A\W*<(?:examples?|sample|quote)>\W*\Z",
)
#: Announcements in a sentence in which nobody says what he does.
_LOOSE = (
    r"(?:(?:\A\W*|[,;:(–—]\s*|\bplease\s+)(?:do\s+not|don['’]t)|(?:\A\W*|\bplease\s+)never|\b(?:you|one)\s+(?:should|must|may)\s+(?:not|never))"
    r"\s+(?:run|call|use|execute|send)\s+(?:this|it|that|the\s+following)\b",
    rf"\A\W*{_FOR_EXAMPLE}(?:\W|\Z)",
    rf"(?:\W|\A){_FOR_EXAMPLE}\W*\Z",
    rf"\b(?:you|one|somebody|someone|I)(?:['’]d|\s+(?:can|could|may|might|would))\b.*\b{_FOR_EXAMPLE}(?:\W|\Z)",
    rf"\A\W*(?:[\w-]+\s+)?examples?{_OF_A_CALL}",
    rf"\b(?:an?|another|some|here(?:['’]s|\s+is)(?:\s+the)?)\s+(?:[\w-]+\s+)?examples?{_OF_A_CALL}",
    r"\bhere(?:['’]s|\s+is|\s+are)\s+(?:[\w-]+\s+){1,3}examples?\s+(?:of|for|how|with)\b",
    rf"\b{_CALL}\s+would\s+look\s+like(?:\s+(?:this|that|the\s+following))?\W*\Z",
    # What somebody else wrote, perhaps so that it is run.
    rf"{_SOURCE}(?:\s+(?!not\b)[\w./-]+){{0,3}}\s+(?:contains?|holds?|says?|reads?|said|contained)(?:\s+(?:this|the\s+following))?\s*:\W*\Z",
    r"\b(?:contents?|text)\s+of\s+(?:[\w./-]+\s+){0,4}[\w./-]+(?:\s+(?:is|are))?\s*:\W*\Z",
)
_ACTS = re.compile(r"(?i)\b(?:I(?!['’]d\b|\s+(?:can|could|may|might|would)\b)|we|let\s+me|let['’]s|let\s+us)\b")
_SHOWS = re.compile(r"(?i)\b(?:show|give|demonstrate|illustrate|explain)\s+(?:you|how|what|an?|some|another)\b")
_STRICTLY = re.compile("|".join(_STRICT), re.IGNORECASE)
_LOOSELY = re.compile("|".join(_LOOSE), re.IGNORECASE)


def is_announced(line: str) -> bool:
    """Whether `line`, the last one with text before a block, ends in a sentence that presents the block as an example.

    Where that is doubtful it is not.
    """
    # A line may be long and asked about at each of its marks; what is too long to count may be cut.
    sentence = _SENTENCE_END.split(_EMPHASIS.sub("", line[-3 * MAX_SENTENCE_CHARS :]).strip())[-1]
    if len(sentence) > MAX_SENTENCE_CHARS:
        return False
    if _STRICTLY.search(sentence):
        return True
    return bool(_LOOSELY.search(sentence)) and not (_ACTS.search(sentence) and not _SHOWS.search(sentence))
