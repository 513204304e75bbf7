"""The ledger's identity, and what happens when its database is put back in time.

After a restore from a backup the ledger has forgotten what it wrote and what it saw. Nothing may be delivered until
the systems have been adopted again, and no number may be given out twice: marks on remote objects carry record ids.
"""

from __future__ import annotations

import secrets
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

import sqlalchemy as sa

from obmen.ledger.contract import HELD
from obmen.ledger.counters import RECORD, TICK
from obmen.ledger.statement import Statement, upsert, word
from obmen.ledger.tables import BINDINGS, CURSORS, META, OUTBOX, RECORD_IDS, TICKS

if TYPE_CHECKING:
    from obmen.ledger.sql import SqlTx

HELD_EPOCH = "held_epoch"
HOLD = "hold"
"""State of a connection that waits for a person after a restore."""
EPOCH = "epoch"
GAP = 1_000_000
"""Numbers skipped at a raise: more than can have been given out since the newest backup worth restoring."""
_WIDTH = 64

_IDENTITY = Statement(sa.select(META.c.value).where(META.c.name == word("ledger")))
_NAME = upsert(META)
_HOLD = Statement(
    sa.update(OUTBOX).values(state=word(HELD), reason=word(HELD_EPOCH), leased_until=sa.literal_column("0.0"))
)
_CONNECTIONS = Statement(
    sa.union(
        sa.select(BINDINGS.c.connection), sa.select(CURSORS.c.connection), sa.select(OUTBOX.c.connection)
    )
)
_SKIP = tuple(
    Statement(
        sa.select(sa.func.setval(word(sequence.name), sequence.next_value() + sa.literal_column(str(GAP))))
    )
    for sequence in (TICKS, RECORD_IDS)
)


class Marker:
    """The file beside an SQLite database that remembers which ledger it is and how far it had come.

    It is written after a commit, never before: it may lag behind the database, and can be ahead of it only when the
    database went back.
    """

    def __init__(self, database: Path) -> None:
        path = database.with_name(f"{database.name}.epoch")
        path.touch()
        self._file = path.open("r+b", buffering=0)
        self._tick = 0
        self._ledger = ""

    def read(self) -> tuple[str, int] | None:
        """Return the ledger's identity and the last tick noted, or None where nothing was."""
        self._file.seek(0)
        ledger, _, tick = (self._file.read(_WIDTH) or b"").decode("ascii", "replace").partition(" ")
        return (ledger, int(tick)) if tick.strip().isdigit() else None

    def start(self, ledger: str, tick: int) -> None:
        """Begin to follow a ledger."""
        self._ledger, self._tick = ledger, -1
        self.follow(tick)

    def follow(self, tick: int) -> None:
        """Note how far the ledger has come. A full disk does not matter here: a note may lag behind."""
        if tick > self._tick:
            self._tick = tick
            with suppress(OSError):
                self._file.seek(0)
                self._file.write(f"{self._ledger} {tick}".ljust(_WIDTH).encode())

    def close(self) -> None:
        """Let go of the file."""
        self._file.close()


def meet(tx: SqlTx, marker: Marker | None) -> None:
    """Give a new ledger its identity; raise the epoch of one whose database went back in time or changed places.

    A database that is not new but has no marker beside it was copied from somewhere: that counts as well.
    """
    row = tx.db.row(_IDENTITY)
    ledger = secrets.token_hex(8) if row is None else str(row[0])
    if row is None:
        tx.db.run(_NAME, name="ledger", value=ledger)
    if marker is None:
        return
    tick = tx.counted(TICK)
    noted = marker.read()
    if tick > 0 and (noted is None or noted[0] != ledger or noted[1] > tick):
        raise_epoch(tx)
        tick = tx.counted(TICK)
    marker.start(ledger, tick)


def epoch(tx: SqlTx) -> int:
    """Return how often this ledger was put back in time."""
    return tx.counted(EPOCH)


def raise_epoch(tx: SqlTx) -> int:
    """Hold every delivery and every connection until adopt and plan, skip the numbers that may be in use; return the new epoch."""
    if tx.db.is_postgresql:
        for skip in _SKIP:
            tx.db.one(skip)
    else:
        tx.count(TICK, GAP)
        tx.count(RECORD, GAP)
    tx.db.run(_HOLD)
    for (connection,) in tx.db.rows(_CONNECTIONS):
        tx.put_state(connection, HOLD, HELD_EPOCH)
    return tx.count(EPOCH, 1)
