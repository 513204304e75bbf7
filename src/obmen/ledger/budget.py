"""How often a connection may call its vendor, shared by all who use the connection, on the database's clock.

The algorithm is GCRA: one number per limit, the moment at which it would be exhausted no longer (its *theoretical
arrival time*). Calls are reserved before they are made; whoever reserved waits for its turn outside the database.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

import msgspec
import sqlalchemy as sa

from obmen.errors import Bug, ConfigError
from obmen.ledger.statement import Statement, upsert
from obmen.ledger.tables import BUDGETS

if TYPE_CHECKING:
    from obmen.ledger.sql import SqlLedger, SqlTx


class Limit(msgspec.Struct, frozen=True, kw_only=True):
    """At most `calls` in any window of `per_s` seconds, `burst` of them at once.

    Set it at 90–95 % of what the vendor allows: its clock and its windows are not ours.
    """

    calls: int
    per_s: float
    burst: int = 1

    def __post_init__(self) -> None:
        """Refuse a limit that would let nothing through."""
        if not 0 < self.burst <= self.calls or self.per_s <= 0:
            raise ConfigError(
                "budget.limit",
                f"{self.calls} calls per {self.per_s} s, {self.burst} at once, is no limit; at once must fit in calls",
                f"{self.calls} вызовов за {self.per_s} с, {self.burst} сразу — не лимит; «сразу» не больше числа вызовов",
            )

    @property
    def interval_s(self) -> float:
        """Seconds in which one call flows in: a window holds a burst and what flows in after its first moment."""
        return self.per_s / (self.calls - self.burst + 1)


_SHARE = 0.95
"""Of what the vendor allows: its clock and its windows are not ours."""
_WINDOW_S = 10.0
_BLOCK_COVERS_S = 0.1
_LARGEST_BLOCK = 50
_BLOCK_LASTS_S = 1.0


class Turn(NamedTuple):
    """When reserved calls may be made, and the arrival time to remember."""

    at: float
    tat: float


def reserve(tat: float, start: float, calls: int, limit: Limit) -> Turn:
    """Reserve calls for the first moment from `start` on at which the limit allows them, in the future or at once."""
    if calls > limit.burst:
        raise Bug(
            "budget.too_many",
            f"{calls} calls at once do not fit in a burst of {limit.burst}",
            f"{calls} вызовов сразу не помещаются в {limit.burst}",
        )
    arrival = max(tat, start) + calls * limit.interval_s
    return Turn(max(start, arrival - limit.burst * limit.interval_s), arrival)


_NOW_SQLITE = Statement(sa.select((sa.func.julianday(sa.literal_column("'now'")) - 2440587.5) * 86400.0))
_NOW_POSTGRESQL = Statement(sa.select(sa.extract("epoch", sa.func.clock_timestamp()).cast(sa.Double())))
_OF_CONNECTION = BUDGETS.c.connection == sa.bindparam("connection")
_ROW = Statement(
    sa.select(BUDGETS.c.rate_tat, BUDGETS.c.quota_tat, BUDGETS.c.frozen_until)
    .where(_OF_CONNECTION)
    .with_for_update()
)
_PUT = upsert(BUDGETS, ("rate_tat", "quota_tat", "frozen_until"))


def database_now(tx: SqlTx) -> float:
    """Return the database's own moment, epoch seconds: the one clock all nodes share."""
    return float(tx.db.one(_NOW_POSTGRESQL if tx.db.is_postgresql else _NOW_SQLITE)[0])


