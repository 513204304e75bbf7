"""How fast a 1C export becomes facts: read, merge, journal, shadows and outbox, against a bare walk of the same file.

The walk is the standard library's `iterparse` and nothing else. It takes its turns between the files of the hub, in a
process of its own, so that whatever else the machine does is felt by both; the best of its turns is the bound.

Stories: `orphans` (the goods were never sent: every offer waits for its product), `goods` (a goods file came before,
untimed), `parts` (descriptions, prices and stock in three files, as schema 2.09 cuts them).
"""

from __future__ import annotations

import argparse
import asyncio
import gc
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from xml.etree.ElementTree import Element, iterparse

from benchmarks.commerceml_files import World, write_goods, write_offers, write_parts
from benchmarks.hubs import clear_outbox, measured_hub, outbox_rows, peak_mb, take_in

BOUNDS = {"first": 0.25, "unchanged": 0.55, "one_percent": 0.5}
PEAK_MB = 150
STORIES = ("orphans", "goods", "parts")
_OFFER = "{urn:1C.ru:commerceml_2}Предложение"
_OFFERS = "{urn:1C.ru:commerceml_2}Предложения"


def worlds(seed: int) -> dict[str, World]:
    """Return the first export, the same of another date in another order, and one with a hundredth changed."""
    return {
        "first": World(seed, "2026-11-20T10:00:00"),
        "unchanged": World(seed, "2026-11-20T11:00:00", order="shuffled"),
        "one_percent": World(seed, "2026-11-20T12:00:00", edition=1, change_share=0.01),
    }


def make_files(folder: Path, count: int, seed: int, story: str) -> None:
    """Write what each export consists of, in a folder of its name."""
    numbers = range(count)
    for name, world in worlds(seed).items():
        (folder / name).mkdir(parents=True)
        if story == "parts":
            write_parts(folder / name, numbers, world)
        else:
            write_offers(folder / name / "offers.xml", numbers, world)
    if story != "orphans":
        (folder / "before").mkdir()
        write_goods(folder / "before" / "import.xml", numbers, World(seed, "2026-11-20T09:00:00"))


def files(folder: Path) -> list[Path]:
    """Return the files of an export in the order 1C sends them."""
    return sorted(folder.glob("*.xml"))


# --- the bound --------------------------------------------------------------------------------------------------------


def walk(path: Path) -> float:
    """Walk a file, flat in memory: each offer is emptied, and so is the list it stands in; return seconds."""
    started = time.perf_counter()
    offers: Element | None = None
    for event, element in iterparse(path, events=("start", "end")):
        if event == "start":
            offers = element if element.tag == _OFFERS else offers
        elif element.tag == _OFFER and offers is not None:
            element.clear()
            offers.clear()
    return time.perf_counter() - started


def walk_ends(path: Path) -> float:
    """Walk a file hearing of ends only: faster, but the emptied offers stay."""
    started = time.perf_counter()
    for _, element in iterparse(path, events=("end",)):
        if element.tag == _OFFER:
            element.clear()
    return time.perf_counter() - started


def walk_apart(folder: Path) -> float:
    """Walk an export in a process of its own, both ways; return the seconds of the faster."""
    command = [sys.executable, "-m", "benchmarks.commerceml", "--walk", str(folder)]
    return float(subprocess.run(command, capture_output=True, text=True, check=True).stdout)  # noqa: S603


# --- the hub ----------------------------------------------------------------------------------------------------------


def exports(folder: Path, url: str | None, *, walks: bool) -> Iterator[tuple[str, dict[str, Any]]]:
    """Import the exports one after the other into one ledger; runs in a process of its own."""
    with measured_hub(url) as hub:
        for path in files(folder / "before"):
            asyncio.run(take_in(hub, path))
        for name in BOUNDS:
            clear_outbox(hub)
            gc.collect()
            bare = [walk_apart(folder / name)] if walks else []
            taken = [asyncio.run(take_in(hub, path)) for path in files(folder / name)]
            bare += [walk_apart(folder / name)] if walks else []
            yield (
                name,
                {
                    "walk": min(bare, default=0.0),
                    "seconds": sum(seconds for seconds, _ in taken),
                    "outbox": outbox_rows(hub),
                    "counters": [ended.counters for _, ended in taken],
                },
            )
    yield "peak_mb", {"value": peak_mb()}


