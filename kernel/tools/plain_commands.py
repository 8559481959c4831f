"""Command lines that are surely simple: what the shell makes of them can be read off their words, so that nothing else runs.

Where a folder of a person or of other agents can be written, only such lines go unasked (`command_risk`) or under an "always"
(`command_rules`). It accepts, and never explains away: what is not in its lists is not plain. Pure; it knows nothing of paths.
"""

import re
from dataclasses import dataclass
from typing import cast

_LETTERS = r"A-Za-z0-9_./=:,@%+^\-"
_TOKEN = re.compile(
    rf"""(?:[ \t]+(?P<joint>\|\||&&|\|)|[ \t]*(?P<end>;))(?=[ \t]|\Z)
    |[ \t]+(?:(?P<quiet>2>&1|2>/dev/null|>[ \t]?/dev/null)
    |(?P<word>~(?:/[{_LETTERS}]*)?|(?:[{_LETTERS}]|'[^'\x00-\x1f\x7f]*'|"[^"$`\\!\x00-\x1f\x7f]*")+))(?=[ \t;]|\Z)""",
    re.VERBOSE,
)
_HOME = re.compile(rf"~(?:/[{_LETTERS}]*)?")
_QUOTED = re.compile(r"'([^']*)'|\"([^\"]*)\"")
_SPECIAL = re.compile(r"[$`\\!]")
_OPERAND = re.compile(rf"[{_LETTERS} ]+")
_NUMBER = r"[0-9]+"
_COUNT = r"[+-]?[0-9]+[kKMG]?"
#: What a name, a pattern or a format is; none of these options writes, whatever it is.
_ANY = r"[^-].*"


@dataclass(frozen=True, slots=True)
class _Options:
    """The options by which a program only reads. flags: letters without a value, also several in a word. words: those that stand alone.
    attached: whole words with their value. values: options with what the next word must be. operands: what every other word must be.
    """

    flags: str = ""
    words: str = ""
    attached: str = ""
    values: str = ""
    value: str = _ANY
    operands: str = r".*"

    def allow(self, arguments: list[str]) -> bool:
        """Whether a program with these options only reads when it is given these arguments."""
        waiting = list(arguments[::-1])
        while waiting:
            word = waiting.pop()
            if not word.startswith("-") or word == "-":
                if not re.fullmatch(self.operands, word):
                    return False
            elif word in self.values.split():
                if not waiting or not re.fullmatch(self.value, waiting.pop()):
                    return False
            elif not (
                word in self.words.split()
                or (self.flags and re.fullmatch(f"-[{self.flags}]+", word))
                or (self.attached and re.fullmatch(self.attached, word))
            ):
                return False
        return True


_SUMS = _Options("bct")
_ENDS = _Options("qvfF", attached=r"-[0-9]+|-[nc][+-]?[0-9]+", values="-n -c", value=_COUNT)
_READING: dict[str, _Options] = {
    "ls": _Options("aAbBcCdfFgGhHiklLmnNopqQrRsStuUvxXZ1", "--all --color=never --color=auto --full-time"),
    "cat": _Options("AbeEnstTuv"),
    "cd": _Options(operands=r"[^-].*"),
    "head": _ENDS,
    "tail": _ENDS,
    "wc": _Options("clLmw"),
    "grep": _Options(
        "abcEFGhHiIlLnoPqrRsTvwxz",
        "--color=never --color=auto",
        r"-[ABCm]?[0-9]+|--(?:include|exclude|exclude-dir)=.+",
        "-A -B -C -m -e",
    ),
    "stat": _Options("Lft", attached=r"--(?:format|printf)=.+", values="-c"),
    "file": _Options("bhiL"),
    "du": _Options("0abchHklLmsSx", attached=r"-d[0-9]+|--max-depth=[0-9]+", values="-d", value=_NUMBER),
    "df": _Options("aHhiklmPT"),
    "pwd": _Options("LP"),
    "date": _Options("uIR", values="-d -r", operands=r"\+.*"),
    "whoami": _Options(),
    "id": _Options("gGnruz"),
    "uname": _Options("aimnoprsv"),
    "true": _Options(),
    "false": _Options(),
    "test": _Options(words="-e -f -d -r -w -x -s -L -h -z -n -eq -ne -lt -le -gt -ge -nt -ot -a -o"),
    "basename": _Options("az", values="-s"),
    "dirname": _Options("z"),
    "realpath": _Options("eLmPqsz"),
    "readlink": _Options("efmnqsvz"),
    "md5sum": _SUMS,
    "sha256sum": _SUMS,
    "cksum": _Options(),
    "od": _Options("abcdfilosvx", attached=r"-(?:A[doxn]|t[a-z][0-9]?z?|[jNw][0-9]+)", values="-A -t -j -N"),
    "cut": _Options("s", attached=r"-d.|-[bcf][0-9,-]+", values="-d -b -c -f", value=r".*"),
    "tr": _Options("cCdst"),
    "nl": _Options(attached=r"-b[atn]", values="-b -w -s"),
    "tac": _Options(),
    "rev": _Options(),
    "seq": _Options("w", values="-s"),
    "diff": _Options("abBcdiNpqrsuwy", "--brief --color=never", r"-U[0-9]+", "-U", _NUMBER),
    "cmp": _Options("bls"),
    "find": _Options(
        words="-print -not", values="-name -iname -type -maxdepth -mindepth -size -mtime -newer -path", value=r".*"
    ),
    "sort": _Options("bcdfghiMnrRsuVz", attached=r"-k[0-9.,bdfghinrMV]+|-t[,:;|]", values="-k -t"),
    "ps": _Options("AaefFHlLuwx", values="-o -p -u -C", operands=r"[a-z0-9,]*"),
    "sleep": _Options(operands=r"[0-9.]+"),
    "which": _Options("a"),
}
#: printf sets variables by some of its conversions, and so what the next program is.
_FORMAT = re.compile(r"(?:[^%-]|%[-0-9.]*[sdcxfu%])(?:[^%]|%[-0-9.]*[sdcxfu%])*")
#: Programs that change nothing but what their operands name, and the options with which that is so.
_CHANGING: dict[str, frozenset[str]] = {
    "rm": frozenset({"-r", "-f", "-rf", "-fr", "-v", "-i"}),
    "rmdir": frozenset({"-v"}),
    "mkdir": frozenset({"-p", "-v"}),
    "touch": frozenset({"-a", "-c", "-m"}),
    "cp": frozenset({"-f", "-i", "-n", "-p", "-v"}),
    "mv": frozenset({"-f", "-i", "-n", "-v"}),
    "ln": frozenset({"-s", "-f", "-n", "-v", "-sf", "-sfn"}),
}
#: Of these the last operand may be a folder, in which what is written has the name of another operand.
_INTO = frozenset({"cp", "mv", "ln"})


