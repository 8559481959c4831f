"""Whether a simple command can write in folders that an agent shares with its person or with other agents, pure.

Asked by `command_risk` for each part of a command line where such folders are mounted. What only reads is known by name; a few programs
that write are judged by the paths that they are given; every other program could write anywhere, so it counts as reaching them.
"""

import itertools
import posixpath
import re
from collections.abc import Iterator
from dataclasses import dataclass


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
GIT_READING = _words(
    """status log diff show blame annotate ls-files ls-tree rev-parse rev-list describe grep shortlog cat-file merge-base name-rev
    show-ref for-each-ref count-objects whatchanged cherry check-ignore var help version"""
)
SYSTEM_FOLDERS = ("/bin", "/usr/bin", "/usr/local/bin", "/sbin", "/usr/sbin")
MOST_FOLDERS = 8
_REDIRECTION = re.compile(r"[<>&|]*[<>][<>&|]*")
_HARMLESS_TARGET = re.compile(r"/dev/(?:null|zero|full|stdout|stderr|tty|fd/\d+)|&?\d+|-")
_ASSIGNMENT = re.compile(r"([A-Za-z_][A-Za-z0-9_]*)\+?=")
_STEERING = re.compile(r"(?:PATH|IFS|ENV|SHELL|PAGER|EDITOR|VISUAL|CDPATH|(?:LD|BASH|GIT|LESS|PERL|PYTHON|NODE|RUBY|MAN)\w*)")
_GLOB = re.compile(r"[*?\[]")
_CHANGES_FOLDER = re.compile(r"(?:^|[\s;&|({`'\"])(?:cd|pushd)\s+(?:--?[LPe]*\s+)*(?:'([^']*)'|\"([^\"]*)\"|([^\s;&|)`'\"]+))")
_SOMEHOW_ELSE = re.compile(r"(?:^|[\s;&|({`'\"])(?:eval|source|alias|\.|popd)\s|--chdir|\benv\s[^;|&]{0,200}-C")
_WITHOUT_SOURCE = frozenset({"cp"})
_WRITES_HERE = frozenset({"git", "split", "csplit"})


@dataclass(frozen=True, slots=True)
class Place:
    """Where a command line runs.

    home, folders: guest paths; `folders` are those that it may be in when a part of it runs, empty where that cannot be told.
    shared: the mounted folders that can be written and belong to others too. Empty: nothing is asked about writing.
    """

    home: str = "/home/agent"
    folders: tuple[str, ...] = ("/home/agent",)
    shared: tuple[str, ...] = ()


def within(place: Place, command: str) -> Place:
    """The place, with all the folders that the line changes into: any of them may be the current one when another one is missing."""
    if not place.shared:
        return place
    folders = dict.fromkeys(place.folders)
    targets = [next(group for group in match.groups() if group is not None) for match in _CHANGES_FOLDER.finditer(command)]
    unknown = len(targets) > MOST_FOLDERS or _SOMEHOW_ELSE.search(command) is not None or not place.folders
    for target in targets[:MOST_FOLDERS]:
        for path, broad in _resolved(target, place) or [("", True)]:
            unknown = unknown or broad
            folders.setdefault(path)
    return Place(place.home, () if unknown or len(folders) > MOST_FOLDERS else tuple(folders), place.shared)


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
    if _steers(part, words):
        return f"could run something else, which may write in {where}"
    bare = _without_redirections(words)
    if not bare or _only_reads(bare, part):
        return ""
    program = _name(bare[0])
    if program in NESTING or program in STRUCTURE:
        return ""
    judged = program in WRITING and not {"xargs", "parallel"} & set(part)
    if judged and (program != "sed" or _sed_is_plain(bare[1:])):
        return f"writes in {where}" if _writes_shared(program, bare[1:], place) else ""
    return f"could write in {where}"


def _name(word: str) -> str:
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


def _steers(part: list[str], words: list[str]) -> bool:
    """Whether a variable is set by which another program would run than the one that is named."""
    setting = part if words and words[0] in DECLARING else part[: len(part) - len(words)]
    names = (match[1] for match in map(_ASSIGNMENT.match, setting) if match is not None)
    return any(_STEERING.fullmatch(name) for name in names)


def _only_reads(bare: list[str], part: list[str]) -> bool:
    program, arguments = _name(bare[0]), bare[1:]
    if "command" in part and {"-v", "-V"} & set(part):
        return True
    if program in ("sort", "tree"):
        return not any(argument.startswith(("-o", "--output")) or re.fullmatch(r"-\w+o", argument) for argument in arguments)
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


def _writes_shared(program: str, arguments: list[str], place: Place) -> bool:
    options = [argument for argument in arguments if argument.startswith("-") and len(argument) > 1]
    paths = [argument for argument in arguments if argument not in options]
    if program in _WITHOUT_SOURCE and not any(re.match(r"-\w*t|--target", option) for option in options):
        paths = paths[-1:]
    values = [option.partition("=")[2] or option[2:] for option in options]
    broad = any(re.match(r"--(?:rec|arc)|-\w*[rRa]", option) for option in options)
    if any(_reaches(path, place, broad=broad) for path in (*paths, *filter(None, values))):
        return True
    return program in _WRITES_HERE and _reaches(".", place)


def _reaches(word: str, place: Place, *, broad: bool = False) -> bool:
    found = _resolved(word, place)
    if found is None:
        return True
    for path, globbed in found:
        for shared in place.shared:
            if path == shared or path.startswith(f"{shared}/"):
                return True
            if (broad or globbed) and f"{shared}/".startswith(f"{path.rstrip('/')}/"):
                return True
    return False


def _resolved(word: str, place: Place) -> list[tuple[str, bool]] | None:
    """(path, whether it stands for all below it) for each folder that the command may be in; None where it cannot be told."""
    for stand_in in ("${HOME}", "$HOME"):
        if word.startswith(stand_in):
            word = "~" + word[len(stand_in) :]
    if word == "~" or word.startswith("~/"):
        word = place.home + word[1:]
    if word.startswith("~") or word == "-" or "$" in word or "`" in word or ("{" in word and "," in word):
        return None
    glob = _GLOB.search(word)
    if glob is not None:
        word = word[: glob.start()].rpartition("/")[0] or ("/" if word.startswith("/") else ".")
    if word.startswith("/"):
        return [(posixpath.normpath(word), glob is not None)]
    if not place.folders:
        return None
    return [(posixpath.normpath(posixpath.join(folder, word)), glob is not None) for folder in place.folders]
