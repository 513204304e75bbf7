"""A short way to ask the merge: one record, one shadow, one look, in words of three."""

from __future__ import annotations

from obmen.model import Record, Said, Value
from obmen.sync.laws import ALL, Laws
from obmen.sync.rules import Owner, Reader, Rule, Topology
from obmen.sync.settle import Moment, Settled, settle
from obmen.sync.shadow import Look, Shadow, View, Wire
from obmen.testkit.codecs import StrictCodec, Table

NOW = Moment(1000.0, "2026-01-01T00:00:00Z", "test")


class Nobody:
    """Bindings of a system that has none."""

    def record_of(self, entity: str, ref: str) -> int | None:
        return None

    def ref_of(self, entity: str, record_id: int) -> str | None:
        return None


def view(system: str = "shop", tables: dict[str, Table] | None = None) -> View:
    carried = ("name", "brand", "stage", "cancelled", "available", "prices", "parent", "payments", "slug")
    return View(system, StrictCodec(system, carried, tables or {}), Nobody())


def record(entity: str = "product", *, by: str = "erp", **atoms: Value) -> Record:
    said = (Said(by, "2025-12-31T00:00:00Z", "before", tuple(atoms)),)
    return Record(id=1, entity=entity, origin="erp", atoms=dict(atoms), said=said)


def topology(rule: Rule, entity: str = "product") -> Topology:
    return Topology(entity, ("erp",), Owner("erp"), dict.fromkeys(ATOMS, rule), (Reader(to="shop"),))


ATOMS = ("name", "brand", "stage", "cancelled", "available", "prices", "payments", "slug")


def settled(
    rule: Rule,
    *,
    held: dict[str, Wire] | Shadow | None,
    shown: dict[str, Wire],
    of: Record | None = None,
    system: str = "shop",
    tables: dict[str, Table] | None = None,
    defaults: dict[str, Wire] | None = None,
    laws: Laws = ALL,
    **look: object,
) -> Settled:
    """Settle what is shown against what was held; both are wire values of one system."""
    before = of or record(name="A")
    shadow = held if isinstance(held, Shadow | None) else Shadow(held=held, as_of=1, seen=1)
    return settle(
        record=before,
        shadow=shadow,
        look=Look(ref="r", fields=shown, **look),  # type: ignore[arg-type]
        read_at=5,
        view=view(system, tables),
        topology=topology(rule, before.entity),
        moment=NOW,
        defaults=defaults or {},
        laws=laws,
    )


def reasons(outcome: Settled) -> list[str]:
    return [entry.reason for entry in outcome.entries]
