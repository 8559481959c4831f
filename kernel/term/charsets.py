"""Character sets: designation into G0..G3, locking and single shifts, and the tables of national and DEC sets.

``Charsets.table`` says how text is translated before it is drawn; None means not at all, the common case. Pure.
"""

from __future__ import annotations

from typing import NamedTuple

ASCII = "B"

_GRAPHICS = dict(
    zip(
        range(0x5F, 0x7F),
        "\xa0◆▒␉␌␍␊°±␤␋┘┐┌└┼⎺⎻─⎼⎽├┤┴┬│≤≥π≠£·",
        strict=True,
    )
)
_TECHNICAL = dict(
    zip(
        range(0x21, 0x7F),
        "⎷┌─⌠⌡│⎡⎣⎤⎦⎛⎝⎞⎠⎨⎬" + "\ufffd" * 11 + "≤≠≥∫∴∝∞÷Δ∇ΦΓ∼≃Θ×Λ⇔⇒≡ΠΨ\ufffdΣ\ufffd\ufffd√ΩΞΥ⊂⊃∩∪∧∨¬"
        "αβχδεφγηιθκλ\ufffdν∂πψρστ\ufffdƒωξυζ←↑→↓",
        strict=True,
    )
)
_LATIN_1 = {code: chr(code + 0x80) for code in range(0x20, 0x80)}
#: DEC's own supplemental set: where it has no character xterm shows a reversed question mark.
_SUPPLEMENTAL = {
    **{code: _LATIN_1[code] for code in range(0x21, 0x7F)},
    **dict.fromkeys(map(ord, "$&,-./48>P^p~"), "⸮"),
    0x28: "¤", 0x57: "Œ", 0x5D: "Ÿ", 0x77: "œ", 0x7D: "ÿ",
}
_NATIONAL_POSITIONS = "#@[\\]^_`{|}~"


def _national(characters: str) -> dict[int, str]:
    """Table of a national set: its characters at the positions ``#@[\\]^_`{|}~``."""
    return {ord(position): char for position, char in zip(_NATIONAL_POSITIONS, characters, strict=True)}


_FINNISH = _national("#@ÄÖÅÜ_éäöåü")
_FRENCH_CANADIAN = _national("#àâçêî_ôéùèû")
_NORWEGIAN = _national("#ÄÆØÅÜ_äæøåü")
_SWEDISH = _national("#ÉÄÖÅÜ_éäöåü")
_FRENCH = _national("£à°ç§^_`éùè¨")
_PORTUGUESE = _national("#@ÃÇÕ^_`ãçõ~")

#: Before the designator of a set of 96 characters, which has one at the places of the blank and of DEL too.
LARGE = "-"
#: Translations of the set with a given designator.
TABLES: dict[str, dict[int, str]] = {
    "0": _GRAPHICS,
    "2": _GRAPHICS,
    ">": _TECHNICAL,
    "<": _SUPPLEMENTAL,
    "%5": _SUPPLEMENTAL,
    "A": {ord("#"): "£"},
    "-A": _LATIN_1,
    "4": _national("£¾ĳ½|^_`¨ƒ¼´"),
    "C": _FINNISH,
    "5": _FINNISH,
    "R": _FRENCH,
    "f": _FRENCH,
    "Q": _FRENCH_CANADIAN,
    "9": _FRENCH_CANADIAN,
    "K": _national("#§ÄÖÜ^_`äöüß"),
    "Y": _national("£§°çé^_ùàòèì"),
    "`": _NORWEGIAN,
    "E": _NORWEGIAN,
    "6": _NORWEGIAN,
    "%6": _PORTUGUESE,
    "Z": _national("£§¡Ñ¿^_`°ñç~"),
    "H": _SWEDISH,
    "7": _SWEDISH,
    "=": _national("ùàéçêîèôäöüû"),
}
#: Designators of national replacement sets, which count only while DECNRCM is set.
NATIONAL = frozenset("45CRfQ9KY`E6ZH7=") | {"%6"}


class CharsetState(NamedTuple):
    """What DECSC saves of the character sets."""

    sets: tuple[str, str, str, str]
    gl: int
    gr: int


class Charsets:
    """The four designated sets and which of them is in use."""

    def __init__(self) -> None:
        self.national = False
        #: Text comes in single bytes and not in UTF-8, so that its upper half is drawn from the set in GR.
        self.bytewise = False
        self.reset()

    def reset(self) -> None:
        """ASCII everywhere, G0 in use."""
        self.sets = [ASCII, ASCII, ASCII, ASCII]
        self.gl = 0
        self.gr = 2
        self.single: int | None = None

    def save(self) -> CharsetState:
        """Return the state for a later ``restore``."""
        return CharsetState((self.sets[0], self.sets[1], self.sets[2], self.sets[3]), self.gl, self.gr)

    def restore(self, state: CharsetState) -> None:
        """Take up a saved state."""
        self.sets = list(state.sets)
        self.gl = state.gl
        self.gr = state.gr
        self.single = None

    @property
    def active(self) -> bool:
        """Whether text needs ``translate``."""
        return self.single is not None or self.table(self.gl) is not None or self._right is not None

    def table(self, number: int) -> dict[int, str] | None:
        """Translation of the set in G``number``; None for ASCII."""
        name = self.sets[number]
        if name in NATIONAL and not self.national:
            return None
        return TABLES.get(name)

    @property
    def large(self) -> bool:
        """Whether the set in use has 96 characters, so that DEL is one of them."""
        return self.sets[self.gl if self.single is None else self.single].startswith(LARGE)

    @property
    def _right(self) -> dict[int, str] | None:
        """Translation of the upper half, which only text of single bytes has."""
        return self.table(self.gr) if self.bytewise else None

    def prints(self, text: str) -> str:
        """Return ``text`` in the sets that are locked in."""
        table, right = self.table(self.gl), self._right
        if table:
            text = text.translate(table)
        return text.translate(_upper(right)) if right else text

    def translate(self, text: str) -> str:
        """Return ``text`` in the sets in use; a single shift applies to the first character and ends."""
        head = ""
        if self.single is not None and text:
            table = self.table(self.single)
            head = text[0].translate({**table, **(_upper(table) if self.bytewise else {})}) if table else text[0]
            text = text[1:]
            self.single = None
        return head + self.prints(text)


def _upper(table: dict[int, str]) -> dict[int, str]:
    """The same for characters of the upper half."""
    return {code + 0x80: char for code, char in table.items()}
