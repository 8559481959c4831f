"""The text of a command line without its comments and here-documents, pure: their lines are no commands.

Asked by `command_risk` before it judges. What is not surely a here-document stays, so that it is judged as commands.
"""

import bisect
import re

_DOCUMENT = re.compile(r"<<-?[ \t]*(?:'(\w{1,64})'|\"(\w{1,64})\"|(\w{1,64}))(?=[\s;|&)>]|$)")


def commands_of(command: str) -> str:
    """The line without comments and the bodies of its here-documents, which stay where one could hold what the shell computes."""
    computed = "$(" in command or "`" in command
    kept: list[str] = []
    lines = command.split("\n")
    places: dict[str, list[int]] = {}
    for at, line in enumerate(lines):
        places.setdefault(line.lstrip("\t"), []).append(at)
    quote = ""
    index = 0
    while index < len(lines):
        line = lines[index]
        continued = index > 0 and lines[index - 1].endswith("\\")
        index += 1
        names, quote, end_of_code = _opened(line, quote, continued)
        kept.append(line[:end_of_code])
        if computed or quote or len(names) != 1 or line.endswith("\\"):
            continue
        ends = places.get(names[0], [])
        end = bisect.bisect_left(ends, index)
        if end < len(ends):
            index = ends[end] + 1
    return "\n".join(kept)


def _opened(line: str, quote: str, continued: bool) -> tuple[list[str], str, int]:
    """(names of the here-documents that a line opens, the quote that is open at its end, where its comment begins or its end).

    continued: the line before may end in the middle of a word, with which this one goes on.
    """
    names: list[str] = []
    at = 0
    in_word = 0 if continued else -1  # where a word goes on although no letter stands before
    while at < len(line):
        character = line[at]
        if character == "\\" and quote != "'":
            at += 2
            in_word = at
            continue
        if quote:
            quote = "" if character == quote else quote
        elif character in "'\"":
            quote = character
        elif character == "#" and at != in_word and (at == 0 or line[at - 1] in " \t;&|("):
            return names, quote, at
        elif line.startswith("<<<", at):
            at += 3
            continue
        elif line.startswith("<<", at):
            match = _DOCUMENT.match(line, at)
            if match is None:
                return ["", ""], quote, len(line)
            names.append(next(group for group in match.groups() if group is not None))
            at = match.end()
            continue
        at += 1
    return names, quote, len(line)
