"""Guards: when an exchange is quiet, release what is ordinary and ask about what is too much at once."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import msgspec

from obmen.engine import outbox
from obmen.engine.hub import Hub
from obmen.ledger.contract import Danger as Held
from obmen.ledger.contract import Issue, JournalLine, Tx
from obmen.sync.guard import Change, Danger, danger, digest, is_held
from obmen.sync.reasons import Reason
from obmen.sync.settle import Entry

WORDS = {
    Danger.ZERO_STOCK: ("offers would lose all their stock", "предложений останутся без остатка"),
    Danger.ZERO_PRICE: ("prices would become zero", "цен станут нулевыми"),
    Danger.PRICE_JUMP: ("prices would change threefold or more", "цен изменятся в три раза и больше"),
    Danger.DISAPPEARANCE: ("objects would be withdrawn from sale", "позиций будут сняты с продажи"),
}


def note(tx: Tx, connection: str, dangers: Sequence[Held]) -> None:
    """Note dangers; where one is noted already, what counts is the value from before the first of them."""
    known = {(item.record, item.atom): item.before for item in tx.dangers(connection)}
    tx.put_dangers(
        [
            msgspec.structs.replace(item, before=known.get((item.record, item.atom), item.before))
            for item in dangers
        ]
    )


def evaluate(tx: Tx, hub: Hub, connection: str) -> list[str]:
    """Look at everything dangerous a system said since it was last quiet; return the digests asked about."""
    held = _still(tx, hub, connection)
    asked: list[str] = []
    for kind in Danger:
        group = [item for item in held if item.kind == kind.value]
        if not group:
            continue
        total = sum(tx.count_bound(connection, entity) for entity in {item.entity for item in group})
        if is_held(kind, len({item.record for item in group}), total, hub.limits):
            asked.append(_ask(tx, hub, connection, kind, group, total))
        else:
            release(tx, hub, connection, group)
    stale = [
        f"guard:{connection}:{kind.value}" for kind in Danger if not any(i.kind == kind.value for i in held)
    ]
    tx.close_issues(stale, at=hub.now())
    return asked


def _still(tx: Tx, hub: Hub, connection: str) -> list[Held]:
    """Return what is dangerous as the records stand now; let the rest go."""
    noted = tx.dangers(connection)
    records = tx.records({item.record for item in noted})
    calm: list[Held] = []
    still: list[Held] = []
    for item in noted:
        now = records[item.record].atoms.get(item.atom)
        kind = danger(Change(item.record, item.atom, item.before, now), hub.limits)
        if item.kind == Danger.DISAPPEARANCE.value or (kind is not None and now == item.after):
            still.append(item)
        elif kind is None:
            calm.append(item)
        else:
            still.append(msgspec.structs.replace(item, kind=kind.value, after=now, state="pending"))
    if calm:
        release(tx, hub, connection, calm)
    if still != noted:
        tx.put_dangers(still)
    return still


def digest_of(kind: Danger, group: Sequence[Held]) -> str:
    """Return the digest of exactly these changes."""
    return digest(kind, (Change(item.record, item.atom, item.before, item.after) for item in group))


class Asked(NamedTuple):
    """A set of dangerous changes that waits for a person."""

    connection: str
    kind: Danger
    changes: int
    digest: str


def asked_about(tx: Tx, hub: Hub) -> list[Asked]:
    """Return what is held now, each set with the digest that stands for exactly it."""
    found: list[Asked] = []
    for connection in hub.connections:
        held = tx.dangers(connection)
        for kind in Danger:
            group = [item for item in held if item.kind == kind.value]
            if group:
                found.append(Asked(connection, kind, len(group), digest_of(kind, group)))
    return found


def confirm(tx: Tx, hub: Hub, asked: str) -> int:
    """Let go what a digest stands for; return how many changes. Zero means the set is another one by now."""
    for connection in hub.connections:
        held = tx.dangers(connection)
        for kind in Danger:
            group = [item for item in held if item.kind == kind.value]
            if group and digest_of(kind, group) == asked:
                if kind is Danger.DISAPPEARANCE:
                    from obmen.engine.absence import withdraw  # noqa: PLC0415 - absence asks the guard first

                    withdraw(tx, hub, connection, group)
                release(tx, hub, connection, group)
                tx.close_issues([f"guard:{connection}:{kind.value}"], at=hub.now())
                return len(group)
    return 0


def release(tx: Tx, hub: Hub, connection: str, group: Sequence[Held]) -> None:
    """Forget dangers and let the deliveries they held go."""
    tx.drop_dangers(connection, [(item.record, item.atom) for item in group])
    still = {item.record for item in tx.dangers(connection)}
    free = sorted({item.record for item in group} - still)
    records = tx.records(free)
    for entity in sorted({record.entity for record in records.values()}):
        here = [record for record in records.values() if record.entity == entity]
        for reader in hub.topologies[entity].readers:
            rows = tx.deliveries(reader.to, [record.id for record in here])
            freed = [
                msgspec.structs.replace(outbox.row(hub, reader.to, records[number]), since=row.since)
                for number, row in rows.items()
                if row.reason == Reason.HELD_GUARD.code
            ]
            tx.reschedule(freed)


def _ask(tx: Tx, hub: Hub, connection: str, kind: Danger, group: Sequence[Held], total: int) -> str:
    asked = digest_of(kind, group)
    if all(item.state == asked for item in group):
        return asked
    tx.put_dangers([msgspec.structs.replace(item, state=asked) for item in group])
    count = len({item.record for item in group})
    en, ru = WORDS[kind]
    examples = ", ".join(
        f"«{record.title or record.id}»"
        for record in list(tx.records([i.record for i in group[:3]]).values())
    )
    issue = Issue(
        key=f"guard:{connection}:{kind.value}",
        code=Reason.HELD_GUARD.code,
        connection=connection,
        entity=group[0].entity,
        ref=asked,
        en=f"{connection}: {count} of {total} {en} ({examples}…). Held, nothing was sent. If this is right: obmen issues confirm {asked}",
        ru=f"{connection}: {count} из {total} {ru} ({examples}…). Придержано, ничего не отправлено. Если так и надо: obmen issues confirm {asked}",
    )
    tx.close_issues([issue.key], at=hub.now())  # another set is another question
    tx.open_issues([issue], at=hub.now())
    lines = [
        JournalLine(
            record=item.record,
            connection=connection,
            kind="guard",
            entries=(Entry(item.atom, Reason.HELD_GUARD.code, item.before, item.after),),
        )
        for item in group
    ]
    tx.journal(lines, at=hub.now(), tick=tx.tick())
    return asked
