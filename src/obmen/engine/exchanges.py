"""The raw log of exchanges as connections write it: without waiting, and into the ledger a second later, all at once."""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import Callable
from contextlib import suppress

from obmen.connectors.contract import Exchange
from obmen.errors import redact
from obmen.ledger.journal import LoggedExchange
from obmen.ledger.sql import SqlLedger

READABLE = 5_000
"""Characters kept of a request and of an answer, whatever a connector thinks readable."""
MOST = 5_000
"""Exchanges that wait for the ledger; of more the oldest are lost, not the work."""
FLUSH_S = 1.0

log = logging.getLogger("obmen.exchanges")


class ExchangeLog:
    """Takes exchanges and stores them in bundles; `close_here` stores the rest."""

    def __init__(self, ledger: SqlLedger, *, now: Callable[[], float]) -> None:
        self._ledger = ledger
        self._now = now
        self._rows: deque[LoggedExchange] = deque(maxlen=MOST)
        self._flush: asyncio.Task[None] | None = None

    def add(self, exchange: Exchange) -> None:
        """Note an exchange that has just ended."""
        self._rows.append(_row(exchange, self._now()))
        if self._flush is None or self._flush.done():
            with suppress(RuntimeError):  # without an event loop the rows wait for the end
                self._flush = asyncio.get_running_loop().create_task(self._flush_soon())

    def close_here(self) -> None:
        """Store what is left, in this thread."""
        if self._flush is not None and not self._flush.get_loop().is_closed():
            self._flush.cancel()
        rows = self._taken()
        if rows:
            self._ledger.run_here(lambda tx: tx.log_exchanges(rows))

    async def _flush_soon(self) -> None:
        while self._rows:
            await asyncio.sleep(FLUSH_S)
            rows = self._taken()
            try:
                await self._ledger.run(lambda tx, rows=rows: tx.log_exchanges(rows))  # type: ignore[misc]
            except Exception:  # a log that cannot be written stops nobody's work
                log.exception("%d exchanges are not in the log", len(rows))

    def _taken(self) -> list[LoggedExchange]:
        rows = list(self._rows)
        self._rows.clear()
        return rows


def _row(exchange: Exchange, now: float) -> LoggedExchange:
    return LoggedExchange(
        connection=exchange.connection,
        at=now - exchange.took_s,
        direction=exchange.direction,
        what=_shown(exchange.what),
        request=_shown(exchange.request),
        answer=_shown(exchange.answer),
        status=exchange.status,
        took_s=exchange.took_s,
        error=_shown(exchange.error),
    )


def _shown(text: str) -> str:
    """Return a text as the log keeps it: without secrets, of a readable length."""
    masked = redact(text[: 2 * READABLE])
    return masked if len(masked) <= READABLE else f"{masked[:READABLE]}…"
