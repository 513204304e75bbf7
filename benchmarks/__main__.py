"""Run all benchmarks, or those named: ``python -m benchmarks [NAME …] [--quick]``.

Each prints a table for people and, as its last line, one JSON object.
"""

from __future__ import annotations

import importlib
import subprocess
import sys

NAMES = ("commerceml", "incremental_growth", "month", "orders", "retail_burst", "settle", "webhooks")


def main(arguments: list[str]) -> int:
    """Run each benchmark in a process of its own, so that one's memory is not another's."""
    options = [argument for argument in arguments if argument.startswith("--")]
    names = [argument for argument in arguments if not argument.startswith("--")] or list(NAMES)
    unknown = [name for name in names if name not in NAMES]
    if unknown:
        print(f"unknown benchmark {', '.join(unknown)}; known: {', '.join(NAMES)}")
        return 2
    failed = 0
    for name in names:
        print(f"== {name}", flush=True)
        importlib.import_module(f"benchmarks.{name}")
        done = subprocess.run([sys.executable, "-m", f"benchmarks.{name}", *options], check=False)  # noqa: S603
        failed |= done.returncode
    return failed


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
