"""The real engine, the real door and the papers 1C really gets; a shop that says what a test says, a 1C by hand."""

import asyncio
import hashlib
from contextlib import suppress
from itertools import count
from random import Random
from xml.etree import ElementTree as ET

import msgspec
from hub import LOGIN, PASSWORD, NoBudget
from orders_hub import Clerk

from obmen.connectors.contract import Ports, Traits
from obmen.connectors.onec.connector import Onec
from obmen.connectors.onec.settings import Settings
from obmen.engine.hub import Hub
from obmen.engine.intake import HubIntake
from obmen.engine.settling import Arrival, settle_page
from obmen.engine.unpacking import unpack
from obmen.gateway import Entrance, Gateway
from obmen.ledger.contract import Binding
from obmen.sync.facts import STAGES
from obmen.sync.rules import Each, Forward, Origin, Owner, Reader, Review, Topology
from obmen.sync.shadow import Look
from obmen.testkit.memory import MemoryLedger

ERP, SHOP = "erp", "shop"
NOW = 1_763_600_000.0
EACH = ("payments", "shipments", "returns", "numbers")
BOOTS, PAINT = "ботинки#42", "краска"
CODE = "010460123456789321ABC-17<&\x1d91EE06\x1d92dGVzdA=="


class AsItIs:
    """A shop that speaks our own words."""

    form = 1

    def carries(self, atom):
        return True

    def decode(self, atom, wire):
        return wire

    def encode(self, atom, value):
        return value


class Mirror:
    vendor, visible_after_s, name = "mirror", 0.0, SHOP

    def codec(self, entity):
        return AsItIs()

    def traits(self, entity):
        return Traits()


class PapersHub:
    def __init__(self, spool, *, creators=(SHOP,), **settings):
        self._settings = {
            "login": LOGIN,
            "password": PASSWORD,
            "orders": True,
            **settings,
        }
        self._spool, self._creators = spool, creators
        self._numbers = count(1)
        self.log = []

    async def __aenter__(self):
        clock = count(int(NOW))
        ports = Ports(budget=NoBudget(), log=self.log.append, now=lambda: NOW, spool=self._spool / ERP)
        settings = msgspec.convert(self._settings, Settings)
        self.connection = Onec(ERP, settings, ports, ids=self._next_id, wait_s=5)
        both = (SHOP, ERP)
        owners = {
            "money": Review(both),
            "stage": Forward(STAGES, both),
            "cancelled": Review(both),
            "note": Review(both),
            **{name: Each() for name in EACH},
        }
        self.hub = Hub(
            ledger=MemoryLedger(),
            connections={SHOP: Mirror(), ERP: self.connection},
            topologies={
                "offer": Topology("offer", (ERP,), Owner(ERP), {}, ()),
                "order": Topology("order", self._creators, Origin(), owners, (Reader(to=ERP),)),
            },
            now=lambda: float(next(clock)),
            rng=Random(1),
        )
        self.settle(ERP, "offer", *(Look(ref=ref, fields={"name": ref}) for ref in (BOOTS, PAINT)))
        with self.hub.ledger.begin() as tx:
            self.offers = tx.bound(ERP, "offer", [BOOTS, PAINT])
            tx.bind([Binding(SHOP, "offer", ref, record) for ref, record in self.offers.items()])
        self.intake = HubIntake(self.hub, lambda _: None)
        self._gateway = Gateway([Entrance(connection=ERP, receiver=self.connection)], self.intake)
        port = await self._gateway.start("127.0.0.1", 0)
        self.url = f"http://127.0.0.1:{port}{settings.routes[0]}"
        self._worker = asyncio.create_task(self._work())
        return self

    async def __aexit__(self, *_):
        self._worker.cancel()
        with suppress(asyncio.CancelledError):
            await self._worker
        await self._gateway.stop()
        await self.connection.close()

    def _next_id(self):
        return hashlib.md5(f"{self._spool}{next(self._numbers)}".encode()).hexdigest()  # noqa: S324

    async def _work(self):
        while True:
            await asyncio.sleep(0.002)
            with self.hub.ledger.begin() as tx:
                waiting = [stored.id for stored in tx.waiting_envelopes(ERP)]
            for number in waiting:
                await unpack(self.hub, number)
            if waiting:
                await self.intake.moved()

    def settle(self, connection, entity, *looks):
        with self.hub.ledger.begin() as tx:
            page = Arrival(
                connection=connection, entity=entity, looks=looks, read_at=tx.tick(), evidence="poll"
            )
            settle_page(tx, self.hub, page)

    def order(self, number="17", **atoms):
        """Let the shop show an order."""
        self.settle(
            SHOP, "order", Look(ref=number, fields={**PLAIN, "number": number, **atoms}, title=number)
        )

    # --- 1C -----------------------------------------------------------------------------------------------------------

    async def clerk(self, version="2.09"):
        return await Clerk(self).begin(version=version)

    async def taken(self, version="2.09"):
        """Let 1C take what is ready; return the documents by number."""
        clerk = await self.clerk(version)
        answer = await clerk.ask("query")
        root = ET.fromstring(answer.encode("windows-1251"))
        assert "success\n" == await clerk.ask("success")
        return {one.findtext("Номер"): one for one in root.iter("Документ")}

    async def brings(self, *documents, version="2.09", schema="2.09", formed="2026-11-20T12:00:00"):
        """Let 1C bring documents; return what it is told."""
        clerk = await self.clerk(version)
        body = (
            f'<?xml version="1.0" encoding="UTF-8"?><КоммерческаяИнформация ВерсияСхемы="{schema}"'
            f' ДатаФормирования="{formed}">{"".join(documents)}</КоммерческаяИнформация>'
        ).encode()
        await clerk.ask("file", body, filename="orders.xml")
        return await clerk.ask("import", filename="orders.xml")

    # --- what came of it ------------------------------------------------------------------------------------------

    def record(self, number="17"):
        with self.hub.ledger.begin() as tx:
            (found,) = tx.bound(SHOP, "order", [number]).values()
            return tx.records([found])[found].atoms

    def issues(self, language="en"):
        with self.hub.ledger.begin() as tx:
            return [getattr(one.issue, language) for one in tx.issues()]

    def waiting(self):
        with self.hub.ledger.begin() as tx:
            return {row.record: (row.state, row.reason) for row in tx.outbox(ERP)}


