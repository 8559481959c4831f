"""What a shell command line could harm, pure: read before it runs, to decide whether a person is asked.

This is a courtesy to the person, not a wall: the sandbox is the wall. So it errs towards asking: what it cannot read counts as
risky. Compound lines are judged by each part; wrappers (env, nohup, timeout, sudo, sh -c) are looked through.
"""

import re
import shlex
from dataclasses import dataclass

from kernel.tools.base import Risk

DELETING = frozenset({"rm", "rmdir", "unlink", "shred", "truncate", "srm"})
DEVICE = frozenset({"dd", "mkfs", "fdisk", "parted", "wipefs", "mount", "umount", "losetup"})
NETWORK = frozenset(
    {"curl", "wget", "ssh", "scp", "sftp", "rsync", "nc", "ncat", "telnet", "ftp", "aws", "gcloud", "az", "kubectl", "gh"}
)
INSTALLING = frozenset({"pip", "pip3", "npm", "npx", "yarn", "pnpm", "cargo", "gem", "apt", "apt-get", "go"})
PRIVILEGED = frozenset({"sudo", "su", "doas", "chroot", "pkexec", "systemctl", "reboot", "shutdown", "halt"})
WRAPPERS = frozenset({"env", "nohup", "time", "timeout", "nice", "ionice", "stdbuf", "setsid", "xargs", "command", "exec"})
SHELLS = frozenset({"sh", "bash", "dash", "zsh", "ksh", "fish"})
_OPERATORS = re.compile(r"^(?:&&|\|\||[;&|()\n]|>>?|<<?<?|\d?>&\d?)+$")
_SPLITTING = frozenset({"&&", "||", ";", "&", "|", "(", ")", "\n", ";;", "|&"})
_GIT_RISKY = frozenset({"push", "clean", "reset", "filter-branch", "clone", "fetch", "pull"})
_SUBSTITUTION = re.compile(r"\$\(|`|<\(|>\(")
_FORK_BOMB = re.compile(r":\s*\(\s*\)\s*\{.*\|.*&.*\}")


@dataclass(frozen=True, slots=True)
class Verdict:
    """risk and harm as in `Preview`; rule: the pattern an "always" would allow, "" for a line that no pattern covers."""

    risk: Risk
    harm: str = ""
    rule: str = ""
    always: str = ""


def classify(command: str) -> Verdict:
    """Judge a whole command line."""
    if _FORK_BOMB.search(command):
        return Verdict("high", "starts processes without end")
    if _SUBSTITUTION.search(command):
        inner = _inside_substitutions(command)
        verdicts = [_judge_part(part) for part in inner] if inner else [Verdict("low", "runs a computed command")]
    else:
        verdicts = []
    parts = split(command)
    if parts is None:
        return Verdict("low", "could not be read before it runs")
    verdicts += [_judge_part(part) for part in parts]
    worst = max(verdicts, key=lambda verdict: _RANK[verdict.risk], default=Verdict("none"))
    programs = sorted({name for part in parts if (name := _program(part))})
    broad = any(name in SHELLS or name == "eval" for name in programs)
    if worst.risk == "high" or len(programs) != 1 or broad or _SUBSTITUTION.search(command):
        return Verdict(worst.risk, worst.harm)
    return Verdict(worst.risk, worst.harm, f"run_command({programs[0]} *)", f"`{programs[0]} …` commands")


def split(command: str) -> list[list[str]] | None:
    """The simple commands of a line as words; None where the quoting cannot be read."""
    lexer = shlex.shlex(command.replace("\\\n", " ").replace("\n", " ; "), posix=True, punctuation_chars=True)
    lexer.whitespace_split = True
    lexer.commenters = "#"
    try:
        words = list(lexer)
    except ValueError:
        return None
    parts: list[list[str]] = [[]]
    for word in words:
        if word in _SPLITTING or (_OPERATORS.match(word) and any(mark in word for mark in (";", "&&", "||", "|"))):
            parts.append([])
        else:
            parts[-1].append(word)
    return [part for part in parts if part]


