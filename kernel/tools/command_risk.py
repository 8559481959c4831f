"""What a shell command line could harm, pure: read before it runs, to decide whether a person is asked.

This is a courtesy to the person, not a wall: the sandbox is the wall. So it errs towards asking: what it cannot read counts as
risky. Compound lines are judged by each part; wrappers (env, nohup, timeout, sudo, sh -c) are looked through. Writing in the agent's
own home and /tmp is its own affair. Where a folder is shared with it that can be written, only plain reading goes unasked
(`plain_commands`): a shell can say the same in too many ways for all of them to be read. What else could write there is told by
`command_reach`.
"""

import re
import shlex
from dataclasses import dataclass

from kernel.tools import command_reach, plain_commands
from kernel.tools.base import Risk
from kernel.tools.command_reach import DELETING, Place
from kernel.tools.shell_text import commands_of

DEVICE = frozenset({"dd", "mkfs", "fdisk", "parted", "wipefs", "mount", "umount", "losetup"})
NETWORK = frozenset(
    [
        "curl",
        "wget",
        "ssh",
        "scp",
        "sftp",
        "rsync",
        "nc",
        "ncat",
        "socat",
        "telnet",
        "ftp",
        "lftp",
        "aria2c",
        "aws",
        "gcloud",
        "az",
        "kubectl",
        "gh",
        "docker",
        "podman",
        "mail",
        "sendmail",
        "dig",
        "nslookup",
        "host",
        "ping",
        "ping6",
        "traceroute",
        "tracepath",
        "whois",
        "nmap",
        "psql",
        "mysql",
        "redis-cli",
        "mongosh",
    ]
)
INSTALLING = frozenset(
    {"pip", "pip3", "npm", "yarn", "pnpm", "cargo", "gem", "apt", "apt-get", "go", "uv", "pipx", "conda"}
)
FETCHING = frozenset({"npx", "uvx", "bunx"})
INSTALL_VERBS = frozenset(
    ["install", "add", "publish", "get", "update", "upgrade", "i", "ci", "exec", "tool", "sync", "dlx"]
)
SCHEDULING = frozenset({"crontab", "at", "batch"})
PRIVILEGED = frozenset({"sudo", "su", "doas", "chroot", "pkexec", "systemctl", "reboot", "shutdown", "halt"})
WRAPPERS = frozenset(
    [
        "env",
        "nohup",
        "time",
        "timeout",
        "nice",
        "ionice",
        "stdbuf",
        "setsid",
        "xargs",
        "command",
        "exec",
        "builtin",
        "coproc",
        "flock",
        "parallel",
        "busybox",
        "watch",
        "unbuffer",
    ]
)
SHELLS = frozenset({"sh", "bash", "dash", "zsh", "ksh", "fish", "ash"})
INTERPRETERS = frozenset(
    [
        "python",
        "python2",
        "python3",
        "perl",
        "ruby",
        "node",
        "deno",
        "bun",
        "php",
        "lua",
        "awk",
        "gawk",
        "mawk",
        "osascript",
    ]
)
INLINE_CODE = frozenset({"-c", "-e", "-E", "-p", "-r", "-", "--eval", "--print", "eval"})
_OPERATORS = re.compile(r"^(?:&&|\|\||[;&|()\n]|>>?|<<?<?|\d?>&\d?)+$")
_KEYWORDS = frozenset({"!", "{", "}", "then", "do", "else", "elif", "if", "while", "until"})
_GIT_RISKY = frozenset({"push", "clean", "reset", "filter-branch", "clone", "fetch", "pull", "rm", "remote",
                        "restore", "rebase", "submodule", "filter-repo", "ls-remote", "update-ref", "gc", "prune"})  # fmt: skip