def only_reads(line: str) -> bool:
    """Whether a command line surely does nothing but read and print."""
    parts = _parts(line)
    return parts is not None and all(_part_reads(part) for part in parts)


def single(line: str) -> list[str] | None:
    """The words of a command line that is surely one program with its arguments, as that program gets them; None where it is not."""
    parts = _parts(line)
    if parts is None or len(parts) != 1:
        return None
    bare = [_bare(word) for word in parts[0]]
    return None if None in bare or bare[0] != parts[0][0] else cast(list[str], bare)


def is_known_to_change(program: str) -> bool:
    """Whether `changed` knows a program by some of its options."""
    return program in _CHANGING


def changed(words: list[str]) -> list[str] | None:
    """The paths that are all that a program changes, given its words; None where it could change others.

    For what goes into a folder, the path that it gets there is named too.
    """
    allowed = _CHANGING.get(words[0])
    options = [word for word in words[1:] if word.startswith("-")]
    operands = [word for word in words[1:] if not word.startswith("-")]
    if allowed is None or not allowed.issuperset(options) or not operands or not all(map(_OPERAND.fullmatch, operands)):
        return None
    if words[0] not in _INTO:
        return operands
    folder = operands[-1] if len(operands) > 1 else "."
    names = (source.rstrip("/").rpartition("/")[2] for source in operands[:-1] or operands)
    return [*operands, *(f"{folder}/{name}" for name in names)]


def _parts(line: str) -> list[list[str]] | None:
    """The words of each part as they are written; None where the text has anything else than plain words.

    A line's end ends a part: nothing that is accepted can go on behind it, no word in quotes and no joint.
    """
    parts: list[list[str]] = []
    for written in line.split("\n"):
        if written.strip(" \t"):
            found = _parts_of_line(written)
            if found is None:
                return None
            parts.extend(found)
    return parts or None


def _parts_of_line(line: str) -> list[list[str]] | None:
    text = " " + line.strip(" \t")
    parts: list[list[str]] = [[]]
    at = 0
    while at < len(text):
        token = _TOKEN.match(text, at)
        if token is None:
            return None
        at = token.end()
        if token["joint"] or token["end"]:
            parts.append([])
        elif token["word"]:
            parts[-1].append(token["word"])
        elif not parts[-1]:
            return None  # a redirection before its program
    if text.endswith(";"):
        parts.pop()  # it ends the part before it, and begins none
    return parts if all(parts) else None


def _bare(word: str) -> str | None:
    """A word without its quotes; None where the shell, or a program that gets it, could see more in it."""
    bare = _unquoted(word)
    return None if bare.startswith("~") or _SPECIAL.search(bare) else bare


def _unquoted(word: str) -> str:
    return _QUOTED.sub(lambda match: match[1] or match[2] or "", word)


def _part_reads(part: list[str]) -> bool:
    program = part[0]  # as it is written: a name in quotes is in no list
    if program == "echo":
        return not any(word.startswith("~") for word in part)
    if program == "printf":
        return len(part) > 1 and _FORMAT.fullmatch(_unquoted(part[1])) is not None and None not in map(_bare, part[2:])
    words = [word if _HOME.fullmatch(word) else _bare(word) for word in part[1:]]
    return None not in words and program in _READING and _READING[program].allow(cast(list[str], words))