def line(offer=BOOTS, quantity="3", amount="100.00", vat="22", **more):
    return {"offer": offer, "name": offer, "quantity": quantity, "sum": f"{amount} RUB", "vat": vat, **more}


def money(*lines, delivery=None):
    total = sum(float(one["sum"].split()[0]) for one in lines) + float(delivery or 0)
    value = {"currency": "RUB", "lines": list(lines), "total": f"{total:.2f} RUB"}
    if delivery:
        value["delivery"] = {"sum": f"{delivery} RUB", "vat": "22"}
    return value


PLAIN = {"placed": "2026-11-20T07:00:00Z", "money": money(line())}


# --- documents of 1C --------------------------------------------------------------------------------------------------


def said(**pairs):
    rows = "".join(
        f"<ЗначениеРеквизита><Наименование>{name.replace('_', ' ')}</Наименование><Значение>{value}</Значение></ЗначениеРеквизита>"
        for name, value in pairs.items()
    )
    return f"<ЗначенияРеквизитов>{rows}</ЗначенияРеквизитов>"


def goods(ref, quantity, amount, more="", rate="22"):
    return (
        f"<Товар><Ид>{ref}</Ид><Наименование>{ref}</Наименование><Количество>{quantity}</Количество>"
        f"<Сумма>{amount}</Сумма><СтавкиНалогов><СтавкаНалога><Ставка>{rate}</Ставка></СтавкаНалога></СтавкиНалогов>{more}</Товар>"
    )


def document(number, *rows, amount="", operation="Заказ товара", more="", requisites=""):
    table = f"<Товары>{''.join(rows)}</Товары>" if rows else ""
    total = f"<Сумма>{amount}</Сумма>" if amount else ""
    return (
        f"<Документ><Номер>{number}</Номер><Дата>2026-11-20</Дата><Время>12:00:00</Время>"
        f"<ХозОперация>{operation}</ХозОперация><Валюта>RUB</Валюта>{total}{more}{table}{requisites}</Документ>"
    )


def based(number, operation, *rows, amount="", order="17", more="", requisites=""):
    return document(
        number,
        *rows,
        amount=amount,
        operation=operation,
        more=f"<Основание>{order}</Основание>{more}",
        requisites=requisites,
    )


def requisites_of(one):
    return {row.findtext("Наименование"): row.findtext("Значение") for row in one.iter("ЗначениеРеквизита")}
