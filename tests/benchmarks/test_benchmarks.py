"""Each benchmark runs at a tiny size and says what it measured. How fast it was is not asked here."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
from benchmarks.__main__ import NAMES

ROOT = Path(__file__).parents[2]
TINY = {
    "commerceml": ("--count", "60", "--repeat", "1"),
    "incremental_growth": ("--small", "60", "--large", "120", "--changes", "20", "--rounds", "1"),
    "month": ("--days", "2", "--orders", "6"),
    "orders": ("--sizes", "5", "60", "--rounds", "1"),
    "retail_burst": ("--count", "60", "--latency", "0..0.02", "--others", "30", "--crowds", "half"),
    "settle": ("--count", "60", "--rounds", "1"),
    "webhooks": ("--rate", "100", "--seconds", "1"),
}


@pytest.mark.parametrize("name", NAMES)
def test_a_benchmark_ends_with_its_figures(name):
    figures = last_line(name, *TINY[name])

    assert name == figures["name"]
    assert all(ratio > 0 for ratio in figures["ratios"].values())
    assert figures["peak_mb"] > 0
    assert figures["durability"]


@pytest.mark.parametrize("story", ["goods", "parts"])
def test_every_story_of_an_export_ends_unchanged_the_second_time(story):
    figures = last_line("commerceml", *TINY["commerceml"], "--story", story)

    assert figures["outbox_rows_unchanged"] == 0


def last_line(name: str, *options: str) -> dict:
    command = [sys.executable, "-m", f"benchmarks.{name}", *options]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    return json.loads(done.stdout.splitlines()[-1])
