"""How long a call of a trigger waits for its answer, when five hundred come every second and each is to be kept.

The whole hub runs in a process of its own, as `obmen run` runs it: the gateway, and the runner that reads every order a
call names anew, as far as the account's limit lets it. The load is open-loop: a call is due at its moment whether those
before it have been answered or not, and it is from that moment that its wait is counted, the generator's own lateness
included. After the last answer the hub is killed (SIGKILL), and what it has answered for is counted in its inbox. Beside
it stands `/health` at the same pace: what HTTP alone costs here.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import signal
import sys
import tempfile
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import NamedTuple

import aiohttp
import psycopg
import sqlalchemy as sa

from benchmarks.hubs import peak_mb
from benchmarks.settle import POSTGRES, own_schema
from obmen.cli.assemble import gateway_of, open_hub, runner_of
from obmen.config import load_config
from obmen.connectors import SHIPPED
from obmen.connectors.retailcrm.sandbox import Crm
from obmen.ledger.sql import SqlLedger
from obmen.ledger.statement import Statement
from obmen.ledger.tables import ENVELOPES

HOOK = "/hooks/retailcrm/0123456789abcdef"
SETTINGS = """
[hub]
ledger = "{ledger}"

[connections.crm]
type = "retailcrm"
url = "{url}"
api_key = "{api_key}"
hook = "{hook}"

[connections.crm.schedule]
every = "1h"