_GIT_LOSING = {  # verbs that lose work with some of their arguments only
    "checkout": re.compile(r"--|\.|-f|--force|:?/.*|\*.*"),
    "switch": re.compile(r"-f|--force|-C|--discard-changes"),
    "branch": re.compile(r"-[dDfMC]|--(?:delete|force)"),
    "tag": re.compile(r"-[df]|--(?:delete|force)"),
    "stash": re.compile(r"drop|clear|pop"),
    "worktree": re.compile(r"remove|prune"),
    "reflog": re.compile(r"expire|delete"),
    "commit": re.compile(r"--amend"),
}
_SQL_CHANGE = re.compile(r"\b(?:drop|delete|truncate|update|insert|replace|alter|attach|vacuum)\b|^\s*\.[a-z]", re.IGNORECASE)
_GIT_WITH_VALUE = frozenset({"-C", "-c", "--git-dir", "--work-tree", "--namespace"})
_ARITHMETIC = re.compile(r"\$\(\([^()]*\)\)")
#: What a program is called, nothing of which the shell would replace.
PLAIN_NAME = re.compile(r"[A-Za-z0-9_.+-]+")
_DEVICE_FILE = re.compile(r"/dev/(?:sd|hd|vd|nvme|mmcblk|mapper/|dm-|loop|mem|kmem|port)")
_AWK_ESCAPE = re.compile(r"system\s*\(|\|\s*(?:getline|\")|\"\s*\||>\s*\"")
_CONTINUED = re.compile(r"(?<!\\)((?:\\\\)*)\\\n")
_SUBSTITUTION = re.compile(r"\$\(|`|<\(|>\(")
_FUNCTION = re.compile(r"(?<![\w:])([\w:]{1,64})\s{0,8}\(\s{0,8}\)\s{0,8}\{")
#: Longest command that is judged by its words; a longer one always asks.
LONGEST_JUDGED = 20_000
_MOST_FUNCTIONS = 20
#: Words that run their arguments as a command line, which is judged in turn.
_NESTING = re.compile(rf"(?:^|(?<=[\s;&|(`'\"]))(?:[\w./-]{{0,64}}/)?(?:eval|trap|alias|{'|'.join(sorted(SHELLS))})(?=\s)")
_DEEPEST = 12


@dataclass(frozen=True, slots=True)
class Verdict:
    """risk and harm as in `Preview`."""

    risk: Risk
    harm: str = ""


def classify(command: str, place: Place | None = None) -> Verdict:
    """Judge a whole command line. place: where it runs, and what is shared there; None: nothing is."""
    verdict = _judge_line(command, place)
    if verdict.risk == "none" and place is not None and place.shared and not plain_commands.only_reads(command):
        return Verdict("low", f"could write in {', '.join(place.shared[:3])}")
    return verdict


def _judge_line(command: str, place: Place | None) -> Verdict:
    if len(command) > LONGEST_JUDGED or len(_NESTING.findall(command)) > _DEEPEST:
        return Verdict("high", "is too long or too deep to be judged before it runs")
    command = readable(command)
    parts = split(command)
    place = command_reach.within(place or Place(), command, parts or [])
    if _is_fork_bomb(command):
        return Verdict("high", "starts processes without end")
    verdicts: list[Verdict] = []
    if is_computed(command):
        inner = _inside_substitutions(command)
        verdicts = [_judge_part(part, place) for part in inner] if inner else [Verdict("low", "runs a computed command")]
    if parts is None:
        return Verdict("low", "could not be read before it runs")
    verdicts += [_judge_part(part, place) for part in parts]
    return max(verdicts, key=lambda verdict: _RANK[verdict.risk], default=Verdict("none"))


def readable(command: str) -> str:
    """The line as it is judged: without comments, the text of here-documents and calculations."""
    return commands_of(_ARITHMETIC.sub("0", command))


def is_computed(command: str) -> bool:
    """Whether a part of the line is what other commands print."""
    return _SUBSTITUTION.search(command) is not None


def _is_fork_bomb(command: str) -> bool:
    """Whether a function pipes itself into itself in the background."""
    names = {match[1] for match in _FUNCTION.finditer(command)}
    if len(names) > _MOST_FUNCTIONS:
        return True
    return any(
        re.search(rf"(?<![\w:]){re.escape(name)}\s{{0,8}}\|\s{{0,8}}{re.escape(name)}\s{{0,8}}&", command) for name in names
    )


