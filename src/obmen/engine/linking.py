"""Linking: a person decides which object means which record. Each act is in the journal, with its reason.

    bind    this object is that record
    unbind  this object is not that record; it is left alone from now on
    split   this object is a thing of its own

That two records are one thing is said in `merging`. Nothing is written anywhere by these acts themselves; who is behind is said anew, and goes out by the usual way.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import msgspec

from obmen.connectors.contract import Source
from obmen.engine import holding, issues, outbox
from obmen.engine.holding import told
from obmen.engine.hub import Hub
from obmen.engine.settling import Arrival, resettle, settle_page
from obmen.errors import BadInput
from obmen.ledger.contract import HELD, Binding, Hold, Tx
from obmen.model import Record
from obmen.sync.reasons import Reason
from obmen.sync.shadow import Look, bind_key, bound_key


async def bind(hub: Hub, connection: str, entity: str, ref: str, record: int, *, why: str) -> None:
    """Say that an object of one system is this record, and settle what it shows.

    Raises `BadInput` where one of them belongs to another already, or the object is not there.
    """
    read_at = await hub.ledger.run(lambda tx: tx.tick())
    looks = await _looks(hub, connection, entity, ref)

    def store(tx: Tx) -> None:
        kept = record_of(tx, entity, record)
        _refuse_bound(tx, connection, kept, ref)
        refuse_open(tx, connection, [record])
        tx.drop_shadows(connection, [record])
        tx.bind([Binding(connection, entity, ref, record)])
        tx.drop_hold(connection, entity, record)
        tx.drop_deliveries(connection, [record])
        told(tx, hub, connection, record, Reason.LINKED, why, ref)
        tx.close_issues(
            [*issues.stranger_keys(connection, entity, ref), *_keys_of(connection, record)], at=hub.now()
        )
        if looks:
            settle_page(tx, hub, _arrival(connection, entity, looks, read_at, why))
        else:  # it comes by itself; until then it is behind on everything
            outbox.recompute(tx, hub, entity, records=[kept], changed=(), touched=connection)
        outbox.recompute_lane(tx, hub, connection, kept)
        wake(tx, hub, connection, entity, ref, record)

    await hub.ledger.run(store)


def unbind(tx: Tx, hub: Hub, connection: str, entity: str, record: int, *, why: str) -> str:
    """Say that the object bound in one system is not this record; return its ref.

    The object is left alone until it is bound again. A record whose object was deleted there is created anew; of one
    whose object still stands there nothing is written until a person binds another or releases it.
    """
    kept = record_of(tx, entity, record)
    refuse_open(tx, connection, [record])
    ref = tx.refs_of(connection, [record]).get(record)
    if ref is None:
        deleted = [one for one in tx.bindings([record]) if (one.connection, one.kind) == (connection, "gone")]
        if not deleted:
            raise _not_bound(connection, kept)
        tx.bind([one._replace(kind="apart") for one in deleted])
        ref = deleted[-1].ref
    else:
        tx.unbind(connection, [record], kind="apart")
        _hold(tx, hub, connection, kept, why)
    _forget(tx, hub, connection, kept)
    told(tx, hub, connection, record, Reason.PARTED, why, ref)
    return ref


async def split(hub: Hub, connection: str, entity: str, record: int, *, why: str) -> int:
    """Make the object of one system a record of its own, born from what it shows; return the new record.

    Of the old record nothing is written to that system until a person binds another object or releases it.
    """

    def known(tx: Tx) -> tuple[str, Mapping[str, object]]:
        kept = record_of(tx, entity, record)
        ref = tx.refs_of(connection, [record]).get(record)
        if ref is None:
            raise _not_bound(connection, kept)
        if {one.connection for one in tx.bindings([record]) if one.kind == "live"} == {connection}:
            raise BadInput(
                "linking.alone",
                f"«{issues.name_of(kept)}» is bound in {connection} only: there is nothing to split.",
                f"«{issues.name_of(kept)}» связана только в {connection}: делить нечего.",
            )
        return ref, tx.shadows(connection, [record])[record].held

    ref, held = await hub.ledger.run(known)
    read_at = await hub.ledger.run(lambda tx: tx.tick())
    looks = await _looks(hub, connection, entity, ref) or [Look(ref=ref, fields=dict(held))]  # type: ignore[arg-type]

    def store(tx: Tx) -> int:
        kept = record_of(tx, entity, record)
        refuse_open(tx, connection, [record])
        tx.unbind(connection, [record], kind="apart")
        _hold(tx, hub, connection, kept, why)
        _forget(tx, hub, connection, kept)
        arrival = _arrival(connection, entity, looks, read_at, why)
        settle_page(tx, hub, msgspec.structs.replace(arrival, separate=True))
        new = tx.bound(connection, entity, [ref])[ref]
        told(tx, hub, connection, record, Reason.DIVIDED, why, f"{ref} → {new}")
        told(tx, hub, connection, new, Reason.DIVIDED, why, f"{ref} ← {record}")
        return new

    return await hub.ledger.run(store)


# --- what the acts share ------------------------------------------------------------------------------------------


async def _looks(hub: Hub, connection: str, entity: str, ref: str) -> Sequence[Look]:
    """Look at an object where it can be asked for."""
    source = hub.connections[connection]
    if not isinstance(source, Source):
        return ()
    looks = await source.look(entity, [ref])
    if not looks or looks[0].gone or looks[0].merged_into is not None:
        raise BadInput(
            "linking.no_object",
            f"{connection} has no {entity} «{ref}»: look up its id there.",
            f"В {connection} нет объекта «{ref}» ({entity}): посмотрите его код в самой системе.",
        )
    return looks


def _arrival(connection: str, entity: str, looks: Sequence[Look], read_at: int, why: str) -> Arrival:
    return Arrival(connection=connection, entity=entity, looks=looks, read_at=read_at, evidence=why)


def record_of(tx: Tx, entity: str, number: int) -> Record:
    """Return a record that may be acted on; `BadInput` where it is not there or went into another."""
    found = tx.records([number]).get(number)
    if found is None or found.entity != entity:
        raise BadInput(
            "linking.no_record",
            f"There is no {entity} record № {number}.",
            f"Карточки № {number} ({entity}) нет.",
        )
    if found.merged_into is not None:
        raise BadInput(
            "linking.merged",
            f"Record № {number} was merged into № {found.merged_into}: name that one.",
            f"Карточка № {number} объединена с № {found.merged_into}: укажите её.",
        )
    return found


def _refuse_bound(tx: Tx, connection: str, record: Record, ref: str) -> None:
    known = tx.known(connection, record.entity, [ref]).get(ref)
    name = issues.name_of(record)
    if known is not None and known.kind == "live":
        other = issues.name_of(tx.records([known.record])[known.record])
        raise BadInput(
            "linking.taken",
            f"{connection} «{ref}» is bound to «{other}» (№ {known.record}) already: unbind it first, or merge the two records.",
            f"{connection} «{ref}» уже связан с «{other}» (№ {known.record}): сначала снимите эту связь или объедините карточки.",
        )
    there = tx.refs_of(connection, [record.id]).get(record.id)
    if there is not None:
        raise BadInput(
            "linking.has_another",
            f"«{name}» is bound to «{there}» in {connection} already: unbind that first.",
            f"«{name}» уже связана в {connection} с «{there}»: сначала снимите эту связь.",
        )


def refuse_open(tx: Tx, connection: str, records: Sequence[int]) -> None:
    """Refuse to act in the middle of a write: `BadInput`."""
    if tx.attempts(connection, records):
        raise BadInput(
            "linking.open",
            f"A write to {connection} is under way and its outcome is not known yet: try again in a few minutes.",
            f"В {connection} идёт запись, исход ещё не известен: повторите через несколько минут.",
        )


def _not_bound(connection: str, record: Record) -> BadInput:
    name = issues.name_of(record)
    return BadInput(
        "linking.not_bound",
        f"«{name}» is not bound in {connection}.",
        f"«{name}» не связана в {connection}.",
    )


def _keys_of(connection: str, record: int) -> tuple[str, ...]:
    return (*issues.settled_keys(connection, record), issues.gone_key(connection, record))


def _hold(tx: Tx, hub: Hub, connection: str, record: Record, why: str) -> None:
    """Let nothing be created in place of an object that still stands there."""
    if hub.topologies[record.entity].reader(connection) is not None:
        tx.put_hold(Hold(connection, record.entity, record.id, hub.now(), why))


def _forget(tx: Tx, hub: Hub, connection: str, record: Record) -> None:
    """Forget what a record held in a system, and say anew what that system is behind on."""
    tx.drop_shadows(connection, [record.id])
    tx.drop_deliveries(connection, [record.id])
    tx.close_issues(_keys_of(connection, record.id), at=hub.now())
    outbox.recompute(tx, hub, record.entity, records=[record], changed=(), touched=connection)
    kept_back = holding.held_back(tx, connection, record.entity)
    rows = tx.deliveries(connection, [record.id]).values()
    tx.reschedule(
        [
            msgspec.structs.replace(row, state=HELD, reason=Reason.HELD_PERSON.code)
            for row in rows
            if kept_back(row.record)
        ]
    )
    outbox.recompute_lane(tx, hub, connection, record)


def wake(tx: Tx, hub: Hub, connection: str, entity: str, ref: str, record: int) -> None:
    """Let go on what waited for a ref to mean a record, or for a record to be there."""
    woken = tx.woken([bind_key(connection, entity, ref), bound_key(connection, record)])
    if woken:
        resettle(tx, hub, woken)