[sync.order]
creators = ["crm"]
owners = {{ default = "crm" }}
readers = []
"""
BOUND_MS = 50.0
_KEPT = Statement(sa.select(sa.func.count()).select_from(ENVELOPES).where(ENVELOPES.c.kind == "hook"))


class Waits(NamedTuple):
    """How long calls waited, milliseconds; those not answered with 200 are counted apart."""

    answered: list[float]
    failed: int

    def at(self, share: float) -> float:
        """Return the wait that so large a share of the calls did not exceed."""
        ordered = sorted(self.answered)
        return ordered[min(len(ordered) - 1, int(share * len(ordered)))]


async def live(path: Path) -> None:
    """Run a hub until it is killed; its port is told on standard output."""
    config = load_config(path, connectors=SHIPPED, env={})
    with open_hub(config, exclusive=True) as hub:
        runner = runner_of(config, hub)
        gateway = gateway_of(config, hub, runner)
        port = await gateway.start("127.0.0.1", 0)
        work = asyncio.create_task(runner.run())
        await hub.ledger.run(lambda tx: tx.tick())
        print(json.dumps({"port": port}), flush=True)
        await asyncio.to_thread(sys.stdin.readline)
        print(json.dumps({"peak_mb": peak_mb()}), flush=True)
        await work


@asynccontextmanager
async def a_hub(config: Path) -> AsyncIterator[tuple[str, asyncio.subprocess.Process]]:
    """Begin a hub, and kill it."""
    command = (sys.executable, "-m", "benchmarks.webhooks", "--hub", str(config))
    pipe = asyncio.subprocess.PIPE
    hub = await asyncio.create_subprocess_exec(*command, stdin=pipe, stdout=pipe)
    try:
        line = await hub.stdout.readline()
        if not line:
            raise SystemExit("the hub has ended")
        yield f"http://127.0.0.1:{json.loads(line)['port']}", hub
    finally:
        if hub.returncode is None:
            hub.send_signal(signal.SIGKILL)
        await hub.wait()


async def load(url: str, bodies: Sequence[bytes | None], rate: float) -> Waits:
    """Call at a steady pace, with a body each or with none, and return how long each call waited."""
    loop = asyncio.get_running_loop()
    waits: list[float] = []
    failed = 0
    headers = {"Content-Type": "application/x-www-form-urlencoded"}

    async def call(session: aiohttp.ClientSession, body: bytes | None, due: float) -> None:
        nonlocal failed
        try:
            way = session.get(url) if body is None else session.post(url, data=body, headers=headers)
            async with way as answer:
                await answer.read()
                failed += answer.status != 200
        except aiohttp.ClientError:
            failed += 1
        waits.append((loop.time() - due) * 1000)

    connector = aiohttp.TCPConnector(limit=0)
    async with aiohttp.ClientSession(connector=connector, cookie_jar=aiohttp.DummyCookieJar()) as session:
        calls = []
        began = loop.time() + 0.05
        for number, body in enumerate(bodies):
            due = began + number / rate
            if (early := due - loop.time()) > 0:
                await asyncio.sleep(early)
            calls.append(loop.create_task(call(session, body, due)))
        await asyncio.gather(*calls)
    return Waits(waits, failed)


async def measure(ledger: str, folder: Path, *, rate: float, seconds: float) -> dict[str, float]:
    """Load one hub; return its figures."""
    count = int(rate * seconds)
    async with Crm() as crm:
        config = folder / "obmen.toml"
        key = crm.credentials()["api_key"]
        text = SETTINGS.format(ledger=ledger, url=crm.url, api_key=key, hook=HOOK)
        config.write_text(text, encoding="utf-8")
        async with a_hub(config) as (url, hub):
            await load(
                url + HOOK, [b"id=%d" % number for number in range(900_000, 900_000 + count // 10)], rate
            )
            alone = await load(f"{url}/health", [None] * (count // 5), rate)
            waits = await load(url + HOOK, [b"id=%d" % number for number in range(1, count + 1)], rate)
            hub.stdin.write(b"how much memory\n")
            peak = json.loads(await hub.stdout.readline())["peak_mb"]
    kept = stored(ledger, folder) - count // 10
    return {
        "accepted": count - waits.failed,
        "kept": kept,
        "p50_ms": waits.at(0.5),
        "p99_ms": waits.at(0.99),
        "max_ms": waits.at(1.0),
        "health_p50_ms": alone.at(0.5),
        "health_p99_ms": alone.at(0.99),
        "peak_mb": peak,
    }


def stored(ledger: str, folder: Path) -> int:
    """Count the calls in the inbox that a killed hub has left."""
    address = ledger.replace("sqlite:///", f"sqlite:///{folder}/") if ledger.startswith("sqlite") else ledger
    left = SqlLedger.open(address, exclusive=True)
    try:
        with left.begin() as tx:
            return int(tx.db.one(_KEPT)[0])
    finally:
        left.close_here()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rate", type=float, default=500, help="calls a second")
    parser.add_argument("--seconds", type=float, default=10)
    parser.add_argument("--quick", action="store_true", help="three seconds")
    parser.add_argument("--hub", type=Path, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.hub is not None:
        asyncio.run(live(given.hub))
        return
    pace = {"rate": given.rate, "seconds": 3.0 if given.quick else given.seconds}
    results: dict[str, dict[str, float]] = {}
    durability = {"sqlite": "WAL, synchronous=FULL"}
    with tempfile.TemporaryDirectory(prefix="obmen-bench-") as folder:
        results["sqlite"] = asyncio.run(measure("sqlite:///hub.db", Path(folder), **pace))
    with (
        tempfile.TemporaryDirectory(prefix="obmen-bench-") as folder,
        own_schema(os.environ.get("OBMEN_TEST_POSTGRES", POSTGRES)) as url,
    ):
        if url is not None:
            results["postgresql"] = asyncio.run(measure(url, Path(folder), **pace))
            with psycopg.connect(url) as connection:
                said = connection.execute("SHOW synchronous_commit").fetchone()
            durability["postgresql"] = f"synchronous_commit={said[0] if said else '?'}"
    print(
        f"{pace['rate']:g} calls of triggers a second for {pace['seconds']:g} s, each kept before it is answered"
    )
    print(
        f"{'':12}{'accepted':>10}{'in inbox':>10}{'p50 ms':>9}{'p99 ms':>9}{'max ms':>9}{'health p50':>12}{'p99':>7}"
    )
    for name, figures in results.items():
        print(
            f"{name:12}{figures['accepted']:10.0f}{figures['kept']:10.0f}{figures['p50_ms']:9.1f}"
            f"{figures['p99_ms']:9.1f}{figures['max_ms']:9.1f}{figures['health_p50_ms']:12.1f}"
            f"{figures['health_p99_ms']:7.1f}"
        )
    print(
        json.dumps(
            {
                "name": "webhooks",
                "ratios": {
                    name: round(figures["health_p50_ms"] / figures["p50_ms"], 3)
                    for name, figures in results.items()
                },
                **{
                    name: {what: round(value, 2) for what, value in figures.items()}
                    for name, figures in results.items()
                },
                "bound_ms": BOUND_MS,
                "peak_mb": round(max(figures["peak_mb"] for figures in results.values()), 1),
                "durability": durability,
            }
        )
    )
    if any(figures["kept"] != figures["accepted"] for figures in results.values()):
        raise SystemExit(1)


if __name__ == "__main__":
    main()
