"""`obmen orders`: where every order is: its number in each system, what has no pair and why, whether sums agree."""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from typing import Annotated

import msgspec
import typer
from rich.table import Table

from obmen.cli.app import DEFAULT_CONFIG, ConfigPath, say, screen, told
from obmen.cli.configured import configured, facts, opened
from obmen.cli.finding import found, known_entity
from obmen.cli.passport import Standing, next_step, passport_of
from obmen.cli.spans import seconds_of
from obmen.cli.speech import Speech, speech, titles_of
from obmen.engine.hub import Hub
from obmen.errors import BadInput
from obmen.language import counted, money
from obmen.ledger.sql import SqlTx
from obmen.model import ENTITIES, BadValue, Money, Record
from obmen.sync.reasons import Reason
from obmen.sync.shadow import Blocked

ORDER = "order"
LATEST = 500
"""Newest orders that are looked through for sums that differ."""
MOST = 1_000
_HOUR_S, _DAY_S = 3600.0, 86_400.0


class There(msgspec.Struct, frozen=True, kw_only=True):
    """One order in one system."""

    connection: str
    ref: str | None
    number: str = ""
    """What people call it there, where that is another name than its id."""
    missing: str = ""
    """Why it has no pair there; empty where it has, or needs none."""
    due: bool = False
    """Whether it should have one: its turn has come, by the `when` of the reader."""
    since: float | None = None
    """Epoch seconds since which it has been on its way there."""
    total: str = ""
    difference: str = ""
    """What its total there is above the order's; empty where they agree, or the system keeps none."""


class Whereabouts(msgspec.Struct, frozen=True, kw_only=True):
    """One order everywhere."""

    record: int
    number: str
    placed: str
    total: str
    systems: tuple[There, ...]

    @property
    def is_unpaired(self) -> bool:
        """Tell whether a system that should have it has not."""
        return any(one.missing and one.due for one in self.systems)

    @property
    def differs(self) -> bool:
        """Tell whether a system holds another sum."""
        return any(one.difference for one in self.systems)


@told
def orders(
    number: Annotated[
        str,
        typer.Argument(
            help="Number or id of an order in any system · номер или код заказа в любой системе",
            show_default=False,
        ),
    ] = "",
    config: ConfigPath = DEFAULT_CONFIG,
    *,
    only_unpaired: Annotated[
        bool, typer.Option("--unpaired", help="Only those some system has not got · только без пары")
    ] = False,
    everything: Annotated[
        bool, typer.Option("--all", help="Those that are all right as well · и те, с которыми всё хорошо")
    ] = False,
    older: Annotated[
        str,
        typer.Option("--older", help="On their way for so long: 30m, 2h · в пути дольше: 30m, 2h"),
    ] = "",
    limit: Annotated[int, typer.Option("--limit", min=1, help="How many · сколько показать")] = 50,
    as_json: Annotated[bool, typer.Option("--json", help="For programs · для программ")] = False,
) -> None:
    """Show where orders are: without options those that have no pair somewhere, or a sum that differs.

    The exit code is 1 when there are such orders.
    """
    if only_unpaired and everything:
        raise BadInput(
            "cli.unpaired_or_all",
            "--unpaired and --all contradict each other: give one of them.",
            "--unpaired и --all противоречат друг другу: укажите одно.",
        )
    older_s = seconds_of(older) if older else 0.0
    settings = configured(config)
    with opened(settings) as (hub, _):
        known_entity(hub, ORDER)
        with facts(hub).begin() as tx:
            plain = speech(settings.zone)
            if number:
                shown = [_whereabouts(tx, hub, one, plain) for one in found(tx, ORDER, number)]
            elif everything:
                shown = _of(tx, hub, tx.latest(ORDER, limit=limit), plain)
            else:
                shown = _wanting(tx, hub, plain, older_s=older_s, only_unpaired=only_unpaired)
        now = hub.now()
    wanting = sum(one.is_unpaired or one.differs for one in shown)
    if as_json:
        listed = [{**msgspec.to_builtins(one), "unpaired": one.is_unpaired} for one in shown[:limit]]
        sys.stdout.write(json.dumps(listed, ensure_ascii=False) + "\n")
    else:
        _print(shown, limit, plain, now)
    if wanting:
        raise typer.Exit(1)


def _wanting(tx: SqlTx, hub: Hub, plain: Speech, *, older_s: float, only_unpaired: bool) -> list[Whereabouts]:
    """Return the orders a person may have to look at, those longest on their way first."""
    before = hub.now() - older_s
    rank = ENTITIES[ORDER].rank
    absent = [
        row
        for reader in hub.topologies[ORDER].readers
        for row in tx.absent(reader.to, ORDER, rank=rank, before=before, limit=MOST)
    ]
    ids = list(dict.fromkeys(row.record for row in sorted(absent, key=lambda row: row.since)))
    shown = [one for one in _of(tx, hub, ids, plain) if one.is_unpaired]
    if not only_unpaired and not older_s:
        rest = [number for number in tx.latest(ORDER, limit=LATEST) if number not in set(ids)]
        shown += [one for one in _of(tx, hub, rest, plain) if one.differs]
    return shown


