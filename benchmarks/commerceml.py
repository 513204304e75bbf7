"""How fast a 1C export becomes facts: read, merge, journal, shadows and outbox, against a bare walk of the same file."""

from __future__ import annotations

import argparse
import asyncio
import gc
import json
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from xml.etree.ElementTree import iterparse

from benchmarks.commerceml_files import write_offers
from benchmarks.hubs import clear_outbox, measured_hub, outbox_rows, take_in

BOUNDS = {"first": 0.25, "unchanged": 0.55, "one_percent": 0.5}
PEAK_MB = 150


def walk(path: Path) -> float:
    """Walk a file with the standard library alone, clearing as it goes; return seconds."""
    started = time.perf_counter()
    parents = []
    for event, element in iterparse(path, events=("start", "end")):
        if event == "start":
            parents.append(element)
            continue
        parents.pop()
        if element.tag.endswith("}Предложение") or element.tag == "Предложение":
            element.clear()
            parents[-1].clear()
    return time.perf_counter() - started


def walk_ends(path: Path) -> float:
    """The same with end events only: the faster of the two walks is the bound."""
    started = time.perf_counter()
    offers = None
    for _, element in iterparse(path, events=("end",)):
        if element.tag.endswith("Предложение"):
            element.clear()
            if offers is not None:
                offers.clear()
    return time.perf_counter() - started


def child(folder: Path, url: str | None) -> dict[str, object]:
    """Import the three files one after the other into one ledger; runs in a process of its own."""
    result: dict[str, object] = {}
    with measured_hub(url) as hub:
        for name in BOUNDS:
            path = folder / f"{name}.xml"
            clear_outbox(hub)
            gc.collect()
            seconds, ended = asyncio.run(take_in(hub, path))
            result[name] = {
                "seconds": seconds,
                "outbox": outbox_rows(hub),
                "counters": ended.counters,
                "state": ended.state,
            }
    result["peak_mb"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return result


def run_child(folder: Path, url: str | None) -> dict:
    command = [sys.executable, "-m", "benchmarks.commerceml", "--child", str(folder)]
    command += ["--url", url] if url else []
    done = subprocess.run(command, capture_output=True, text=True, check=True)  # noqa: S603
    return json.loads(done.stdout.splitlines()[-1])


def make_files(folder: Path, count: int, seed: int) -> None:
    """Write the first file, the same in another order and of another date, and one with a hundredth changed."""
    folder.mkdir()
    write_offers(folder / "first.xml", count, seed=seed, formed_at="2026-11-20T10:00:00")
    write_offers(
        folder / "unchanged.xml", count, seed=seed, formed_at="2026-11-20T11:00:00", order="shuffled"
    )
    write_offers(
        folder / "one_percent.xml", count, seed=seed, formed_at="2026-11-20T12:00:00", change_share=0.01
    )


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--count", type=int, default=100_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--quick", action="store_true", help="a fifth of the size")
    parser.add_argument("--url", help="another ledger than SQLite")
    parser.add_argument("--child", type=Path)
    arguments = parser.parse_args()
    if arguments.child:
        print(json.dumps(child(arguments.child, arguments.url)))
        return
    count = arguments.count // 5 if arguments.quick else arguments.count
    with tempfile.TemporaryDirectory(prefix="obmen-bench-") as temporary:
        big, small = Path(temporary) / "big", Path(temporary) / "small"
        make_files(big, count, arguments.seed)
        make_files(small, max(count // 10, 1), arguments.seed)
        megabytes = (big / "first.xml").stat().st_size / 1e6
        bare = {name: min(walk_ends(big / f"{name}.xml") for _ in range(2)) for name in BOUNDS}
        run = run_child(big, arguments.url)
        small_run = run_child(small, arguments.url)
    print(
        f"{count} offers, {megabytes:.0f} MB, ledger {arguments.url or 'SQLite, synchronous=FULL'}, three readers"
    )
    print(f"{'':14}{'walk s':>9}{'hub s':>9}{'ratio':>8}{'bound':>8}{'outbox':>9}  counters")
    ratios = {}
    for name, bound in BOUNDS.items():
        seconds = run[name]["seconds"]
        ratios[name] = round(bare[name] / seconds, 3)
        print(
            f"{name:14}{bare[name]:9.2f}{seconds:9.2f}{ratios[name]:8.2f}{bound:8.2f}{run[name]['outbox']:9}  {run[name]['counters']}"
        )
    print(
        f"peak {run['peak_mb']:.0f} MB (bound {PEAK_MB}); at a tenth of the size {small_run['peak_mb']:.0f} MB"
    )
    print(
        json.dumps(
            {
                "name": "commerceml",
                "ratios": ratios,
                "peak_mb": round(run["peak_mb"], 1),
                "peak_mb_tenth": round(small_run["peak_mb"], 1),
                "offers": count,
                "megabytes": round(megabytes, 1),
                "outbox_rows_unchanged": run["unchanged"]["outbox"],
                "ledger": arguments.url or "sqlite synchronous=FULL",
            }
        )
    )


if __name__ == "__main__":
    main()
