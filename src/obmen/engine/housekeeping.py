"""Housekeeping: what has outlived its days goes from the ledger, and from the spool what nothing names any more."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

from obmen.connectors.contract import Connection, Tidying
from obmen.ledger.retention import Keep, kept_files, prune
from obmen.ledger.sql import SqlLedger

YOUNG_S = 3600.0
"""Files younger than this may be on their way to an envelope that is not stored yet."""


async def keep_house(
    ledger: SqlLedger, connections: Iterable[Connection], *, spool: Path, keep: Keep, now: float
) -> dict[str, int]:
    """Remove what is old and return how much of each kind. Pictures are kept: shadows name them for ever."""
    counts = await prune(ledger, now=now, keep=keep)
    named = {Path(path) for path in await ledger.run(kept_files)}
    counts["files"] = await asyncio.to_thread(_sweep, spool, named, now - YOUNG_S)
    for connection in connections:
        if isinstance(connection, Tidying):
            await connection.tidy()
    return counts


def _sweep(spool: Path, named: set[Path], before: float) -> int:
    """Delete from every connection's inbox the old files that no envelope names; return how many."""
    swept = 0
    for path in spool.glob("*/inbox/*"):
        with suppress(FileNotFoundError):
            if path not in named and path.is_file() and path.stat().st_mtime < before:
                path.unlink()
                swept += 1
    return swept
