"""Orders as the connector reads them out of the shop."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from open_shop import opened
from stocked_shop import place, stock

from obmen.connectors.bitrix.orders.codec import OrderCodec
from obmen.connectors.bitrix.orders.decoding import phone
from obmen.connectors.bitrix.orders.notes import GOODS, note_of, notes_in, with_note
from obmen.connectors.bitrix.orders.rows import order_look
from obmen.connectors.bitrix.orders.settings import OrderSettings, PaySystem
from obmen.errors import ConfigError
from obmen.model import Money
from obmen.model.order import normal_money
from obmen.sync.shadow import Blocked, OneOf, Withheld

ORDERS = OrderSettings(
    pay_systems={
        "1": PaySystem(method="cash"),
        "2": PaySystem(method="card", prepaid=True, receipts="shop"),
        "3": PaySystem(method="invoice", prepaid=True),
        "4": PaySystem(method="account", prepaid=True),
    },
    deliveries={"5": "cdek-pvz"},
    number_of="erp",
)
CODEC = OrderCodec(connection="shop", settings=ORDERS)


@pytest.fixture
async def world(tmp_path):
    async with opened(tmp_path, orders=ORDERS) as world:
        stock(world.shop)
        yield world


async def read(world, order: int) -> dict[str, Any]:
    """The canonical atoms of an order, with the shop's refs of goods."""
    (look,) = await world.connection.look("order", [str(order)])
    codec = world.connection.codec("order")
    return {atom: codec.decode(atom, wire) for atom, wire in look.fields.items()}


async def test_an_order_is_read_to_the_kopeck_with_rates_delivery_and_buyer(world):
    order = place(
        world.shop, who="sokolova", delivery="cdek:pvz", location="0000073738", pickup_point="TMN14"
    )
    atoms = await read(world, order)

    money = normal_money(atoms["money"])
    assert {line["vat"] for line in money["lines"]} == {"22", "10"}
    assert money["delivery"] == {"sum": "289.50 RUB"}
    assert money["total"] == "9370.40 RUB"
    assert atoms["contact"]["kind"] == "company"
    assert atoms["contact"]["phone"] == "+79031234567"
    assert atoms["address"]["location"] == "0000073738"
    assert atoms["delivery"] == {"service": "cdek-pvz", "pickup": {"address": "TMN14"}}
    assert atoms["stage"] == OneOf(("new", "confirmed"))
    assert atoms["cancelled"] is None
    (payment,) = [value for name, value in atoms.items() if name.startswith("payments.")]
    assert payment == {
        "sum": "9370.40 RUB",
        "method": "card",
        "prepaid": True,
        "paid": False,
        "refund": False,
    }
    (shipment,) = [value for name, value in atoms.items() if name.startswith("shipments.")]
    assert (shipment["state"], [line["quantity"] for line in shipment["lines"]]) == ("waiting", ["2", "1"])


async def test_a_pickup_point_is_carried_with_its_code_and_hours_and_a_profile_apart_from_its_service(world):
    orders = msgspec.structs.replace(
        ORDERS,
        deliveries={"5": "cdek/tariff_136"},
        properties={
            "PVZ_CODE": "delivery.pickup.code",
            "PVZ": "delivery.pickup.address",
            "PVZ_HOURS": "delivery.pickup.hours",
            "DATE": "delivery.date",
            "TIME": "delivery.interval",
        },
    )
    said = {
        "PVZ_CODE": "TMN14",
        "PVZ": "Тюмень, ул. Республики, 143",
        "PVZ_HOURS": "10-20",
        "DATE": "25.11.2026",
        "TIME": "10-14",
    }
    values = [{"code": code, "value": value} for code, value in said.items()]
    row = {"id": 5, "propertyValues": values, "shipments": [{"id": 1, "deliveryId": 5}]}
    look = order_look(row, connection="shop", settings=orders)
    codec = OrderCodec(connection="shop", settings=orders)
    value = codec.decode("delivery", look.fields["delivery"])

    assert value == {
        "service": "cdek",
        "profile": "tariff_136",
        "pickup": {"code": "TMN14", "address": "Тюмень, ул. Республики, 143", "hours": "10-20"},
        "date": "25.11.2026",
        "interval": "10-14",
    }
    assert codec.encode("delivery", value) == look.fields["delivery"]