def split(command: str) -> list[list[str]] | None:
    """The simple commands of a line without comments as words; None where the quoting cannot be read."""
    lexer = shlex.shlex(_CONTINUED.sub(r"\1", command).replace("\n", " ; "), posix=True, punctuation_chars=True)
    lexer.whitespace_split = True
    lexer.commenters = ""  # they are gone already; here one would begin in the middle of a word
    try:
        words = list(lexer)
    except ValueError:
        return None
    parts: list[list[str]] = [[]]
    for word in words:
        if _OPERATORS.match(word) and not any(mark in word for mark in "<>"):
            parts.append([])
        else:
            parts[-1].append(word)
    return [part for part in parts if part]


_RANK: dict[str, int] = {"none": 0, "low": 1, "high": 2}


def program_of(part: list[str]) -> str:
    """The program of a simple command, wrappers and assignments looked through; "" where it cannot be told for sure."""
    words = unwrapped(part)
    before = part[: -len(words)] if words else part
    wrappers = {_name(word) for word in before} & WRAPPERS
    if not words or "flock" in wrappers or (wrappers and any(word.startswith("-") for word in before)):
        return ""
    return command_reach.name_of(words[0])


def _name(word: str) -> str:
    return word.rsplit("/", 1)[-1]


def unwrapped(part: list[str]) -> list[str]:
    """The words of a simple command from its program on, wrappers and assignments looked through."""
    words = list(part)
    while words:
        head = _name(words[0])
        if re.match(r"^[A-Za-z_][A-Za-z0-9_]*=", words[0]) or head in _KEYWORDS:
            words.pop(0)
        elif head in WRAPPERS and len(words) > 1:
            words.pop(0)
            while words and (words[0].startswith("-") or re.match(r"^[\d.]+[smhd]?$", words[0]) or "=" in words[0]):
                words.pop(0)
        else:
            break
    return words


def sweeps(words: list[str], place: Place) -> bool:
    """Whether a simple command deletes a whole root, home or shared folder, or whatever of it has a certain kind of name."""
    if not words or _name(words[0]) not in DELETING:
        return False
    targets = [word for word in words[1:] if not word.startswith("-")]
    return _sweeping(words[1:]) or any(command_reach.holds_shared(target, place) for target in targets)


def _judge_part(part: list[str], place: Place) -> Verdict:
    """A simple command; behind a wrapper with options any of the next words may be the program, so each is judged as one."""
    words = unwrapped(part)
    tries = [words] if words else []
    if words and not program_of(part):
        tries += [words[index:] for index in range(1, min(4, len(words)))]
    verdicts = [_judge_words(attempt, place) for attempt in tries]
    worst = max(verdicts, key=lambda verdict: _RANK[verdict.risk], default=Verdict("none"))
    if worst.risk == "low" and sweeps(words, place):
        return Verdict("high", worst.harm)
    harm = command_reach.harm(part, words, place) if worst.risk == "none" else ""
    return Verdict("low", harm) if harm else worst


def _judge_words(words: list[str], place: Place) -> Verdict:
    program, arguments = _name(words[0]), words[1:]
    if any(_DEVICE_FILE.match(word) for word in words):
        return Verdict("high", "works on devices")
    if "$" in words[0] or words[0] == "`":
        return Verdict("low", "runs a computed command")
    if program in SHELLS:
        return _judge_shell(arguments, place)
    if program in ("eval", "trap", "alias"):
        return classify(
            " ".join(argument.partition("=")[2] if program == "alias" else argument for argument in arguments), place
        )
    if program in ("source", "."):
        return Verdict("low", "runs a script")
    if program in INTERPRETERS:
        return _judge_interpreter(program, arguments)
    return _judge_program(program, arguments)


def _judge_shell(arguments: list[str], place: Place) -> Verdict:
    for index, argument in enumerate(arguments):
        if re.fullmatch(r"-[A-Za-z]*c[A-Za-z]*", argument) and index + 1 < len(arguments):
            return classify(arguments[index + 1], place)
    fed = any(argument.startswith("<") for argument in arguments)
    if fed or all(argument.startswith("-") for argument in arguments):
        return Verdict("high", "runs whatever it is fed")
    return Verdict("low", "runs a script")


