"""The same bytes again are not read again, and nothing is ever missed because of it."""

from __future__ import annotations

import sys
from functools import partial
from random import Random

import msgspec
import pytest
from hub import Clock, NoBudget

from obmen.connectors.contract import Envelope, Ports, Traits
from obmen.connectors.onec import connector
from obmen.connectors.onec.connector import Onec
from obmen.connectors.onec.settings import Settings
from obmen.engine.hub import Hub
from obmen.engine.intake import stored_of
from obmen.engine.unpacking import unpack
from obmen.formats.commerceml import open_document
from obmen.sync.rules import Owner, Reader, Topology
from obmen.testkit.codecs import StrictCodec

IDS = ["p1", "p1#a", "p2", "p3", "p4", "p5", "p6", "p7"]
PRODUCTS = ["p1", "p2", "p3", "p4", "p5", "p6", "p7"]


class Shop:
    """A reader that is never written to."""

    name, vendor, visible_after_s = "shop", "mirror", 0.0

    def codec(self, entity):
        return StrictCodec("shop", ("name", "prices", "available", "active", "product"), {})

    def traits(self, entity):
        return Traits()


@pytest.fixture
def erp(any_ledger, tmp_path, monkeypatch):
    """A hub whose only source is 1C, and what a test wants of it. Files are read by small pieces, as large ones are."""
    small = partial(open_document, chunk_size=1024)
    monkeypatch.setattr(sys.modules[Onec.__module__], "open_document", small)
    return Erp(any_ledger, tmp_path)


class Erp:
    def __init__(self, ledger, folder):
        self.folder = folder
        self.clock = Clock()
        self.sent = 0
        self.asked = []
        self.settings = Settings(login="1c", password="1c")
        self.ports = Ports(budget=NoBudget(), log=print, now=self.clock, spool=folder / "erp")
        self.hub = Hub(
            ledger=ledger,
            connections={"erp": self.open(), "shop": Shop()},
            topologies={
                entity: Topology(entity, ("erp",), Owner("erp"), {}, (Reader(to="shop"),))
                for entity in ("category", "product", "offer")
            },
            now=self.clock,
            rng=Random(1),
        )

    def open(self):
        onec = connector.open("erp", self.settings, self.ports)
        whole = onec.unpack

        def watched(envelope, position, *, recall):
            for portion in whole(envelope, position, recall=recall):
                self.asked += [look.ref for look in portion.looks if look.same]
                yield portion

        onec.unpack = watched
        return onec

    def configure(self, **settings):
        self.settings = msgspec.structs.replace(self.settings, **settings)
        self.hub = msgspec.structs.replace(self.hub, connections={**self.hub.connections, "erp": self.open()})

    async def take(self, text):
        """Take a file in; return its counters and the refs that were not read."""
        self.sent += 1
        self.asked.clear()
        path = self.folder / f"{self.sent}.xml"
        path.write_text(text, encoding="utf-8")
        envelope = Envelope(
            connection="erp", kind="file", name=path.name, key=str(self.sent), path=str(path), body=b""
        )
        number = await self.hub.ledger.run(lambda tx: tx.accept(stored_of(envelope, self.clock())))
        ended = await unpack(self.hub, number)
        assert ended.state == "done", ended.error_en
        counters = {name: count for name, count in ended.counters.items() if count}
        assert sum(count for name, count in counters.items()) == ended.received
        return counters, sorted(self.asked)

    def record(self, ref, entity="offer"):
        with self.hub.ledger.begin() as tx:
            number = tx.bound("erp", entity, [ref])[ref]
            return tx.records([number])[number]


def offer(ref, price="100.00", stock="5", *, name=True):
    named = f"<Наименование>Товар {ref}</Наименование>" if name else ""
    prices = (
        f"<Цены><Цена><ИдТипаЦены>t1</ИдТипаЦены><ЦенаЗаЕдиницу>{price}</ЦенаЗаЕдиницу>"
        "<Валюта>RUB</Валюта></Цена></Цены>"
        if price
        else ""
    )
    rests = f'<Склад ИдСклада="w1" КоличествоНаСкладе="{stock}"/>' if stock else ""
    return f"<Предложение>\n<Ид>{ref}</Ид>\n{named}{prices}{rests}</Предложение>\n"


def offers(day, *parts, retail="Розничная"):
    """A package formed on a day of November, its price type called so."""
    return (
        f'<КоммерческаяИнформация ВерсияСхемы="2.07" ДатаФормирования="2026-11-{day:02}T10:00:00">'
        '<ПакетПредложений СодержитТолькоИзменения="true"><Ид>c#</Ид><ИдКаталога>c</ИдКаталога>'
        f"<ТипыЦен><ТипЦены><Ид>t1</Ид><Наименование>{retail}</Наименование><Валюта>RUB</Валюта></ТипЦены></ТипыЦен>"
        f"<Предложения>{''.join(parts)}</Предложения></ПакетПредложений></КоммерческаяИнформация>"
    )


