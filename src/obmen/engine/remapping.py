"""Try again what waits for a code: a name, a picture, a choice in a list that may have come meanwhile.

A table saved in the hub is projected at once (`reprojecting`). Of tables that vendors keep nobody tells: a file names
a property that an earlier file used, a picture comes in another upload, somebody adds a VAT rate in the shop.
"""

from __future__ import annotations

from collections.abc import Sequence

from obmen.engine import issues
from obmen.engine.hub import Bindings, Hub, view_of
from obmen.engine.settling import resettle
from obmen.ledger.contract import Tx, Waiter
from obmen.model import ENTITIES
from obmen.sync.shadow import Blocked

BATCH = 500
"""Keys per transaction."""


async def reread(hub: Hub, connection: str) -> int:
    """Settle what this system showed and can be read by now; return how many codes that were. Cheap when none wait."""
    count, after = 0, ""
    while True:
        waiting = await hub.ledger.run(
            lambda tx, after=after: tx.waited_for(_prefix(connection), "look", after=after, limit=BATCH)  # type: ignore[misc]
        )
        if not waiting:
            return count
        count += await hub.ledger.run(lambda tx, waiting=waiting: _reread(tx, hub, connection, waiting))  # type: ignore[misc]
        after = waiting[-1][0]


async def rewrite(hub: Hub, connection: str) -> int:
    """Plan anew the writes to this system that wait for a code there; return how many codes they waited for."""
    count, after = 0, ""
    while True:
        waiting = await hub.ledger.run(
            lambda tx, after=after: tx.waited_for(_prefix(connection), "write", after=after, limit=BATCH)  # type: ignore[misc]
        )
        if not waiting:
            return count
        keys = [key for key, _ in waiting]
        await hub.ledger.run(lambda tx, keys=keys: resettle(tx, hub, tx.woken(keys)))  # type: ignore[misc]
        count, after = count + len(keys), keys[-1]


def _reread(tx: Tx, hub: Hub, connection: str, waiting: Sequence[tuple[str, Waiter]]) -> int:
    ids = {waiter.record for _, waiter in waiting}
    records = tx.records(ids)
    shadows = tx.shadows(connection, ids)
    readable: list[str] = []
    for key, waiter in waiting:
        record, shadow = records.get(waiter.record), shadows.get(waiter.record)
        blocked = shadow.blocked if shadow is not None else {}
        atoms = [atom for atom, wakes_on in blocked.items() if wakes_on == key]
        if record is None or shadow is None or not atoms:
            readable.append(key)  # who stands for it waits no more; the others say again what they wait for
            continue
        view = view_of(hub, connection, record.entity, Bindings())
        decoded = (view.decode(ENTITIES[record.entity].atom(atom), atom, shadow.held[atom]) for atom in atoms)
        if not all(isinstance(value, Blocked) and value.wakes_on == key for value in decoded):
            readable.append(key)
    if readable:
        tx.close_issues([issues.unmapped_key(key) for key in readable], at=hub.now())
        resettle(tx, hub, tx.woken(readable))
    return len(readable)


def _prefix(connection: str) -> str:
    return f"map:{connection}:"
