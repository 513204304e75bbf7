"""Checkpoints: what commits have appended to SQLite's log is copied into its file, beside the transactions.

SQLite does this at the end of whichever commit finds the log long, and that commit takes a tenth of a second longer.
Here a thread does it every few seconds, and SQLite itself only when the log outgrows what the thread keeps up with
(`wal_autocheckpoint`): it then finds nearly everything copied.
"""

from __future__ import annotations

import sqlite3
import time
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import closing, suppress
from pathlib import Path

EVERY_S = 2.0


class Checkpoints:
    """The checkpoints of one SQLite file."""

    def __init__(self, path: Path, *, every_s: float = EVERY_S) -> None:
        self._path = path
        self._every_s = every_s
        self._due = time.monotonic() + every_s
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="checkpoint")
        self._running: Future[None] | None = None

    def follow(self) -> None:
        """Begin a checkpoint if one is due; for the end of each transaction."""
        if time.monotonic() < self._due or (self._running is not None and not self._running.done()):
            return
        self._running = self._thread.submit(self._copy)

    def close(self) -> None:
        """Wait for the one that runs."""
        self._thread.shutdown()

    def _copy(self) -> None:
        # Whatever is wrong with the file, the next commit will say.
        with suppress(sqlite3.Error), closing(sqlite3.connect(self._path)) as connection:
            connection.execute("PRAGMA wal_checkpoint(PASSIVE)")
        self._due = time.monotonic() + self._every_s
