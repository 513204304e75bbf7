"""Saving rows of mapping tables and seeing to what follows: records judged anew, writes that wait for a plan named."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from contextlib import suppress

from obmen.cli.app import errors, say, screen, speaks, word
from obmen.cli.assemble import facts
from obmen.cli.mapping.asking import run
from obmen.cli.planning import meet
from obmen.engine import mapping
from obmen.engine.hub import Hub
from obmen.engine.mapping import Edit
from obmen.errors import ObmenError
from obmen.ledger.contract import HELD, Tx
from obmen.sync.reasons import Reason

_PATIENCE_S = 20.0
"""How long the running hub is waited for."""
_STEP_S = 0.25
_BY_PLAN = {Reason.HELD_PLAN.code, Reason.HELD_MAPPING.code}


class _OnlyLooked(Exception):
    """Takes a transaction back that was to show what would be saved."""


def save(
    hub: Hub, edits: dict[str, list[Edit]], *, why: str, live: bool, alone: bool, dry_run: bool = False
) -> bool:
    """Write rows of all connections or none, and see to what follows; tell whether anything was new."""
    saved: dict[str, list[Edit]] = {}
    before: dict[str, dict[tuple[str, str], str]] = {}
    with suppress(_OnlyLooked), facts(hub).begin() as tx:
        for name, here in edits.items():
            before[name] = _values(tx, hub, name, here)
            saved[name] = mapping.save(tx, hub, name, here, by=why, live=live)
        if dry_run:
            raise _OnlyLooked
    for name, here in saved.items():
        for edit in here:
            old, new = (
                before[name].get((edit.kind, edit.code)) or "—",
                edit.value or word("как в настройках", "as configured"),
            )
            screen.print(f"{name} {edit.kind}: «{edit.code}» {old} → {new}", markup=False, soft_wrap=True)
    _tell_later(hub, saved)
    names = [name for name, here in saved.items() if here]
    if not names:
        say("Менять нечего: так уже и есть.", "Nothing to change: it stands so already.")
    elif dry_run:
        say("Ничего не записано: пробный прогон.", "Nothing is written: a dry run.")
    else:
        run(hub, _follow(hub, names, alone=alone))
    return bool(names)


def _tell_later(hub: Hub, saved: dict[str, list[Edit]]) -> None:
    for name, here in saved.items():
        tables = mapping.reference(hub, name).tables
        later = sorted({edit.kind for edit in here if mapping.table_of(tables, edit.kind).kind.later})
        if later:
            kinds = ", ".join(later)
            say(
                f"{name} {kinds}: действует с ближайшей выгрузки.",
                f"{name} {kinds}: counts from the next export on.",
            )


def _values(tx: Tx, hub: Hub, connection: str, edits: Sequence[Edit]) -> dict[tuple[str, str], str]:
    return {
        (kind, laid.row.code): laid.row.value
        for kind in {edit.kind for edit in edits}
        for laid in mapping.standing(tx, hub, connection, kind)
    }


async def _follow(hub: Hub, names: Sequence[str], *, alone: bool) -> None:
    """Judge anew what the rows touch, or let the running hub do it, and say what is to be written now."""
    for name in names:
        await mapping.take_up(hub, name, {})
        left = await hub.ledger.run(lambda tx, name=name: mapping.queued(tx, hub, name))  # type: ignore[misc]
        if alone:
            if set(left) - {"order"}:
                await meet(hub)
            try:
                await mapping.finish(hub, name)
            except ObmenError as error:
                errors.print(f"{name}: {error.text(speaks())}", style="yellow", markup=False, soft_wrap=True)
        else:
            await _until_judged(hub, name)
    rows, unfinished = await hub.ledger.run(lambda tx: (_held(tx, hub), _unfinished(tx, hub, names)))
    if unfinished:
        say(
            "Карточки ещё пересматриваются; обмен доделает это сам.",
            "Records are still being judged anew; the hub will finish that by itself.",
        )
    for name, count in rows.items():
        say(
            f"{name}: ждёт плана записей: {count}. Посмотреть: obmen plan {name}",
            f"{name}: writes that wait for a plan: {count}. See them: obmen plan {name}",
        )
    if not rows and not unfinished:
        say("Плана ничего не ждёт.", "Nothing waits for a plan.")


async def _until_judged(hub: Hub, name: str) -> None:
    for _ in range(int(_PATIENCE_S / _STEP_S)):
        if not await hub.ledger.run(lambda tx: mapping.queued(tx, hub, name)):
            return
        await asyncio.sleep(_STEP_S)


def _held(tx: Tx, hub: Hub) -> dict[str, int]:
    counts = {
        name: sum(row.state == HELD and row.reason in _BY_PLAN for row in tx.outbox(name))
        for name in hub.connections
    }
    return {name: count for name, count in counts.items() if count}


def _unfinished(tx: Tx, hub: Hub, names: Sequence[str]) -> bool:
    return any(mapping.queued(tx, hub, name) for name in names)
