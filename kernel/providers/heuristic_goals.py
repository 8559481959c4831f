"""Reading a goal in plain English without a language model.

Owns the parser that finds the intents of the heuristic brain in a sentence. `heuristic` calls it; it must
never guess: what it cannot read with certainty is returned as unread text.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

import msgspec

from kernel.providers import heuristic_commands
from kernel.providers.heuristic_intents import (
    Count,
    CreateFile,
    CreateFolder,
    Fetch,
    FindByContent,
    FindByName,
    Goal,
    Intent,
    ListFiles,
    ReadFile,
    Report,
    RunCommand,
    Summarise,
)
from kernel.providers.heuristic_prohibitions import (
    NEGATED,
    Clause,
    Scope,
    bars_command,
    bars_path,
    rules_out,
    takes_back,
    turns,
)
from kernel.providers.heuristic_words import QUOTED, closest, family, unpolite

MAX_GOAL_CHARS = 20_000
MAX_CLAUSE_CHARS = 4_000
MAX_INTENTS = 20
MAX_SAID_CHARS = 300


_FILE_KINDS: dict[str, tuple[str, ...]] = {
    "python": ("*.py",), "markdown": ("*.md",), "text": ("*.txt",), "javascript": ("*.js",), "typescript": ("*.ts",),
    "json": ("*.json",), "csv": ("*.csv",), "html": ("*.html", "*.htm"), "css": ("*.css",), "log": ("*.log",),
    "pdf": ("*.pdf",), "rust": ("*.rs",), "go": ("*.go",), "java": ("*.java",), "shell": ("*.sh",), "toml": ("*.toml",),
    "yaml": ("*.yaml", "*.yml"), "xml": ("*.xml",), "sql": ("*.sql",), "ruby": ("*.rb",), "php": ("*.php",),
    "image": ("*.png", "*.jpg", "*.jpeg", "*.gif", "*.webp", "*.svg"),
}  # fmt: skip
_UNITS = {
    "file": "files", "files": "files", "folder": "folders", "folders": "folders", "directories": "folders",
    "directory": "folders", "line": "lines", "lines": "lines", "word": "words", "words": "words",
    "character": "characters", "characters": "characters", "chars": "characters", "bytes": "characters",
}  # fmt: skip
_HERE = frozenset(
    (
        "folder",
        "directory",
        "dir",
        "here",
        "current",
        "home",
        "workspace",
        "project",
        "files",
        "file",
        "it",
        "them",
        "everything",
        "all",
        "each",
        "this",
        "repo",
        "repository",
        "there",
        "place",
        "root",
        "code",
        "working",
        "place",
    )
)
_REFERRING = frozenset({"it", "that", "this"})
_WHOSE = r"(?:the|every|each|all|any|my|your|our|its|their|this|that|a|current|present|same|own|whole|entire|(?:agent|user)['’]?s?)"
# However somebody says it, the agent's home is "home" from here on.
_HOME = re.compile(
    rf"(?i)\b(?:{_WHOSE}\s+){{1,4}}home(?:\s+(?:folder|directory|dir))?\b(?![\s-]*(?:page|screen|town|work|run)|[./])"
    r"|\bhome\s+(?:folder|directory|dir)\b|(?<!\S)\$HOME\b(?!/)"
)
_IN_HOME = re.compile(r"(?i)\s+(?:in|into|to|inside|under|at|within|of|from)\s+home(?=\s|$)")
_WHAT_IS_IN = re.compile(
    r"(?i)(?:what|which)(?:['’]s|\s+is|\s+are|\s+(?:files|folders|things)(?:\s+(?:are|do\s+(?:you|i|we)\s+have))?)(?:\s+there)?"
    r"\s+(?=(?:in|inside|under|at|within)\b)"
)
_URL = re.compile(r"\bhttps?://[^\s<>\"'`]+", re.IGNORECASE)
_BARE_URL = re.compile(r"(?i)^(?:www\.)?[a-z0-9-]+(?:\.[a-z0-9-]+)*\.(?:com|org|net|io|dev|edu|gov|de|uk|eu)(?:/\S*)?$")
#: Behind a command, and before one that a sentence goes on with.
_CLAUSE_END, _GOES_ON = "\x05", "\x06"
_NO_TEXT = str.maketrans("", "", f"\x02\x03{_CLAUSE_END}{_GOES_ON}")
_SENTENCE = re.compile(rf"[\n;{_CLAUSE_END}{_GOES_ON}]+|(?<=[\w\x03)])[.!?]+(?:\s+|$)|\bthen\b")
_JOINT = re.compile(
    r"(?i)\s*,\s*(?:and\s+)?(?:also\s+)?|\s+(?:and|or)\s+(?:also\s+)?|\s*&\s*"
    r"|(?:\s*,)?\s+(?=(?:but\s+(?:do\s+not|don['’]?t|never|not|no)|without\s+(?:ever\s+)?\w+ing)\b)"
)
_SECOND_PATH = re.compile(r"(?i)(?:\x03|[./]\w*)\s*(?:,|&|\s(?:and|or)\s)\s*(?:(?:the|of|file)\s+)*(?:\x02|[\w~/-]*[./]\w)")
_ALSO_SAID = re.compile(r"(?i)(?:tell|explore|sum|but|without|just|(?:do|must|should|may)\s+not|don['’]?t|never|not|avoid)\b")
_MARK = "\x02{}\x03"
_MARKED = re.compile("\x02(\\d+)\x03")
_PATH = r"(?:\x02\d+\x03|[\w.~/@+%-]*[\w/~+-](?:\.[\w-]+)*)"
_LOCATION = re.compile(
    rf"(?i)\b(?:in|inside|under|within|from|of|at|on|to|into)\s+(?:{_WHOSE}\s+){{0,4}}(?:content[s]?\s+of\s+)?(?:{_WHOSE}\s+){{0,4}}"
    rf"(?:(?:folder|directory|dir|file)\s+(?:named\s+|called\s+)?)?(?!(?:in|inside|under|within|from|of|at|on|to|into|and|with)\b)({_PATH})"
)


def read_goal(text: str) -> Goal:
    """What a goal asks for. Bounded; never raises."""
    goal = _Reader(text[:MAX_GOAL_CHARS]).read()
    rest = len(text) - MAX_GOAL_CHARS
    if rest <= 0:
        return goal
    return msgspec.structs.replace(goal, unread=(*goal.unread, f"the last {rest:,} characters of the goal, which is too long for me"))


class _Reader:
    def __init__(self, text: str) -> None:
        self._original = text
        self._kept: list[tuple[str, str]] = []
        text = "".join(map(self._masked, heuristic_commands.split(text.translate(_NO_TEXT))))
        # Runs of blanks mean nothing outside of quotes, and cost the patterns the square of their length.
        self._text = re.sub(r"\n{3,}", "\n\n", "\n".join(" ".join(part.split()) for part in text.splitlines()))

    def read(self) -> Goal:
        intents: list[Intent] = []
        unread: list[str] = []
        forbidden: list[str] = []
        scope, warned = Scope(), False  # warned: what is not to be done was just spoken of
        for clause in _clauses(self._text):
            said = self._restore(clause.text, quotes=True)[:MAX_SAID_CHARS]
            if scope.covers(clause):
                forbidden.append(said)
                if intents and takes_back(clause):
                    forbidden.append(spoken(intents.pop()))
                continue
            intent = None if scope.depends(clause) else _referring(clause.text, self._intent(clause.text), intents)
            if intent is not None and (self._has_exception(clause.text, intent) or (warned and _MARKED.fullmatch(clause.text))):
                intent = None
            warned = intent is None and (warned or NEGATED.search(clause.text) is not None)
            if intent is None or len(intents) == MAX_INTENTS:
                unread.append(said)
                scope.doubt(clause)
            elif intent not in intents or isinstance(intent, RunCommand):
                intents.append(intent)
        goal = Goal(self._original, tuple(intents), tuple(unread[:MAX_INTENTS]), tuple(forbidden[:MAX_INTENTS]))
        return without_what_is_forbidden(goal, [*forbidden, *filter(rules_out, unread)])

    def _has_exception(self, clause: str, intent: Intent) -> bool:
        """Whether a clause excludes something, or names more than one thing, of which the intent knows nothing."""
        if isinstance(intent, (RunCommand, CreateFile, Report)):
            return False
        words = _MARKED.sub("", clause)
        if isinstance(intent, FindByContent):
            words = words.replace(intent.text, "", 1)
        return NEGATED.search(words) is not None or _SECOND_PATH.search(clause) is not None

    def _masked(self, piece: str | heuristic_commands.Named) -> str:
        """Its words without what must not be read as language; a command is a clause of its own."""
        if isinstance(piece, str):
            return _HOME.sub("home", _URL.sub(self._keep_url, QUOTED.sub(self._keep_quoted, piece)))
        if not piece.commands:
            return f" {self._keep('shown', piece.shown)} "
        return _GOES_ON + "".join(f"run {self._keep('command', command)}{_CLAUSE_END}" for command in piece.commands)

    # Quoted parts and addresses are taken out first, so that nothing inside of them is read as language.

    def _keep_quoted(self, match: re.Match[str]) -> str:
        kind = "command" if match.group(1) is not None else "quoted"
        return self._keep(kind, next(group for group in match.groups() if group is not None))

    def _keep(self, kind: str, value: str) -> str:
        self._kept.append((kind, value))
        return _MARK.format(len(self._kept) - 1)

    def _keep_url(self, match: re.Match[str]) -> str:
        url = match.group().rstrip(".,;:!?)]}")
        return self._keep("url", url) + match.group()[len(url) :]

    def _restore(self, text: str, *, quotes: bool = False) -> str:
        def original(match: re.Match[str]) -> str:
            kind, value = self._kept[int(match.group(1))]
            mark = {"command": "`", "quoted": '"'}.get(kind, "") if quotes else ""
            return f"{mark}{value}{mark}"

        return _MARKED.sub(original, text).strip()

    def _intent(self, clause: str) -> Intent | None:
        if len(clause) > MAX_CLAUSE_CHARS:
            return None
        if re.match(r"(?i)how many\b", clause):
            return self._count(clause[8:])
        first, _, rest = clause.partition(" ")
        verb = family(first.strip(",:")) if first.isascii() else ""
        noun = re.match(r"(?i)(?:sum up|(?:\w+ (?:me )?)?(?:an? |the )?(?:short |brief )?summary of)\b", clause)
        if noun:
            verb, rest = "summarise", clause[noun.end() :]
        around = re.match(r"(?i)(?:look around|explore|tell me (?:what|about))\b(.*)", clause)
        if around:
            return self._around(clause, around.group(1))
        asked = _WHAT_IS_IN.match(clause)
        if asked:
            return self._contents(clause[asked.end() :])
        url = self._url(clause)
        if url:
            return self._page(verb, url, rest)
        lone = _MARKED.fullmatch(clause.strip())
        if lone and self._kept[int(lone.group(1))][0] == "command":
            return RunCommand(self._kept[int(lone.group(1))][1])
        if verb in ("create", "report") and (
            verb == "report" or re.match(r"(?i)(?:an? |the |your |short )*(?:reports?|summary(?!\s+of))\b", rest)
        ):
            return self._report(rest)
        readers = {
            "list": self._list, "find": self._find, "count": self._count, "summarise": self._summarise,
            "create": self._create, "mkdir": self._mkdir, "touch": self._touch, "run": self._run, "read": self._read,
        }  # fmt: skip
        reader = readers.get(verb)
        return reader(rest) if reader else None

    def _url(self, clause: str) -> str:
        for match in _MARKED.finditer(clause):
            kind, value = self._kept[int(match.group(1))]
            if kind == "url" or (kind == "quoted" and _URL.fullmatch(value)):
                return value
        for word in clause.split():
            bare = word.rstrip(".,;:!?)")
            if _BARE_URL.match(bare) and not bare.lower().endswith((".py", ".md")):
                return f"https://{bare}"
        return ""

    def _page(self, verb: str, url: str, rest: str) -> Intent | None:
        if verb == "summarise" or re.search(r"(?i)\bsummar[iy]", rest):
            return Summarise(url, is_url=True)
        alone = not re.search(r"\w", _MARKED.sub("", rest)) and not verb
        return Fetch(url) if alone or verb in ("fetch", "read", "find", "list") else None

    def _around(self, clause: str, rest: str) -> Intent | None:
        if clause.lower().startswith("tell me"):
            return Report() if re.match(r"(?i)\s*(?:is|you|was|it)\b", rest) else None
        words = re.findall(r"[a-z]+", _MARKED.sub(" x ", rest).lower())
        known = _HERE | {"the", "my", "your", "a", "bit", "in", "of", "around"}
        place = self._location(rest)
        return ListFiles(place, recursive=True) if place or all(word in known for word in words) else None

    def _contents(self, rest: str) -> Intent | None:
        """What is in a place, where it is surely one of files."""
        place = self._location(rest)
        here = re.fullmatch(rf"(?i)\w+\s+(?:{_WHOSE}\s+)*(?:folder|directory|dir|workspace|here)\s*", rest)
        sure = place == "." or bool(re.search(r"[/~]", place)) or (place and re.search(r"(?i)\b(?:folder|directory)\b", rest))
        return ListFiles(place, False) if sure or here else None

    def _list(self, rest: str) -> Intent | None:
        patterns = self._patterns(rest)
        if patterns:
            return FindByName(patterns, self._location(rest))
        recursive = bool(
            re.search(r"(?i)\b(?:recursive(?:ly)?|subfolders?|subdirectories|tree|everything|deep)\b", rest)
        )
        if re.search(r"(?i)\b(?:process(?:es)?|users?|reasons?|ideas?|countries|examples?|steps|ways|names)\b", rest):
            return None
        known = re.search(r"(?i)\b(?:files?|folders?|director(?:y|ies)|contents?|everything|here|what)\b", rest)
        path = self._location(rest) or ("." if re.fullmatch(r"(?i)(?:\s|all|me|everything|of|in|contents?|the)*\bhome\s*", rest) else "")
        if not known and not path:
            path = self._path(rest)
            if not path:
                return None
        return ListFiles(path, recursive)

    def _find(self, rest: str) -> Intent | None:
        containing = re.search(
            rf"(?i)\b(?:contain(?:s|ing)?|mention(?:s|ing)?|that (?:say|include)s?|with the (?:text|word|string)|including)\s+"
            rf"(?:the\s+)?(?:words?\s+|text\s+|string\s+)?({_PATH}|\S+)", rest
        )  # fmt: skip
        if containing:
            before = rest[: containing.start()]
            after = rest[containing.end() :]
            return self._content(containing.group(1), self._location(after) or self._location(before))
        word = re.search(
            r"(?i)\b(?:the\s+)?(?:word|text|string|phrase|occurrences of|mentions of)\s+(\x02\d+\x03|\S+)", rest
        )
        if word:
            return self._content(word.group(1), self._location(rest[word.end() :]))
        patterns = self._patterns(rest)
        if patterns:
            return FindByName(patterns, self._location(rest))
        subject = re.match(
            r"(?i)\s*(?:for\s+)?(?:all\s+|every\s+|any\s+|the\s+)*(?:files?\s+)?(\x02\d+\x03|\S+)(?P<more>.*)", rest
        )
        if not subject:
            return None
        value, more = self._restore(subject.group(1)), subject.group("more")
        place = self._location(more)
        if more.strip() and not place and not re.match(r"(?i)\s*(?:here|in\b|under\b|inside\b|within\b|file\b)", more):
            return None
        if re.match(r"(?i)\s*for\b", rest) and not re.search(r"[.*?]", value):
            return FindByContent(value, place)
        if re.search(r"[.*?/]", value) or _MARKED.search(subject.group(1)):
            return FindByName((value if re.search(r"[.*?]", value) else f"*{value}*",), place)
        return None

    def _content(self, text: str, place: str) -> Intent | None:
        value = self._restore(text)
        return FindByContent(value, place) if value else None

    def _patterns(self, rest: str) -> tuple[str, ...]:
        glob = re.search(r"(?:^|\s)(\*[\w.*?-]*|[\w-]*\*\.\w+)", rest)
        if glob:
            return (glob.group(1),)
        named = re.search(
            r"(?i)\bfiles?\s+(?:(?:that (?:are|is)|which are)\s+)?(?:named|called|with (?:the )?name|matching)\s+"
            r"(?:like\s+)?(\x02\d+\x03|\S+)", rest
        )  # fmt: skip
        if named:
            name = self._restore(named.group(1)).rstrip(",.")
            return (name if re.search(r"[.*?]", name) else f"*{name}*",)
        ending = re.search(
            r"(?i)\b(?:ending (?:with|in|on)|with (?:the )?(?:extension|ending)|of type|extension)\s+(\x02\d+\x03|\S+)",
            rest,
        )
        if ending:
            return (f"*.{self._restore(ending.group(1)).strip('.*, ')}",)
        kind = re.search(
            r"(?i)(?:^|\s)\.?([a-z0-9]{1,12})[ -]+(?:source |code )?(?:files?|documents?|scripts?|pages?)\b", rest
        )
        word = kind.group(1).lower() if kind else ""
        if not word:
            plural = re.search(r"(?i)(?:^|\s)(image|picture|log|pdf)s\b", rest)
            word = plural.group(1).lower().replace("picture", "image") if plural else ""
        if word in _FILE_KINDS:
            return _FILE_KINDS[word]
        if kind and rest[kind.start(1) - 1 : kind.start(1)] == ".":
            return (f"*.{word}",)
        extensions = {pattern[2:] for group in _FILE_KINDS.values() for pattern in group}
        return (f"*.{word}",) if word in extensions else ()

    def _count(self, rest: str) -> Intent | None:
        unit = next(
            (
                _UNITS[found]
                for word in re.findall(r"[A-Za-z]+", rest)
                if (found := closest(word.lower(), tuple(_UNITS), 0.85))
            ),
            "",
        )
        if not unit:
            return None
        unit_is_files = re.search(r"(?i)\b(?:lines?|words?|char(?:acter)?s?|bytes)\b", rest)
        if unit in ("files", "folders") and unit_is_files:
            unit = _UNITS[unit_is_files.group().lower()]
        mentioned = re.search(r"(?:^|\s)([\w/~-][\w./~-]*\.[A-Za-z]\w{0,7})\b", rest)
        place = self._location(rest) or (mentioned.group(1) if mentioned else "")
        return Count(unit, self._patterns(rest), place)

    def _summarise(self, rest: str) -> Intent | None:
        rest = _IN_HOME.sub("", rest)
        rest = re.sub(r"(?i)^(?:\s|the|of|my|your|our|this|that|for me|contents?|text|file|document|in|page)*\s(?=\S)", " ", f" {rest}")
        target = self._path(rest)
        looks = bool(re.search(r"[./]", target)) or bool(_MARKED.match(rest.strip())) or target.isupper()
        return Summarise(target) if target and looks else None

    def _create(self, rest: str) -> Intent | None:
        rest = _IN_HOME.sub("", rest)
        article = r"(?is)\s*(?:an?\s+|the\s+|new\s+|empty\s+|text\s+)*"
        named = r"(?:named\s+|called\s+|at\s+)?"
        folder = re.match(rf"{article}(?:folder|directory|dir)\s+{named}({_PATH})\s*$", rest) or re.match(
            rf"{article}({_PATH})\s+(?:folder|directory)\s*$", rest
        )
        if folder:
            return CreateFolder(self._restore(folder.group(1)))
        into = re.match(
            rf"(?i)\s*(\x02\d+\x03)\s+(?:to|into|in|as)\s+(?:an?\s+|the\s+|new\s+|file\s+)*{named}({_PATH})\s*$", rest
        )
        if into:
            return CreateFile(self._restore(into.group(2)), self._restore(into.group(1)))
        file = re.match(rf"{article}(?:(file)\s+)?{named}({_PATH})\s*(.*)$", rest)
        if not file:
            return None
        path = self._restore(file.group(2))
        if not file.group(1) and not re.search(r"\.\w{1,8}$", path):
            return None
        return self._file_with(path, file.group(3))

    def _file_with(self, path: str, rest: str) -> Intent | None:
        if not rest.strip():
            return CreateFile(path, "")
        content = re.match(
            r"(?is)(?:with|containing|that (?:says|contains|reads)|which (?:says|contains)|saying|:|=)\s*"
            r"(?:(?:the\s+|this\s+|following\s+)*(?:contents?|text|words?|lines?)\b\s*:?\s*)?(.+)$", rest
        )  # fmt: skip
        if content is None:
            return None
        value = content.group(1).strip()
        quoted = _MARKED.fullmatch(value)
        described = re.match(r"(?i)(?:an?|the|some|all|your|my|each|every|code|list)\b", value)
        if not quoted and described:
            return None  # a description of content is not content
        return CreateFile(path, self._restore(value))

    def _mkdir(self, rest: str) -> Intent | None:
        path = self._path(re.sub(r"^\s*-p\s+", "", rest))
        return CreateFolder(path) if path else None

    def _touch(self, rest: str) -> Intent | None:
        path = self._path(rest)
        return CreateFile(path, "") if path else None

    def _run(self, rest: str) -> Intent | None:
        marked = re.search(r"\x02(\d+)\x03", rest)
        outside = _MARKED.sub("", rest).strip(" :.")
        if marked and re.fullmatch(r"(?i)(?:the|this|following|shell|command|commands|:|please|now|once|for\s+me|\s)*", outside):
            return RunCommand(self._kept[int(marked.group(1))][1])
        return None

    def _read(self, rest: str) -> Intent | None:
        if re.search(r"(?i)\b(?:files|folders|director(?:y|ies)|contents? of home)\b|^\s*(?:me\s+)?home\s*$", rest):
            return self._list(rest)
        asked = re.match(r"(?i)\s*(?:me\s+)?(?:what(?:['’]s|\s+is))\s+(?=(?:in|inside|under)\b)", rest)
        if asked:
            return self._contents(rest[asked.end() :])
        rest = _IN_HOME.sub("", rest)
        rest = re.sub(r"(?i)^\s*(?:me\s+)?(?:the\s+)?(?:(?:contents?|text)\s+of\s+)?(?:the\s+)?(?:file\s+)?", " ", rest)
        path = self._path(rest)
        return ReadFile(path) if path and (re.search(r"[./]", path) or _MARKED.match(rest.strip())) else None

    def _report(self, rest: str) -> Intent | None:
        topic = re.search(r"(?i)\b(?:about|on|regarding)\s+(.*)$", rest)
        own = r"(?i)(?:it|them|this|that|what|everything|the (?:results?|findings?|work|files?|steps?)|your|how)\b"
        if topic and not re.match(own, topic.group(1)):
            return None
        named = re.finditer(
            rf"(?i)\b(?:to|in|into|as|named|called)\s+(?:(?:{_WHOSE}|file|named|called)\s+)*({_PATH})", _IN_HOME.sub("", rest)
        )
        paths = (self._restore(match.group(1)) for match in named)
        return Report(next((path for path in paths if re.search(r"\.\w+$", path)), ""))

    def _location(self, text: str) -> str:
        for match in _LOCATION.finditer(text):
            raw = match.group(1)
            word = self._restore(raw).rstrip(",")
            after = text[match.end() :].strip().lower()
            if word.lower() == "home" and not _MARKED.match(raw):
                return "."
            if word.lower() in _HERE and not _MARKED.match(raw):
                named = re.match(rf"(?i)(?:named\s+|called\s+)?({_PATH})$", text[match.end() :].strip())
                if word.lower() in ("folder", "directory", "file") and named:
                    return self._restore(named.group(1))
                continue
            if re.fullmatch(r"\.\w{1,8}", word) and after.startswith("file"):
                continue  # an ending of names
            if word.lower() in _UNITS or after.startswith(("files", "code", "source")) or word.lower() in _FILE_KINDS:
                continue
            return word
        return ""

    def _path(self, text: str) -> str:
        words = [word.strip(",:") for word in text.split()]
        words = [
            word for word in words if word.lower() not in ("the", "file", "folder", "directory", "named", "called")
        ]
        if len(words) != 1 and not (words and (_MARKED.fullmatch(words[0]) or re.search(r"\.\w{1,8}$", words[0]))):
            return ""
        return self._restore(words[0]) if words else ""


def _clauses(text: str) -> list[Clause]:
    clauses: list[Clause] = []
    text = re.sub(rf"(?m)(^|{_CLAUSE_END}) *(?:\d{{1,2}}[.)]|[-*•]) +", r"\1", text)
    at, before, turned = 0, "", False
    while at <= len(text):
        ended = _SENTENCE.search(text, at)
        line = text[at : ended.start() if ended else len(text)]
        joined = before == _GOES_ON or (before == _CLAUSE_END and re.match(r"(?i)\s*(?:,|&|(?:and|or)\b)", line) is not None)
        start = 0
        for match in [*_JOINT.finditer(line), None]:
            follows = match and line[match.end() :]
            word = re.match(r"[A-Za-z]+", follows) if follows else None
            if match and not (word and (family(word.group()) or _ALSO_SAID.match(follows or ""))):
                continue
            part = line[start : match.start()] if match else line[start:]
            if re.search(r"\w|\x02", unpolite(part)):
                then = start == 0 and "then" in before
                heads = part.rstrip().endswith((":", "：")) and (match is None or match.group().isspace())
                clauses.append(Clause(unpolite(part), joined or start > 0, "\n\n" in before, heads, turned or turns(part), then))
                before, turned = "", False
            else:
                turned = turned or turns(part)
            start = match.end() if match else start
        if ended is None:
            break
        before, at = before + ended.group(), max(ended.end(), at + 1)
    return clauses


def without_what_is_forbidden(goal: Goal, forbidden: Sequence[str]) -> Goal:
    """A goal without the commands and files of which it says itself that they are not to be."""
    if not forbidden:
        return goal
    refused = [
        intent
        for intent in goal.intents
        if (isinstance(intent, RunCommand) and bars_command(forbidden, intent.command))
        or (isinstance(intent, (CreateFile, CreateFolder, Report)) and bars_path(forbidden, intent.path))
    ]
    kept = tuple(intent for intent in goal.intents if intent not in refused)
    return msgspec.structs.replace(goal, intents=kept, refused=tuple(map(spoken, refused)))


def spoken(intent: Intent) -> str:
    """What is to be done, as it is told."""
    if isinstance(intent, RunCommand):
        return f"`{intent.command[:MAX_SAID_CHARS]}`"
    what = " ".join(str(value) for value in msgspec.structs.astuple(intent) if value and isinstance(value, str))
    return f"{type(intent).__name__} {what[:MAX_SAID_CHARS]}".strip()


def _referring(clause: str, intent: Intent | None, before: list[Intent]) -> Intent | None:
    """`intent` with "it", "them" or an unnamed place bound to what the clause before it spoke of."""
    last = next((past for past in reversed(before) if not isinstance(past, Report)), None)
    if last is None:
        return intent
    target = _target(last)
    if (
        intent is None
        and target
        and re.match(r"(?i)(?:summari[sz]e|sum up|read|show(?: me)?|count)\s+(?:it|that)\b", clause)
    ):
        return Summarise(target, is_url=isinstance(last, Fetch)) if clause.lower().startswith("sum") else None
    if intent is None and re.match(r"(?i)count\s+(?:them|these|those|it)\b", clause):
        intent = Count("files")
    if isinstance(intent, ListFiles) and intent.path.lower() in _REFERRING and isinstance(last, CreateFolder):
        return ListFiles(last.path, intent.recursive)
    if isinstance(intent, Count) and not intent.path and not intent.patterns:
        if isinstance(last, (FindByName, Count)):
            return Count(intent.what, last.patterns, last.path)
        if isinstance(last, ListFiles):
            return Count(intent.what, (), last.path)
        if target and intent.what in ("lines", "words", "characters"):
            return Count(intent.what, (), target)
    return intent


def _target(intent: Intent) -> str:
    if isinstance(intent, Fetch):
        return intent.url
    if isinstance(intent, Summarise):
        return intent.target
    return intent.path if isinstance(intent, (ReadFile, CreateFile)) else ""
