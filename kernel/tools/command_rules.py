"""What an "always" for a command covers, and how it is said: one program, and the shared folders that it may change.

A rule is `run_command(rm *)`, which never covers what could change a folder that is shared with the agent, or
`run_command(rm *) in /home/agent_1/work`, which its words name. A command has at most one rule, its own; what cannot be judged has none,
so that it asks; where such folders are, that is every line but a plain one of one program (`plain_commands`). `run_command` finds a
command's rule; `policy` compares it with those that a person allowed.
"""

from dataclasses import dataclass

from kernel.tools import command_reach, plain_commands
from kernel.tools.command_reach import Place
from kernel.tools.command_risk import (
    INTERPRETERS,
    PLAIN_NAME,
    SHELLS,
    classify,
    is_computed,
    program_of,
    readable,
    split,
    sweeps,
    unwrapped,
)
from kernel.tools.guest_links import shown

INDIRECT = frozenset({"eval", "source", ".", "trap", "alias"})
_BEGIN, _END, _IN = "run_command(", " *)", " in "
_BETWEEN = ", "
#: Longer words would not be read on a button.
_MOST_WORDS = 200


@dataclass(frozen=True, slots=True)
class Standing:
    """A rule and its words; both "" for a command that no rule covers."""

    rule: str = ""
    always: str = ""


def standing(command: str, place: Place | None = None) -> Standing:
    """The narrowest rule that covers a command line; none covers a high risk. place: as for `command_risk.classify`."""
    if classify(command, place).risk == "high":
        return Standing()
    single = plain_commands.single(command)
    if place is not None and place.shared and single is None:
        return Standing()
    command = readable(command)
    parts = split(command)
    if not parts or is_computed(command):
        return Standing()
    place = command_reach.within(place or Place(), command, parts)
    program = program_of(parts[0])
    reached: set[str] = set()
    for part in parts:
        words = unwrapped(part)
        if program_of(part) != program or command_reach.redirects(part) or command_reach.steers(part, words):
            return Standing()
        found = command_reach.reached(part, words, place)
        if found is None or sweeps(words, place):
            return Standing()
        reached |= found
    if not PLAIN_NAME.fullmatch(program) or program in SHELLS | INTERPRETERS | INDIRECT:
        return Standing()
    if place.shared:
        surely = _surely_reached(single or [], program, reached, place)
        if surely is None:
            return Standing()
        reached |= surely
    return _in_words(program, reached, place)


def _surely_reached(words: list[str], program: str, reached: set[str], place: Place) -> frozenset[str] | None:
    """The shared folders that a plain line could change, by the few programs that are known for sure; any other one could change all.

    reached: what its words seem to reach. None where no rule can be given: its words may reach more than that.
    """
    if not words or words[0] != program:
        return None
    if program in command_reach.WITHOUT_FILES:
        return frozenset()
    paths = plain_commands.changed(words)
    if paths is not None:
        return command_reach.holding(paths, place)
    by_paths = program in command_reach.DELETING or plain_commands.is_known_to_change(program)
    return None if by_paths and not reached.issuperset(place.shared) else frozenset(place.shared)


def includes(rule: str, other: str) -> bool:
    """Whether what `rule` allows holds all that a command with the rule `other` may do."""
    if not (rule.startswith(_BEGIN) and other.startswith(_BEGIN)):
        return False
    head, _, folders = rule.partition(f"{_END}{_IN}")
    other_head, _, other_folders = other.partition(f"{_END}{_IN}")
    if head.removesuffix(_END) != other_head.removesuffix(_END):
        return False
    return set(filter(None, other_folders.split(_BETWEEN))) <= set(folders.split(_BETWEEN))


def _in_words(program: str, reached: set[str], place: Place) -> Standing:
    rule = f"{_BEGIN}{program}{_END}"
    if not place.shared or program in command_reach.WITHOUT_FILES:
        return Standing(rule, f"`{program} …` commands")
    named = " and ".join(shown(folder, place.home) for folder in sorted(reached or place.shared))
    if len(named) > _MOST_WORDS or any(_BETWEEN in folder for folder in reached):
        return Standing()
    if not reached:
        return Standing(rule, f"`{program} …` outside {named}")
    return Standing(f"{rule}{_IN}{_BETWEEN.join(sorted(reached))}", f"`{program} …` also in {named}")
