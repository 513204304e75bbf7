"""Whether a small file of changes costs the same on a large ledger as on a small one.

1,000 offers with other prices and stock are imported into a ledger of 10,000 and into one of 200,000, in turns, the
same number of times; the ratio of the medians should be near 1.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from random import Random
from statistics import median

from benchmarks.commerceml_files import World, write_offers
from benchmarks.hubs import clear_outbox, measured_hub, outbox_rows, peak_mb, take_in
from obmen.engine.hub import Hub

BOUND = 1.3
SMALL, LARGE, CHANGES = 10_000, 200_000, 1_000


def fill(hub: Hub, folder: Path, count: int, seed: int) -> float:
    """Fill a ledger the way 1C does; return seconds."""
    path = write_offers(folder / f"{count}.xml", range(count), World(seed))
    started = time.perf_counter()
    asyncio.run(take_in(hub, path))
    clear_outbox(hub)
    return time.perf_counter() - started


def change(hub: Hub, folder: Path, numbers: Sequence[int], world: World) -> float:
    """Import a file in which these offers have other prices and stock; return seconds."""
    path = write_offers(folder / f"{world.formed_at}-{numbers[0]}.xml", numbers, world)
    clear_outbox(hub)
    seconds, ended = asyncio.run(take_in(hub, path))
    if ended.counters.get("applied") != len(numbers):
        raise SystemExit(f"not every offer changed: {ended.counters}")
    return seconds


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--small", type=int, default=SMALL)
    parser.add_argument("--large", type=int, default=LARGE)
    parser.add_argument("--changes", type=int, default=CHANGES)
    parser.add_argument("--rounds", type=int, default=11)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--quick", action="store_true", help="a tenth of the large ledger")
    given = parser.parse_args()
    sizes = (given.small, given.large // 10 if given.quick else given.large)
    dice = Random(given.seed)
    with (
        tempfile.TemporaryDirectory(prefix="obmen-bench-") as temporary,
        measured_hub() as small,
        measured_hub() as large,
    ):
        folder = Path(temporary)
        hubs = dict(zip(sizes, (small, large), strict=True))
        set_up = {size: fill(hub, folder, size, given.seed) for size, hub in hubs.items()}
        spent: dict[int, list[float]] = {size: [] for size in sizes}
        # One round unmeasured: statements are prepared and the first pages are read.
        for turn in range(given.rounds + 1):
            world = World(given.seed, f"2026-11-{1 + turn // 24:02}T{turn % 24:02}:00:00", edition=turn + 1)
            for size in sizes if turn % 2 else reversed(sizes):
                spent[size].append(change(hubs[size], folder, dice.sample(range(size), given.changes), world))
        rows = {size: outbox_rows(hub) for size, hub in hubs.items()}
    print(f"{given.changes} changed offers, SQLite, synchronous=FULL, three readers, {given.rounds} rounds")
    print(f"{'ledger':>10}{'set-up s':>10}{'median s':>10}{'best s':>10}{'worst s':>10}{'outbox':>8}")
    for size in sizes:
        times = spent[size][1:]
        print(
            f"{size:10}{set_up[size]:10.1f}{median(times):10.3f}{min(times):10.3f}{max(times):10.3f}{rows[size]:8}"
        )
    ratio = median(spent[sizes[1]][1:]) / median(spent[sizes[0]][1:])
    print(f"ratio {ratio:.2f} (bound {BOUND})")
    print(
        json.dumps(
            {
                "name": "incremental_growth",
                "ratios": {"growth": round(ratio, 3)},
                "peak_mb": round(peak_mb(), 1),
                "ledgers": sizes,
                "changes": given.changes,
                "seed": given.seed,
                "set_up_s": [round(set_up[size], 1) for size in sizes],
                "durability": "SQLite synchronous=FULL",
            }
        )
    )


if __name__ == "__main__":
    main()
