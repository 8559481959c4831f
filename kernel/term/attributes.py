"""Interned cell attributes: each combination of colours and styles is one small id.

The screen stores ``chr(id)`` per cell; painters look a tuple up by its id. The table also remembers how SGR parameter
strings lead from one id to another and which id erases with a colour. It is bounded: past ``LIMIT`` ids, or too much text of
links, ``kernel.term.collection`` frees the ids that nothing uses and painters notice by ``generation``. Pure; owned by one screen.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any

from kernel.term.sgr import RGB_FLAG, Attributes, apply_sgr

#: How many combinations are kept before unused ones are collected.
LIMIT = 100_000
#: The bits that a component of a direct colour keeps each time that the oldest lines are simplified. After that they lose all but text.
SHADES = (0xF0F0F0, 0xC0C0C0)
SIMPLEST = len(SHADES) + 1
#: Memory for the addresses and ids of links, in bytes; past it unused ones are freed, or the oldest are lost, a sixteenth of it at once.
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
#: The fields of ``Attributes``.
_Fields = tuple[Any, ...]
_FREED = tuple(Attributes())
_UL_COLOR, _LINK, _LINK_ID = map(Attributes._fields.index, ("ul_color", "link", "link_id"))
#: Attributes of their fields, in half the time that ``Attributes._make`` takes.
_attributes: Callable[[_Fields], Attributes] = partial(tuple.__new__, Attributes)
#: Address and id.
Link = tuple[str, str]
SGR_SEQUENCE = re.compile(r"\x1b\[([0-9;:]*)m")


class AttributeTable:
    """Attribute tuples by id. Id 0 is an erased cell, id 1 a drawn one, both in default colours.

    ``generation`` grows when ids were collected and may mean something else from then on.
    """

    def __init__(self) -> None:
        self.generation = 0
        # Plain tuples, since Python's garbage collector lets those alone: to visit this many of another kind takes 0.2 s.
        self._tuples: list[_Fields] = []
        self._ids: dict[_Fields, int] = {}
        self._free: list[int] = []
        #: Where SGR parameters lead: attribute -> parameters -> attribute. Only ``sgr`` adds to it.
        self.transitions: dict[str, dict[str, str]] = {}
        self._blanks: dict[str, str] = {}
        self._styled: dict[tuple[str, str], Styled] = {}
        self._styled_before: dict[tuple[str, str], Styled] = {}
        self._memo_size = 0
        #: The ids interned since somebody asked, and how many ever were.
        self._new: list[int] = []
        self.interned = 0
        self._collect_at = LIMIT
        #: The links that entries have, the oldest first, with the strings that all share; how many ids have each; what they take together.
        self._links: dict[Link, Link] = {}
        self._link_uses: dict[Link, int] = {}
        self._link_bytes = 0
        self.intern(Attributes())
        self.intern(Attributes(drawn=True))

    def __getitem__(self, attr: int | str) -> Attributes:
        """Return the attributes with the id ``attr`` (a number, or the character that a row stores)."""
        return _attributes(self._tuples[ord(attr) if isinstance(attr, str) else attr])

    def __len__(self) -> int:
        return len(self._tuples) - len(self._free)

    @property
    def full(self) -> bool:
        """Whether unused ids should be freed before more are interned; always where new ones lose shades already."""
        return len(self) >= min(self._collect_at, 2 * LIMIT) or self.has_too_many_links

    @property
    def filling(self) -> bool:
        """Whether it may be full soon."""
        return len(self) >= LIMIT // 2 or self._link_bytes > MOST_LINK_BYTES // 2

    @property
    def has_too_many_links(self) -> bool:
        """Whether links take more memory than they may."""
        return self._link_bytes > MOST_LINK_BYTES

    @property
    def crowded(self) -> bool:
        """Whether so many ids are in use that new combinations would soon be simplified."""
        return len(self) >= LIMIT + LIMIT // 4

    def simplified(self, times: int) -> dict[int, str]:
        """A new table for ``str.translate`` of row attributes that were simplified so many times before; it fills as it is used."""
        return _Simplified(self, times)

    def intern(self, attributes: Attributes) -> str:
        """Return the character that stands for ``attributes`` in rows; past twice the limit, that of a simpler combination."""
        found = self._ids.get(attributes)
        return chr(self._add(tuple(attributes)) if found is None else found)

    def intern_simpler(self, number: int, times: int) -> str:
        """Return the character for what is left of the id ``number`` where it has been simplified so many times before."""
        fields = self._tuples[number]
        fields = _simple(fields, SHADES[times]) if times < len(SHADES) else _simplest(fields)
        found = self._ids.get(fields)
        return chr(self._add(fields) if found is None else found)

    def _add(self, fields: _Fields) -> int:
        """Return a new id for ``fields``, or that of something simpler where there are too many."""
        if len(self) >= 2 * LIMIT:
            fields = _simple(fields, SHADES[0])
            found = self._ids.get(fields)
            if found is not None:
                return found
            if len(self) >= 3 * LIMIT:
                fields = _simplest(fields)
                found = self._ids.get(fields)
                if found is not None:
                    return found
        if fields[_LINK]:
            fields = self._note_link(fields)
        if self._free:
            number = self._free.pop()
            self._tuples[number] = fields
        else:
            number = len(self._tuples)
            self._tuples.append(fields)
        self._new.append(number)
        self.interned += 1
        self._ids[fields] = number
        return number

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

    def _note_link(self, fields: _Fields) -> _Fields:
        """One more id is to stand for ``fields``; return them with the strings of the same link, which are kept once."""
        link = (fields[_LINK], fields[_LINK_ID])
        uses = self._link_uses.get(link, 0)
        self._link_uses[link] = uses + 1
        if not uses:
            self._links[link] = link
            self._link_bytes += _size(link)
            return fields
        address, name = self._links[link]
        return tuple(_attributes(fields)._replace(link=address, link_id=name))

    def _drop_link(self, link: Link, uses: int) -> None:
        """So many ids have ``link`` no more."""
        left = self._link_uses[link] - uses
        if left:
            self._link_uses[link] = left
        else:
            del self._links[link], self._link_uses[link]
            self._link_bytes -= _size(link)

    def lose_oldest_links(self) -> None:
        """Take their links from the ids that have had theirs longest, until a sixteenth of what links may take is free."""
        lost: set[Link] = set()
        # One pass over the oldest: what was taken from the front of a dict is passed over each time that one looks for its first.
        for link in list(self._links):
            if self._link_bytes <= MOST_LINK_BYTES - MOST_LINK_BYTES // 16:
                break
            lost.add(link)
            self._drop_link(link, self._link_uses[link])
        for number, kept in enumerate(self._tuples):
            if kept[_LINK] and (kept[_LINK], kept[_LINK_ID]) in lost:
                self._forget(number)
                plain = tuple(_attributes(kept)._replace(link="", link_id=""))
                same = self._ids.setdefault(plain, number)
                self._tuples[number] = plain if same == number else self._tuples[same]
        self._forget_memos()

    def take_new(self) -> list[int]:
        """Return the ids that were interned since the last call."""
        new, self._new = self._new, []
        return new

    def free(self, numbers: Sequence[int]) -> None:
        """Forget what the ids ``numbers`` stand for, which nothing uses; they will stand for something else."""
        if not numbers:
            return
        for number in numbers:
            kept = self._tuples[number]
            self._forget(number)
            if kept[_LINK]:
                self._drop_link((kept[_LINK], kept[_LINK_ID]), 1)
            self._tuples[number] = _FREED
            self._free.append(number)
        self._forget_memos()

    def rest(self) -> None:
        """All that is unused is free: before more is freed some have to come."""
        self._collect_at = max(LIMIT, len(self) + LIMIT // 50)

    def _forget_memos(self) -> None:
        """Ids may stand for something else from now on, and what was remembered of them is not so any more."""
        self.transitions.clear()
        self._blanks.clear()
        self._styled.clear()
        self._styled_before.clear()
        self._memo_size = 0
        self.generation += 1

    def _forget(self, number: int) -> None:
        """Intern what the id stands for no more as it; another id may stand for the same."""
        if self._ids.get(self._tuples[number]) == number:
            del self._ids[self._tuples[number]]


class _Simplified(dict[int, str]):
    """A table for ``str.translate`` from ids to those of simpler combinations."""

    def __init__(self, table: AttributeTable, times: int) -> None:
        super().__init__()
        self._table = table
        self._times = times

    def __missing__(self, number: int) -> str:
        """Intern the simpler combination of an id met for the first time; several ids may have lost their links and mean the same."""
        found = self[number] = self._table.intern_simpler(number, self._times)
        return found


def _simple(fields: _Fields, shades: int) -> _Fields:
    """``fields`` with no more of direct colours than the bits of ``shades``."""
    fg, bg, line = fields[0], fields[1], fields[_UL_COLOR]
    mask = RGB_FLAG | shades
    if line >= RGB_FLAG:
        fields = (*fields[:_UL_COLOR], line & mask, *fields[_UL_COLOR + 1 :])
    if fg < RGB_FLAG and bg < RGB_FLAG:
        return fields
    return (fg & mask if fg >= RGB_FLAG else fg, bg & mask if bg >= RGB_FLAG else bg, *fields[2:])


def _simplest(fields: _Fields) -> _Fields:
    """What is left where no colours are: one of four. Text that was concealed stays so."""
    kept = _attributes(fields)
    return tuple(Attributes(drawn=kept.drawn, hidden=kept.hidden))


def _size(link: Link) -> int:
    """About what a link takes, in bytes."""
    return _LINK_BYTES + sum(len(text) if text.isascii() else 4 * len(text) for text in link)
