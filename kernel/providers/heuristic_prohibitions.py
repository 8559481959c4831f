"""What a goal says is not to be done: how far that reaches, and what of the rest it rules out.

Owns no reading of what is to be done: `heuristic_goals` asks it about each clause, and about each thing that it found to do. Where it is
doubtful whether a prohibition covers something, it does: what is left out is told to the person, what is done cannot be taken back.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

import msgspec

NEGATED = re.compile(
    r"(?i)\b(?:not|never|avoid|without|instead|except|excluding|unless|no|nothing|nor|neither|forbid\w*|prohibit\w*|refrain|dangerous|kidding|wrong|stop"
    r"|dont|nicht|nie|niemals|kein\w*|verboten|ne|jamais|interdit\w*|nunca|niet|nooit|mai|не|нельзя|никогда|запрещ\w*)\b|n['’]t\b|[不禁勿别]|لا"
)
_LEAD = r"(?:(?:but|and|or|also|so|please|just|ever|you|we|i\s+want\s+you\s+to|whatever\s+you\s+do)\s*,?\s+)*"
_FORM = (
    r"(?:(?:do|does|must|should|may|shall|can|will|would|need)\s*(?:not|n['’]t)|don['’]?t|can['’]?t|cannot|never|avoid|without|refrain"
    r"|under\s+no\s+circumstances|in\s+no\s+case|by\s+no\s+means|nothing\s+else|forbidden|prohibited|stop|not|no|nor"
    r"|i\s+(?:do\s+not|don['’]?t)\s+want|i\s+forbid|(?:it\s+is|it['’]s)\s+(?:not\s+allowed|forbidden))\b"
)
_PROHIBITION = re.compile(rf"(?i){_LEAD}{_FORM}(?!\s+(?:forget|hesitate|worry|fail)\b)")
#: A prohibition that does not say of what: that comes behind it, or came before.
_BARE = re.compile(rf"(?i)(?:{_LEAD}(?:just\s+kidding\W+)?{_FORM}|(?:just\s+)?kidding|no)(?:\s+(?:ever|do|it|that|this|so|run))*\W*")
_RULES_OUT = re.compile(
    r"(?i)\b(?:never|forbid\w*|prohibit\w*|dangerous|off[- ]limits|not\s+(?:be\s+)?(?:allowed|permitted|used|run|to\s+be))\b"
)
_TURNS = re.compile(r"(?i)\W*(?:and\s+)?(?:but|just|only|instead|rather|simply)\b(?!\W+(?:do\W+not|don|never|not|no)\b)")
_OTHERS = re.compile(r"(?i)\b(?:other\s+than|else\s+than|except|besides|but|apart\s+from|unless)\b.*", re.DOTALL)
_MORE = re.compile(r"(?i)\b(?:else|other|others|more|further|additional)\b")
_DELETES = re.compile(r"(?i)\b(?:delet|remov|eras|destroy|wip(?:e|ing)|trash)\w*")
_WRITES = re.compile(r"(?i)\b(?:modif|chang|edit|writ|creat|overwrit|touch|alter|mak(?:e|ing)|sav(?:e|ing)|add)\w*")
_RUNS = re.compile(
    r"(?i)\b(?:run|execut|us(?:e|ing)|start|call)\w*\s+(?:(?:any|a|the|some|shell|of)\s+)*"
    r"(?:commands?|anything|programs?|scripts?|shell|code)\b"
)
_ANYTHING = re.compile(r"(?i)\b(?:any|anything|files?|folders?|something|nothing|reports?|disk)\b")
_FETCHES = re.compile(r"(?i)\b(?:network|internet|online|web|download\w*|fetch\w*|brows\w*)\b")
_READS = re.compile(r"(?i)\b(?:read|open)(?:ing)?\s+(?:any|the|a)?\s*(?:files?|anything|them)\b")
_LISTS = re.compile(r"(?i)\b(?:list|look)\w*\b")
_NAMES = re.compile(r"[\w.~/+-]*[\w+]")
_QUOTATION = re.compile(r"'[^']*'|\"[^\"]*\"")
_HEADS = re.compile(
    r"(?:^|[;|\n({`]|(?<!>)&)\s*(?:(?:do|then|else|elif|if|while|until|sudo|xargs|time|exec|env|nohup|command|!|\{|[A-Za-z_]\w*=\S*)\s+)*"
    r"([\w./+-]+)"
)
_DELETING = frozenset({"rm", "rmdir", "unlink", "shred", "trash"})
_HARMLESS = frozenset(
    ("ls", "cat", "head", "tail", "wc", "grep", "file", "stat", "echo", "printf", "pwd", "sort", "uniq", "diff", "test", "date", "id", "du",
     "df", "find", "whoami", "uname", "sleep", "true", "false", "cd", "sha256sum", "md5sum", "basename", "dirname", "tr", "cut")
)  # fmt: skip
_FETCHING = frozenset({"curl", "wget", "ssh", "scp", "rsync", "pip", "pip3", "npm", "apt", "apt-get", "git", "ping"})
_CHANGING = re.compile(r"\s-(?:delete|exec\w*|ok)\b|(?<![0-9&])>(?!\s*/dev/null|&)")
#: A named command that goes on like this is more likely a sentence.
_DOUBTFUL = re.compile(
    r"(?i)\s(?:never|unless|except|only\s+if|not|but\s+(?:do|don|never|no|only)|is\s+(?:forbidden|prohibited|dangerous|bad|wrong|not)"
    r"|or\s+(?:run|execute)|when|tomorrow|every\s+\d+\s+\w+)\b|(?<!\bdo)(?<!\bthen)(?<!\belse)(?<![;&|({])\sif\s"
)
#: What follows in the sentence depends on it, and on somebody's word all that follows.
_CONDITION = re.compile(
    r"(?i)(?:if|when|whenever|once|after|before|until|as\s+soon|in\s+case|provided|assuming|suppose|should|tomorrow|tonight|later|every|at|in)\b"
)
_AWAITS = re.compile(r"(?i)(?:wait|ask|confirm|check\s+with|let\s+me|get\s+my|request)\b")


class Clause(msgspec.Struct, frozen=True):
    """A clause of a goal. joined: it goes on with the sentence before it. apart: a blank line is before it. heads: a colon ends it.
    turns: it says what is to be done in place of what was before. then: that word is before it.
    """

    text: str
    joined: bool = False
    apart: bool = False
    heads: bool = False
    turns: bool = False
    then: bool = False


class Scope:
    """How far prohibitions reach: asked about each clause of a goal, in their order."""

    def __init__(self) -> None:
        self._until = ""
        self._depends = ""

    def depends(self, clause: Clause) -> bool:
        """Whether the clause is only to be done if something is so of which nothing is known."""
        if self._depends == "sentence" and (clause.apart or not (clause.joined or clause.then)):
            self._depends = ""
        return bool(self._depends)

    def covers(self, clause: Clause) -> bool:
        """Whether the clause says what is not to be done, itself or because of what is before it."""
        if clause.apart or clause.turns or (self._until == "sentence" and not clause.joined):
            self._until = ""
        if self._until == "next":
            self._until = "sentence"
        if clause.heads and NEGATED.search(clause.text):
            self._until = "blank line"
        elif self._until != "blank line" and not clause.turns and _PROHIBITION.match(clause.text):
            self._until = "next" if _BARE.fullmatch(clause.text) else "sentence"
        return bool(self._until)

    def doubt(self, clause: Clause) -> None:
        """The clause could not be read. Where it is negated or a condition, what its sentence goes on with may be part of that."""
        if _AWAITS.match(clause.text):
            self._depends = "end"
        elif _CONDITION.match(clause.text):
            self._depends = self._depends or "sentence"
        if NEGATED.search(clause.text) and not clause.text.lower().startswith("instead"):
            self._until = self._until or "sentence"


def turns(words: str) -> bool:
    """Whether a clause begins with a word such as "just" and goes on with what is to be done."""
    return _TURNS.match(words) is not None


def rules_out(said: str) -> bool:
    """Whether a clause that is no command to anybody still says that something is not to be done."""
    return _RULES_OUT.search(said) is not None


def takes_back(clause: Clause) -> bool:
    """Whether a clause only says that what was before it is not to be done."""
    return _BARE.fullmatch(clause.text) is not None


def is_doubtful(command: str) -> bool:
    """Whether a command that stands in a sentence, and not in backticks, could be half a sentence that forbids it."""
    if "\n" in command or command.startswith(("echo ", "printf ")):
        return False
    return _DOUBTFUL.search(_QUOTATION.sub("''", command).partition(" #")[0]) is not None


def barred_tools(forbidden: Sequence[str]) -> frozenset[str]:
    """The tools that prohibitions rule out altogether."""
    tools: set[str] = set()
    for said in forbidden:
        general = _ANYTHING.search(said) is not None and not _MORE.search(said)
        tools |= {"run_command"} if _RUNS.search(said) and not _MORE.search(said) else set()
        tools |= {"write_file", "mkdir"} if general and _WRITES.search(said) and not _RUNS.search(said) else set()
        tools |= {"browse_web"} if _FETCHES.search(said) else set()
        tools |= {"read_file"} if _READS.search(said) else set()
        tools |= {"list_files"} if general and _LISTS.search(said) else set()
    return frozenset(tools)


def bars_command(forbidden: Sequence[str], command: str) -> bool:
    """Whether a prohibition names what a command does, as far as that can be seen."""
    bare = _QUOTATION.sub(lambda match: f" {match.group()[1:-1]} ", command)
    programs = {head.rpartition("/")[2] for head in _HEADS.findall(_QUOTATION.sub("''", command))}
    harmless = programs <= _HARMLESS and not _CHANGING.search(bare)
    deletes = bool(programs & _DELETING) or " -delete" in bare or " clean" in bare
    words = set(_NAMES.findall(bare))
    for said in forbidden:
        named = _OTHERS.sub("", said)
        names = set(_NAMES.findall(named))
        if (programs & names) - {"make"} or command in said:
            return True
        spares = _DELETES.search(said) or _WRITES.search(said)
        if any(re.search(r"[./]", name) for name in words & names) and not (spares and harmless):
            return True
        if _MORE.search(said):
            continue
        if _RUNS.search(named) or (_DELETES.search(named) and deletes) or (_FETCHES.search(named) and programs & _FETCHING):
            return True
        if _WRITES.search(named) and _ANYTHING.search(named) and not harmless:
            return True
    return False


def bars_path(forbidden: Sequence[str], path: str) -> bool:
    """Whether a prohibition names a file that is to be written."""
    return bool(path) and any(path in _NAMES.findall(_OTHERS.sub("", said)) for said in forbidden)
