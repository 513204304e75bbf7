"""An order of any shape, written down for 1C and read back, means the same."""

from __future__ import annotations

import io
from datetime import datetime
from decimal import Decimal
from xml.etree.ElementTree import fromstring
from zoneinfo import ZoneInfo

from hypothesis import given, settings
from hypothesis import strategies as st

from obmen.connectors.contract import Step
from obmen.connectors.onec.mapping import CURRENCIES
from obmen.connectors.onec.orders import marks
from obmen.connectors.onec.orders.codec import OrderCodec
from obmen.connectors.onec.orders.papers import OrderPapers
from obmen.connectors.onec.orders.reading import OrderReading, together
from obmen.connectors.onec.orders.tables import OrderTables
from obmen.connectors.onec.orders.warehouses import Warehouses
from obmen.connectors.onec.tables import Naming
from obmen.formats.commerceml import Node, open_document
from obmen.model import ENTITIES, Money

ERP = "erp"
ZONE = ZoneInfo("Asia/Yekaterinburg")
STORES = {"ид-1": "Основной склад", "ид-2": "Магазин на Ленина"}
KEYS = {"Основной склад": "main", "Магазин на Ленина": "lenina"}

kopecks = st.integers(1, 10_000_000).map(lambda count: Decimal(count) / 100)
quantities = st.one_of(
    st.integers(1, 40).map(str), st.integers(1, 9_999).map(lambda grams: f"{Decimal(grams) / 1000:f}")
)
# Whatever people type, short of what no XML can hold and of what a reader trims.
words = st.text(
    st.characters(exclude_categories=("Cc", "Cs", "Zs", "Zl", "Zp", "Cn")), min_size=1, max_size=12
)
codes = st.builds(
    lambda serial, tail: f"0104601234567893215{serial}\x1d91EE06\x1d92{tail}",
    st.text(st.characters(min_codepoint=33, max_codepoint=126), min_size=5, max_size=8),
    st.text(st.characters(min_codepoint=33, max_codepoint=126), min_size=4, max_size=44),
)
moments = st.datetimes(datetime(2024, 1, 1), datetime(2027, 1, 1)).map(  # noqa: DTZ001 - made UTC below
    lambda moment: f"{moment:%Y-%m-%dT%H:%M:%S}Z"
)


def money_of(amount: Decimal) -> str:
    return str(Money(amount, "RUB"))


@st.composite
def lines(draw):
    found = []
    for place in range(draw(st.integers(1, 5))):
        line = {
            "offer": draw(st.one_of(st.none(), st.just(f"10{place}"))),
            "name": f"{place} {draw(words)}",
            "quantity": draw(quantities),
            "sum": money_of(draw(kopecks)),
            "vat": draw(st.sampled_from(["22", "20", "10", "5", "0", "none"])),
        }
        if draw(st.booleans()):
            line["codes"] = draw(st.lists(codes, min_size=1, max_size=3))
        if draw(st.booleans()):
            line["warehouse"] = draw(st.sampled_from(["main", "lenina"]))
        found.append(line)
    return found


@st.composite
def moved(draw, *, priced=False):
    return [
        {
            "offer": f"10{place}",
            "quantity": draw(quantities),
            **(
                {"codes": sorted(draw(st.lists(codes, min_size=1, max_size=3)))}
                if draw(st.booleans())
                else {}
            ),
            **({"sum": money_of(draw(kopecks))} if priced else {}),
        }
        for place in range(draw(st.integers(1, 3)))
    ]


def total_of(rows) -> Decimal:
    return sum((Money.parse(row["sum"]).amount for row in rows), Decimal(0))


@st.composite
def orders(draw):
    rows = draw(lines())
    delivery = draw(st.one_of(st.none(), kopecks))
    money = {
        "currency": "RUB",
        "lines": rows,
        "total": money_of(total_of(rows) + (delivery or Decimal(0))),
    }
    if delivery is not None:
        money["delivery"] = {"sum": money_of(delivery), "vat": draw(st.sampled_from(["22", "none"]))}
    number = draw(st.sampled_from(["17", "1/2026", "A-17", "SITE-12345"]))
    atoms = {"number": number, "placed": draw(moments), "money": money, f"numbers.{ERP}": number}
    some = {
        "stage": st.sampled_from(["new", "supply", "done"]),
        "cancelled": words,
        "comment": words,
        "note": words,
        "contact": st.one_of(people, companies),
        "address": addresses,
        "delivery": deliveries,
        "payments.shop-1": payments,
        "payments.crm-1": payments,
        "shipments.shop-1": st.builds(
            lambda rows, state: {"lines": rows, "state": state},
            moved(),
            st.sampled_from(["shipped", "delivered"]),
        ),
        "returns.shop-1": moved(priced=True).map(
            lambda rows: {"lines": rows, "sum": money_of(total_of(rows)), "reason": "брак"}
        ),
    }
    return {**atoms, **draw(st.fixed_dictionaries({}, optional=some))}


people = st.fixed_dictionaries(
    {"kind": st.just("person"), "name": words},
    optional={"phone": words, "email": words, "tin": st.just("668512345678")},
)
companies = st.fixed_dictionaries(
    {"kind": st.just("company"), "company": words, "tin": st.just("6685123456"), "legal_address": words},
    optional={"name": words, "phone": words, "email": words, "kpp": st.just("668501001")},
)
addresses = st.fixed_dictionaries(
    {},
    optional={
        "zip": words,
        "region": words,
        "city": words,
        "street": words,
        "text": words,
        "location": words,
    },
).filter(bool)
deliveries = st.fixed_dictionaries(
    {"service": words},
    optional={
        "pickup": st.fixed_dictionaries({"code": words, "address": words}),
        "date": words,
        "interval": words,
    },
)
payments = st.builds(
    lambda amount, method, refund, at: {
        "sum": money_of(amount),
        "method": method,
        "paid": True,
        "refund": refund,
        "at": at,
        "document": "77",
    },
    kopecks,
    st.sampled_from(["cash", "card", "invoice", "bonus"]),
    st.booleans(),
    moments,
)


