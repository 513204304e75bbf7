"""Telling people: decide what is due, write it down, deliver it, and notice when nothing gets through.

    gather ─> decide ─> write down      one transaction: what is remembered and what is due never part
    send ─> note the try                by channel, in order; the next one where one does not deliver

A crash between sending and noting sends the same message again, under the same number: at least once.
"""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Callable, Collection, Mapping, Sequence

import msgspec

from obmen.engine import issues
from obmen.engine.alerting.channel import Channel, Letter
from obmen.engine.alerting.gathering import Watched, situations
from obmen.engine.alerting.wording import Words
from obmen.engine.hub import Hub
from obmen.errors import Bug, ObmenError, Transient
from obmen.ledger.alerts import DELIVERED, DUE, FOLDED, GIVEN_UP, Alert, Try
from obmen.ledger.sql import SqlLedger, SqlTx
from obmen.sync.alerting import Kind, Rules, Situation, decide, folded

FIRST_PAUSE_S = 60.0
LONGEST_PAUSE_S = 900.0
GIVEN_UP_AFTER_S = 24 * 3600.0
"""A channel that has not taken for so long what another has delivered is left out."""

log = logging.getLogger("obmen.alerts")


class Telling(msgspec.Struct, frozen=True, kw_only=True):
    """Who is told by which way, and when."""

    channels: tuple[Channel, ...]
    """In the order they are tried."""
    words: Words
    everywhere: bool = False
    """Through every channel, not only the first that delivers."""
    watched: Watched = Watched()
    rules: Rules = Rules()
    silent_kinds: Callable[[float], Collection[str]] = lambda _now: ()
    """Kinds that wait because of the hour, by epoch seconds."""
    watchdog_s: float = 900.0


async def tell(hub: Hub, ledger: SqlLedger, telling: Telling) -> int:
    """Look what is wrong, and deliver every message that is due; return how many got through."""
    await ledger.run(lambda tx: judge(tx, hub, telling))
    delivered = 0
    try:
        for alert in await ledger.run(lambda tx: tx.due_alerts()):
            if alert.next_at <= hub.now():
                delivered += await _deliver(hub, ledger, telling, alert)
    finally:
        for channel in telling.channels:
            await channel.close()  # messages are rare; no line is kept open for the next one
    return delivered


def judge(tx: SqlTx, hub: Hub, telling: Telling) -> int | None:
    """Write down the message that is due now, if any, and return its number."""
    now = hub.now()
    waiting = tx.due_alerts()
    tries = tx.tries([alert.id for alert in waiting])
    heard = {one.alert for one in tries if not one.error_en}
    unheard = [alert for alert in waiting if alert.id not in heard]
    found = situations(tx, hub, telling.watched, now=now)
    found += _watch(tx, telling, unheard, now=now)
    known = tx.standings()
    decided = decide(found, known, now=now, rules=telling.rules, silent=telling.silent_kinds(now))
    changed = {key: one for key, one in decided.standings.items() if known.get(key) != one}
    tx.put_standings(changed, gone=known.keys() - decided.standings.keys())
    if not decided.notices:
        return None
    # What has failed already goes into the new message; what has not been tried may be on its way.
    failed = {one.alert for one in tries}
    old = [alert for alert in unheard if alert.id in failed]
    lines = folded([notice for alert in old for notice in alert.notices], decided.notices)
    for alert in old:
        tx.move_alert(alert.id, state=FOLDED)
    return tx.add_alert(Alert(at=now, since=min([now, *(alert.since for alert in old)]), notices=lines))


def _watch(tx: SqlTx, telling: Telling, unheard: Sequence[Alert], *, now: float) -> list[Situation]:
    """Tell in `obmen issues` and in the log when no channel delivers, and when one does again."""
    is_open = tx.is_open(issues.UNTOLD_KEY)
    since = min((alert.since for alert in unheard), default=now)
    if now - since < telling.watchdog_s:
        if is_open:
            tx.close_issues([issues.UNTOLD_KEY], at=now)
            log.warning("alerts get through again")
        return []
    if not is_open:
        last = tx.last_tries()
        failed = [last[one.name] for one in telling.channels if one.name in last]
        why = [(one.channel, one.error_en, one.error_ru) for one in failed if one.error_en]
        issue = issues.untold(why, minutes=int((now - since) // 60))
        tx.open_issues([issue], at=now)
        log.error(issue.en, extra={"code": issue.code})
    return [Situation(kind=Kind.UNTOLD.code, connection="", since=since)]


# --- delivering ---------------------------------------------------------------------------------------------------


async def _deliver(hub: Hub, ledger: SqlLedger, telling: Telling, alert: Alert) -> bool:
    """Try the channels that have not delivered yet; return whether the message has got through anywhere now."""
    tries = await ledger.run(lambda tx: tx.tries([alert.id]))
    last = await ledger.run(lambda tx: tx.last_tries())
    heard = {one.channel for one in tries if not one.error_en}
    letter = telling.words.letter(alert)
    for channel in telling.channels:
        if heard and not telling.everywhere:
            break
        if channel.name in heard or _asked_to_wait(last, channel, hub.now()):
            continue
        done = await attempt(channel, letter, now=hub.now)
        await ledger.run(lambda tx, done=done: _note(tx, alert, done))  # type: ignore[misc]
        if not done.error_en:
            heard.add(channel.name)
    names = {channel.name for channel in telling.channels}
    is_done = bool(heard) and (not telling.everywhere or names <= heard)
    is_old = bool(heard) and hub.now() - alert.at >= GIVEN_UP_AFTER_S
    rounds = max(Counter(one.channel for one in tries).values(), default=0)
    pause_s = min(LONGEST_PAUSE_S, FIRST_PAUSE_S * 2.0 ** min(rounds, 10))
    state = DELIVERED if is_done else GIVEN_UP if is_old else DUE
    next_at = hub.now() + pause_s
    await ledger.run(lambda tx: tx.move_alert(alert.id, state=state, next_at=next_at))
    return bool(heard)


def _note(tx: SqlTx, alert: Alert, done: Try) -> None:
    """Note how a try ended; what has got through counts as told from now on, however long it took."""
    tx.add_tries([done])
    if not done.error_en:
        known = tx.standings()
        keys = {notice.situation.key for notice in alert.notices} & known.keys()
        heard = {key: msgspec.structs.replace(known[key], told_at=done.at) for key in keys}
        tx.put_standings(heard, gone=())


def _asked_to_wait(last: Mapping[str, Try], channel: Channel, now: float) -> bool:
    return channel.name in last and now < last[channel.name].again_at


async def attempt(channel: Channel, letter: Letter, *, now: Callable[[], float]) -> Try:
    """Send a letter through one channel and say how it went."""
    try:
        await channel.send(letter)
    except ObmenError as error:
        wait_s = error.retry_after_s if isinstance(error, Transient) else None
        log.warning(
            "alert %d was not delivered by %s: %s",
            letter.number,
            channel.name,
            error.en,
            extra={"code": error.code},
        )
        again_at = now() + wait_s if wait_s else 0.0
        return Try(letter.number, channel.name, now(), error.en, error.ru, again_at)
    except Exception:
        bug = Bug(
            "alerts.unexpected",
            f"The channel {channel.name} failed in an unexpected way; see the log.",
            f"Канал {channel.name} неожиданно отказал; см. журнал программы.",
        )
        log.exception("alert %d: %s", letter.number, channel.name)
        return Try(letter.number, channel.name, now(), bug.en, bug.ru)
    return Try(letter.number, channel.name, now())