def matches(rule: str, command: str) -> bool:
    """Whether an allowed pattern `run_command(program *)` covers every part of a command line."""
    program = rule.removeprefix("run_command(").removesuffix(" *)")
    verdict = classify(command)
    parts = split(command)
    if parts is None or verdict.risk == "high" or _SUBSTITUTION.search(command):
        return False
    return all(_program(part) == program for part in parts)


_RANK: dict[str, int] = {"none": 0, "low": 1, "high": 2}


def _program(part: list[str]) -> str:
    """The program of a simple command, wrappers and assignments looked through."""
    words = _unwrapped(part)
    return words[0].rsplit("/", 1)[-1] if words else ""


def _unwrapped(part: list[str]) -> list[str]:
    words = list(part)
    while words:
        head = words[0].rsplit("/", 1)[-1]
        if re.match(r"^[A-Za-z_][A-Za-z0-9_]*=", words[0]) or head in ("!", "{", "}", "then", "do", "else", "if", "while"):
            words.pop(0)
        elif head in WRAPPERS and len(words) > 1:
            words.pop(0)
            while words and (words[0].startswith("-") or re.match(r"^[\d.]+[smhd]?$", words[0]) or "=" in words[0]):
                words.pop(0)
        else:
            break
    return words


def _judge_part(part: list[str]) -> Verdict:
    words = _unwrapped(part)
    if not words:
        return Verdict("none")
    program = words[0].rsplit("/", 1)[-1]
    arguments = words[1:]
    if program in SHELLS and "-c" in arguments and arguments.index("-c") + 1 < len(arguments):
        return classify(arguments[arguments.index("-c") + 1])
    if program == "eval":
        return classify(" ".join(arguments))
    if program in SHELLS and not any(not argument.startswith("-") for argument in arguments):
        return Verdict("high", "runs whatever it is fed")
    return _judge_program(program, arguments, part)


def _judge_program(program: str, arguments: list[str], part: list[str]) -> Verdict:
    if program in PRIVILEGED:
        return Verdict("high", "asks for more rights")
    if program in DEVICE or program.startswith("mkfs"):
        return Verdict("high", "works on devices")
    if program in DELETING:
        return Verdict("high" if _sweeping(arguments) else "low", "deletes files")
    if program == "find" and any(flag in arguments for flag in ("-delete", "-exec", "-execdir", "-ok")):
        return Verdict("low", "deletes or runs for each file found")
    if program == "git" and arguments and arguments[0] in _GIT_RISKY:
        return Verdict("low", "changes history, deletes files or reaches the network")
    if program in NETWORK or any(re.match(r"^(https?|ftp|ssh)://", argument) for argument in arguments):
        return Verdict("low", "reaches the network")
    if program in INSTALLING and any(verb in arguments for verb in ("install", "add", "publish", "get", "update", "upgrade")):
        return Verdict("low", "fetches and runs code from the network")
    if program in ("chmod", "chown") and any(argument in ("-R", "--recursive") for argument in arguments):
        return Verdict("low", "changes the permissions of many files")
    if program == "kill" or program.endswith("kill"):
        return Verdict("low", "ends processes")
    return Verdict("none")


def _sweeping(arguments: list[str]) -> bool:
    """Whether a deletion aims at a whole root, home or everything."""
    targets = [argument for argument in arguments if not argument.startswith("-")]
    roots = {"/", "/*", "~", "~/", "~/*", "*", ".", "./", "./*", "..", "$HOME", "$HOME/", "$HOME/*", "${HOME}", "${HOME}/*"}
    return any(target.rstrip("/") + "/" in {f"{root.rstrip('/')}/" for root in roots} for target in targets) or any(
        re.fullmatch(r"/(home|usr|etc|var|shared)(/[^/]*)?/?\*?", target) for target in targets
    )


def _inside_substitutions(command: str) -> list[list[str]]:
    """The simple commands inside $(...) and `...`, one level deep."""
    found: list[list[str]] = []
    for match in re.finditer(r"\$\(([^()]*)\)|`([^`]*)`|[<>]\(([^()]*)\)", command):
        inner = next(group for group in match.groups() if group is not None)
        found.extend(split(inner) or [["sh"]])
    return found