async def test_what_a_line_carries_for_its_receipt_is_read_and_written_back_as_it_was(world):
    orders = msgspec.structs.replace(
        ORDERS, line_properties={"PAYMENT_OBJECT": "subject", "PAYMENT_METHOD": "method"}
    )
    order = place(world.shop, pieces={"boots": 1})
    (item,) = world.shop.state.sale.items_of(world.shop.state.sale.orders.get(order))
    said = {"PAYMENT_OBJECT": "1", "PAYMENT_METHOD": "4", "ENGRAVING": "Ане"}
    item.properties += [{"code": code, "name": code, "value": value} for code, value in said.items()]

    (look,) = await world.connection.look("order", [str(order)])
    assert look.fields["money"]["lines"][0]["properties"] == said, "not mapped they are carried as they are"
    raw = {
        "id": order,
        "currency": "RUB",
        "price": "2",
        "basketItems": [
            {
                "id": 1,
                "productId": 7,
                "quantity": 1,
                "price": 2,
                "vatRate": 0.22,
                "properties": item.properties,
            }
        ],
    }
    shown = order_look(raw, connection="shop", settings=orders).fields["money"]
    codec = OrderCodec(connection="shop", settings=orders)
    value = codec.decode("money", shown)
    line = value["lines"][0]
    assert (line["subject"], line["method"], line["properties"]) == ("1", "4", {"ENGRAVING": "Ане"})
    assert codec.decode("money", codec.encode("money", value)) == value


async def test_what_changes_is_read_by_its_own_time_and_nothing_is_read_twice_for_ever(world):
    first = [place(world.shop) for _ in range(3)]
    world.shop.clock.advance(3600)
    page = await world.connection.pull("order", "")
    assert ([look.ref for look in page.looks], page.last) == ([str(one) for one in first], True)

    world.shop.clock.advance(3600)
    late = place(world.shop)
    world.shop.act("change_status", order=first[0], status="P")
    world.shop.clock.advance(3600)
    page = await world.connection.pull("order", page.cursor)

    assert [look.ref for look in page.looks] == [str(first[0]), str(late)]
    world.shop.clock.advance(3600)
    assert (await world.connection.pull("order", page.cursor)).looks == ()


async def test_years_of_orders_come_by_pages_each_once(world):
    world.shop.act("seed_orders", count=450)
    refs: list[str] = []
    pages = 0
    async for page in world.connection.walk("order"):
        refs += [look.ref for look in page.looks]
        pages += 1

    assert (len(refs), len(set(refs)), pages) == (450, 450, 3)


async def test_the_numbers_of_two_shops_are_told_apart_by_their_prefixes(tmp_path):
    prefixed = msgspec.structs.replace(ORDERS, number_prefix="A-")
    async with opened(tmp_path, orders=prefixed) as world:
        stock(world.shop)
        (look,) = await world.connection.look("order", [str(place(world.shop))])

    assert (look.fields["number"], look.keys["number"], look.title) == ("A-1", "A-1", "№ A-1")


async def test_an_order_that_is_deleted_is_gone(world):
    order = place(world.shop)
    world.shop.act("delete_order", order=order)
    (look,) = await world.connection.look("order", [str(order)])

    assert look.gone


async def test_a_cancelled_order_says_why(world):
    order = place(world.shop)
    world.shop.act("cancel_order", order=order, reason="передумал")

    assert (await read(world, order))["cancelled"] == "передумал"


