"""`obmen issues`: what a person or a mapping must settle, and what waits for what; `issues confirm`, `issues settle`."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby
from shlex import quote
from typing import Annotated

import typer

from obmen.cli.app import DEFAULT_CONFIG, ConfigPath, errors, say, screen, told, word
from obmen.cli.configured import configured, facts, opened
from obmen.cli.linking import reasoned
from obmen.cli.speech import Speech, speech, titles_of
from obmen.engine import dismissing, guarding
from obmen.engine.hub import Hub
from obmen.errors import BadInput
from obmen.ledger.contract import OpenIssue, Waiter
from obmen.ledger.sql import SqlTx
from obmen.sync.reasons import Reason

CONFIRM = "confirm"
SETTLE = "settle"
NAMED = 3
"""Records that are named of all that wait for the same thing."""
LISTED = 50
_WAYS = {Reason.ANOTHER_SYSTEM.code: "obmen trust {0}"}
"""How a connection goes on that is paused for one of these reasons."""


@told
def issues(
    action: Annotated[str, typer.Argument(metavar="[confirm|settle]", show_default=False)] = "",
    what: Annotated[
        str,
        typer.Argument(
            metavar="[DIGEST|KEY]",
            help="Digest of a mass change, or key of an issue · код массового изменения или ключ вопроса",
        ),
    ] = "",
    why: Annotated[
        str,
        typer.Option("--why", help="With settle: reason, for the journal · с settle: причина, для журнала"),
    ] = "",
    config: ConfigPath = DEFAULT_CONFIG,
) -> None:
    """List what needs a person, what waits and what is paused; `issues confirm DIGEST` lets a mass change go.

    A mass change that is wrong needs no answer: it stays held until its system sends what is right. `issues settle KEY
    --why …` closes what only tells, such as two people with one phone, once somebody has seen to it; what closes by
    itself is left open, and it is said when it does.
    """
    _understood(action, what, why)
    settings = configured(config)
    with opened(settings) as (hub, _):
        if action == SETTLE:
            _settle(hub, what, why)
            confirmed = True
        elif action:
            confirmed = _confirm(hub, what)
        else:
            with facts(hub).begin() as tx:
                _list(tx, hub, speech(settings.zone))
            confirmed = True
    if not confirmed:
        raise typer.Exit(1)


def _understood(action: str, what: str, why: str) -> None:
    if action not in {"", CONFIRM, SETTLE}:
        raise BadInput(
            "cli.unknown_action",
            f"«{action}» is unknown; write obmen issues, obmen issues confirm DIGEST or obmen issues settle KEY.",
            f"«{action}» — неизвестно что; нужно obmen issues, obmen issues confirm КОД или obmen issues settle КЛЮЧ.",
        )
    if action and not what:
        raise BadInput(
            "cli.no_digest",
            "Which one? Write its digest or key: obmen issues shows it.",
            "Что именно? Укажите код или ключ: его показывает obmen issues.",
        )
    if action == SETTLE:
        reasoned(why)


def _settle(hub: Hub, key: str, why: str) -> None:
    with facts(hub).begin() as tx:
        issue = dismissing.dismiss(tx, hub, key, why=why)
    say(f"Закрыто: {issue.ru}", f"Settled: {issue.en}")


# --- confirming ---------------------------------------------------------------------------------------------------


def _confirm(hub: Hub, digest: str) -> bool:
    with facts(hub).begin() as tx:
        count = guarding.confirm(tx, hub, digest)
        held = guarding.asked_about(tx, hub)
    if count:
        say(f"Подтверждено, отпущено изменений: {count}.", f"Confirmed; changes let go: {count}.")
        if hub.planned:
            say("Запись — после применения плана: obmen plan.", "They are written by a plan: obmen plan.")
        return True
    if not held:
        errors.print(
            word(
                f"Под кодом {digest} сейчас ничего не придержано: obmen issues.",
                f"Nothing is held under {digest} now: obmen issues.",
            ),
            style="red",
            markup=False,
        )
        return False
    errors.print(
        word(
            f"Под кодом {digest} ничего нет: набор изменился. Придержано сейчас:",
            f"Nothing is held under {digest}: the set is another one by now. Held now:",
        ),
        style="red",
        markup=False,
    )
    for one in held:
        en, ru = guarding.WORDS[one.kind]
        errors.print(
            f"  {one.connection}: {one.changes} {word(ru, en)} → obmen issues confirm {one.digest}",
            markup=False,
        )
    return False


# --- listing ------------------------------------------------------------------------------------------------------


def _list(tx: SqlTx, hub: Hub, plain: Speech) -> None:
    found = tx.issues(limit=100_000)
    waiters = [(key, waiter) for key, waiter in tx.waiters(limit=100_000) if not key.startswith("closed:")]
    paused = [(name, *tx.state_of(name)) for name in hub.connections]
    paused = [(name, state, reason) for name, state, reason in paused if state != "active"]
    if not (found or waiters or paused):
        say("Ничего не требует внимания.", "Nothing needs attention.")
        return
    for name, state, reason in paused:
        why = plain.reason(reason)
        way = _WAYS.get(reason, "obmen plan {0}" if state == "hold" else "obmen resume {0}").format(name)
        line = plain.say(f"{name}: обмен приостановлен: {why}", f"{name} is paused: {why}")
        screen.print(f"{line} → {way}", style="yellow", markup=False, soft_wrap=True)
    _by_code(found, plain)
    _waiting(tx, waiters, plain)


def _by_code(found: Sequence[OpenIssue], plain: Speech) -> None:
    ordered = sorted(found, key=lambda one: (one.issue.code, one.seen_at))
    for code, group in groupby(ordered, key=lambda one: one.issue.code):
        here = list(group)
        if code in {Reason.PAUSED.code, *_WAYS}:
            continue  # said above, from the state itself
        _heading(plain.reason(code), len(here))
        if len(here) > LISTED:
            say(f"  … показаны последние {LISTED}", f"  … the last {LISTED} are shown")
        for one in here[-LISTED:]:
            times = f" (×{one.count})" if one.count > 1 else ""
            text = plain.say(one.issue.ru, one.issue.en)
            way = (
                f" → obmen issues settle {quote(one.issue.key)} --why …"
                if dismissing.is_for_a_person(one.issue)
                else ""
            )
            screen.print(f"  {plain.at(one.seen_at)}  {text}{times}{way}", markup=False, soft_wrap=True)


def _waiting(tx: SqlTx, waiters: Sequence[tuple[str, Waiter]], plain: Speech) -> None:
    if not waiters:
        return
    records = tx.records({waiter.record for _, waiter in waiters})
    keys = sorted({key for key, _ in waiters})
    speaker = speech(plain.zone, titles_of(tx, [], keys))
    _heading(plain.say("ждут и продолжат сами", "waiting, and will go on by themselves"), len(records))
    for key in keys[:LISTED]:
        names = sorted(
            {
                records[one.record].title or f"№ {one.record}"
                for at, one in waiters
                if at == key and one.record in records
            }
        )
        shown = ", ".join(f"«{name}»" for name in names[:NAMED])
        more = (
            plain.say(f" и ещё {len(names) - NAMED}", f" and {len(names) - NAMED} more")
            if len(names) > NAMED
            else ""
        )
        screen.print(f"  {speaker.wakes_on(key)} ← {shown}{more}", markup=False, soft_wrap=True)
    if len(keys) > LISTED:
        say(f"  … и ещё причин: {len(keys) - LISTED}", f"  … and {len(keys) - LISTED} more reasons")


def _heading(text: str, count: int) -> None:
    screen.print(f"\n[bold]{text[:1].upper()}{text[1:]}[/]: {count}")
