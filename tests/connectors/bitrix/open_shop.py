"""A simulated shop and a connection to it, with the hub's ports as plain values."""

from __future__ import annotations

import hashlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from obmen.connectors.bitrix import Settings, connector
from obmen.connectors.bitrix.sandbox import Setup, Shop
from obmen.connectors.contract import Exchange, Ports, Step
from obmen.sandbox.clock import Clock
from obmen.sandbox.faults import Dials, Fault

GUID = "bd72d8f9-55bc-11d9-848a-00112f43529a"


class FreeBudget:
    """A budget that counts and never waits."""

    def __init__(self) -> None:
        self.calls = 0
        self.frozen: list[float] = []

    async def take(self, calls: int = 1) -> None:
        self.calls += calls

    async def freeze(self, seconds: float) -> None:
        self.frozen.append(seconds)


class ScriptedFaults:
    """Faults befalling requests in the order given (empty: none), then none."""

    def __init__(self, faults: list[str]) -> None:
        self.dials = Dials()
        self._faults = list(faults)

    def delay(self) -> float:
        return 0.0

    def draw(self) -> Fault | None:
        fault = self._faults.pop(0) if self._faults else ""
        return Fault(fault) if fault else None


class World:
    """One shop, one connection, and what went over the wire."""

    def __init__(self, shop: Shop, folder: Path, **settings: Any) -> None:
        self.shop = shop
        self.budget = FreeBudget()
        self.log: list[Exchange] = []
        self.spool = folder / "shop"
        self.ports = Ports(
            budget=self.budget,
            log=self.log.append,
            now=lambda: shop.clock.now().timestamp(),
            spool=self.spool,
        )
        setup = shop.state.setup
        given = {"prices": {"retail": 1, "sale": 2}, **settings}
        self.settings = Settings(url=shop.url, user=setup.webhook_user, secret=setup.webhook_secret, **given)
        self.connection = connector.open("shop", self.settings, self.ports)

    def blob(self, data: bytes) -> str:
        """Put bytes where the hub keeps them and return their hash."""
        sha = hashlib.sha256(data).hexdigest()
        path = self.spool.parent / "blobs" / sha[:2] / sha
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
        return sha

    def writes(self) -> int:
        """Count what REST and the exchange door changed in the shop."""
        ledger = self.shop.ledger
        return sum(effect.by not in {"setup", "operator"} for effect in ledger.effects)

    async def create(self, entity: str, *, record: int = 1, xml_id: str = "", **fields: Any) -> str:
        """Create one object and return its ref."""
        step = make_step(entity, record=record, xml_id=xml_id or f"guid-{record}", **fields)
        (outcome,) = await self.connection.push([step])
        return outcome.ref

    async def look(self, entity: str, ref: str) -> dict[str, Any]:
        """Read one object's fields."""
        (look,) = await self.connection.look(entity, [ref])
        return look.fields


@asynccontextmanager
async def opened(folder: Path, setup: Setup | None = None, **settings: Any) -> AsyncIterator[World]:
    """Start a shop and open a connection to it."""
    async with Shop(setup, clock=Clock(datetime(2026, 1, 31, 7, tzinfo=UTC), frozen=True)) as shop:
        world = World(shop, folder, **settings)
        try:
            yield world
        finally:
            await world.connection.close()


def make_step(
    entity: str,
    *,
    record: int = 1,
    ref: str | None = None,
    xml_id: str = "",
    mark: str = "",
    title: str = "",
    held: dict[str, Any] | None = None,
    **fields: Any,
) -> Step:
    """Write a step; atoms of a family are given as `prices__retail`."""
    return Step(
        record=record,
        entity=entity,
        ref=ref,
        fields={name.replace("__", "."): value for name, value in fields.items()},
        held=held or {},
        mark=mark or f"obmen:{record}",
        keys={"xml_id": xml_id} if xml_id else {},
        title=title,
    )
