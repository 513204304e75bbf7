"""Orders there and back, whatever is in them; and answers of another shape, which are named and never guessed at."""

from __future__ import annotations

import copy
from datetime import date, datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from open_account import an_order, line, money
from stocked_crm import stock

from obmen.connectors.contract import Step
from obmen.connectors.retailcrm.account import Account
from obmen.connectors.retailcrm.answers import ORDER
from obmen.connectors.retailcrm.goods.codec import MOST, OfferCodec
from obmen.connectors.retailcrm.orders.acts import acts_in, second_writer
from obmen.connectors.retailcrm.orders.body import order_body
from obmen.connectors.retailcrm.orders.codec import OrderCodec
from obmen.connectors.retailcrm.orders.rows import order_look
from obmen.connectors.retailcrm.orders.settings import OrderSettings
from obmen.connectors.retailcrm.records import ORDERS, in_shops
from obmen.connectors.retailcrm.sandbox import Crm
from obmen.connectors.retailcrm.sandbox.orders.saving import create_order
from obmen.connectors.retailcrm.sandbox.orders.shown import shown_order
from obmen.connectors.retailcrm.sandbox.state import RULES
from obmen.connectors.retailcrm.settings import Settings
from obmen.connectors.retailcrm.shapes import LIST_WHERE_MAP, MAP_WHERE_LIST, odd
from obmen.model import Money
from obmen.model.order import normal_money
from obmen.sync.shadow import Blocked, OneOf

ZONE = ZoneInfo("Europe/Moscow")
SETTINGS = OrderSettings(
    fields={"coupon": "properties.coupon", "gift": "properties.gift"},
    managers={"19": "kuzmina", "20": "ryabov"},
)
CODEC = OrderCodec(connection="crm", settings=SETTINGS, site="main", sites={"s1": "main"})


def stocked() -> Crm:
    crm = Crm()
    stock(crm)
    crm.act("add_custom_field", entity="order", code="coupon")
    crm.act("add_custom_field", entity="order", code="gift")
    return crm


def shown(atoms) -> dict:
    """An order of canonical atoms as the account shows it after it was made there."""
    fields = {name.replace("__", "."): value for name, value in atoms.items()}
    wired = {name: CODEC.encode(name, value) for name, value in fields.items()}
    step = Step(record=1, entity="order", ref=None, fields=wired, mark="obmen:1")
    body = order_body(step, None, settings=SETTINGS, account=Account(zone=ZONE), offers_by="externalId")
    crm = stocked()
    with crm.state.acting(RULES):
        made = create_order(crm.state, "main", _json(body))
    return _json(shown_order(crm.state, made))


def read(row):
    look = order_look(
        row, connection="crm", settings=SETTINGS, offers_by="externalId", account=Account(zone=ZONE)
    )
    return {atom: CODEC.decode(atom, wire) for atom, wire in look.fields.items()}


def _json(value):
    encoded = msgspec.json.Encoder(decimal_format="number").encode(value)
    return msgspec.json.Decoder(float_hook=Decimal).decode(encoded)


words = st.text("абвгдёйклмно", min_size=2, max_size=12).map(str.capitalize)
texts = st.text("абв .,!?-«»№", min_size=1, max_size=60).map(str.strip).filter(bool)
kopecks = st.integers(1, 500_000).map(lambda number: Decimal(number) / 100)
contacts = st.fixed_dictionaries(
    {
        "kind": st.just("person"),
        "name": st.lists(words, min_size=1, max_size=3).map(" ".join),
        "phone": st.integers(9_000_000_000, 9_999_999_999).map(lambda number: f"+7{number}"),
    },
    optional={"email": st.sampled_from(["i@example.ru", "o.smirnova@example.test"])},
)
firms = st.fixed_dictionaries(
    {
        "kind": st.just("company"),
        "name": words,
        "phone": st.just("+74951234567"),
        "company": texts,
        "tin": st.sampled_from(["7701234567", "770123456789"]),
    },
    optional={"kpp": st.just("770101001"), "legal_address": texts},
)
addresses = st.fixed_dictionaries(
    {"text": texts}, optional={"zip": st.just("625026"), "city": words, "region": words, "street": words}
)
deliveries = st.fixed_dictionaries(
    {"service": st.sampled_from(["courier", "pickup"])},
    optional={
        "date": st.dates(date(2020, 1, 1), date(2030, 1, 1)).map(str),
        "interval": st.sampled_from(["10:00-18:00", "после обеда", "09:30-12:00"]),
        "pickup": st.fixed_dictionaries({"code": st.just("TMN14"), "address": texts}),
    },
)
sources = st.dictionaries(
    st.sampled_from(["utm_source", "utm_medium", "utm_campaign", "utm_term", "utm_content"]),
    words,
    min_size=1,
)
payments = st.fixed_dictionaries(
    {
        "sum": kopecks.map(lambda amount: f"{amount:.2f} RUB"),
        "method": st.sampled_from(["cash", "card", "invoice", "credit"]),
        "paid": st.booleans(),
    }
)