def run_apart(folder: Path, url: str | None, *, walks: bool = True) -> dict[str, dict[str, Any]]:
    """Run the exports in a process of their own, so that their peak of memory is theirs alone."""
    command = [sys.executable, "-m", "benchmarks.commerceml", "--child", str(folder)]
    command += ["--url", url] if url else []
    command += [] if walks else ["--no-walks"]
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True)  # noqa: S603
    return json.loads(done.stdout)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=100_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--story", choices=STORIES, default="orphans")
    parser.add_argument("--repeat", type=int, default=2, help="the best of so many runs counts")
    parser.add_argument("--quick", action="store_true", help="a fifth of the size, once")
    parser.add_argument("--url", help="another ledger than SQLite: an empty PostgreSQL schema")
    parser.add_argument("--child", type=Path, help=argparse.SUPPRESS)
    parser.add_argument("--no-walks", action="store_true", help=argparse.SUPPRESS)
    parser.add_argument("--walk", type=Path, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.walk:
        print(min(sum(map(each, files(given.walk))) for each in (walk, walk_ends)))
    elif given.child:
        print(json.dumps(dict(exports(given.child, given.url, walks=not given.no_walks))))
    else:
        count = given.count // 5 if given.quick else given.count
        compare(count, given.seed, given.story, given.url, repeat=1 if given.quick else given.repeat)


def compare(count: int, seed: int, story: str, url: str | None, *, repeat: int) -> None:
    """Run hub and walks, and tell of them."""
    with tempfile.TemporaryDirectory(prefix="obmen-bench-") as temporary:
        big, small = Path(temporary) / "big", Path(temporary) / "small"
        make_files(big, count, seed, story)
        make_files(small, max(count // 10, 1), seed, story)
        megabytes = sum(path.stat().st_size for path in files(big / "first")) / 1e6
        runs = [run_apart(big, url) for _ in range(repeat)]
        tenth = run_apart(small, url, walks=False)["peak_mb"]["value"]
    peak = max(run["peak_mb"]["value"] for run in runs)
    ledger = url or "SQLite, synchronous=FULL"
    print(f"{count} offers ({story}), {megabytes:.0f} MB, ledger {ledger}, three readers, best of {repeat}")
    print(f"{'':14}{'walk s':>9}{'hub s':>9}{'ratio':>8}{'bound':>8}{'outbox':>9}  counters")
    ratios = {}
    for name, bound in BOUNDS.items():
        bare = min(run[name]["walk"] for run in runs)
        seconds = min(run[name]["seconds"] for run in runs)
        ratios[name] = round(bare / seconds, 3)
        last = runs[-1][name]
        print(
            f"{name:14}{bare:9.2f}{seconds:9.2f}{ratios[name]:8.2f}{bound:8.2f}{last['outbox']:9}  {last['counters']}"
        )
    print(f"peak {peak:.0f} MB (bound {PEAK_MB}); at a tenth of the size {tenth:.0f} MB")
    print(
        json.dumps(
            {
                "name": "commerceml",
                "ratios": ratios,
                "peak_mb": round(peak, 1),
                "peak_mb_tenth": round(tenth, 1),
                "offers": count,
                "megabytes": round(megabytes, 1),
                "seed": seed,
                "story": story,
                "outbox_rows_unchanged": runs[-1]["unchanged"]["outbox"],
                "durability": "PostgreSQL's own" if url else "SQLite synchronous=FULL",
            }
        )
    )


if __name__ == "__main__":
    main()
