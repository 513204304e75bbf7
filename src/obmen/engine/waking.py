"""Wake-ups: what must be looked at again, kept in the inbox until it has been.

A look that came too late, or during a write, is not taken; it may still carry an edit that no cursor will show
again. So it leaves a wake-up: an envelope of kind `hook`, the same that a vendor's thin webhook ("deal 17 changed")
becomes. A system that cannot be asked leaves the look itself.
"""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from obmen.connectors.contract import Source
from obmen.engine.hub import Hub
from obmen.ledger.contract import StoredEnvelope, Tx
from obmen.sync.shadow import Look

HOOK = "hook"


class Wake(msgspec.Struct, frozen=True, kw_only=True):
    """The body of a hook: these objects of one entity have to be looked at."""

    entity: str
    refs: tuple[str, ...] = ()
    names: tuple[str, ...] = ()
    """Ids of another system by which the vendor named them (`Nicknames`)."""
    looks: tuple[Look, ...] = ()
    """What was shown, where the system cannot be asked."""
    records: tuple[int, ...] = ()
    """What these objects will be bound to when a write that is under way has ended."""
    read_at: int = 0


def remember(
    tx: Tx,
    hub: Hub,
    connection: str,
    entity: str,
    looks: Sequence[Look],
    *,
    read_at: int,
    why: str,
    records: Sequence[int] = (),
) -> int:
    """Store the wake-up of these looks; return the number of its envelope."""
    asked = isinstance(hub.connections[connection], Source)
    wake = Wake(
        entity=entity,
        refs=tuple(dict.fromkeys(look.ref for look in looks)) if asked else (),
        looks=() if asked else tuple(looks),
        records=tuple(records),
        read_at=read_at,
    )
    return tx.accept(
        StoredEnvelope(
            id=0,
            connection=connection,
            kind=HOOK,
            name=why,
            key=f"{why}:{entity}:{tx.tick()}",
            path="",
            body=msgspec.json.encode(wake),
            session="",
            since=0.0,
            scope="",
            state="waiting",
            position=0,
            received=0,
            counters={},
            received_at=hub.now(),
        )
    )


def wake_of(stored: StoredEnvelope) -> Wake:
    """Read the body of a hook."""
    return msgspec.json.decode(stored.body, type=Wake)
