"""Reserves: what orders have taken of the stock and its owner does not count yet.

    available = the owner's stock - what orders keep - the safety stock

An order keeps its goods from the moment it is seen until the owner of the stock has taken it *and* has shown the stock
of that offer again: only then does his number leave it out. Where his stock never does (`owner_reserves = false`), it
keeps them until they are shipped. A cancelled order keeps nothing; one that waits for its money keeps for a while.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from datetime import datetime
from decimal import Decimal

import msgspec

from obmen.engine import outbox
from obmen.engine.hub import Hub
from obmen.ledger.contract import NEVER, Reserve, Tx
from obmen.model import Record, decimal, plain
from obmen.sync.derived import with_available
from obmen.sync.facts import is_paid, is_prepaid
from obmen.sync.reserves import reserved
from obmen.sync.rules import Owner

_AVAILABLE = "available"


def owner_of_stock(hub: Hub) -> str | None:
    """Return the connection whose stock is sold, where orders can take from it; None where nothing is reserved."""
    if "order" not in hub.topologies or "offer" not in hub.topologies:
        return None
    rule = hub.topologies["offer"].rule("stock")
    return rule.connection if isinstance(rule, Owner) else None


def kept(tx: Tx, hub: Hub, offers: Collection[int]) -> dict[int, Decimal]:
    """Return how much of each of these offers is kept by orders."""
    totals: defaultdict[int, Decimal] = defaultdict(Decimal)
    if owner_of_stock(hub) is not None:
        for reserve in tx.reserves_of(offers):
            totals[reserve.offer] += decimal(reserve.quantity)
    return totals


def note(tx: Tx, hub: Hub, connection: str, orders: Sequence[Record], *, read_at: int) -> None:
    """Bring what these orders keep up to date after a look of `connection` changed them."""
    owner = owner_of_stock(hub)
    if owner is None:
        return
    ids = [order.id for order in orders]
    before: defaultdict[int, dict[int, Reserve]] = defaultdict(dict)
    for reserve in tx.reserves(ids):
        before[reserve.order][reserve.offer] = reserve
    known_there = tx.refs_of(owner, ids)
    stored: list[Reserve] = []
    dropped: list[tuple[int, int]] = []
    fallen: defaultdict[str, defaultdict[int, Decimal]] = defaultdict(lambda: defaultdict(Decimal))
    for order in orders:
        old = before[order.id]
        until = _until(hub, order)
        wanted = reserved(order) if order.origin != owner and until > hub.now() else {}
        if order.id in known_there:  # what its owner knows of he counts himself; only what was kept goes on
            wanted = {offer: quantity for offer, quantity in wanted.items() if offer in old}
        known_at = read_at if connection == owner else 0
        for offer in wanted.keys() | old.keys():
            quantity = wanted.get(offer, Decimal(0))
            was = old.get(offer)
            fallen[order.origin][offer] += quantity - (decimal(was.quantity) if was else Decimal(0))
            if quantity:
                since = (was.known_at if was else 0) or known_at
                stored.append(Reserve(order.id, offer, plain(quantity), since, until))
            else:
                dropped.append((order.id, offer))
    tx.put_reserves([reserve for reserve in stored if before[reserve.order].get(reserve.offer) != reserve])
    tx.drop_reserves(dropped)
    for origin, offers in fallen.items():
        _sold_there(tx, hub, origin, {offer: by for offer, by in offers.items() if by})
    bring_up_to_date(tx, hub, {offer for offers in fallen.values() for offer, by in offers.items() if by})


def acknowledged(tx: Tx, hub: Hub, connection: str, orders: Collection[int], *, tick: int) -> None:
    """Note that a system has taken these orders; the owner of the stock counts them from his next stock on."""
    if connection == owner_of_stock(hub):
        known = [reserve._replace(known_at=tick) for reserve in tx.reserves(orders) if not reserve.known_at]
        tx.put_reserves(known)


def counted(tx: Tx, hub: Hub, connection: str, offers: Collection[int], *, read_at: int) -> None:
    """Let go of what orders kept of these offers, whose stock the owner has shown after he took the orders."""
    if connection == owner_of_stock(hub) and hub.selling.owner_reserves:
        seen = frozenset(offers)
        _let_go(tx, hub, [reserve for reserve in tx.known_reserves(before=read_at) if reserve.offer in seen])


def expire(tx: Tx, hub: Hub) -> int:
    """Let go of what orders kept that nobody paid in time; return how many."""
    expired = tx.expired_reserves(now=hub.now())
    _let_go(tx, hub, expired)
    return len({reserve.order for reserve in expired})


def _let_go(tx: Tx, hub: Hub, reserves: Sequence[Reserve]) -> None:
    if reserves:
        tx.drop_reserves([(reserve.order, reserve.offer) for reserve in reserves])
        bring_up_to_date(tx, hub, {reserve.offer for reserve in reserves})


def bring_up_to_date(tx: Tx, hub: Hub, offers: Iterable[int]) -> None:
    """Compute anew what may be sold of these offers, and who is behind."""
    records = tx.records(sorted(offers))
    if not records:
        return
    taken = kept(tx, hub, records)
    at = hub.moment("").at
    moved: list[Record] = []
    for record in records.values():
        derived, changed = with_available(record, hub.selling, at, taken.get(record.id, Decimal(0)))
        if changed:
            moved.append(msgspec.structs.replace(derived, version=record.version + 1))
    if moved:
        tx.put_records(moved, new=False, keys={"offer": hub.key_atoms("offer")})
    # Even where the number is the same: what we believe stands in a shop may have moved.
    everyone = {record.id: record for record in records.values()} | {record.id: record for record in moved}
    outbox.recompute(
        tx,
        hub,
        "offer",
        records=list(everyone.values()),
        changed=set(everyone),
        touched="",
    )


def _sold_there(tx: Tx, hub: Hub, channel: str, sold: dict[int, Decimal]) -> None:
    """Note that a channel that reserves by itself has lowered its own number by its own orders."""
    target = hub.connections.get(channel)
    if target is None or not sold or not target.traits("order").reserves:
        return
    moved = {}
    for offer, shadow in tx.shadows(channel, sold).items():
        stands = shadow.sent_of(_AVAILABLE)
        if isinstance(stands, str | int | float) and not isinstance(stands, bool):
            left = plain(max(Decimal(0), decimal(str(stands)) - sold[offer]))
            moved[offer] = msgspec.structs.replace(
                shadow, sent={**shadow.sent, _AVAILABLE: _like(stands, left)}
            )
    if moved:
        tx.put_shadows(channel, "offer", moved)


def _like(stands: str | float, left: str) -> str | int | float:
    """Return a quantity in the form the system spells it in."""
    if isinstance(stands, str):
        return left
    return int(left) if left.isdecimal() else float(left)


def _until(hub: Hub, order: Record) -> float:
    """Return until when an order keeps its goods: for ever, unless it is to be paid in advance and is not."""
    if is_paid(order.atoms) or not is_prepaid(order.atoms):
        return NEVER
    placed = order.atoms.get("placed")
    since = datetime.fromisoformat(placed).timestamp() if isinstance(placed, str) else hub.now()
    return since + hub.selling.unpaid_s