@st.composite
def moneys(draw):
    lines = []
    for offer in draw(
        st.lists(st.sampled_from(["201", "202", "203", None]), min_size=1, max_size=4, unique=True)
    ):
        quantity = draw(
            st.one_of(st.integers(1, 30).map(str), st.sampled_from(["0.35", "1.5", "2.7", "12.25"]))
        )
        whole = quantity.isdecimal()
        off = draw(st.one_of(st.just(Decimal(0)), kopecks)) if whole else Decimal(0)
        made = line(offer, quantity, f"{draw(kopecks):.2f}", discount=f"{off:.2f}" if off else "")
        made["vat"] = draw(st.sampled_from(["22", "20", "10", "7", "5", "0", "none"]))
        if offer is None:
            made["name"] = draw(words)
        lines.append(made)
    cost = draw(st.one_of(st.just(Decimal(0)), kopecks))
    total = sum((Decimal(each["sum"].partition(" ")[0]) for each in lines), cost)
    return money(*lines, delivery=f"{cost:.2f}", total=f"{total:.2f}")


orders = st.fixed_dictionaries(
    {
        "number": st.from_regex(r"[A-ZА-Я]{0,3}-?[0-9]{1,9}", fullmatch=True),
        "placed": st.datetimes(datetime(2020, 1, 1), datetime(2030, 1, 1)).map(  # noqa: DTZ001 (UTC is put below)
            lambda moment: f"{moment:%Y-%m-%dT%H:%M:%S}Z"
        ),
        "site": st.just("s1"),
        "stage": st.sampled_from(["new", "confirmed", "supply", "assembling", "delivery", "done"]),
        "money": moneys(),
        "contact": st.one_of(contacts, firms),
        "payments__shop-31": payments,
    },
    optional={
        "address": addresses,
        "delivery": deliveries,
        "source": sources,
        "comment": texts,
        "note": texts,
        "responsible": st.sampled_from(["kuzmina", "ryabov"]),
        "properties__coupon": texts,
        "properties__gift": words,
    },
)


def summed(value):
    """Money with its lines by what is sold: a fraction that has no price goes as its whole pieces and the rest."""
    lines = {}
    for one in value["lines"]:
        name = None if one["offer"] is not None else one["name"]
        held = lines.setdefault((one["offer"], name, one["vat"]), [Decimal(0)] * 3)
        for place, key in enumerate(("quantity", "sum", "discount")):
            held[place] += Decimal(str(one.get(key, "0")).partition(" ")[0])
    return {**value, "lines": lines}


@settings(deadline=None)
@given(order=orders)
def test_an_order_reads_back_as_it_was_meant(order):
    back = read(shown(order))
    for name, meant in order.items():
        came = back[name.replace("__", ".")]
        if name == "money":
            assert summed(normal_money(came)) == summed(normal_money(meant))
            continue
        if name.startswith("payments"):
            came.pop("prepaid")
            came.pop("at", None)
        if isinstance(came, OneOf):
            assert meant in came.values, name
        else:
            assert came == meant, name


@settings(deadline=None)
@given(reason=texts)
def test_a_cancellation_reads_back_with_its_reason(reason):
    assert read(shown({**an_order(), "cancelled": reason}))["cancelled"] == reason


# --- shapes -------------------------------------------------------------------------------------------------------


def spots(value, path=()):
    """Every place inside an answer."""
    inside = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, inner in inside:
        yield (*path, key)
        yield from spots(inner, (*path, key))


def put(row, path, value):
    changed = copy.deepcopy(row)
    at = changed
    for key in path[:-1]:
        at = at[key]
    at[path[-1]] = value
    return changed


FULL = shown(
    {
        **an_order(),
        "source": {"utm_source": "yandex"},
        "note": "ждёт",
        "properties__coupon": "SALE10",
        "properties__gift": "да",
        "responsible": "kuzmina",
    }
)
SPOTS = [path for path in spots(FULL) if path != ("id",)]
anything = st.recursive(
    st.none() | st.booleans() | st.integers(-9, 9) | st.text(max_size=5) | st.decimals(-9, 9, places=2),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=5), inner, max_size=2),
    max_leaves=4,
)


def test_a_full_answer_has_nothing_odd_about_it():
    assert list(odd(FULL, ORDER)) == []


@settings(deadline=None, max_examples=300)
@given(path=st.sampled_from(SPOTS), value=anything)
def test_whatever_stands_in_an_answer_it_is_read_or_named_and_nothing_breaks(path, value):
    before, after = read(FULL), read(put(FULL, path, value))
    family = {atom.partition(".")[0] for atom in before if before[atom] != after.get(atom)}
    assert len(family) <= 3, family  # one piece never drags the rest with it


