"""How much slower than a bare XML walk it is to read offers in full, and how much memory it takes.

Run: python -m benchmarks.commerceml_reader [count]
"""

import sys
import tempfile
import tracemalloc
from collections.abc import Callable
from pathlib import Path
from time import process_time
from xml.etree.ElementTree import iterparse

from benchmarks.commerceml_files import World, write_offers
from obmen.formats.commerceml.document import open_document
from obmen.formats.commerceml.validator import validate

OFFER = "{urn:1C.ru:commerceml_2}Предложение"


def walk(path: Path) -> int:
    """Walk the file with nothing but the standard library, clearing each offer: the yardstick."""
    count = 0
    for _, element in iterparse(path, events=("end",)):
        if element.tag == OFFER:
            count += 1
            element.clear()
    return count


def read(path: Path) -> int:
    """Read every item in full."""
    with open_document(path) as document:
        return sum(1 for _ in document)


def seconds(action: Callable[[Path], object], path: Path, repeats: int = 3) -> float:
    """Measure processor time, the best of some repeats."""
    best = float("inf")
    for _ in range(repeats):
        started = process_time()
        action(path)
        best = min(best, process_time() - started)
    return best


def peak_megabytes(action: Callable[[Path], object], path: Path) -> float:
    """Measure the peak of the memory that Python objects take."""
    tracemalloc.start()
    try:
        action(path)
        return tracemalloc.get_traced_memory()[1] / 1e6
    finally:
        tracemalloc.stop()


def main() -> None:
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 100_000
    with tempfile.TemporaryDirectory() as folder:
        path = write_offers(Path(folder) / "offers.xml", range(count), World(1))
        print(f"{count} offers, {path.stat().st_size / 1e6:.0f} MB")
        bare = seconds(walk, path)
        for name, action in (("bare walk", walk), ("read", read), ("validate", validate)):
            spent = bare if action is walk else seconds(action, path)
            print(f"{name:10} {spent:6.2f} s  {spent / bare:5.2f} of the bare walk")
        small = write_offers(Path(folder) / "small.xml", range(min(count, 20_000)), World(1))
        print(f"peak while reading: {peak_megabytes(read, small):.1f} MB")


if __name__ == "__main__":
    main()
