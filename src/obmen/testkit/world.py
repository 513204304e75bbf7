"""A small world for the referee: a hub, a file source, three toy systems, one clock, and what is on its way.

`erp` sends files and owns the catalogue; `shop` spells exactly, takes orders and sells; `crm` is lossy: it cuts,
strips, has several codes for one fact and may decide some things; `retail` rounds, and joins when the ledger is full;
`till` comes and takes orders, where a world has one.
"""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager
from random import Random
from typing import Any, Protocol, TypeVar, runtime_checkable

from obmen.engine import outbox
from obmen.engine.hub import Hub, Matching
from obmen.engine.reprojecting import reproject
from obmen.ledger.contract import Ledger, Tx
from obmen.model import Record, Value
from obmen.sync.facts import STAGES
from obmen.sync.guard import Limits
from obmen.sync.laws import ALL, Laws
from obmen.sync.rules import (
    Each,
    Forward,
    Latest,
    Once,
    Origin,
    Owner,
    Priority,
    Reader,
    Review,
    Rule,
    Topology,
)
from obmen.sync.shadow import Wire
from obmen.testkit.codecs import LossyCodec, StrictCodec, Table
from obmen.testkit.collector import Collector
from obmen.testkit.shelf import Kind, Shelf
from obmen.testkit.toys import FileToy, Toy

T = TypeVar("T")

START = 1_700_000_000.0
LEASE_S = 60.0

STAGE_CODES: Table = {stage: (stage,) for stage, _ in STAGES.ranks}
CRM_STAGES: Table = {
    "NEW": ("new",),
    "PREP": ("confirmed", "supply", "assembling"),
    "EXEC": ("delivery",),
    "X1": ("delivery",),
    "WON": ("done",),
}

RULES: dict[str, dict[str, Rule]] = {
    "product": {
        "slug": Once("shop"),
        "brand": Priority(("erp", "crm", "shop")),
        "country": Review(),
        "manufacturer": Latest(),
        "description": Owner("shop"),
    },
    "offer": {},
    "order": {
        "stage": Forward(STAGES, ("shop", "crm", "retail")),
        "cancelled": Priority(("shop", "crm")),
        "payments": Each(),
        "responsible": Owner("crm"),
    },
}
DEFAULT: dict[str, Rule] = {"product": Owner("erp"), "offer": Owner("erp"), "order": Origin()}
NATURAL = {"product": "sku", "order": "number"}
CREATORS = {"product": ("erp",), "offer": ("erp",), "order": ("shop",)}
ORDER = ("number", "stage", "cancelled", "payments.shop", "payments.crm", "comment", "responsible")
_FAMILIES = frozenset(atom.partition(".")[0] for atom in ORDER)


def run(work: Coroutine[Any, Any, T]) -> T:
    """Run a coroutine that never suspends to its end."""
    try:
        work.send(None)
    except StopIteration as stop:
        return stop.value  # type: ignore[no-any-return]  # the coroutine's own type says T
    work.close()
    raise RuntimeError("a toy's coroutine must not suspend")


@runtime_checkable
class Backups(Protocol):
    """A ledger that can be put back in time."""

    def backup(self) -> object:
        """Return a copy of everything."""

    def restore(self, backup: Any) -> None:
        """Put it back."""


class Inline:
    """A ledger whose `run` stays in this thread, so that a driver can step through the engine."""

    def __init__(self, ledger: Ledger) -> None:
        self.ledger = ledger
        self.page = ledger.page

    @contextmanager
    def begin(self) -> Iterator[Tx]:
        """Open a transaction."""
        with self.ledger.begin() as tx:
            yield tx

    async def run(self, work: Callable[[Tx], T]) -> T:
        """Run a function in a transaction, here and now."""
        with self.ledger.begin() as tx:
            return work(tx)

    async def close(self) -> None:
        """Let go of the database."""
        await self.ledger.close()

    def backup(self) -> object:
        """Return a copy of everything, None where the ledger is one whose backups are not ours to make."""
        return self.ledger.backup() if isinstance(self.ledger, Backups) else None

    def restore(self, backup: object) -> None:
        """Put the ledger back in time."""
        if isinstance(self.ledger, Backups):
            self.ledger.restore(backup)


