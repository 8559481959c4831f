"""Where a shell command ends that stands in a sentence.

Owns a small scanner: it knows quotes, substitutions, groups, compound commands, comments and here-documents, inside of which a command
never ends. Outside of them it ends before plain English: at a line's end, at the end of a sentence, and where a separator or a word such
as "then" leads to what only a person says. `heuristic_commands` asks it; it must never judge what a command does.
"""

from __future__ import annotations

import re

from kernel.providers.heuristic_words import POLITE, VERBS, family

#: Words that end or go on with a construct: where none is open, only English has them there.
_CLOSING = frozenset({"then", "do", "done", "fi", "esac", "else", "elif"})
_OPENING = {"if": "fi", "while": "done", "until": "done", "for": "done", "select": "done", "case": "esac"}
#: Verbs of a goal that are programs too: they are English where a word follows that no program is given.
_PROGRAMS = frozenset({"ls", "find", "grep", "locate", "look", "make", "mkdir", "touch", "cat", "exec", "read", "write", "display"})
_SAID_OF_THEM = re.compile(r"(?i)[ \t]+(?:the|an?|my|your|this|that|these|those|me|it|them|every|each|any|for|all[ \t]+\w+)\b")
_FILE_READ = re.compile(r"[ \t]+[\w/~-][\w./~-]*[./]\w+")
_ENGLISH_ONLY = frozenset(
    ("how", "what", "why", "which", "who", "tell", "explore", "sum", "see", "verify", "explain", "give", "you", "i", "it", "the", "this",
     "that", "there", "don", "never", "after", "when", "once", "but", "so", "because", "without", "otherwise")
)  # fmt: skip
_WORD = re.compile(r"[^\s;&|()<>'\"`\\$#]+|[#$]")
#: What only a person says behind "and", and behind a comma.
_SAID_NEXT = frozenset(("tell", "explore", "sum", "see", "verify", "explain", "give"))
_SAID_BESIDE = _SAID_NEXT | {"also", "please", "but", "so", "which", "because", "without"}
_LETTERS = re.compile(r"[A-Za-z]+(?=[\s,:;!?'’]|\.(?:\s|\Z)|\Z)")
_OPTION = re.compile(r"[ \t]+-\w")
_LISTED = re.compile(r"(?:[-*•]|\d{1,2}[.)])[ \t]")
_NAMED_END = re.compile(r"<<(?P<tabs>-?)[ \t]*(?:'([^'\n]+)'|\"([^\"\n]+)\"|\\?([\w.+-]+))")
_NO_ARGUMENTS = re.compile(r"[ \t]*\)[ \t\n]*")
_FUNCTION = re.compile(r"[ \t]+[\w:.-]+(?:[ \t]*\([ \t]*\))?[ \t\n]*")
_THEN = re.compile(r"[ \t]+(?:and[ \t]+)?(?:then|afterwards|after[ \t]+that|finally)[ \t,:]+(?=\w)(?!(?:and|then)\b)", re.IGNORECASE)
_BUT_NOT = re.compile(
    r"[ \t]+(?:but|and|or)[ \t]+(?:do[ \t]+not|don['’]?t|never|not|no)\b|[ \t]+without[ \t]+(?:ever[ \t]+)?[a-z]+ing\b"
    r"|[ \t]+(?:do[ \t]+not|don['’]?t|never)[ \t]+[a-z]|[ \t]+(?:and|but)[ \t]+if[ \t]", re.IGNORECASE
)
_IN_BACKGROUND = re.compile(r"&[ \t]*(?:\n|\Z|(?:and[ \t]+)?then\b)", re.IGNORECASE)
_AND = re.compile(r"[ \t]+(?:and|also)[ \t]+", re.IGNORECASE)
_SEPARATED = re.compile(r";[ \t]*\Z")
_BLANK_LINE = re.compile(r"\n[ \t]*(?:\n|\Z)")
_BLANKS = re.compile(r"[ \t]*")
_NUMBERED = re.compile(r"(\d{1,2})[.)][ \t]+")
_ECHOING = re.compile(r"\s*(?:echo|printf)\b")
_SENTENCE_END = re.compile(r"(?<=[\w'\")}\]])[.!?]+\Z")
_PLEASE = re.compile(r"(?i),?[ \t]+please\Z")
_LOOK_CHARS = 300
_LOOK_BACK_CHARS = 4_000


def end_of_command(text: str, start: int) -> int:
    """Where the command that begins at `start` ends. What is never closed is no construct."""
    for constructs in (True, False):
        end = _Scan(text, start, constructs).end()
        if end is not None:
            return end
    return len(text)