async def test_a_payment_made_elsewhere_is_not_told_where_the_shop_prints_the_receipt():
    paid = {"sum": "100.00 RUB", "paid": True, "prepaid": True, "method": "card"}

    assert CODEC.encode("payments.erp-1", paid) == Withheld("receipt_elsewhere")
    assert not isinstance(CODEC.encode("payments.shop-1", paid), Withheld)
    assert CODEC.encode("payments.erp-2", {**paid, "refund": True}) == Withheld("receipt_elsewhere")
    cash = CODEC.encode("payments.erp-1", {**paid, "method": "cash"})
    assert isinstance(cash, dict)
    assert cash["pay_system"] == "1"


async def test_an_unknown_status_and_pay_system_are_named():
    assert CODEC.decode("stage", "XX") == Blocked("map:shop:stage:XX", "XX")
    assert CODEC.decode("payments.shop-1", {"pay_system": "77", "sum": "1", "currency": "RUB"}) == Blocked(
        "map:shop:payment:77", "77"
    )


async def test_a_status_table_that_walks_backwards_is_refused():
    with pytest.raises(ConfigError, match="walks backwards: N new → P done → D delivery"):
        OrderSettings(statuses={"N": "new", "P": "done", "D": "delivery"})


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("8 (903) 123-45-67", "+79031234567"),
        ("+7 903 123 45 67", "+79031234567"),
        ("9031234567", "+79031234567"),
        ("+49 30 1234567", "+49301234567"),
        ("внутр. 12", "внутр. 12"),
        ("8 (916) 555-01-02 доб. 7", "+79165550102 доб. 7"),
        ("+7 916 555 01 02, доб 701", "+79165550102 доб. 701"),
        ("+79165550102 доб. 7", "+79165550102 доб. 7"),
        ("8-800-555-35-35 #123", "+78005553535 доб. 123"),
    ],
)
def test_phones_are_written_in_one_way(written, meant):
    assert phone(written) == meant


prices = st.integers(1, 10_000_00).map(lambda kopecks: Decimal(kopecks) / 100)
rows = st.lists(
    st.tuples(prices, st.integers(1, 20), st.sampled_from(["0.22", "0.1", "0", None])), min_size=1, max_size=6
)


def wire_money(lines, delivery="0", extra=Decimal(0)):
    goods = sum((price * quantity for price, quantity, _ in lines), Decimal(0))
    return {
        "currency": "RUB",
        "total": str(goods + Decimal(delivery) + extra),
        "delivery": [delivery],
        "lines": [
            {"offer": str(number), "name": "т", "quantity": str(quantity), "price": str(price), "vat": vat}
            for number, (price, quantity, vat) in enumerate(lines)
        ],
    }


@given(rows, st.integers(-6, 6))
def test_money_adds_up_to_the_kopeck_or_is_a_contradiction(lines, kopecks):
    extra = Decimal(kopecks) / 100
    value = CODEC.decode("money", wire_money(lines, "350", extra))
    assert isinstance(value, dict)
    made = sum(Money.parse(line["sum"]).amount for line in value["lines"]) + Decimal(350)
    total = Money.parse(value["total"]).amount

    assert (made == total) == (abs(kopecks) <= len(lines))


@given(rows)
def test_what_is_written_reads_as_what_was_meant(lines):
    value = normal_money(CODEC.decode("money", wire_money(lines, "289.50")))  # type: ignore[arg-type]
    wire = CODEC.encode("money", value)
    again = normal_money(CODEC.decode("money", wire))  # type: ignore[arg-type]

    assert CODEC.encode("money", again) == wire
    assert again["total"] == value["total"]  # type: ignore[call-overload, index]


def test_three_pieces_for_a_hundred_survive_the_shop():
    line = {
        "offer": "7",
        "name": "т",
        "quantity": "3",
        "sum": "100.00 RUB",
        "vat": "22",
        "vat_included": True,
    }
    value = {"currency": "RUB", "lines": [line], "total": "100.00 RUB"}
    wire = CODEC.encode("money", value)
    assert isinstance(wire, dict)

    assert wire["lines"][0]["price"] == "33.3333"  # type: ignore[call-overload, index]
    assert CODEC.decode("money", {**wire, "delivery": []}) == value


