"""Packs: deliveries of one connection written side by side, for a vendor who answers slowly.

A claim takes whole lanes that nobody has leased, so packs never share one.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Sequence
from typing import Any

from obmen.engine.delivering import claim, write
from obmen.engine.hub import Hub
from obmen.errors import ObmenError, Transient
from obmen.ledger.contract import Delivery


class Packs:
    """The packs of one connection that are being written, at most `hub.packs` of them.

    After a failure one pack goes ahead alone, and the others follow when it has passed.
    """

    def __init__(
        self,
        hub: Hub,
        connection: str,
        *,
        start: Callable[[Coroutine[Any, Any, None]], object],
        ended: Callable[[int], None],
    ) -> None:
        """`start` lets a pack run beside its caller; `ended` hears how many rows a pack had, however it went."""
        self._hub = hub
        self._connection = connection
        self._start = start
        self._ended = ended
        self._most = hub.packs.get(connection, 1)
        self._under_way = 0
        self._moved = asyncio.Event()
        self._failures: list[Exception] = []
        self._alone = False

    async def room(self) -> None:
        """Wait until one more pack may be begun; raise what has befallen packs since, the worst of it."""
        while self._under_way >= self._most and not self._failures:
            self._moved.clear()
            await self._moved.wait()
        if self._failures:
            failures, self._failures, self._alone = self._failures, [], True
            raise min(failures, key=_gravity)

    async def begin(self, *, limit: int = 50) -> int:
        """Claim a pack and begin to write it; return how many rows it has.

        The budget is asked before the claim, so that no lease goes by in waiting for it.
        """
        budget = self._hub.budgets.get(self._connection)
        if budget is not None:
            await budget.ready()
        rows = await claim(self._hub, self._connection, limit)
        if not rows:
            return 0
        self._under_way += 1
        if self._alone:
            await self._write(rows)
            self._alone = False
        else:
            self._start(self._aside(rows))
        return len(rows)

    async def _aside(self, rows: Sequence[Delivery]) -> None:
        try:
            await self._write(rows)
        except Exception as failure:  # noqa: BLE001 - raised by `room`
            self._failures.append(failure)

    async def _write(self, rows: Sequence[Delivery]) -> None:
        try:
            await write(self._hub, self._connection, rows)
        finally:
            self._under_way -= 1
            self._moved.set()
            self._ended(len(rows))


def _gravity(failure: Exception) -> int:
    """Rank failures: a mistake of ours, a lost access, an outage."""
    return 2 if isinstance(failure, Transient) else 1 if isinstance(failure, ObmenError) else 0