class LedgerBudget:
    """The right to call, kept in the ledger."""

    def __init__(
        self,
        ledger: SqlLedger,
        connection: str,
        *,
        sleep: Callable[[float], Awaitable[Any]],
        rate: Limit,
        quota: Limit | None = None,
    ) -> None:
        self._ledger = ledger
        self._connection = connection
        self._sleep = sleep
        self._rate = rate
        self._quota = quota

    async def take(self, calls: int = 1) -> None:
        """Wait until this many calls may be made; at most a burst of them."""
        wait_s = await self._ledger.run(lambda tx: self._reserve(tx, calls))
        while wait_s > 0:
            await self._sleep(wait_s)
            wait_s = await self._ledger.run(lambda tx: self._reserve_after_freeze(tx, calls))

    async def ready(self) -> None:
        """Wait until a call could be made at once; nothing is taken."""
        while (wait_s := await self._ledger.run(self._free_in)) > 0:
            await self._sleep(wait_s)

    async def freeze(self, seconds: float) -> None:
        """Let nobody call for so long: the vendor asked."""
        await self._ledger.run(lambda tx: self._freeze(tx, seconds))

    def _free_in(self, tx: SqlTx) -> float:
        """Return the seconds until a call would not have to wait."""
        now = database_now(tx)
        rate_tat, quota_tat, frozen_until = self._row(tx)
        at = max(now, frozen_until, reserve(rate_tat, now, 1, self._rate).at)
        return max(at, reserve(quota_tat, now, 1, self._quota).at if self._quota else at) - now

    def _reserve(self, tx: SqlTx, calls: int) -> float:
        now = database_now(tx)
        rate_tat, quota_tat, frozen_until = self._row(tx)
        at = max(now, frozen_until)
        # Twice: whoever waits for one limit uses up the other when its turn comes, not before.
        for _ in range(2):
            rate = reserve(rate_tat, at, calls, self._rate)
            quota = reserve(quota_tat, at, calls, self._quota) if self._quota else Turn(at, 0.0)
            at = max(rate.at, quota.at)
        self._put(tx, rate.tat, quota.tat, frozen_until)
        return at - now

    def _reserve_after_freeze(self, tx: SqlTx, calls: int) -> float:
        """Queue up again where everybody was told to wait meanwhile, so that not all wake at once."""
        return self._reserve(tx, calls) if self._row(tx)[2] > database_now(tx) else 0.0

    def _freeze(self, tx: SqlTx, seconds: float) -> None:
        rate_tat, quota_tat, frozen_until = self._row(tx)
        self._put(tx, rate_tat, quota_tat, max(frozen_until, database_now(tx) + seconds))

    def _row(self, tx: SqlTx) -> Sequence[float]:
        return tx.db.row(_ROW, connection=self._connection) or (0.0, 0.0, 0.0)

    def _put(self, tx: SqlTx, rate_tat: float, quota_tat: float, frozen_until: float) -> None:
        tx.db.run(
            _PUT,
            connection=self._connection,
            rate_tat=rate_tat,
            quota_tat=quota_tat,
            frozen_until=frozen_until,
        )


class BlockBudget:
    """A ledger's budget, taken in blocks: a vendor that allows a hundred calls a second costs ten commits, not a hundred.

    What is left of a block is good for a second. A window holds at most one block more than the limit of the budget.
    """

    def __init__(self, budget: LedgerBudget, *, block: int, clock: Callable[[], float]) -> None:
        """`clock` is monotonic; a block must fit in the burst of the budget."""
        self._budget = budget
        self._block = block
        self._clock = clock
        self._left = 0
        self._good_until = 0.0
        self._turn = asyncio.Lock()

    async def take(self, calls: int = 1) -> None:
        """Wait until this many calls may be made; at most a burst of them."""
        async with self._turn:
            if self._left < calls or self._clock() > self._good_until:
                self._left = 0
                block = max(calls, self._block)
                await self._budget.take(block)
                self._left, self._good_until = block, self._clock() + _BLOCK_LASTS_S
            self._left -= calls

    async def ready(self) -> None:
        """Wait until a call could be made at once, behind everybody who waits to take; nothing is taken."""
        async with self._turn:
            if self._left < 1 or self._clock() > self._good_until:
                await self._budget.ready()

    async def freeze(self, seconds: float) -> None:
        """Let nobody call for so long: the vendor asked."""
        self._left = 0
        await self._budget.freeze(seconds)


def budget_of(ledger: SqlLedger, connection: str, *, rate_per_s: float, at_once: int) -> BlockBudget:
    """Return a connection's budget: 95 % of a vendor's rate, counted over windows of ten seconds or longer."""
    block = max(1, min(_LARGEST_BLOCK, int(rate_per_s * _BLOCK_COVERS_S)))
    burst = max(at_once, block)
    window_s = max(_WINDOW_S, 4 * burst / rate_per_s)
    calls = max(burst, int(rate_per_s * window_s * _SHARE) - (block if block > 1 else 0))
    rate = Limit(calls=calls, per_s=window_s, burst=burst)
    budget = LedgerBudget(ledger, connection, sleep=asyncio.sleep, rate=rate)
    return BlockBudget(budget, block=block, clock=time.monotonic)
