"""How many changed records a second are settled, on SQLite and on PostgreSQL.

10,000 offers whose prices and stock all changed go through the merge in pages: records, shadows, journal, guards and an
outbox for three readers. The bound of the same run is the driver alone, writing as many rows of as many bytes in as
many transactions with the same durability.

PostgreSQL is looked for at `OBMEN_TEST_POSTGRES`; everything happens in a schema of the run's own, dropped afterwards.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import secrets
import sqlite3
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from statistics import median
from typing import Any

import psycopg
import sqlalchemy as sa

from benchmarks.commerceml_files import World, write_offers
from benchmarks.hubs import clear_outbox, measured_hub, peak_mb, take_in
from obmen.connectors.contract import Envelope, Portion
from obmen.engine.hub import Hub
from obmen.engine.settling import Arrival, settle_page

POSTGRES = "postgresql://postgres@127.0.0.1:5432/test"
ROWS_PER_RECORD = 6
"""What one changed record writes: itself, a shadow, a line of the journal, three rows of the outbox."""
ROW_BYTES = 350
"""Their mean size."""


def portions(hub: Hub, path: Path) -> list[Portion]:
    """Read a file into pages of looks."""
    envelope = Envelope(connection="erp", kind="file", name=path.name, key=str(path), path=str(path))
    return [portion for portion in hub.connections["erp"].unpack(envelope, 0) if portion.looks]


def settle_all(hub: Hub, pages: list[Portion]) -> float:
    """Settle pages, a transaction for each; return seconds."""
    started = time.perf_counter()
    for page in pages:
        with hub.ledger.begin() as tx:
            arrival = Arrival(
                connection="erp",
                entity=page.entity,
                looks=page.looks,
                read_at=tx.tick(),
                evidence="benchmark",
                scope=page.scope,
            )
            settle_page(tx, hub, arrival)
    return time.perf_counter() - started


# --- bounds -----------------------------------------------------------------------------------------------------------

_TABLE = "CREATE TABLE bare (id INTEGER PRIMARY KEY, document {bytes} NOT NULL)"
_WRITE = (
    "INSERT INTO bare VALUES ({place}, {place}) ON CONFLICT (id) DO UPDATE SET document = excluded.document"
)


def bare_sqlite(url: str, pages: int, rows: int) -> float:
    """Write with `sqlite3` alone."""
    path = Path(url.removeprefix("sqlite:///"))
    with closing(sqlite3.connect(path.with_name("bare.db"), isolation_level=None)) as connection:
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = FULL")
        connection.execute(_TABLE.format(bytes="BLOB"))
        write = _WRITE.format(place="?")
        return _bare(lambda: connection, lambda given: connection.executemany(write, given), pages, rows)


def bare_postgresql(url: str, pages: int, rows: int) -> float:
    """Write with `psycopg` alone."""
    with psycopg.connect(url, autocommit=True) as connection, connection.cursor() as cursor:
        cursor.execute(_TABLE.format(bytes="BYTEA"))
        write = _WRITE.format(place="%s")
        try:
            return _bare(lambda: cursor, lambda given: cursor.executemany(write, given), pages, rows)
        finally:
            cursor.execute("DROP TABLE bare")


def _bare(connection: Callable[[], Any], write: Callable[[Any], object], pages: int, rows: int) -> float:
    """Write every row twice, as a ledger that holds it already; return the seconds of the second time."""
    for _ in range(2):
        started = time.perf_counter()
        for page in range(pages):
            connection().execute("BEGIN")
            write([(page * rows + row, secrets.token_bytes(ROW_BYTES)) for row in range(rows)])
            connection().execute("COMMIT")
    return time.perf_counter() - started


# --- runs -------------------------------------------------------------------------------------------------------------


@contextmanager
def own_schema(address: str) -> Iterator[str | None]:
    """Give the address of a fresh schema, dropped afterwards; None, said aloud, where PostgreSQL does not answer."""
    try:
        connection = psycopg.connect(address, connect_timeout=3, autocommit=True)
    except psycopg.OperationalError as failure:
        print(f"SKIPPED: PostgreSQL does not answer at {address}: {str(failure).strip().splitlines()[0]}")
        yield None
        return
    schema = f"obmen_bench_{secrets.token_hex(4)}"
    with connection:
        connection.execute(f"CREATE SCHEMA {schema}")
        url = sa.make_url(address).update_query_dict({"options": f"-csearch_path={schema}"})
        try:
            yield url.render_as_string(hide_password=False)
        finally:
            connection.execute(f"DROP SCHEMA {schema} CASCADE")


def run(
    url: str | None, bare: Callable[[str, int, int], float], *, count: int, seed: int, rounds: int
) -> dict[str, float]:
    """Measure one ledger and its bound, in turns; return the medians."""
    with tempfile.TemporaryDirectory(prefix="obmen-bench-") as temporary, measured_hub(url) as hub:
        folder = Path(temporary)
        first = write_offers(folder / "first.xml", range(count), World(seed))
        asyncio.run(take_in(hub, first))
        settled, driver = [], []
        for turn in range(rounds):
            world = World(seed, f"2026-11-01T{turn:02}:00:00", edition=turn + 1)
            pages = portions(hub, write_offers(folder / f"{turn}.xml", range(count), world))
            clear_outbox(hub)
            settled.append(settle_all(hub, pages))
            rows = count * ROWS_PER_RECORD // len(pages)
            driver.append(bare(url or f"sqlite:///{folder}/{turn}", len(pages), rows))
            for path in folder.glob("bare.db*"):
                path.unlink()
    return {"seconds": median(settled), "bare": median(driver)}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=10_000)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--quick", action="store_true", help="two rounds")
    given = parser.parse_args()
    rounds = 2 if given.quick else given.rounds
    measure = {"count": given.count, "seed": given.seed, "rounds": rounds}
    results = {"sqlite": run(None, bare_sqlite, **measure)}
    durability = {"sqlite": "WAL, synchronous=FULL"}
    with own_schema(os.environ.get("OBMEN_TEST_POSTGRES", POSTGRES)) as url:
        if url is not None:
            results["postgresql"] = run(url, bare_postgresql, **measure)
            with psycopg.connect(url) as connection:
                said = connection.execute("SHOW synchronous_commit").fetchone()
            durability["postgresql"] = f"synchronous_commit={said[0] if said else '?'}"
    print(f"{given.count} changed records, three readers, median of {rounds}")
    print(f"{'':12}{'settle s':>10}{'records/s':>11}{'driver s':>10}{'ratio':>8}  durability")
    for name, result in results.items():
        print(
            f"{name:12}{result['seconds']:10.2f}{given.count / result['seconds']:11.0f}{result['bare']:10.2f}"
            f"{result['bare'] / result['seconds']:8.2f}  {durability[name]}"
        )
    print(
        json.dumps(
            {
                "name": "settle",
                "ratios": {
                    name: round(result["bare"] / result["seconds"], 3) for name, result in results.items()
                },
                "records_per_s": {
                    name: round(given.count / result["seconds"]) for name, result in results.items()
                },
                "peak_mb": round(peak_mb(), 1),
                "records": given.count,
                "seed": given.seed,
                "durability": durability,
            }
        )
    )


if __name__ == "__main__":
    main()