def without_the_sentence(command: str, *, asked: bool) -> str:
    """A command without the marks with which its sentence ends. asked: the sentence is a question, so that its mark is one too."""
    command = command.strip(" \t\n,")
    mark = _SENTENCE_END.search(command)
    if mark and not (mark.group().endswith("?") and not asked):
        command = command[: mark.start()]
    return _PLEASE.sub("", command).rstrip(" \t\n,")


def is_english(text: str, at: int, *, constructs: bool = True) -> bool:
    """Whether what stands at `at`, where a command could begin, is said to somebody. constructs: a keyword may begin one."""
    ahead = text[at : at + _LOOK_CHARS].lstrip(" \t")
    if POLITE.match(ahead) or _LISTED.match(ahead):
        return True
    word = _LETTERS.match(ahead)
    if word is None or _OPTION.match(ahead, word.end()):
        return False
    name, after = word.group().lower(), ahead[word.end() :]
    if name in _CLOSING or name in _ENGLISH_ONLY or (name in _OPENING and not constructs):
        return True
    if name in _PROGRAMS:
        return bool(_SAID_OF_THEM.match(after)) or (name == "read" and bool(_FILE_READ.match(after)))
    return name in VERBS


class _Scan:
    """One look at a command, from its first character on. constructs: keywords, brackets and here-documents count."""

    def __init__(self, text: str, start: int, constructs: bool) -> None:
        self._text = text
        self._start = self._at = start
        self._constructs = constructs
        self._open: list[str] = []  # what closes each construct that is open
        self._documents: list[tuple[str, bool]] = []  # the here-documents that begin at the line's end: their end, tabs before it
        self._head = True  # a command may begin here
        self._joined = False  # what follows belongs to what was before

    def end(self) -> int | None:
        """Where it ends; None where a construct stays open."""
        text = self._text
        while self._at < len(text):
            top = self._open[-1] if self._open else ""
            if top in ('"', "`", "${"):
                self._inside(top)
                continue
            found = self._step(text[self._at])
            if found is not None:
                return found
        return None if self._constructs and (self._open or self._documents) else len(text)

    def _inside(self, top: str) -> None:
        """One character in a quotation or the like, in which only a few have a meaning."""
        text, at = self._text, self._at
        character = text[at]
        self._at += 1
        if character == "\\":
            self._at += 1
        elif character == ("}" if top == "${" else top):
            self._open.pop()
        elif character == "$" and text.startswith(("(", "{"), at + 1):
            self._substitute()
        elif character in '`"' and character not in self._open:
            self._open.append(character)

    def _substitute(self) -> None:
        """Behind the sign of money."""
        opened = self._text[self._at]
        arithmetic = self._text.startswith("((", self._at)
        self._at += 2 if arithmetic else 1
        self._open.extend(("))", "))") if arithmetic else ("${",) if opened == "{" else ("$(",))
        self._head = opened == "(" and not arithmetic

    def _step(self, character: str) -> int | None:
        if character in " \t":
            return self._blank()
        if character == "\n":
            return self._newline()
        if character in ";&|":
            return self._separator(character)
        at_word = self._at == self._start or self._text[self._at - 1] in " \t\n;&|("
        if character == "#" and at_word and "))" not in self._open:
            newline = self._text.find("\n", self._at)
            self._at = len(self._text) if newline < 0 else newline
        elif character == "\\":
            self._at += 2
            self._head = self._joined = False
        elif character in "'\"`":
            self._quotation(character)
        elif character in "()":
            self._bracket(character)
        elif character in "<>":
            self._redirection()
        elif character == "$" and self._text.startswith(("(", "{"), self._at + 1) and self._constructs:
            self._at += 1
            self._substitute()
        else:
            return self._word()
        return None

    def _quotation(self, character: str) -> None:
        self._head = self._joined = False
        self._at += 1
        if character != "'" and self._constructs:
            self._open.append(character)
            return
        # One that is never closed is an apostrophe, or whatever the writer meant.
        close = self._text.find(character, self._at)
        self._at = close + 1 if close >= 0 else self._at

    def _bracket(self, character: str) -> None:
        top = self._open[-1] if self._open else ""
        self._at += 1
        self._joined = False
        if not self._constructs:
            return
        if top == "))":
            if character == "(":
                self._open.append("))")
            else:
                self._open.pop()
        elif character == ")":
            if top in (")", "$("):
                self._open.pop()
            # Behind a pattern of "case" a command begins.
            self._head = "esac" in (top, self._open[-1] if self._open else "") and top != "$("
        elif named := _NO_ARGUMENTS.match(self._text, self._at):
            self._at, self._head = named.end(), True
        else:
            arithmetic = self._head and self._text.startswith("(", self._at)
            self._open.extend(("))", "))") if arithmetic else (")",))
            self._at += arithmetic
            self._head = True

    def _redirection(self) -> None:
        document = _NAMED_END.match(self._text, self._at)
        if self._text.startswith("<<<", self._at):
            self._at += 3
        elif document and self._constructs and "))" not in self._open:
            self._documents.append((next(name for name in document.groups()[1:] if name), bool(document["tabs"])))
            self._at = document.end()
        else:
            self._at += 1
            self._at += self._text.startswith(("&", "|"), self._at)

    def _separator(self, character: str) -> int | None:
        text, at = self._text, self._at
        if character == "&" and text.startswith(">", at + 1):
            self._at += 2
            return None
        ended = character == ";" or (character == "&" and not text.startswith("&", at + 1))
        if ended and not self._open and not text.startswith(";;", at) and self._english_follows(at + 1):
            return at + (character == "&" and _IN_BACKGROUND.match(text, at) is not None)
        while self._at < len(text) and text[self._at] == character:
            self._at += 1
        self._head = True
        self._joined = not ended
        return None

    def _english_follows(self, at: int) -> bool:
        """Whether nothing, or only English, comes behind a separator."""
        rest = self._text[at : at + _LOOK_CHARS].lstrip()
        return not rest or is_english(rest, 0, constructs=self._constructs)

    def _newline(self) -> int | None:
        if self._documents:
            for name, tabs in self._documents:
                line = re.compile(rf"^{chr(9) + '*' if tabs else ''}{re.escape(name)}[ \t]*$", re.MULTILINE)
                ended = line.search(self._text, self._at + 1)
                if ended is None:
                    self._at = len(self._text)  # it stays open
                    return None
                self._at = ended.end()
            self._documents.clear()
            if not self._open and not self._joined:
                return self._at
        goes_on = self._head and _SEPARATED.search(self._text, self._start, self._at) and not _BLANK_LINE.match(self._text, self._at)
        if not self._open and not self._joined and not goes_on:
            return self._at
        self._at += 1
        self._head = True
        return None

    def _blank(self) -> int | None:
        """Between two words a command ends where English goes on."""
        text, at = self._text, self._at
        self._at += 1
        if self._open or self._head:
            return None
        before = text[max(self._start, at - 4) : at]
        ahead = _BLANKS.match(text, at)
        following = text[ahead.end() : at + _LOOK_CHARS] if ahead else ""
        sentence = _SENTENCE_END.search(before)
        if sentence and (following[:1].isupper() or is_english(following, 0)):
            return at
        if _THEN.match(text, at) or (before.endswith(",") and self._joins(following, _SAID_BESIDE)):
            return at
        if _BUT_NOT.match(text, at) and not _ECHOING.match(text, self._start):
            return at
        joined = _AND.match(text, at)
        if joined and self._joins(text[joined.end() : joined.end() + _LOOK_CHARS], _SAID_NEXT):
            return at
        numbered = _NUMBERED.match(following)
        return at if numbered and self._is_next(int(numbered[1])) and is_english(following, numbered.end()) else None

    def _is_next(self, number: int) -> bool:
        """Whether this would be the next number of a list: else it is an argument, and the sentence ends behind it."""
        earlier = self._text[max(0, self._start - _LOOK_BACK_CHARS) : self._start]
        begun = re.search(r"(?:\A|[\n.;:,])\s*1[.)]\s", earlier)
        return begun is not None and all(re.search(rf"\s{before}[.)]\s", earlier) for before in range(2, number))

    def _joins(self, following: str, said: frozenset[str]) -> bool:
        """Whether "and", or a comma, leads to something else that is to be done."""
        word = re.match(r"[A-Za-z]+", following)
        if word is None:
            return False
        name, more = word.group().lower(), following[word.end() :].partition("\n")[0].strip(" .,!?")
        if _ECHOING.match(self._text, self._start):
            return bool(more and family(name))
        return bool(family(name)) or name in said

    def _word(self) -> int | None:
        match = _WORD.match(self._text, self._at)
        word = match.group() if match else self._text[self._at]
        self._at += len(word)
        head, self._head = self._head, False
        self._joined = False
        if not self._constructs or (self._open and self._open[-1] == "))"):
            return None
        top = self._open[-1] if self._open else ""
        if word == "in" and top == "esac" and not head:
            self._head = True
        elif head:
            self._keyword(word, top)
        return None

    def _keyword(self, word: str, top: str) -> None:
        if word in _OPENING or word == "{":
            self._open.append(_OPENING.get(word, "}"))
            self._head = word in ("if", "while", "until", "{")
        elif word == top:
            self._open.pop()
        elif word in ("then", "else", "elif", "do"):
            self._head = top == ("done" if word == "do" else "fi")
        elif word in ("!", "time"):
            self._head = True
        elif word == "function" and (named := _FUNCTION.match(self._text, self._at)):
            self._at = named.end()
            self._head = True
