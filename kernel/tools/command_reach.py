"""Whether a simple command can write in folders that an agent shares with its person or with other agents.

Asked by `command_risk` for each part of a command line where such folders are mounted, and by `command_rules` for what an "always" covers.
What only reads is known by name; a few programs that write are judged by the paths that they are given; every other program could write
anywhere, so it counts as reaching them. Pure but for `Place.follow`, which looks where links lead.
"""

import itertools
import posixpath
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


READING = _words(
    """ls cat tac head tail less more grep egrep fgrep zgrep zcat rg wc uniq cut tr nl od hexdump strings file stat du df pwd echo printf
    true false : test [ [[ ]] sleep date id whoami groups uname hostname arch nproc uptime free printenv which type hash basename dirname
    realpath readlink diff cmp comm column fold fmt paste join seq yes jq expr factor rev base64 md5sum sha1sum sha224sum sha256sum
    sha384sum sha512sum b2sum cksum sum ps pgrep pidof lsof locale tty numfmt tsort shuf cal exit return break continue wait read shift
    set cd pushd popd dirs env jobs fg bg getopts let ulimit umask times logout find sort tree command builtin exec help man"""
)
WRITING = _words(
    """cp mv ln tee touch mkdir mkfifo install chmod chown chgrp gzip gunzip bzip2 bunzip2 xz unxz zstd split csplit dos2unix unix2dos
    sed sort tree git"""
)
DECLARING = frozenset({"export", "declare", "local", "readonly", "typeset", "unset"})
NESTING = frozenset({"sh", "bash", "dash", "zsh", "ksh", "fish", "ash", "eval", "trap", "alias"})  # `command_risk` judges what is inside
STRUCTURE = frozenset({"for", "case", "select", "esac", "fi", "done", "}", "{", ";;", "then", "do", "else", "in"})
DELETING = frozenset({"rm", "rmdir", "unlink", "shred", "truncate", "srm"})
#: What touches no file by any of its options.
WITHOUT_FILES = _words("kill killall pkill ping ping6 traceroute tracepath nslookup host whois")
FEEDING = frozenset({"xargs", "parallel"})
GIT_READING = _words(
    """status log diff show blame annotate ls-files ls-tree rev-parse rev-list describe grep shortlog cat-file merge-base name-rev
    show-ref for-each-ref count-objects whatchanged cherry check-ignore var help version"""
)
SYSTEM_FOLDERS = ("/bin", "/usr/bin", "/usr/local/bin", "/sbin", "/usr/sbin")
MOST_FOLDERS = 16
MOST_CHANGES = 8
_REDIRECTION = re.compile(r"[<>&|]*[<>][<>&|]*")
_HARMLESS_TARGET = re.compile(r"/dev/(?:null|zero|full|stdout|stderr|tty|fd/\d+)|&?\d+|-")
_ASSIGNMENT = re.compile(r"([A-Za-z_][A-Za-z0-9_]*)\+?=")
_STEERING = re.compile(r"(?:HOME|PATH|IFS|ENV|SHELL|PAGER|EDITOR|VISUAL|CDPATH|(?:LD|BASH|GIT|LESS|PERL|PYTHON|NODE|RUBY|MAN)\w*)")
_GLOB = re.compile(r"[*?\[]")
_CHANGES_FOLDER = re.compile(r"(?:^|[\s;&|({`'\"])(?:cd|pushd)\s+(?:--?[LPe]*\s+)*(?:'([^']*)'|\"([^\"]*)\"|([^\s;&|)`'\"]+))")
_SETS_HOME = re.compile(r"(?<![\w${])HOME\b")
_LOOP = re.compile(r"(?:^|[\s;&|({])(?:for|while|until|select)\s|\(\s*\)")
_SOMEHOW_ELSE = re.compile(r"(?:^|[\s;&|({`'\"])(?:eval|source|alias|\.|popd)\s|--chdir|\benv\s[^;|&]{0,200}-C")
_CHANGING = frozenset({"cd", "pushd"})
_CHANGING_UNSEEN = frozenset({"eval", "source", "alias", "popd", "."})
_BEFORE_A_PROGRAM = frozenset({"then", "do", "else", "{", "!", "command", "builtin", "if", "while", "until", "elif"})
#: Options by which a program that else only reads writes or runs another.
_OPTIONS_OF_READING = {
    "sort": re.compile(r"-\w*o|--o|--compress"),
    "tree": re.compile(r"-\w*o|--o"),
    "shuf": re.compile(r"-\w*o|--o"),
    "less": re.compile(r"-\w*[oOk]|--(?:log|LOG|lesskey)|\+"),
    "man": re.compile(r"-\w*[PH]|--(?:pager|html|nroff)"),
    "rg": re.compile(r"--(?:pre|hostname)"),
    "file": re.compile(r"-\w*C|--compile"),
    "find": re.compile(r"-(?:delete|exec|ok|fprint|fls)"),
}
_NAMES_NEXT = re.compile(r"-\w*[oStf]|--(?:o|t)[\w-]*")
_WITHOUT_SOURCE = frozenset({"cp"})
_WRITES_HERE = frozenset({"git", "split", "csplit"})
_UNKNOWN = ""