class World:
    """Everything there is. The driver moves it, the oracles look at it."""

    def __init__(self, ledger: Ledger, *, laws: Laws = ALL, retail: bool = False, till: bool = False) -> None:
        self.ledger = Inline(ledger)
        self.laws = laws
        self.clock = START
        self.edits = 1000
        """Number of the newest edit anywhere; every value typed carries one."""
        self.tables: dict[str, dict[str, Table]] = {
            "erp": {"kind": {"G": ("goods",), "S": ("service",)}},
            "shop": {"stage": dict(STAGE_CODES)},
            "crm": {"kind": {"1": ("goods",), "2": ("service",)}, "stage": dict(CRM_STAGES)},
            "retail": {"stage": dict(STAGE_CODES), "kind": {"goods": ("goods",), "service": ("service",)}},
        }
        self.erp = FileToy("erp", kinds=ERP, codecs=self._codecs("erp", ERP), now=self.now)
        self.shop = self._toy("shop", SHOP)
        self.crm = self._toy("crm", CRM, lossy=True, normalise=_strip)
        self.retail = self._toy("retail", RETAIL, normalise=_round)
        self.till = (
            Collector("till", StrictCodec("till", _FAMILIES, {"stage": STAGE_CODES})) if till else None
        )
        self.readers = ["shop", "crm"]
        self.hub = self._hub()
        if retail:
            self.open_retail()

    def now(self) -> float:
        """Return the world's time, epoch seconds."""
        return self.clock

    @property
    def toys(self) -> list[Toy]:
        """Return the systems that are asked and written to."""
        return [getattr(self, name) for name in self.readers]

    def shelf(self, name: str) -> Shelf:
        """Return a system by name."""
        found: Shelf = getattr(self, name)
        return found

    def toy(self, name: str) -> Toy:
        """Return a system that is asked and written to by name."""
        return next(toy for toy in self.toys if toy.name == name)

    def begin(self) -> Any:
        """Open a transaction of the hub's ledger."""
        return self.ledger.begin()

    def pass_time(self, seconds: float) -> None:
        """Let time pass and late writes land, in the order they were due."""
        end = self.clock + seconds
        for at in sorted(at for toy in self.toys for at, _ in toy.late if at <= end):
            self.clock = at
            for toy in self.toys:
                toy.land()
        self.clock = end

    def open_retail(self) -> None:
        """Add a reader to a ledger that may be full already."""
        if "retail" in self.readers:
            return
        self.readers.append("retail")
        self.hub = self._hub()
        with self.begin() as tx:
            for entity in ("product", "offer", "order"):
                outbox.project(tx, self.hub, "retail", entity)

    def edit_table(self, system: str, atom: str, table: Table) -> None:
        """Save a mapping table; what it touches is judged anew in one transaction."""
        self.tables[system][atom] = table
        entity = "order" if atom == "stage" else "product"
        for codec in self.shelf(system).codecs.values():
            codec.tables[atom] = table  # type: ignore[attr-defined]  # toys' codecs have tables
        with self.begin() as tx:
            reproject(tx, self.hub, system, entity)

    def allow(self, value: Value) -> None:
        """Tell the toys that a person has confirmed a price."""
        amount = str(value).partition(" ")[0]
        for toy in self.toys:
            toy.allowed = max(toy.allowed, float(amount) if amount.replace(".", "").isdigit() else 0.0)

    def next_edit(self) -> int:
        """Return the number of a new edit."""
        self.edits += 1
        return self.edits

    # --- making it ------------------------------------------------------------------------------------------------

    def _codecs(self, name: str, kinds: dict[str, Kind], *, lossy: bool = False) -> dict[str, StrictCodec]:
        make = LossyCodec if lossy else StrictCodec
        return {
            entity: make(name, {atom.partition(".")[0] for atom in kind.atoms}, self._tables(name, entity))
            for entity, kind in kinds.items()
        }

    def _tables(self, name: str, entity: str) -> dict[str, Table]:
        atoms = {"order": ("stage",), "product": ("kind",)}.get(entity, ())
        return {atom: table for atom, table in self.tables[name].items() if atom in atoms}

    def _toy(
        self,
        name: str,
        kinds: dict[str, Kind],
        *,
        lossy: bool = False,
        normalise: Callable[[str, Wire], Wire] = lambda _, wire: wire,
    ) -> Toy:
        decides = {
            (entity, atom)
            for entity, kind in kinds.items()
            for atom in kind.atoms
            if may_decide(name, entity, atom)
        }
        return Toy(
            name,
            kinds=kinds,
            codecs=self._codecs(name, kinds, lossy=lossy),
            now=self.now,
            decides=decides,
            normalise=normalise,
        )

    def _hub(self) -> Hub:
        readers = tuple(Reader(to=name, when=CONDITIONS.get(name)) for name in self.readers)
        plain = tuple(Reader(to=name) for name in self.readers)
        taking = () if self.till is None else (self.till,)
        readers += tuple(Reader(to=till.name) for till in taking)
        return Hub(
            ledger=self.ledger,
            connections={"erp": self.erp, **{one.name: one for one in (*self.toys, *taking)}},
            topologies={
                entity: Topology(
                    entity,
                    CREATORS[entity],
                    DEFAULT[entity],
                    RULES[entity],
                    tuple(
                        reader
                        for reader in (readers if entity == "order" else plain)
                        if reader.to == "till" or entity in self.shelf(reader.to).kinds
                    ),
                )
                for entity in RULES
            },
            now=self.now,
            rng=Random(0),
            matching={
                (name, entity): matching
                for entity in RULES
                for name, matching in {
                    "shop": Matching(keys=("xml_id",), keyed_by="erp"),
                    "retail": Matching(keys=("xml_id", NATURAL.get(entity, "")), keyed_by="erp"),
                    "crm": Matching(keys=(NATURAL.get(entity, ""),)),
                }.items()
            },
            limits=Limits(),
            lease_s=LEASE_S,
            laws=self.laws,
        )


