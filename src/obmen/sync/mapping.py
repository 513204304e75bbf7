"""What a mapping table is: codes of one system, and what each of them means to us. Pure.

The tables of `obmen.toml` are the base. Rows written in the hub lie over them, one for each code, and win.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Literal, TypeAlias, TypeVar

import msgspec

from obmen.errors import BadInput

Direction: TypeAlias = Literal["both", "in", "out"]
T = TypeVar("T")

SPOKEN: dict[Direction, str] = {"both": "both", "in": "read", "out": "write"}
"""Directions as people say them."""
LEFT_OUT = "-"
"""The value of a code that is left out on purpose: neither read nor written, and nobody is asked about it."""
_KEY = re.compile(r"[\w.\-]+")


class Row(msgspec.Struct, frozen=True):
    """One row: a code of the system and what it means."""

    code: str
    value: str
    direction: Direction = "both"
    """`in` is understood and never written; `out` is written before others that mean the same."""


class Meaning(msgspec.Struct, frozen=True):
    """Something a code may mean, and how people call it."""

    value: str
    en: str
    ru: str
    words: bool = False
    """Words of one's own may follow, behind a colon: `cancelled:no longer wanted`."""


class Kind(msgspec.Struct, frozen=True, kw_only=True):
    """One table of a connector: what its codes are codes of, and what they may mean."""

    name: str
    """Such as `order_status`."""
    en: str
    ru: str
    meanings: tuple[Meaning, ...] = ()
    """Where none is named, a value is a key of ours, such as `base` or `main`."""
    options: tuple[tuple[str, ...], ...] = ()
    """Words that may follow a value, one of each group: `card prepaid receipts:bank`."""
    directions: tuple[Direction, ...] = ("both",)
    many: bool = False
    """Whether a code may have several values, in one row: `invoice credit`."""
    single: bool = False
    """Whether only one code may have a value: a new one takes the place of the old."""
    digits: bool = False
    """Whether codes are numbers."""
    may_leave_out: bool = False
    entities: tuple[str, ...] = ()
    """Entities whose records are to be judged anew when a row changes."""
    wakes: str = ""
    """What stands for the kind in the keys records wait for: `map:<connection>:<wakes>:<code>`."""
    otherwise: tuple[str, str] = ("", "")
    """What becomes of a code without a row, in English and Russian; empty where its records wait."""
    later: bool = False
    """Whether a change takes effect with what the system shows next, and not in what it has shown."""

    def value(self, text: str) -> str:
        """Return a value in its one spelling, or raise `BadInput` that names what may stand here."""
        said = " ".join(text.split())
        if said == LEFT_OUT and self.may_leave_out:
            return said
        if self.many and " " in said:
            return " ".join(dict.fromkeys(self.value(each) for each in said.split()))
        if not self.meanings:
            if _KEY.fullmatch(said) and said != LEFT_OUT:
                return said
            raise BadInput(
                "mapping.no_key",
                f"{self.name}: «{text}» is no key; a key is one word of letters, digits, . _ and -.",
                f"{self.name}: «{text}» не годится; ключ — одно слово из букв, цифр и знаков . _ -",
            )
        value = self._meant(said)
        if value is not None:
            return value
        raise BadInput(
            "mapping.no_meaning",
            f"{self.name}: nothing is called «{text}»; there are: {self.spelled()}.",
            f"{self.name}: значения «{text}» нет; есть: {self.spelled()}.",
        )

    def _meant(self, said: str) -> str | None:
        first, _, rest = said.partition(" ")
        for meaning in self.meanings:
            head, colon, words = said.partition(":")
            if meaning.words and colon and head == meaning.value:
                return f"{head}:{words.strip()}" if words.strip() else head
            if said.casefold() in {meaning.en, meaning.ru}:
                return meaning.value
            if first in {meaning.value, meaning.value.rpartition(":")[2]}:
                chosen = [
                    next((word for word in group if word in rest.split()), "") for group in self.options
                ]
                whole = sorted(filter(None, chosen)) == sorted(rest.split())
                return " ".join(filter(None, [meaning.value, *chosen])) if whole else None
        return None

    def spelled(self) -> str:
        """Return what a value may be, for a sentence."""
        known = [f"{each.value}[:…]" if each.words else each.value for each in self.meanings]
        after = "".join(f" [{'|'.join(group)}]" for group in self.options)
        return ", ".join([*known, LEFT_OUT] if self.may_leave_out else known) + after


class Entry(msgspec.Struct, frozen=True, kw_only=True):
    """One code as its system lists it."""

    code: str
    name: str = ""
    group: str = ""
    active: bool = True


class Laid(msgspec.Struct, frozen=True):
    """One code as it stands: its row, and who has said it."""

    row: Row
    by_hub: bool


def over(base: Sequence[Row], overlay: Sequence[Row]) -> list[Laid]:
    """Return the rows as they stand: the file's, and over them the hub's."""
    said = {row.code for row in overlay}
    rows = [Laid(row, by_hub=False) for row in base if row.code not in said]
    return [*rows, *(Laid(row, by_hub=True) for row in overlay)]


# --- laying rows over a table -----------------------------------------------------------------------------------------


def laid(table: Mapping[str, T], rows: Iterable[tuple[Row, T | None]]) -> dict[str, T]:
    """Return a table of code → meaning with rows over it; None leaves the code out. Of equals the first is written."""
    new = dict(table)
    first: dict[str, T] = {}
    for row, value in rows:
        if value is None:
            new.pop(row.code, None)
        elif row.direction == "out":
            new.pop(row.code, None)
            first[row.code] = value
        elif new.get(row.code) != value:
            new.pop(row.code, None)  # behind those that meant this before
            new[row.code] = value
    return {**first, **{code: value for code, value in new.items() if code not in first}}


def first_codes(table: Mapping[str, str]) -> dict[str, str]:
    """Return the code that is written for each value of a table: of equals the first."""
    return {value: code for code, value in reversed(list(table.items()))}


def laid_by_value(table: Mapping[str, T], rows: Iterable[tuple[Row, T]]) -> dict[str, T]:
    """Return a table of our key → code with rows over it. A key has one code; a code has the keys its row names."""
    new = dict(table)
    for row, code in rows:
        new = {key: held for key, held in new.items() if str(held) != row.code}
        if row.value != LEFT_OUT:
            new |= dict.fromkeys(row.value.split(), code)
    return new
