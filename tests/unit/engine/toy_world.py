"""What tests of the engine say in one line: let 1C send, let the hub write, look at what stands where."""

from __future__ import annotations

from obmen.engine.delivering import deliver
from obmen.engine.intake import stored_of
from obmen.engine.unpacking import unpack

GOODS = ("product", "offer")


def product(world, **fields):
    """A product in the accounting system."""
    return world.erp.person_creates("product", {"name": "Дрель", "sku": "D-1", **fields})


def offer(world, of, **fields):
    """An offer of a product in the accounting system."""
    given = {"product": of.ref, "prices.retail": "100.00 RUB", "stock.main": "5", "active": True}
    return world.erp.person_creates("offer", {**given, **fields})


def accept(world, envelope):
    """Put an envelope into the inbox and return its number."""
    with world.begin() as tx:
        return tx.accept(stored_of(envelope, world.now()))


async def send(world, *, complete=False, entities=GOODS, refs=()):
    """Let the accounting system send a file, and settle it."""
    return await unpack(
        world.hub, accept(world, world.erp.export(complete=complete, entities=entities, refs=refs))
    )


async def write(world, connection="shop", rounds=10):
    """Deliver until nothing is ready; return how many rows went."""
    count = 0
    for _ in range(rounds):
        went = await deliver(world.hub, connection)
        count += went
        if not went:
            break
    return count


def record(world, ref, entity="product", connection="erp"):
    """The record a ref of the accounting system means."""
    with world.begin() as tx:
        number = tx.bound(connection, entity, [ref])[ref]
        return tx.records([number])[number]


def rows(world, connection="shop"):
    """The outbox of a system: record, state and reason."""
    with world.begin() as tx:
        return {row.record: (row.state, row.reason) for row in tx.outbox(connection)}


def history(world, number):
    """The reasons in the journal of a record, oldest first."""
    with world.begin() as tx:
        lines = tx.history(number)
    return [entry.reason for told in reversed(lines) for entry in told.line.entries]


def issue_keys(world):
    """The keys of the open issues."""
    with world.begin() as tx:
        return sorted(opened.issue.key for opened in tx.issues())