@dataclass(frozen=True, slots=True)
class Place:
    """Where a command line runs.

    home, folders: guest paths; `folders` are those that it may be in when a part of it runs, empty where that cannot be told; home is ""
    where the line changes it. shared: the mounted folders that can be written and belong to others too. Empty: nothing is asked about
    writing. follow: where an absolute path leads, links and ".." followed; None where that cannot be told. links: where those lead that lie
    in a folder (False) or anywhere below it (True), which a pattern of names may stand for; None where that cannot be told.
    """

    home: str = "/home/agent"
    folders: tuple[str, ...] = ("/home/agent",)
    shared: tuple[str, ...] = ()
    follow: Callable[[str], str | None] = posixpath.normpath
    links: Callable[[str, bool], tuple[str, ...] | None] = lambda folder, below: ()


def within(place: Place, command: str, parts: list[list[str]]) -> Place:
    """The place, with all the folders that the line changes into: any of them may be the current one when another one is missing.

    parts: the simple commands of the line.
    """
    if not place.shared:
        return place
    if _SETS_HOME.search(command):
        place = replace(place, home="")
    changes = [_changes(part) for part in parts]
    targets = [target for found in changes for target in found or ()]
    inner = [next(group for group in match.groups() if group is not None) for match in _CHANGES_FOLDER.finditer(command)]
    if not set(inner) <= set(targets):
        targets = (targets + inner) * 2  # what runs in quotes or substitutions, in whatever order
    unknown = len(targets) > MOST_CHANGES or None in changes or _SOMEHOW_ELSE.search(command) is not None or not place.folders
    unknown = unknown or (_LOOP.search(command) is not None and any(not target.startswith(("/", "~")) for target in targets))
    folders = dict.fromkeys(place.folders)
    for target in [] if unknown else targets:  # each may begin where an earlier one led, or where it did not
        for path, broad in _resolved(target, replace(place, folders=tuple(folders))) or [("", True)]:
            unknown = unknown or broad
            folders.setdefault(path)
        if unknown or len(folders) > MOST_FOLDERS:
            return replace(place, folders=())
    return replace(place, folders=() if unknown else tuple(folders))


def _changes(part: list[str]) -> list[str] | None:
    """The folders that a simple command may change into; None where that cannot be told."""
    found: list[str] = []
    for index, word in enumerate(part):
        if word in _CHANGING:
            found.append(next((after for after in part[index + 1 :] if not re.fullmatch(r"--?[LPe]*", after) or after == "-"), "~"))
        if word in _CHANGING_UNSEEN and (index == 0 or part[index - 1] in _BEFORE_A_PROGRAM):
            return None
    if any(name_of(word) == "env" for word in part) and any(re.match(r"-\w*C|--c", word) for word in part):
        return None
    return found


def redirects(part: list[str]) -> bool:
    """Whether a simple command writes what it prints into a file."""
    return any(not _HARMLESS_TARGET.fullmatch(target) for target in _targets(part))


def harm(part: list[str], words: list[str], place: Place) -> str:
    """What a simple command could do to shared folders; "" where it cannot reach them.

    part: all of its words. words: those from its program on, wrappers looked through.
    """
    if not place.shared:
        return ""
    where = ", ".join(place.shared[:3])
    for target in _targets(part):
        if not _HARMLESS_TARGET.fullmatch(target) and _reaches(target, place):
            return f"writes in {where}"
    if steers(part, words):
        return f"could run something else, which may write in {where}"
    bare = _without_redirections(words)
    if not bare or _only_reads(bare, part):
        return ""
    program = name_of(bare[0])
    if program in NESTING or program in STRUCTURE:
        return ""
    if _is_judged(program, bare[1:], part):
        return f"writes in {where}" if _written(program, bare[1:], place) else ""
    return f"could write in {where}"