def goods(day, *refs):
    rows = "".join(f"<Товар><Ид>{ref}</Ид><Наименование>Товар {ref}</Наименование></Товар>" for ref in refs)
    return (
        f'<КоммерческаяИнформация ВерсияСхемы="2.07" ДатаФормирования="2026-11-{day:02}T09:00:00">'
        f'<Каталог СодержитТолькоИзменения="true"><Ид>c</Ид><Товары>{rows}</Товары></Каталог></КоммерческаяИнформация>'
    )


ALL = [offer(ref) for ref in IDS]


def is_remembered(unread):
    """Most of them: the first offers of a file open the fast way, and are neither remembered nor left out."""
    return len(unread) >= len(IDS) // 2


async def test_the_same_offers_of_another_day_in_another_order_are_not_read(erp):
    await erp.take(goods(1, *PRODUCTS))
    await erp.take(offers(1, *ALL))
    counters, unread = await erp.take(offers(2, *reversed(ALL)))

    assert counters == {"echoed": len(IDS)}
    assert is_remembered(unread)


async def test_a_changed_price_is_read_and_taken_among_many_that_are_not(erp):
    await erp.take(goods(1, *PRODUCTS))
    await erp.take(offers(1, *ALL))
    changed = [offer(ref, price="120.00") if ref == "p4" else offer(ref) for ref in IDS]
    counters, unread = await erp.take(offers(2, *changed))

    assert counters == {"applied": 1, "echoed": len(IDS) - 1}
    assert "p4" not in unread
    assert erp.record("p4").atoms["prices.base"] == "120.00 RUB"


async def test_a_price_that_changes_and_changes_back_is_taken_both_times(erp):
    await erp.take(goods(1, *PRODUCTS))
    await erp.take(offers(1, *ALL))
    await erp.take(offers(2, *[offer(ref, price="120.00") for ref in IDS]))
    counters, unread = await erp.take(offers(3, *ALL))

    assert (counters, unread) == ({"applied": len(IDS)}, [])
    assert erp.record("p4").atoms["prices.base"] == "100.00 RUB"


async def test_orphans_are_not_read_again_while_they_wait_and_go_on_when_their_goods_come(erp):
    await erp.take(offers(1, *ALL))
    counters, unread = await erp.take(offers(2, *ALL))
    assert counters == {"waiting": len(IDS)}
    assert is_remembered(unread)

    await erp.take(goods(2, *PRODUCTS))
    assert erp.record("p4").atoms["product"] == erp.record("p4", "product").id
    counters, _ = await erp.take(offers(3, *ALL))
    assert counters == {"echoed": len(IDS)}


async def test_what_was_touched_in_between_is_read_once_and_remembered_again(erp):
    await erp.take(offers(1, *ALL))
    await erp.take(goods(1, *PRODUCTS))  # every offer is settled anew, from what is held

    assert (await erp.take(offers(2, *ALL)))[1] == []
    assert is_remembered((await erp.take(offers(3, *ALL)))[1])


async def test_another_name_of_the_price_type_makes_the_same_bytes_mean_something_else(erp):
    await erp.take(goods(1, *PRODUCTS))
    await erp.take(offers(1, *ALL))
    erp.configure(price_types={"Розничная": "retail"})
    counters, unread = await erp.take(offers(2, *ALL))

    assert (counters, unread) == ({"applied": len(IDS)}, [])
    assert erp.record("p4").atoms["prices.retail"] == "100.00 RUB"


async def test_files_of_prices_and_of_stock_are_remembered_side_by_side(erp):
    await erp.take(goods(1, *PRODUCTS))
    names = [offer(ref, price="", stock="") for ref in IDS]
    prices = [offer(ref, stock="", name=False) for ref in IDS]
    rests = [offer(ref, price="", name=False) for ref in IDS]
    for day in (1, 2):
        for parts in (names, prices, rests):
            last = await erp.take(offers(day, *parts))
    assert last[0] == {"echoed": len(IDS)}
    assert is_remembered(last[1])

    dearer = [offer(ref, price="130.00", stock="", name=False) for ref in IDS]
    assert (await erp.take(offers(3, *dearer)))[0] == {"applied": len(IDS)}
    assert is_remembered((await erp.take(offers(3, *rests)))[1])
    assert erp.record("p4").atoms["prices.base"] == "130.00 RUB"


async def test_an_older_file_of_known_bytes_takes_nothing_back(erp):
    await erp.take(goods(1, *PRODUCTS))
    await erp.take(offers(2, *ALL))
    await erp.take(offers(4, *[offer(ref, price="120.00") for ref in IDS]))
    counters, _ = await erp.take(offers(3, *ALL))

    assert counters == {"superseded": len(IDS)}
    assert erp.record("p4").atoms["prices.base"] == "120.00 RUB"


async def test_what_changes_between_reading_and_settling_is_read_again(erp):
    await erp.take(goods(1, *PRODUCTS))
    await erp.take(offers(1, *ALL))
    onec = erp.hub.connections["erp"]
    whole = onec.unpack

    def touched(envelope, position, *, recall):
        yield from whole(envelope, position, recall=recall)
        with erp.hub.ledger.begin() as tx:
            known = tx.known("erp", "offer", ["p4"])["p4"]
            tx.put_shadows("erp", "offer", {known.record: known.shadow})

    onec.unpack = touched
    counters, _ = await erp.take(offers(2, *ALL))

    assert counters == {"echoed": len(IDS)}
