"""The ledger in SQL: one SQLite file of one process, or PostgreSQL shared by many."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from math import inf
from random import Random
from typing import TypeVar

import sqlalchemy as sa

from obmen.errors import Transient
from obmen.ledger.alerts import Alerts
from obmen.ledger.attempts import Attempts
from obmen.ledger.bindings import Bindings
from obmen.ledger.checkpoints import Checkpoints
from obmen.ledger.database import Database
from obmen.ledger.engine import open_engine
from obmen.ledger.epoch import Marker, meet
from obmen.ledger.holds import Holds
from obmen.ledger.issues import Issues
from obmen.ledger.journal import Journal
from obmen.ledger.lock import FileLock
from obmen.ledger.outbox import Outbox
from obmen.ledger.queries import Queries
from obmen.ledger.records import Records
from obmen.ledger.reserves import Reserves
from obmen.ledger.schema import migrate
from obmen.ledger.settings import Settings
from obmen.ledger.tables import BINDINGS, JOURNAL, KEYS, OUTBOX, RECORDS, SHADOWS, TRACES
from obmen.ledger.troubles import Troubles

T = TypeVar("T")

_HOT = (BINDINGS, JOURNAL, KEYS, OUTBOX, RECORDS, SHADOWS, TRACES)
_FIRST_LOOK = 1_000
_LAST_LOOK = 1_000_000

_NEAR, _FAR = 150_000, 1_200_000
"""Bytes of looks settled at a time: 250 offers, or 2,000. What comes of more than 250 does not stay in a processor's
cache, which made an import a tenth slower; being asked for every 250 made one into PostgreSQL a fifth slower."""

_THREADS = 8
_TRIES = 12
_AGAIN = frozenset({"40001", "40P01"})
"""PostgreSQL's serialisation failure and deadlock: the same work, begun again, may pass."""


class SqlTx(
    Settings, Records, Bindings, Outbox, Attempts, Reserves, Holds, Queries, Journal, Issues, Alerts, Troubles
):
    """One transaction of `SqlLedger`: the contract's `Tx`, and what only SQL keeps."""


class SqlLedger:
    """Facts in SQLite or PostgreSQL. Made by `open`."""

    def __init__(
        self,
        engine: sa.Engine,
        *,
        lock: FileLock | None = None,
        marker: Marker | None = None,
        checkpoints: Checkpoints | None = None,
    ) -> None:
        self._engine = engine
        self._lock = lock
        self._marker = marker
        self._checkpoints = checkpoints
        self._jitter = Random()
        self._written = 0
        self._next_look: float = _FIRST_LOOK
        far = engine.dialect.name == "postgresql"
        self.page = _FAR if far else _NEAR
        # SQLite has one writer: queueing in front of it is cheaper than waiting for its lock.
        self._threads = ThreadPoolExecutor(
            max_workers=_THREADS if far else 1,
            thread_name_prefix="ledger",
        )

    @classmethod
    def open(cls, url: str, *, exclusive: bool) -> SqlLedger:
        """Open the ledger at an address such as `sqlite:////var/lib/obmen/obmen.db` or `postgresql://…`.

        `exclusive` is for the process that runs the hub: it keeps another hub off an SQLite file, brings the tables up
        to date and looks whether the database was put back in time. Without it one stands beside a running hub, to
        look and to let in a person's acts. PostgreSQL is shared in either case.
        """
        engine, path = open_engine(url, must_exist=not exclusive)
        if not exclusive:
            return cls(engine)
        lock = None if path is None else FileLock(path)
        try:
            migrate(engine)
            marker = None if path is None else Marker(path)
            checkpoints = None if path is None else Checkpoints(path)
            ledger = cls(engine, lock=lock, marker=marker, checkpoints=checkpoints)
            with ledger.begin() as tx:
                meet(tx, marker)
        except BaseException:
            engine.dispose()
            if lock is not None:
                lock.release()
            raise
        return ledger

    @contextmanager
    def begin(self) -> Iterator[SqlTx]:
        """Open a transaction in this thread: committed at the end of the block, rolled back on any exception."""
        with self._engine.begin() as connection:
            tx = SqlTx(Database(connection))
            yield tx
        if self._checkpoints is not None:
            self._checkpoints.follow()
        if self._marker is not None:
            self._marker.follow(tx.last_tick)
        elif tx.db.written:
            self._keep_statistics(tx.db.written)

    def _keep_statistics(self, written: int) -> None:
        """Let PostgreSQL count what a first import wrote: its own look comes a minute later, and guesses scan tables."""
        self._written += written
        if self._written < self._next_look:
            return
        self._next_look = self._next_look * 4 if self._next_look < _LAST_LOOK else inf
        # The work is committed: whatever happens here must not look like its failure.
        with suppress(sa.exc.DBAPIError), self._engine.begin() as connection:
            for table in _HOT:
                connection.exec_driver_sql(f"ANALYZE {table.name}")

    async def run(self, work: Callable[[SqlTx], T]) -> T:
        """Run a function in a transaction off the event loop, again on a deadlock or a serialisation failure."""
        return await asyncio.get_running_loop().run_in_executor(self._threads, self.run_here, work)

    def run_here(self, work: Callable[[SqlTx], T]) -> T:
        """Do what `run` does in this thread."""
        for attempt in range(_TRIES):
            try:
                with self.begin() as tx:
                    return work(tx)
            except sa.exc.DBAPIError as failure:
                if getattr(failure.orig, "sqlstate", None) not in _AGAIN:
                    raise
                time.sleep(self._jitter.uniform(0, 0.002 * 2**attempt))
        raise Transient(
            "ledger.contended",
            f"The database refused the same transaction {_TRIES} times: too many write to the same records",
            f"База {_TRIES} раз отклонила одну и ту же транзакцию: слишком многие пишут в одни карточки",
        )

    async def close(self) -> None:
        """Let go of the database."""
        await asyncio.get_running_loop().run_in_executor(None, self.close_here)

    def close_here(self) -> None:
        """Do what `close` does in this thread."""
        self._threads.shutdown()
        if self._checkpoints is not None:
            self._checkpoints.close()
        self._engine.dispose()
        if self._marker is not None:
            self._marker.close()
        if self._lock is not None:
            self._lock.release()