def reached(part: list[str], words: list[str], place: Place) -> frozenset[str] | None:
    """The shared folders that a simple command without redirections could change; None where that would have to be told and cannot be.

    Arguments as in `harm`. Of a program that is not known it is all of them, whatever it is given.
    """
    bare = _without_redirections(words)
    if not place.shared or not bare:
        return frozenset()
    program = name_of(bare[0])
    if _only_reads(bare, part) or (program in WITHOUT_FILES and not _is_fed(part)):
        return frozenset()
    if _is_fed(part):
        return None
    if program in DELETING or (program != "git" and _is_judged(program, bare[1:], part)):
        found = _written(program, bare[1:], place)
        return None if _UNKNOWN in found else found
    return frozenset(place.shared)


def holding(paths: list[str], place: Place) -> frozenset[str] | None:
    """The shared folders that paths lie in or above; None where that cannot be told."""
    found = frozenset[str]().union(*(_reached_by(path, place, broad=True) for path in paths))
    return None if _UNKNOWN in found else found


def holds_shared(path: str, place: Place) -> bool:
    """Whether a path is a shared folder, lies above one, or stands for all that one holds."""
    found = _resolved(path, place)
    return found is not None and any(f"{shared}/".startswith(f"{at.rstrip('/')}/") for at, _ in found for shared in place.shared)


def name_of(word: str) -> str:
    """The program of a word; one in a folder of the agent's own is not the system's, whatever it is called."""
    folder, _, name = word.rpartition("/")
    return name if not folder or folder in SYSTEM_FOLDERS else word


def _targets(part: list[str]) -> Iterator[str]:
    for index, word in enumerate(part[:-1]):
        if ">" in word and _REDIRECTION.fullmatch(word):
            yield part[index + 1]


def _without_redirections(words: list[str]) -> list[str]:
    bare: list[str] = []
    skip = False
    for word in words:
        if skip:
            skip = False
        elif _REDIRECTION.fullmatch(word):
            skip = True
            if bare and bare[-1].isdigit() and len(bare[-1]) == 1:
                bare.pop()
        else:
            bare.append(word)
    return bare


def steers(part: list[str], words: list[str]) -> bool:
    """Whether a variable is set by which another program would run than the one that is named, or with other files."""
    setting = part if words and words[0] in DECLARING else part[: len(part) - len(words)]
    names = (match[1] for match in map(_ASSIGNMENT.match, setting) if match is not None)
    return any(_STEERING.fullmatch(name) for name in names)


def _only_reads(bare: list[str], part: list[str]) -> bool:
    program, arguments = name_of(bare[0]), bare[1:]
    if "command" in part and {"-v", "-V"} & set(part):
        return True
    if program in _OPTIONS_OF_READING:
        return not any(_OPTIONS_OF_READING[program].match(argument) for argument in arguments)
    if program == "uniq":
        return sum(not argument.startswith(("-", "+")) for argument in arguments) < 2
    if program == "sed":
        return _sed_is_plain(arguments) and not _sed_in_place(arguments)
    if program.endswith("awk"):
        return not any(re.search(r"[>|]|system|getline", argument) or argument.startswith(("-f", "-i", "-l")) for argument in arguments)
    if program == "git":
        return _git_only_reads(arguments)
    return program in READING or program in DECLARING


def _sed_in_place(arguments: list[str]) -> bool:
    return any(re.match(r"--in|-[nErsuz]*i", argument) for argument in arguments)


def _sed_is_plain(arguments: list[str]) -> bool:
    """Whether it does nothing but print, delete and replace."""
    if any(re.match(r"--(?:file|exp)|-[nErsuz]*f|-[nErsuz]*e.", argument) for argument in arguments):
        return False
    plain = [argument for argument in arguments if not argument.startswith("-")]
    scripts = [after for before, after in itertools.pairwise(arguments) if re.fullmatch(r"-\w*e", before)] or plain[:1]
    return all(_is_plain_script(script.strip()) for script in scripts)


def _is_plain_script(script: str) -> bool:
    """Whether a sed script is one that only prints, deletes or replaces: its `w` and `e` write files and run commands."""
    if re.fullmatch(r"[0-9$,~+!pdqQ=; ]*", script):
        return True
    if script.startswith("s") and len(script) > 2:
        pieces = _pieces(script[2:], script[1])
        return len(pieces) == 3 and re.fullmatch(r"[gpiIM0-9]*", pieces[2]) is not None
    if script.startswith("/"):
        pieces = _pieces(script[1:], "/")
        return len(pieces) == 2 and re.fullmatch(r"[I!pdqQ=,0-9$ ]*", pieces[1]) is not None
    return False


def _pieces(text: str, delimiter: str) -> list[str]:
    pieces: list[str] = []
    begun, escaped = 0, False
    for at, character in enumerate(text):
        if character == delimiter and not escaped:
            pieces.append(text[begun:at])
            begun = at + 1
        escaped = character == "\\" and not escaped
    return [*pieces, text[begun:]]