@given(rows, st.integers(0, 2_000_00))
def test_bonuses_that_count_as_a_discount_lower_the_lines_and_the_total_alike(lines, kopecks):
    plain_wire = wire_money(lines, "350")
    off = min(Decimal(kopecks) / 100, Decimal(plain_wire["total"]))
    wire = {**plain_wire, "credited": [str(off)]}
    whole, value = CODEC.decode("money", plain_wire), normal_money(CODEC.decode("money", wire))  # type: ignore[arg-type]
    assert isinstance(whole, dict)
    assert isinstance(value, dict)

    total = Money.parse(whole["total"]).amount  # type: ignore[arg-type]
    assert Money.parse(value["total"]).amount == total - off  # type: ignore[arg-type]
    # `normal_money` has added the lines and the delivery up; the other systems get nothing to share out again.
    again = normal_money(CODEC.decode("money", CODEC.encode("money", value)))  # type: ignore[arg-type]
    assert again["total"] == value["total"]  # type: ignore[call-overload, index]


def test_a_delivery_has_the_vat_of_its_service_and_several_rates_are_none():
    rates = {"2": "22", "5": "none", "*": "10"}
    codec = OrderCodec(connection="shop", settings=msgspec.structs.replace(ORDERS, delivery_vat=rates))

    def delivery(*services):
        wire = wire_money([(Decimal(100), 1, "0.22")], "350")
        prices = ["350", *("0" for _ in services[1:])]
        value = codec.decode("money", {**wire, "delivery": prices, "services": list(services)})
        assert codec.decode("money", codec.encode("money", value)) == value
        return value["delivery"]

    assert delivery("2") == {"sum": "350.00 RUB", "vat": "22", "vat_included": True}
    assert delivery("5")["vat"] == "none"
    assert delivery("7")["vat"] == "10"
    assert delivery("2", "5")["vat"] == "22", "one that costs nothing has no say"
    two = {**wire_money([(Decimal(100), 1, "0.22")], "350"), "delivery": ["350", "1"], "services": ["2", "5"]}
    assert "vat" not in codec.decode("money", {**two, "total": "451"})["delivery"]
    assert "vat" not in CODEC.decode("money", wire_money([(Decimal(100), 1, "0.22")], "350"))["delivery"]


def test_a_rate_nobody_knows_is_refused_with_its_setting():
    with pytest.raises(ConfigError, match=r"orders\.delivery_vat\.2: there is no VAT rate «19»"):
        OrderSettings(delivery_vat={"2": "19"})


said = st.text(max_size=40)


@given(said, said, said, st.lists(st.tuples(st.integers(1, 99), st.integers(1, 9)), max_size=4), said)
def test_a_return_reads_back_from_its_note_as_it_was_written(document, reason, name, goods, before):
    value = {
        "lines": [{"offer": str(ref), "quantity": str(quantity)} for ref, quantity in goods],
        "sum": "1234.50 RUB",
        "at": "2026-11-21T07:00:00Z",
        "document": document,
        "reason": reason,
    }
    wire = CODEC.encode("returns.erp-ВЗ-1", value)
    assert isinstance(wire, dict)
    note = note_of(GOODS, "erp-ВЗ-1", wire, {str(ref): name for ref, _ in goods})
    comment = with_note(with_note(before, "erp-ВЗ-1", note), "erp-ВЗ-1", note)
    kind, again = notes_in(comment)["erp-ВЗ-1"]

    assert kind == GOODS
    assert {key: item for key, item in wire.items() if item not in ("", "—")} == again
    assert with_note(comment, "erp-ВЗ-1", "") == "\n".join(before.splitlines())
