"""The real engine and the real door over a ledger in memory: a toy shop brings orders, a 1C by hand takes them."""

import asyncio
import hashlib
from contextlib import suppress
from itertools import count
from xml.etree import ElementTree as ET
from xml.sax.saxutils import escape

import msgspec
from hub import LOGIN, PASSWORD, Caller, NoBudget

from obmen.connectors.contract import Ports
from obmen.connectors.onec.connector import Onec
from obmen.connectors.onec.settings import Settings
from obmen.engine.intake import HubIntake
from obmen.engine.pulling import pull
from obmen.engine.settling import Arrival, settle_page
from obmen.engine.unpacking import unpack
from obmen.errors import BadInput
from obmen.gateway import Entrance, Gateway
from obmen.sync.rules import Reader
from obmen.testkit.codecs import StrictCodec
from obmen.testkit.memory import MemoryLedger
from obmen.testkit.world import ORDER, STAGE_CODES, World

NAME = "onec"


class PlainPapers:
    """Orders as documents of hardly anything."""

    def begin(self, version):
        return self._bytes(
            f'<?xml version="1.0" encoding="windows-1251"?>\n<КоммерческаяИнформация ВерсияСхемы="{version or "2.05"}">'
        )

    def order(self, step, version):
        if step.whole.get("comment") == "непечатное":
            raise BadInput("onec.no_words", "it has no words.", "слов нет.")
        if step.whole.get("comment") == "ошибка":
            raise KeyError("nobody thought of this")
        fields = "".join(f"<{name}>{escape(str(wire))}</{name}>" for name, wire in sorted(step.whole.items()))
        return self._bytes(f"<Документ><Ид>{step.ref or step.whole['number']}</Ид>{fields}</Документ>\n")

    def end(self, version):
        return self._bytes("</КоммерческаяИнформация>")

    def info(self):
        return self._bytes(
            '<?xml version="1.0" encoding="windows-1251"?>\n<Справочник><Cтатусы/></Справочник>'
        )

    @staticmethod
    def _bytes(text):
        return text.encode("windows-1251", "xmlcharrefreplace")


class OrdersHub:
    def __init__(self, spool, *, wait_s=5, ledger=None, **settings):
        self.spool = spool
        self.world = World(ledger or MemoryLedger())
        self.log = []
        self._wait_s = wait_s
        self._settings = {"login": LOGIN, "password": PASSWORD, "orders": True, **settings}
        self._numbers = count(1)

    async def __aenter__(self):
        await self.start()
        return self

    async def __aexit__(self, *_):
        await self.stop()

    async def start(self):
        """Begin a process of the hub over what the one before left."""
        ports = Ports(budget=NoBudget(), log=self.log.append, now=self.world.now, spool=self.spool / NAME)
        settings = Settings(**self._settings)
        self.connection = OrdersOnec(
            NAME, settings, ports, papers=PlainPapers(), ids=self._next_id, wait_s=self._wait_s
        )
        orders = self.world.hub.topologies["order"]
        readers = tuple(one for one in orders.readers if one.to != NAME)
        self.world.hub = msgspec.structs.replace(
            self.world.hub,
            connections={**self.world.hub.connections, NAME: self.connection},
            topologies={
                **self.world.hub.topologies,
                "order": msgspec.structs.replace(orders, readers=(*readers, Reader(to=NAME))),
            },
        )
        self.intake = HubIntake(self.world.hub, lambda _: None)
        self._gateway = Gateway([Entrance(connection=NAME, receiver=self.connection)], self.intake)
        port = await self._gateway.start("127.0.0.1", 0)
        self.url = f"http://127.0.0.1:{port}{settings.routes[0]}"
        self._worker = asyncio.create_task(self._work())

    async def stop(self):
        self._worker.cancel()
        with suppress(asyncio.CancelledError):
            await self._worker
        await self._gateway.stop()
        await self.connection.close()

    async def restart(self):
        await self.stop()
        await self.start()

    def _next_id(self):
        return hashlib.md5(f"{self.spool}{next(self._numbers)}".encode()).hexdigest()  # noqa: S324

    async def _work(self):
        while True:
            await asyncio.sleep(0.002)
            with self.world.begin() as tx:
                waiting = [stored.id for stored in tx.waiting_envelopes(NAME)]
            for number in waiting:
                await unpack(self.world.hub, number)
            if waiting:
                await self.intake.moved()

    # --- what happens in the shop, and what came of it

    async def order(self, number, **fields):
        thing = self.world.shop.person_creates(
            "order", {"number": number, "stage": "new", "comment": "", **fields}
        )
        await pull(self.world.hub, "shop", "order")
        return thing

    async def orders(self, many, **fields):
        """As many orders at once, N0 and on, as one page shows them."""
        shop = self.world.shop
        things = [
            shop.new("order", {"number": f"N{number}", "stage": "new", "comment": "", **fields})
            for number in range(many)
        ]
        with self.world.begin() as tx:
            looks = [shop.look_of(thing) for thing in things]
            page = Arrival(connection="shop", entity="order", looks=looks, read_at=tx.tick(), evidence="poll")
            settle_page(tx, self.world.hub, page)

    async def edit(self, thing, atom, wire):
        self.world.shop.person_types(thing, atom, wire)
        await pull(self.world.hub, "shop", "order")

    def rows(self):
        with self.world.begin() as tx:
            found = tx.outbox(NAME)
            titles = tx.records([row.record for row in found])
        return {titles[row.record].title: (row.state, row.reason) for row in found}

    def confirmed(self):
        """The names 1C is known to hold orders under."""
        with self.world.begin() as tx:
            bound = tx.bound_in_scope(NAME, "order", "")
            still = {attempt.record for attempt in tx.open_attempts(NAME, after=0, limit=10_000)}
        return sorted(ref for record, ref in bound.items() if record not in still)

    def logged(self, what):
        return [line.answer for line in self.log if line.what == what]


class OrdersOnec(Onec):
    def codec(self, entity):
        if entity != "order":
            return super().codec(entity)
        return StrictCodec(NAME, {atom.partition(".")[0] for atom in ORDER}, {"stage": dict(STAGE_CODES)})

    def traits(self, entity):
        return msgspec.structs.replace(super().traits(entity), required=("number",))


class Clerk(Caller):
    """1C by hand, after orders."""

    async def ask(self, mode, body=None, **query):
        return await super().ask(mode, body, **{"type": "sale", **query})

    async def query(self):
        """The names of the documents of one answer."""
        return names(await self.ask("query"))

    async def begin(self, **query):
        await self.login()
        await self.ask("init", **query)
        return self


def names(text):
    root = ET.fromstring(text.encode("windows-1251"))
    return [one.findtext("Ид") for one in root.findall("Документ")]
