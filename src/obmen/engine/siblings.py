"""Bare offers beside variants: a product sold by its variants is not sold as it is, whatever 1C exports."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from obmen.ledger.contract import Tx
from obmen.model import Record


def bare_siblings(tx: Tx, records: Iterable[Record], refs: Mapping[int, str]) -> frozenset[int]:
    """Return the new offers without characteristics whose product is sold by variants: 1C sends such, with no stock."""
    bare = [record for record in records if record.id not in refs and not record.atoms.get("characteristics")]
    if not bare:
        return frozenset()
    members = tx.lane_members({record.lane for record in bare}, "offer")
    ids = {number for numbers in members.values() for number in numbers}
    siblings = tx.records(ids)
    with_variants = {
        sibling.lane
        for sibling in siblings.values()
        if sibling.atoms.get("characteristics") and sibling.atoms.get("active") is not False
    }
    return frozenset(record.id for record in bare if record.lane in with_variants)


def gave_way(tx: Tx, connection: str, record: Record) -> bool:
    """Let go of an object that is gone from a system, if it was a bare offer there and gave way to variants.

    A shop sells a new product as it is until its first variant comes; from then on the product has no offer of its own.
    Nobody deleted it, and it is bound again once the shop shows it. Tells whether that is so.
    """
    if record.entity != "offer" or not bare_siblings(tx, [record], {}):
        return False
    tx.unbind(connection, [record.id], kind="gone")
    tx.drop_deliveries(connection, [record.id])
    tx.drop_shadows(connection, [record.id])
    return True