def unnamed(money, split):
    """What 1C keeps of the money: its own names of goods, a warehouse where documents are parted by it."""
    rows = [dict(row, codes=sorted(row["codes"])) if "codes" in row else dict(row) for row in money["lines"]]
    for row in rows:
        if row["offer"]:
            del row["name"]
        if split != "warehouse":
            row.pop("warehouse", None)
    return {**money, "lines": rows}


ALWAYS = {"cancelled", "contact"}
"""What a document speaks of whether the order does or not."""


def codec_of(tables: OrderTables) -> OrderCodec:
    keys = Naming("stock", KEYS, STORES, {})
    warehouses = Warehouses(ERP, known=STORES, keys=keys, chosen=KEYS)
    return OrderCodec(ERP, tables, ZONE, CURRENCIES, warehouses)


def written(order, codec, tables, *, version, charset) -> bytes:
    papers = OrderPapers(
        connection=ERP,
        tables=tables,
        version=version,
        charset=charset,
        now=lambda: datetime(2026, 11, 20, 10, tzinfo=ZONE),
        called=lambda step: step.whole["number"],
    )
    wires = {name: codec.encode(name, value) for name, value in order.items()}
    step = Step(record=1, entity="order", ref=None, fields=wires, whole=wires)
    return papers.begin(version) + papers.order(step, version) + papers.end(version)


def read(body: bytes, tables: OrderTables):
    reading = OrderReading(connection=ERP, order="2026", tables=tables)
    looks = []
    with open_document(io.BytesIO(body)) as document:
        for item in document:
            look = reading.look(item)
            assert look is not None
            joined = together(looks[-1], look) if looks else None
            looks[-1:] = [joined] if joined is not None else [*looks[-1:], look]
    return looks


def normal(name, value):
    """The value in its one spelling, with goods by their records."""
    if isinstance(value, dict) and "lines" in value:
        rows = [{**row, "offer": int(row["offer"]) if row["offer"] else None} for row in value["lines"]]
        value = {**value, "lines": rows}
    atom = ENTITIES["order"].atom(name)
    return atom.normal(value) if atom.normal else value


@settings(max_examples=300, deadline=None)
@given(
    order=orders(),
    version=st.sampled_from(["2.05", "2.09", "2.10", "3.1"]),
    charset=st.sampled_from(["windows-1251", "utf-8"]),
    split=st.sampled_from(["", "vat", "warehouse"]),
)
def test_an_order_of_any_shape_written_and_read_back_means_the_same(order, version, charset, split):
    tables = OrderTables(split=split)
    codec = codec_of(tables)
    (look,) = read(written(order, codec, tables, version=version, charset=charset), tables)
    separate = version in {"2.10", "3.1"}
    based, whose = {"payments", "shipments", "returns"}, {f"numbers.{ERP}", "contact", "address", "delivery"}
    due = {name for name in order if separate or name.partition(".")[0] not in based}
    if version == "2.05":  # has no room for 1C's number, by which its own orders are told
        due -= whose
    assert due | ALWAYS == look.fields.keys() | ALWAYS
    for name in due:
        held = codec.encode(name, order[name])
        shown = codec.join(name, look.fields[name], {name: held})
        back = normal(name, codec.decode(name, shown))
        assert back == normal(name, codec.decode(name, held)), name
        kept = unnamed(order[name], split) if name == "money" else order[name]
        if name not in {"payments.shop-1", "payments.crm-1"}:  # «Возврат …» has no word for every method
            assert normal(name, kept) == back, name
    if "cancelled" not in order:
        assert codec.decode("cancelled", look.fields["cancelled"]) is None


@settings(max_examples=300, deadline=None)
@given(order=orders(), split=st.sampled_from(["vat", "warehouse"]), data=st.data())
def test_documents_of_one_order_come_in_any_portions_and_make_the_same_sum(order, split, data):
    order.pop("cancelled", None)  # a part that is cancelled alone takes its lines along
    tables = OrderTables(split=split)
    codec = codec_of(tables)
    body = written(order, codec, tables, version="2.09", charset="utf-8")
    held = wire = codec.encode("money", order["money"])
    reading = OrderReading(connection=ERP, order="2026", tables=tables)
    with open_document(io.BytesIO(body)) as document:
        looks = [reading.look(item) for item in document]
    for look in data.draw(st.permutations(looks)):
        wire = codec.join("money", look.fields["money"], {"money": wire})
        money = normal("money", codec.decode("money", wire))
        assert order["money"]["total"] == money["total"]
    assert normal("money", codec.decode("money", held)) == money


@given(st.lists(st.text(st.characters(exclude_categories=("Cs",)), min_size=1), max_size=4))
def test_any_text_survives_as_a_marking_code(texts):
    assert texts == marks.read(node(fromstring(f"<Товар>{marks.written(texts)}</Товар>")))


def node(element) -> Node:
    return Node(
        name=element.tag,
        text=(element.text or "").strip(),
        attributes=dict(element.items()),
        children=tuple(node(child) for child in element),
    )