def may_decide(system: str, entity: str, atom: str) -> bool:
    """Tell, from the tables above alone, whether a person's edit there can ever become the record's."""
    rule = RULES[entity].get(atom) or RULES[entity].get(atom.partition(".")[0]) or DEFAULT[entity]
    match rule:
        case Owner(connection):
            return connection == system
        case Once(by, _):
            return by == system
        case Origin():
            return system in CREATORS[entity]
        case Each():
            return atom == f"payments.{system}"
        case Priority(order):
            return system in order
        case Forward(_, any_of):
            return system in any_of
        case _:
            return True


def _is_ripe(record: Record) -> bool:
    return record.atoms.get("stage") != "new" and not record.atoms.get("cancelled")


CONDITIONS = {"retail": _is_ripe}


def _strip(atom: str, wire: Wire) -> Wire:
    """Cut long texts, as the codec knows, and drop hyphens, as it does not.

    Hyphens stay where the system may decide: an unknown change of its own would be its word there after a lost answer.
    """
    if isinstance(wire, str) and atom in {"name", "comment"}:
        wire = wire.replace("-", "")
    return wire[: LossyCodec.width] if isinstance(wire, str) else wire


def _round(atom: str, wire: Wire) -> Wire:
    """Round prices to the whole, without telling."""
    if isinstance(wire, str) and atom.startswith("prices"):
        amount, _, currency = wire.partition(" ")
        return f"{amount.partition('.')[0]}.00 {currency}"
    return wire


ERP = {
    "product": Kind(atoms=("name", "sku", "slug", "brand", "kind", "parent", "active"), required=("name",)),
    "offer": Kind(atoms=("product", "prices.retail", "stock.main", "active")),
}
SHOP = {
    "product": Kind(
        atoms=("name", "sku", "slug", "brand", "country", "manufacturer", "description", "parent", "active"),
        required=("name",),
        defaults={"description": "", "active": True},
    ),
    "offer": Kind(
        atoms=("product", "prices.retail", "available", "active"),
        required=("product",),
        defaults={"prices.retail": "0.00 RUB", "available": "0", "active": True},
    ),
    "order": Kind(atoms=ORDER, required=("number",), defaults={"comment": ""}),
}
CRM = {
    "product": Kind(
        atoms=("name", "sku", "brand", "country", "manufacturer", "kind", "active"),
        required=("name",),
        defaults={"country": "ru", "active": "Y"},
        natural="sku",
    ),
    "order": Kind(
        atoms=ORDER, required=("number",), defaults={"responsible": "robot", "stage": "NEW"}, natural="number"
    ),
}
RETAIL = {
    "product": Kind(
        atoms=("name", "sku", "kind", "active"), required=("name",), defaults={"active": True}, natural="sku"
    ),
    "offer": Kind(
        atoms=("product", "prices.retail", "active"),
        required=("product",),
        defaults={"prices.retail": "0.00 RUB", "active": True},
    ),
    "order": Kind(
        atoms=("number", "stage", "cancelled", "payments.shop", "payments.crm"),
        required=("number",),
        natural="number",
    ),
}