def _of(tx: SqlTx, hub: Hub, ids: Sequence[int], plain: Speech) -> list[Whereabouts]:
    records = tx.records(ids)
    return [_whereabouts(tx, hub, records[number], plain) for number in ids]


def _whereabouts(tx: SqlTx, hub: Hub, record: Record, plain: Speech) -> Whereabouts:
    passport = passport_of(tx, hub, record)
    keys = [key for one in passport.standings if one.delivery is not None for key in one.delivery.wakes_on]
    named = speech(plain.zone, titles_of(tx, [], keys))
    total = _total(record.atoms.get("money"))
    return Whereabouts(
        record=record.id,
        number=str(record.atoms.get("number") or record.title or record.id),
        placed=str(record.atoms.get("placed") or ""),
        total="" if total is None else str(total),
        systems=tuple(_there(hub, record, one, total, named) for one in passport.standings),
    )


def _there(hub: Hub, record: Record, standing: Standing, total: Money | None, plain: Speech) -> There:
    row = standing.delivery
    missing = ""
    if standing.ref is None and (row is not None or standing.attempt is not None):
        missing = next_step(standing, hub, plain, {})
    there = _total_there(standing)
    difference = ""
    if total is not None and there is not None and there != total:
        known = there.currency == total.currency
        difference = str(Money(there.amount - total.amount, total.currency)) if known else str(there)
    return There(
        connection=standing.connection,
        ref=standing.ref,
        number=str(record.atoms.get(f"numbers.{standing.connection}") or ""),
        missing=missing,
        due=_is_due(hub, record, standing.connection),
        since=row.since if missing and row is not None else None,
        total="" if there is None else str(there),
        difference=difference,
    )


def _is_due(hub: Hub, record: Record, connection: str) -> bool:
    reader = hub.topologies[ORDER].reader(connection)
    return reader is not None and (reader.when is None or reader.when(record))


def _total_there(standing: Standing) -> Money | None:
    """Return the total a system held when it was last seen; None where it keeps none or it cannot be read."""
    if standing.shadow is None or "money" not in standing.shadow.held:
        return None
    wire = standing.shadow.held["money"]
    value = standing.view.decode(ENTITIES[ORDER].atom("money"), "money", wire)
    return None if isinstance(value, Blocked) else _total(value)


def _total(value: object) -> Money | None:
    if not isinstance(value, dict) or "total" not in value:
        return None
    try:
        return Money.parse(str(value["total"]))
    except BadValue:
        return None


# --- printing -----------------------------------------------------------------------------------------------------


def _print(shown: Sequence[Whereabouts], limit: int, plain: Speech, now: float) -> None:
    if not shown:
        say("Все заказы на местах, суммы сходятся.", "Every order is where it should be, and the sums agree.")
        return
    names = list(dict.fromkeys(one.connection for order in shown for one in order.systems))
    table = Table(box=None, padding=(0, 2, 0, 0), header_style="bold")
    for ru, en in (("Заказ", "Order"), ("Возраст", "Age"), ("Сумма", "Total")):
        table.add_column(plain.say(ru, en), overflow="fold")
    for name in names:
        table.add_column(name, overflow="fold")
    for order in shown[:limit]:
        here = {one.connection: one for one in order.systems}
        table.add_row(
            _plain(order.number),
            _age(order.placed, now, plain),
            plain.value("", order.total),
            *(_plain(_cell(here.get(name), now, plain)) for name in names),
        )
    screen.print(table)
    if len(shown) > limit:
        say(f"… и ещё {len(shown) - limit}: --limit", f"… and {len(shown) - limit} more: --limit")
    unpaired, differing = (
        sum(one.is_unpaired for one in shown),
        sum(one.differs for one in shown),
    )
    say(
        f"Без пары: {unpaired}, с расхождением суммы: {differing}. Подробно: obmen show order НОМЕР",
        f"Without a pair: {unpaired}, with another sum: {differing}. In detail: obmen show order NUMBER",
    )


def _cell(there: There | None, now: float, plain: Speech) -> str:
    if there is None:
        return "·"
    if there.missing:
        if not there.due:
            return plain.reason(Reason.WAITING_CONDITION.code)
        waited = f"{_span(now - there.since, plain)}: " if there.since is not None else ""
        return f"✗ {waited}{there.missing}"
    called = there.number or there.ref or "·"
    if not there.difference:
        return called
    amount = Money.parse(there.difference)
    sign = "+" if amount.amount > Decimal(0) else ""
    return f"{called}; {plain.say('разница', 'differs by')} {sign}{money(amount, plain.language)}"


def _age(placed: str, now: float, plain: Speech) -> str:
    return _span(now - datetime.fromisoformat(placed).timestamp(), plain) if placed else ""


def _span(seconds: float, plain: Speech) -> str:
    """Print how long: minutes, then hours, then days."""
    spans = (
        (_DAY_S, ("день", "дня", "дней"), ("day", "days")),
        (_HOUR_S, ("час", "часа", "часов"), ("hour", "hours")),
        (60.0, ("минута", "минуты", "минут"), ("minute", "minutes")),
    )
    for size, ru, en in spans:
        if seconds >= size or size == spans[-1][0]:
            return counted(max(0, int(seconds // size)), plain.language, ru=ru, en=en)
    return ""


def _plain(text: str) -> str:
    return text.replace("[", r"\[")
