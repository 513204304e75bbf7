"""One process per SQLite ledger: a side file that is locked as long as the process lives."""

from __future__ import annotations

import sqlite3
from pathlib import Path

from obmen.errors import ConfigError


class FileLock:
    """Holds `<database>.lock`. SQLite's own file locks are used: they work on every system and die with the process."""

    def __init__(self, database: Path) -> None:
        database.parent.mkdir(parents=True, exist_ok=True)
        path = database.with_name(f"{database.name}.lock")
        self._connection = sqlite3.connect(path, timeout=0, isolation_level=None, check_same_thread=False)
        try:
            self._connection.execute("BEGIN EXCLUSIVE")
        except sqlite3.OperationalError:
            self._connection.close()
            raise ConfigError(
                "ledger.in_use",
                f"Another process works with {database}; stop it first, or move to PostgreSQL to run several",
                f"С базой {database} уже работает другой процесс; остановите его или перейдите на PostgreSQL",
            ) from None

    def release(self) -> None:
        """Let another process in."""
        self._connection.close()
