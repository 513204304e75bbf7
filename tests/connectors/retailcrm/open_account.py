"""A simulated account and a connection to it, with the hub's ports as plain values."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from obmen.connectors.contract import Exchange, Ports, Step
from obmen.connectors.retailcrm import Settings, connector
from obmen.connectors.retailcrm.sandbox import Crm, Setup
from obmen.sandbox.clock import Clock
from obmen.sandbox.faults import Dials, Fault


class FreeBudget:
    """A budget that counts and never waits."""

    def __init__(self) -> None:
        self.calls = 0
        self.frozen: list[float] = []

    async def take(self, calls: int = 1) -> None:
        self.calls += calls

    async def freeze(self, seconds: float) -> None:
        self.frozen.append(seconds)


class FaultsInTurn:
    """Faults befalling requests in the order given (empty: none), then none."""

    def __init__(self) -> None:
        self.dials = Dials()
        self.next: list[str] = []

    def delay(self) -> float:
        return 0.0

    def draw(self) -> Fault | None:
        fault = self.next.pop(0) if self.next else ""
        return Fault(fault) if fault else None


class World:
    """One account, one connection, and what went over the wire."""

    def __init__(self, crm: Crm, folder: Path, **settings: Any) -> None:
        self.crm = crm
        self.budget = FreeBudget()
        self.log: list[Exchange] = []
        self.ports = Ports(
            budget=self.budget,
            log=self.log.append,
            now=lambda: crm.clock.now().timestamp(),
            spool=folder / "crm",
        )
        given = {"url": crm.url, "sites": {"s1": "main"}, **crm.credentials(), **settings}
        self.settings = Settings(**given)
        self.connection = connector.open("crm", self.settings, self.ports)

    @property
    def asked(self) -> list[str]:
        """The methods called so far."""
        return [exchange.what for exchange in self.log]

    def writes(self) -> int:
        """Count what the API changed in the account."""
        return self.crm.ledger.writes(by="api")

    async def create(self, *, record: int = 1, xml_id: str = "", **atoms: Any) -> Any:
        """Create an order of canonical atoms; return the outcome."""
        (outcome,) = await self.connection.push([self.step(record=record, xml_id=xml_id, **atoms)])
        return outcome

    async def write(self, ref: str, *, record: int = 1, **atoms: Any) -> Any:
        """Change an order; return the outcome."""
        (outcome,) = await self.connection.push([self.step(record=record, ref=ref, **atoms)])
        return outcome

    async def read(self, ref: str) -> dict[str, Any]:
        """The canonical atoms of an order, with the account's refs of goods."""
        (look,) = await self.connection.look("order", [ref])
        codec = self.connection.codec("order")
        return {atom: codec.decode(atom, wire) for atom, wire in look.fields.items()}

    def step(
        self,
        *,
        record: int = 1,
        ref: str | None = None,
        xml_id: str = "",
        entity: str = "order",
        **atoms: Any,
    ) -> Step:
        """Write a step of canonical atoms; members of a family are given as `payments__shop-1`."""
        codec = self.connection.codec(entity)
        named = {name.replace("__", "."): value for name, value in atoms.items()}
        fields = {name: codec.encode(name, value) for name, value in named.items()}
        keys = {"xml_id": xml_id} if xml_id else {}
        return Step(record=record, entity=entity, ref=ref, fields=fields, mark=f"obmen:{record}", keys=keys)

    async def card(self, ref: str | int) -> dict[str, Any]:
        """The canonical atoms of a customer's card."""
        (look,) = await self.connection.look("customer", [str(ref)])
        codec = self.connection.codec("customer")
        return {atom: codec.decode(atom, wire) for atom, wire in look.fields.items()}


@asynccontextmanager
async def opened(folder: Path, setup: Setup | None = None, **settings: Any) -> AsyncIterator[World]:
    """Start an account and open a connection to it."""
    clock = Clock(datetime(2026, 1, 31, 21, 30, tzinfo=UTC), frozen=True)
    async with Crm(setup or Setup(rate_limit=None), clock=clock) as crm:
        world = World(crm, folder, **settings)
        try:
            yield world
        finally:
            await world.connection.close()


def line(offer: str | None, quantity: str, amount: str, *, discount: str = "", **more: Any) -> dict[str, Any]:
    """Write a line of an order."""
    off = {"discount": f"{discount} RUB"} if discount else {}
    return {"offer": offer, "quantity": quantity, "sum": f"{amount} RUB", "vat": "22", **off, **more}


def money(*lines: dict[str, Any], delivery: str = "0.00", total: str) -> dict[str, Any]:
    """Write the money of an order."""
    return {
        "currency": "RUB",
        "lines": list(lines),
        "delivery": {"sum": f"{delivery} RUB"},
        "total": f"{total} RUB",
    }


PETROV = {
    "kind": "person",
    "name": "Петров Илья Сергеевич",
    "phone": "+79044901122",
    "email": "i.petrov@example.ru",
}


def an_order(**more: Any) -> dict[str, Any]:
    """Return the atoms of an order of three boots for a hundred, with a discount, and delivery."""
    return {
        "number": "17",
        "placed": "2026-01-31T20:00:00Z",
        "site": "s1",
        "stage": "new",
        "cancelled": None,
        "money": money(line("201", "3", "100.00", discount="8.00"), delivery="350.00", total="450.00"),
        "contact": PETROV,
        "address": {"text": "ул. Мельникайте, д. 102, кв. 45", "zip": "625026", "city": "Тюмень"},
        "delivery": {"service": "courier", "date": "2026-02-03", "interval": "10:00-18:00"},
        "comment": "после 18",
        "payments__shop-31": {
            "sum": "450.00 RUB",
            "method": "card",
            "prepaid": True,
            "paid": True,
            "at": "2026-01-31T20:05:00Z",
        },
        **more,
    }