def _git_only_reads(arguments: list[str]) -> bool:
    words = list(arguments)
    while words and words[0].startswith("-"):
        option = words.pop(0)
        if option == "-C" and words:
            words.pop(0)
        elif option not in ("--no-pager", "--version", "--help", "-P"):
            return False
    verb, rest = (words[0], words[1:]) if words else ("version", [])
    if any(re.match(r"-O|--(?:out|open|ext)", argument) for argument in rest):
        return False
    listing = not rest or all(re.fullmatch(r"-[avlr]+|--(?:list|all|verbose|show-current|get|remotes)", argument) for argument in rest)
    return verb in GIT_READING or (verb in ("branch", "tag", "remote", "config") and listing and (verb != "config" or bool(rest)))


def _is_fed(part: list[str]) -> bool:
    """Whether what it works on comes from somewhere else than its words."""
    return any(word.rsplit("/", 1)[-1] in FEEDING for word in part)


def _is_judged(program: str, arguments: list[str], part: list[str]) -> bool:
    """Whether a program writes nowhere but at the paths that it is given."""
    if program not in WRITING or _is_fed(part):
        return False
    if program in ("split", "sort") and any(argument.startswith(("--fil", "--compress")) for argument in arguments):
        return False
    return program != "sed" or _sed_is_plain(arguments)


def _written(program: str, arguments: list[str], place: Place) -> frozenset[str]:
    """The shared folders in which a program that is judged by its paths writes, `_UNKNOWN` where one of those cannot be told."""
    options = [argument for argument in arguments if argument.startswith("-") and len(argument) > 1]
    paths = [argument for argument in arguments if argument not in options]
    if program in _WITHOUT_SOURCE and not any(re.match(r"-\w*t|--t", option) for option in options):
        paths = paths[-1:]
    values = [option.partition("=")[2] or option[2:] for option in options]
    values += [after for before, after in itertools.pairwise(arguments) if _NAMES_NEXT.fullmatch(before) and after.startswith("-")]
    broad = any(re.match(r"--(?:rec|arc|par)|-\w*[rRa]", option) for option in options)
    found = [_reached_by(path, place, broad=broad) for path in (*paths, *filter(None, values))]
    if program == "ln":  # what it links to is reached by the link's name from then on
        found += [_reached_by(path, place, broad=True) for path in paths[:-1] or paths]
        found += [frozenset((_UNKNOWN,)) for path in paths[:-1] or paths if ".." in path.split("/")]
    if program in _WRITES_HERE:
        found.append(_reached_by(".", place))
    return frozenset().union(*found)


def _reaches(word: str, place: Place) -> bool:
    return bool(_reached_by(word, place))


def _reached_by(word: str, place: Place, *, broad: bool = False) -> frozenset[str]:
    """The shared folders that a path lies in, or above where it stands for all below it; `_UNKNOWN` where that cannot be told."""
    found = _resolved(word, place)
    if found is None:
        return frozenset((_UNKNOWN,))
    reached = set[str]()
    for path, globbed in found:
        for shared in place.shared:
            below = (broad or globbed) and f"{shared}/".startswith(f"{path.rstrip('/')}/")
            if below or path == shared or path.startswith(f"{shared}/"):
                reached.add(shared)
    return frozenset(reached)


def _resolved(word: str, place: Place) -> list[tuple[str, bool]] | None:
    """(path, whether it stands for all below it) for each folder that the command may be in; None where it cannot be told."""
    for stand_in in ("${HOME}", "$HOME"):
        if word.startswith(stand_in):
            word = "~" + word[len(stand_in) :]
    if place.home and (word == "~" or word.startswith("~/")):
        word = place.home + word[1:]
    if word.startswith("~") or word == "-" or "$" in word or "`" in word or ("{" in word and ("," in word or ".." in word)):
        return None
    glob = _GLOB.search(word)
    below = glob is not None and "/" in word[glob.start() :]
    if glob is not None:
        word = word[: glob.start()].rpartition("/")[0] or ("/" if word.startswith("/") else ".")
    if not word.startswith("/") and not place.folders:
        return None
    names = [word] if word.startswith("/") else [f"{folder}/{word}" for folder in place.folders]
    found: list[tuple[str, bool]] = []
    for path in map(place.follow, names):
        if path is None:
            return None
        found.append((path, glob is not None))
        matched = place.links(path, below) if glob is not None else ()
        if matched is None:
            return None
        found += [(led, True) for led in matched]
    return found
