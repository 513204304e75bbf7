"""Silence: who comes by itself and has stopped coming is told about, once.

A system that is asked shows its outage by itself. One that calls us is just not heard of, and nobody notices until a
buyer does.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping

from obmen.engine import issues
from obmen.ledger.sql import SqlLedger, SqlTx

_CALLS = 50
"""Newest calls looked at: one that was let in is among them, or there was none."""

log = logging.getLogger("obmen.engine")


async def listen(
    ledger: SqlLedger, silent_after_s: Mapping[str, float], *, since: float, now: float
) -> list[str]:
    """Open an issue for every connection not heard of for so long, close those of who came back; return the silent.

    Before the first call counts `since`: the moment the hub began to listen.
    """
    return await ledger.run(
        lambda tx: [name for name, after in silent_after_s.items() if _is_silent(tx, name, after, since, now)]
    )


def _is_silent(tx: SqlTx, connection: str, after_s: float, since: float, now: float) -> bool:
    heard = _last_call(tx, connection)
    silent_s = now - max(heard or 0.0, since)
    key = issues.silent_key(connection)
    is_open = any(opened.issue.key == key for opened in tx.issues(connection=connection, limit=10_000))
    if silent_s < after_s:
        if is_open:
            tx.close_issues([key], at=now)
            log.warning("calls again", extra={"connection": connection})
        return False
    if not is_open:
        issue = issues.silent(connection, minutes=int(silent_s // 60))
        tx.open_issues([issue], at=now)
        log.warning(issue.en, extra={"connection": connection, "code": issue.code})
    return True


def _last_call(tx: SqlTx, connection: str) -> float | None:
    calls = tx.exchanges(connection, limit=_CALLS)
    return max((call.at for call in calls if call.direction == "in" and not call.error), default=None)