def _judge_interpreter(program: str, arguments: list[str]) -> Verdict:
    if program.startswith("python") and "-m" in arguments[:-1]:
        module = arguments.index("-m") + 1
        return _judge_program(arguments[module], arguments[module + 1 :])
    if program.endswith("awk"):
        risky = any(_AWK_ESCAPE.search(argument) for argument in arguments)
        return Verdict("low", "runs commands or writes files") if risky else Verdict("none")
    inline = any(argument in INLINE_CODE or argument.startswith("<<") for argument in arguments)
    if inline or (arguments and re.fullmatch(r"-[A-Za-z]*[ce]", arguments[0])):
        return Verdict("low", "runs code that is not in a file")
    return Verdict("none")


def _judge_program(program: str, arguments: list[str]) -> Verdict:
    if program in PRIVILEGED:
        return Verdict("high", "asks for more rights")
    if program in DEVICE or program.startswith("mkfs"):
        return Verdict("high", "works on devices")
    if program in DELETING:
        return Verdict("high" if _sweeping(arguments) else "low", "deletes files")
    if program == "find" and any(
        re.fullmatch(r"-(delete|exec|execdir|ok|okdir|fprintf?|fprint0|fls)", flag) for flag in arguments
    ):
        return Verdict("low", "deletes or runs for each file found")
    if program in SCHEDULING:
        return Verdict("low", "changes what runs later")
    if program.startswith("sqlite3") and any(_SQL_CHANGE.search(argument) for argument in arguments):
        return Verdict("low", "changes a database")
    if program == "git" and _git_risks(arguments):
        return Verdict("low", "changes history, deletes files or reaches the network")
    if program in NETWORK or any(re.match(r"^(https?|ftp|ssh)://|/dev/(tcp|udp)/", argument) for argument in arguments):
        return Verdict("low", "reaches the network")
    if program in FETCHING or (program in INSTALLING and INSTALL_VERBS & set(arguments)):
        return Verdict("low", "fetches and runs code from the network")
    if program in ("chmod", "chown") and any(argument in ("-R", "--recursive") for argument in arguments):
        return Verdict("low", "changes the permissions of many files")
    if program == "killall" or program.endswith("kill"):
        return Verdict("low", "ends processes")
    return Verdict("none")


def _git_verb(arguments: list[str]) -> str:
    words = iter(arguments)
    for word in words:
        if word in _GIT_WITH_VALUE:
            next(words, "")
        elif not word.startswith("-"):
            return word
    return ""


def _git_risks(arguments: list[str]) -> bool:
    verb = _git_verb(arguments)
    losing = _GIT_LOSING.get(verb)
    own = arguments[arguments.index(verb) + 1 :] if verb else []
    return verb in _GIT_RISKY or (losing is not None and any(losing.fullmatch(argument) for argument in own))


def _sweeping(arguments: list[str]) -> bool:
    """Whether a deletion aims at a whole root, home or everything."""
    targets = [argument for argument in arguments if not argument.startswith("-")]
    roots = {
        "/",
        "/*",
        "~",
        "~/",
        "~/*",
        "*",
        ".",
        "./",
        "./*",
        "..",
        "$HOME",
        "$HOME/",
        "$HOME/*",
        "${HOME}",
        "${HOME}/*",
    }
    return any(target.rstrip("/") + "/" in {f"{root.rstrip('/')}/" for root in roots} for target in targets) or any(
        re.fullmatch(r"/(home|usr|etc|var|shared)(/[^/]*)?/?\*?|~[\w-]*/?\*?|(\.\./?)+\*?", target)
        for target in targets
    )


def _inside_substitutions(command: str) -> list[list[str]]:
    """The simple commands inside $(...) and `...`, one level deep."""
    found: list[list[str]] = []
    for match in re.finditer(r"\$\(([^()]*)\)|`([^`]*)`|[<>]\(([^()]*)\)", command):
        inner = next(group for group in match.groups() if group is not None)
        found.extend(split(inner) or [["sh"]])
    return found
