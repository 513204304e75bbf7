"""What a connector offers of its mapping tables: which there are, what stands in them, and what its codes are called.

A table stands somewhere in the settings of the connection. Laying rows over it gives other settings, which are
checked as those of the file are: a table of statuses that walks backwards is refused through either door.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Protocol, TypeVar, runtime_checkable

import msgspec

from obmen.sync.facts import STAGES
from obmen.sync.mapping import Entry, Kind, Meaning, Row, laid, laid_by_value

S = TypeVar("S", bound=msgspec.Struct)

STAGE = "stage:"
PREPAID = "prepaid"
"""Said of a way of payment whose money comes before the goods leave."""
CANCELLED = "cancelled"
_STAGE_NAMES = {
    "new": ("new", "новый"),
    "confirmed": ("confirmed", "подтверждён"),
    "supply": ("paid or to be supplied", "оплачен или к обеспечению"),
    "assembling": ("being assembled", "комплектуется"),
    "delivery": ("in delivery", "в доставке"),
    "done": ("done", "выполнен"),
}
STAGE_MEANINGS = tuple(Meaning(f"{STAGE}{name}", *_STAGE_NAMES[name]) for name, _ in STAGES.ranks)
METHODS = (
    Meaning("cash", "cash", "наличные"),
    Meaning("card", "card", "карта, СБП"),
    Meaning("invoice", "invoice", "по счёту"),
    Meaning("credit", "credit, by instalments", "кредит, рассрочка"),
    Meaning("bonus", "bonuses", "бонусы"),
    Meaning("gift", "a gift card", "подарочный сертификат"),
    Meaning("account", "money kept in the shop", "внутренний счёт"),
)


class Table(Protocol):
    """One mapping table of a connector, within its settings. Pure."""

    @property
    def kind(self) -> Kind:
        """Return what the table is a table of."""

    @property
    def usual(self) -> Mapping[str, str]:
        """Return what codes of a new account mean: candidates, nobody's word."""

    @property
    def groups(self) -> Mapping[str, str]:
        """Return what the groups mean that the system sorts its codes into."""

    def rows(self, settings: Any) -> list[Row]:
        """Return what stands in the table, in its order."""

    def lay(self, settings: Any, rows: Sequence[Row]) -> Any:
        """Return the settings with rows over the table; raises `ConfigError` where they cannot be so."""


@runtime_checkable
class Reference(Protocol):
    """A connection whose codes are told by tables, and that can say what its system calls them."""

    tables: tuple[Table, ...]

    @property
    def base(self) -> msgspec.Struct:
        """Return the settings as the configuration gave them."""

    def work_with(self, settings: msgspec.Struct) -> None:
        """Take other tables up: settings that differ from those of the configuration in these only."""

    async def dictionary(self, kind: str) -> Sequence[Entry]:
        """Ask the system for the codes of a kind, with names and groups; empty where it cannot be asked."""


class TableAt(msgspec.Struct, frozen=True, kw_only=True):
    """A table that stands in one place of the settings as code → meaning, or as our key → code."""

    kind: Kind
    at: tuple[str, ...]
    """The setting, such as `("orders", "deliveries")`."""
    by_value: bool = False
    """Whether the setting goes from our key to the code."""
    read: Callable[[str], Any] = str
    """Makes what stands in the setting of a value; where it goes by our key, of a code."""
    show: Callable[[Any], str] = str
    """The way back."""
    usual: Mapping[str, str] = {}
    groups: Mapping[str, str] = {}
    make: Callable[[], Any] = lambda: None
    """Makes the part of the settings the table stands in, where the configuration has none."""

    def rows(self, settings: msgspec.Struct) -> list[Row]:
        """Return what stands in the table, in its order."""
        table: Mapping[str, Any] = held(settings, self.at, self.make)
        if self.by_value:
            keys: dict[str, list[str]] = {}
            for key, code in table.items():
                keys.setdefault(self.show(code), []).append(key)
            return [Row(code, " ".join(named)) for code, named in keys.items()]
        return [Row(code, self.show(value)) for code, value in table.items()]

    def lay(self, settings: S, rows: Sequence[Row]) -> S:
        """Return the settings with rows over the table."""
        table: Mapping[str, Any] = held(settings, self.at, self.make)
        new: dict[str, Any]
        if self.by_value:
            new = laid_by_value(table, [(row, self.read(row.code)) for row in rows])
        else:
            new = laid(table, [(row, self.read(row.value)) for row in rows])
        return put(settings, self.at, new, self.make)


class SlotsAt(msgspec.Struct, frozen=True, kw_only=True):
    """A table of single settings, each of which holds one code: the order type of persons, that of companies."""

    kind: Kind
    slots: Mapping[str, tuple[str, ...]]
    """The setting of each value."""
    read: Callable[[str], Any] = str
    usual: Mapping[str, str] = {}
    groups: Mapping[str, str] = {}
    make: Callable[[], Any] = lambda: None

    def rows(self, settings: msgspec.Struct) -> list[Row]:
        """Return the code of each value."""
        return [Row(str(held(settings, at, self.make)), value) for value, at in self.slots.items()]

    def lay(self, settings: S, rows: Sequence[Row]) -> S:
        """Return the settings with these codes."""
        for row in rows:
            settings = put(settings, self.slots[row.value], self.read(row.code), self.make)
        return settings


def only_read(before: Sequence[str], rows: Sequence[Row]) -> tuple[str, ...]:
    """Return the codes that are understood and never written, with rows over those that were."""
    said = {row.code for row in rows}
    kept = {code for code in before if code not in said}
    return tuple(sorted(kept | {row.code for row in rows if row.direction == "in"}))


def held(settings: Any, at: Sequence[str], make: Callable[[], Any]) -> Any:
    """Return what stands in one place of the settings."""
    for name in at[:-1]:
        settings = getattr(settings, name) or make()
    return getattr(settings, at[-1])


def put(settings: S, at: Sequence[str], value: object, make: Callable[[], Any]) -> S:
    """Return settings with something else in one place; `make` makes the part it stands in where there is none."""
    name, *rest = at
    new = put(getattr(settings, name) or make(), rest, value, make) if rest else value
    return msgspec.structs.replace(settings, **{name: new})
