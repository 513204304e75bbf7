"""Wake what waited for a code that can be read now: a later file has defined it, or its picture has come."""

from __future__ import annotations

from obmen.engine import issues
from obmen.engine.hub import Bindings, Hub, view_of
from obmen.engine.settling import resettle
from obmen.ledger.contract import Tx
from obmen.model import ENTITIES, Record
from obmen.sync.shadow import Blocked, Shadow


def awaken(tx: Tx, hub: Hub, connection: str) -> int:
    """Settle again, from what is held, what today's tables of a connection can read; return how many codes that were."""
    prefix = f"map:{connection}:"
    waiting = {
        waiter.record
        for key, waiter in tx.waiters()
        if key.startswith(prefix) and (waiter.connection, waiter.kind) == (connection, "look")
    }
    if not waiting:
        return 0
    shadows = tx.shadows(connection, waiting)
    readable: set[str] = set()
    for number, record in tx.records(waiting).items():
        if number in shadows:
            readable |= _readable(hub, connection, record, shadows[number], prefix)
    if readable:
        tx.close_issues([issues.unmapped_key(key) for key in readable], at=hub.now())
        resettle(tx, hub, tx.woken(readable))
    return len(readable)


def _readable(hub: Hub, connection: str, record: Record, shadow: Shadow, prefix: str) -> set[str]:
    view = view_of(hub, connection, record.entity, Bindings())
    entity = ENTITIES[record.entity]
    return {
        key
        for atom, key in shadow.blocked.items()
        if key.startswith(prefix)
        and not isinstance(view.decode(entity.atom(atom), atom, shadow.held[atom]), Blocked)
    }
