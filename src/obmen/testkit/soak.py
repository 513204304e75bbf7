"""The referee for longer: `python -m obmen.testkit.soak --steps 1000000 --seed 1 --ledger memory|sqlite|postgres`.

Each seed is an episode; a failure prints its seed, the shortest trace and the line that replays it.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from random import SystemRandom
from typing import Any

import sqlalchemy as sa

from obmen.ledger.sql import SqlLedger
from obmen.ledger.tables import METADATA
from obmen.sync.laws import ALL, Law, Laws
from obmen.testkit.memory import MemoryLedger
from obmen.testkit.search import search, told
from obmen.testkit.world import World

STRIDE = 20_000
"""Steps between two lines of progress."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Search, print, and return the exit code: 1 when an invariant was broken."""
    options = _parser().parse_args(arguments)
    seed = options.seed if options.seed is not None else SystemRandom().randrange(1_000_000_000)
    laws: Laws = ALL - {Law[name] for name in options.without}
    done = 0
    began = time.monotonic()
    with worlds(options.ledger, options.url, laws) as make:
        while done < options.steps:
            steps = min(STRIDE, options.steps - done)
            walked, failure = search(make, seed=seed, steps=steps)
            done += walked
            rate = done / max(time.monotonic() - began, 0.001)
            _say(f"seed {seed}: {done:,} steps, {rate:,.0f}/s")
            if failure is not None:
                _say(told(failure))
                _say(
                    f"python -m obmen.testkit.soak --ledger {options.ledger} --seed {failure.seed} --steps 1"
                )
                return 1
            seed += steps  # an episode has several steps, so that no seed is played twice
    return 0


@contextmanager
def worlds(kind: str, url: str, laws: Laws) -> Iterator[Callable[[], World]]:
    """Open a ledger and yield what makes a new world over it, emptied."""
    if kind == "memory":
        yield lambda: World(MemoryLedger(), laws=laws, till=True)
        return
    with tempfile.TemporaryDirectory() as folder:
        address = url if kind == "postgres" else f"sqlite:///{Path(folder) / 'soak.db'}"
        ledger = SqlLedger.open(address, exclusive=True)
        hasten(ledger)

        def make() -> World:
            wipe(ledger)
            return World(ledger, laws=laws, till=True)

        try:
            yield make
        finally:
            ledger.close_here()


def hasten(ledger: SqlLedger) -> None:
    """Let a toy's ledger not wait for the disk: nobody pulls the plug here, and the kill harness does not use this."""
    engine = ledger._engine  # noqa: SLF001 - as in `wipe`
    is_postgresql = engine.dialect.name == "postgresql"
    command = "SET synchronous_commit = off" if is_postgresql else "PRAGMA synchronous = OFF"

    def prepare(connection: Any, _: object) -> None:
        connection.execute(command)
        connection.commit()

    sa.event.listen(engine, "connect", prepare)
    engine.dispose()


def wipe(ledger: SqlLedger) -> None:
    """Empty every table of a ledger that is only a toy's."""
    with ledger._engine.begin() as connection:  # noqa: SLF001 - no product code may ever do this
        for table in METADATA.tables:
            connection.exec_driver_sql(f'DELETE FROM "{table}"')  # noqa: S608 - our own names


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="obmen.testkit.soak", description=__doc__)
    parser.add_argument("--steps", type=int, default=1_000_000)
    parser.add_argument("--seed", type=int, default=None, help="where to begin; random when absent")
    parser.add_argument("--ledger", choices=("memory", "sqlite", "postgres"), default="memory")
    parser.add_argument("--url", default="postgresql://postgres@127.0.0.1:5432/test", help="of PostgreSQL")
    parser.add_argument(
        "--without",
        action="append",
        default=[],
        choices=[law.name for law in Law],
        help="a law to switch off",
    )
    return parser


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    raise SystemExit(main())
