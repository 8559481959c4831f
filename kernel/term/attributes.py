"""Interned cell attributes: each combination of colours and styles is one small id.

The screen stores ``chr(id)`` per cell; painters look a tuple up by its id. The table also remembers how SGR parameter
strings lead from one id to another and which id erases with a colour. It is bounded: past ``LIMIT`` ids, or too much text
of links, the screen collects the ids still in use (``collect``) and painters notice by ``generation``. Pure; owned by one screen.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

from kernel.term.rows import ERASED, PLAIN
from kernel.term.sgr import RGB_FLAG, Attributes, apply_sgr

#: How many combinations are kept before unused ones are collected.
LIMIT = 100_000
#: Memory for the addresses and ids of links, in bytes; past it unused ones are freed, or the oldest are lost down to the half.
MOST_LINK_BYTES = 8 << 20
#: What a link takes beside its text, about.
_LINK_BYTES = 100
_MEMO_LIMIT = 20_000
_LONGEST_MEMO = 64
#: Pieces with SGR that are kept drawn: how many at least, and up to which length.
_STYLED_LIMIT = 1024
_LONGEST_STYLED = 256
#: Cells, their attributes, the pen behind them, and the text behind the last SGR.
Styled = tuple[str, str, str, str]
_FREED = Attributes()
#: Address and id.
Link = tuple[str, str]
SGR_SEQUENCE = re.compile(r"\x1b\[([0-9;:]*)m")


class AttributeTable:
    """Attribute tuples by id. Id 0 is an erased cell, id 1 a drawn one, both in default colours.

    ``generation`` grows when ids were collected and may mean something else from then on.
    """

    def __init__(self) -> None:
        self.generation = 0
        self._tuples: list[Attributes] = []
        self._ids: dict[Attributes, int] = {}
        self._free: list[int] = []
        #: Where SGR parameters lead: attribute -> parameters -> attribute. Only ``sgr`` adds to it.
        self.transitions: dict[str, dict[str, str]] = {}
        self._blanks: dict[str, str] = {}
        self._styled: dict[tuple[str, str], Styled] = {}
        self._styled_before: dict[tuple[str, str], Styled] = {}
        self._memo_size = 0
        self._collect_at = LIMIT
        #: The links that entries have, the oldest first, with the strings that all share and the ids; and what they take together.
        self._links: dict[Link, tuple[Link, list[int]]] = {}
        self._link_bytes = 0
        self._collect_links_at = 0
        self.intern(Attributes())
        self.intern(Attributes(drawn=True))

    def __getitem__(self, attr: int | str) -> Attributes:
        """Return the attributes with the id ``attr`` (a number, or the character that a row stores)."""
        return self._tuples[ord(attr) if isinstance(attr, str) else attr]

    def __len__(self) -> int:
        return len(self._tuples) - len(self._free)

    @property
    def full(self) -> bool:
        """Whether unused ids should be collected before more are interned."""
        return len(self) >= self._collect_at or (self.has_too_many_links and len(self) >= self._collect_links_at)

    @property
    def has_too_many_links(self) -> bool:
        """Whether links take more memory than they may."""
        return self._link_bytes > MOST_LINK_BYTES

    @property
    def crowded(self) -> bool:
        """Whether so many ids are in use that new combinations would soon be simplified."""
        return len(self) >= LIMIT + LIMIT // 2

    def simplified(self) -> dict[int, str]:
        """A new table for ``str.translate`` of row attributes, after which direct colours have fewer shades; it fills as it is used."""
        return _Simplified(self)

    def intern(self, attributes: Attributes) -> str:
        """Return the character that stands for ``attributes`` in rows; past twice the limit, that of a simpler combination."""
        found = self._ids.get(attributes)
        if found is None and len(self) >= 2 * LIMIT:
            attributes = _simple(attributes)
            found = self._ids.get(attributes)
            if found is None and len(self) >= 3 * LIMIT:
                return PLAIN if attributes.drawn else ERASED
        if found is not None:
            return chr(found)
        number = self._free[-1] if self._free else len(self._tuples)
        if attributes.link:
            attributes = self._note_link(attributes, number)
        if self._free:
            self._tuples[self._free.pop()] = attributes
        else:
            self._tuples.append(attributes)
        self._ids[attributes] = number
        return chr(number)

    def sgr(self, attr: str, params: str) -> str:
        """Return the attribute that SGR ``params`` (the text between CSI and ``m``) makes of ``attr``."""
        transitions = self.transitions.get(attr)
        if transitions is None:
            transitions = self.transitions[attr] = {}
        after = transitions.get(params)
        if after is None:
            after = self.intern(apply_sgr(self[attr], params))
            self._memo_size += 1
            if self._memo_size > _MEMO_LIMIT:
                self._memo_size = 0
                self.transitions.clear()
            elif len(params) <= _LONGEST_MEMO:
                transitions[params] = after
        return after

    @property
    def remembered(self) -> Mapping[tuple[str, str], Styled]:
        """Some of what ``styled`` has answered, by its arguments: to look there first saves a call."""
        return self._styled

    def styled(self, attr: str, line: str) -> Styled:
        """Draw ``line``, row text with SGR sequences, with the pen ``attr``.

        Return its cells, their attributes, the pen after it, and the text behind the last SGR.
        """
        if "\x1b" not in line:
            return line, attr * len(line), attr, line
        key = (attr, line)
        found = self._styled.get(key)
        if found is None:
            found = self._styled_before.get(key) or self._style(attr, line)
            if len(line) <= _LONGEST_STYLED:
                self._remember(key, found)
        return found

    def _style(self, attr: str, line: str) -> Styled:
        parts = SGR_SEQUENCE.split(line)
        transitions = self.transitions
        text = parts[0]
        runs = [attr * len(text)]
        for index in range(1, len(parts), 2):
            try:
                attr = transitions[attr][parts[index]]
            except KeyError:
                attr = self.sgr(attr, parts[index])
            text = parts[index + 1]
            if text:
                runs.append(attr * len(text))
        return "".join(parts[::2]), "".join(runs), attr, text

    def _remember(self, key: tuple[str, str], styled: Styled) -> None:
        """Full-screen programs draw the same pieces again and again: the last ones are kept, in two halves."""
        self._styled[key] = styled
        if len(self._styled) >= _STYLED_LIMIT:
            self._styled_before = self._styled
            self._styled = {}

    def pen_after(self, attr: str, line: str) -> str:
        """Return the pen after ``line`` was drawn with the pen ``attr``."""
        for params in SGR_SEQUENCE.findall(line):
            attr = self.sgr(attr, params)
        return attr

    def blank(self, attr: str) -> str:
        """Return the attribute of cells that are erased while ``attr`` is the pen: only the background stays."""
        blank = self._blanks.get(attr)
        if blank is None:
            blank = self.intern(Attributes(bg=self[attr].bg))
            if len(self._blanks) > _MEMO_LIMIT:
                self._blanks.clear()
            self._blanks[attr] = blank
        return blank

    def _note_link(self, attributes: Attributes, number: int) -> Attributes:
        """The id ``number`` is to stand for ``attributes``; return them with the strings of the same link, which are kept once."""
        link = (attributes.link, attributes.link_id)
        known = self._links.get(link)
        if known is None:
            self._links[link] = (link, [number])
            self._link_bytes += _size(link)
            return attributes
        (address, name), numbers = known
        numbers.append(number)
        return attributes._replace(link=address, link_id=name)

    def lose_oldest_links(self) -> None:
        """Take their links from the ids that have had theirs longest, until half of what links may take is left."""
        # One pass over the oldest: what was taken from the front of a dict is passed over each time that one looks for its first.
        for link, (_, numbers) in list(self._links.items()):
            if self._link_bytes <= MOST_LINK_BYTES // 2:
                break
            del self._links[link]
            self._link_bytes -= _size(link)
            for number in numbers:
                self._forget(number)
                plain = self._tuples[number]._replace(link="", link_id="")
                same = self._ids.get(plain)
                if same is None:
                    self._ids[plain] = number
                self._tuples[number] = plain if same is None else self._tuples[same]
        self.generation += 1

    def collect(self, used: Iterable[str]) -> None:
        """Free every id that is not among the characters ``used``."""
        # A byte for each id, since there are very many: a set of them takes several times as long.
        kept = bytearray(len(self._tuples))
        kept[0] = kept[1] = True
        for number in self._free:
            kept[number] = True
        for number in map(ord, used):
            kept[number] = True
        number = kept.find(False)
        while number >= 0:
            self._forget(number)
            self._tuples[number] = _FREED
            self._free.append(number)
            number = kept.find(False, number + 1)
        for link, (_, numbers) in list(self._links.items()):
            numbers[:] = [number for number in numbers if kept[number]]
            if not numbers:
                del self._links[link]
                self._link_bytes -= _size(link)
        self.transitions.clear()
        self._blanks.clear()
        self._styled.clear()
        self._styled_before.clear()
        self._memo_size = 0
        # Where most are in use, the next collection would free few: it comes when there are many more.
        # But before new combinations are simplified, the history gives of its own.
        self._collect_at = max(LIMIT, min(2 * len(self), LIMIT + LIMIT // 2), len(self) + LIMIT // 10)
        self._collect_links_at = len(self) + len(self) // 4
        self.generation += 1

    def _forget(self, number: int) -> None:
        """Intern what the id stands for no more as it; another id may stand for the same."""
        if self._ids.get(self._tuples[number]) == number:
            del self._ids[self._tuples[number]]


class _Simplified(dict[int, str]):
    """A table for ``str.translate`` from ids to those of simpler combinations."""

    def __init__(self, table: AttributeTable) -> None:
        super().__init__()
        self._table = table

    def __missing__(self, number: int) -> str:
        """Intern the simpler combination of an id met for the first time."""
        attributes = self._table[number]
        simple = _simple(attributes)
        found = self[number] = chr(number) if simple == attributes else self._table.intern(simple)
        return found


def _simple(attributes: Attributes) -> Attributes:
    return attributes._replace(fg=_coarse(attributes.fg), bg=_coarse(attributes.bg), ul_color=_coarse(attributes.ul_color))


def _coarse(colour: int) -> int:
    """A direct colour with four bits for each component."""
    return colour & (RGB_FLAG | 0xF0F0F0) if colour >= RGB_FLAG else colour


def _size(link: Link) -> int:
    """About what a link takes, in bytes."""
    return _LINK_BYTES + sum(len(text) if text.isascii() else 4 * len(text) for text in link)