@pytest.mark.parametrize(
    ("path", "value", "code", "atom"),
    [
        (("delivery",), [{"code": "courier"}], LIST_WHERE_MAP, "delivery"),
        (("delivery", "address"), ["ул. Мира"], LIST_WHERE_MAP, "address"),
        (("items",), {"id": 1, "quantity": 2}, MAP_WHERE_LIST, "money"),
        (("items", 0, "offer"), ["201"], LIST_WHERE_MAP, "money"),
        (("payments",), "нет", "wrong_type", "payments.crm-?"),
        (("customFields",), ["SALE10"], LIST_WHERE_MAP, "properties.coupon"),
        (("contragent",), [1], LIST_WHERE_MAP, "contact"),
        (("status",), ["new"], "wrong_type", "stage"),
        (("totalSumm",), "сто", "wrong_type", "money"),
        (("source",), ["yandex"], LIST_WHERE_MAP, "source"),
        (("managerComment",), {"text": "ждёт"}, "wrong_type", "note"),
    ],
)
def test_a_map_where_a_list_was_and_the_other_way_round_are_named_and_left_unread(path, value, code, atom):
    row = put(FULL, path, value)
    after = read(row)
    assert isinstance(after[atom], Blocked), after[atom]
    assert after[atom].wakes_on.startswith(f"value:crm:{atom}:{path[0]}")
    assert code in {one.code for one in odd(row, ORDER)}
    alike = {name for name in read(FULL) if name not in after or after[name] == read(FULL)[name]}
    assert {"number", "placed", "comment"} <= alike


RECORDS = [
    {
        "id": 7049,
        "createdAt": "2026-01-31 21:30:42",
        "source": "user",
        "user": {"id": 19},
        "field": "status",
        "oldValue": {"code": "new"},
        "newValue": {"code": "complete"},
        "order": {"id": 2034, "externalId": "17", "site": "main", "status": "complete"},
    },
    {
        "id": 7050,
        "createdAt": "2026-01-31 21:30:43",
        "source": "api",
        "apiKey": {"current": False},
        "field": "payments.status",
        "oldValue": None,
        "newValue": {"code": "paid"},
        "order": {"id": 2034, "site": "main", "payments": {"9": {"id": 9, "externalId": "17_a1"}}},
        "payment": {"id": 9},
    },
]


@settings(deadline=None, max_examples=300)
@given(path=st.sampled_from([*spots(RECORDS)]), value=anything)
def test_whatever_stands_in_a_history_the_acts_that_can_be_read_are_and_nothing_breaks(path, value):
    records = [each for each in put(RECORDS, path, value) if isinstance(each, dict)]
    ours = in_shops(records, {"main"}, ORDERS)
    acts = list(acts_in(ours, SETTINGS, ZONE, {}))
    if len(path) > 1 and isinstance(value, dict | list):  # the other record is told whatever befell this one
        assert {act.name for act in acts} >= {"7049", "7050"} - {str(RECORDS[path[0]]["id"])}
    second_writer(ours, {}, SETTINGS, zone=ZONE, now=0.0)


def test_an_order_whose_id_of_another_system_cannot_be_read_is_nobodys_new_order():
    row = put(FULL, ("externalId",), {"value": "17"})
    look = order_look(
        row, connection="crm", settings=SETTINGS, offers_by="externalId", account=Account(zone=ZONE)
    )
    assert look.elsewhere
    assert look.keys == {"number": FULL["number"]}


def test_an_empty_map_as_php_shows_it_and_rows_with_holes_are_read_for_what_they_are():
    holes = put(FULL, ("items",), {str(place * 2): row for place, row in enumerate(FULL["items"])})
    assert read(holes) == read(FULL)
    bare = read(put(put(FULL, ("customFields",), []), ("delivery", "time"), []))
    assert (bare["properties.coupon"], bare["delivery"].get("interval")) == (None, None)


# --- goods --------------------------------------------------------------------------------------------------------


@given(
    amount=st.decimals(0, 10**7, places=2),
    pieces=st.decimals(-(10**4), 2 * 10**6, places=3),
)
def test_prices_and_stock_read_back_as_they_were_meant_and_stock_stays_within_what_a_store_holds(
    amount, pieces
):
    account = Settings(
        url="http://127.0.0.1:1", api_key="k", prices={"base": "base"}, stores={"main": "main"}
    )
    codec = OfferCodec(connection="crm", settings=account)
    price = str(Money(amount, "RUB"))
    assert codec.decode("prices.base", codec.encode("prices.base", price)) == price
    held = Decimal(codec.decode("stock.main", codec.encode("stock.main", f"{pieces:f}")))
    assert held == min(max(pieces, Decimal(0)), MOST)
    assert isinstance(codec.encode("prices.base", "1.00 USD"), Blocked)
