"""Translation of 1C's wire forms with today's tables."""

import pytest

from obmen.connectors.onec.mapping import OnecCodec
from obmen.connectors.onec.references import KnownPrice, KnownProperty, References, learn
from obmen.connectors.onec.settings import Settings
from obmen.connectors.onec.tables import Tables
from obmen.formats.commerceml import PriceType, Property
from obmen.sync.shadow import Blocked

RETAIL, WHOLESALE, COLOUR, SIZE, RED = (f"{number:08}-0000-0000-0000-000000000000" for number in range(1, 6))
SHA = "ab" * 32


def tables(references=None, **settings):
    return Tables(Settings(login="a", password="b", **settings), references or References())


def codec(entity="product", references=None, pictures=None, **settings):
    return OnecCodec("erp", entity, tables(references, **settings), (pictures or {}).get)


@pytest.mark.parametrize(
    ("wire", "value"),
    [
        ("1990 руб", "1990.00 RUB"),
        ("1990.5 RUB", "1990.50 RUB"),
        ("0.5 643", "0.50 RUB"),
        ("0 руб.", "0.00 RUB"),
        ("10.1234 USD", "10.1234 USD"),
        ("1200 руб /12", "100.00 RUB"),
        ("100 руб /3", "33.3333 RUB"),
        ("70 KGS", "70.00 KGS"),
        (None, None),
    ],
)
def test_prices_become_money_per_base_unit(wire, value):
    assert codec("offer").decode("prices.base", wire) == value


@pytest.mark.parametrize(
    ("wire", "wakes_on", "what"),
    [
        ("10 фунт", "map:erp:currency:фунт", "Валюта: фунт (ЦенаЗаЕдиницу: 10 фунт)"),
        ("10 ", "map:erp:currency:", "Валюта: ? (ЦенаЗаЕдиницу: 10 )"),
        ("-5 руб", "map:erp:price:-5 руб", "ЦенаЗаЕдиницу: -5 руб"),
        ("? руб", "map:erp:price:? руб", "ЦенаЗаЕдиницу: ? руб"),
        ("10 руб /0", "map:erp:price:10 руб /0", "ЦенаЗаЕдиницу: 10 руб /0"),
    ],
)
def test_a_price_that_cannot_be_read_is_not_taken_and_named(wire, wakes_on, what):
    assert codec("offer").decode("prices.base", wire) == Blocked(wakes_on, what)


def test_a_price_without_a_currency_takes_that_of_its_type():
    known = References(prices={RETAIL: KnownPrice("Розничная", "руб")})

    assert codec("offer", known).decode("prices.base", "10 ") == "10.00 RUB"
    assert codec("offer", known).decode("prices.base", "10  /2") == "5.00 RUB"


def test_a_currency_of_the_settings_wins():
    assert codec("offer", currencies={"у.е.": "USD"}).decode("prices.base", "10 у.е.") == "10.00 USD"


@pytest.mark.parametrize(
    ("wire", "value"), [("5", "5"), ("-3", "-3"), ("0.350", "0.35"), ("0", "0"), (None, None)]
)
def test_stock_is_kept_as_counted(wire, value):
    assert codec("offer").decode("stock.main", wire) == value


@pytest.mark.parametrize(
    ("wire", "value"), [("22", "22"), ("20%", "20"), ("НДС 10", "10"), ("Без НДС", "none"), ("0", "0")]
)
def test_vat_rates(wire, value):
    assert codec().decode("vat", wire) == value


def test_an_unknown_vat_rate_waits_for_its_mapping():
    assert codec().decode("vat", "Общая") == Blocked("map:erp:vat:Общая", "Ставка: Общая")
    assert codec(vat={"общая": "22"}).decode("vat", "Общая") == "22"


@pytest.mark.parametrize(
    ("atom", "wire", "value"),
    [
        ("unit", "796", "796"),
        ("unit", "шт", "796"),
        ("unit", "6", "006"),
        ("weight", "0.35", "350"),
        ("length", "1.2", "1200"),
        ("kind", "Товар", "goods"),
        ("kind", "Услуга", "service"),
        ("barcodes", ["2", "1", "2"], ["1", "2"]),
        ("barcodes", [], []),
        ("name", "Ботинки", "Ботинки"),
        ("active", False, False),
        ("description", None, None),
    ],
)
def test_the_card(atom, wire, value):
    assert codec().decode(atom, wire) == value


def test_sizes_may_come_in_other_units():
    assert codec(size_unit="cm").decode("width", "12.5") == "125"


@pytest.mark.parametrize(
    ("atom", "wire"), [("unit", "бухта"), ("kind", "Тара"), ("weight", "много"), ("pictures", ["a/b.jpg"])]
)
def test_unknown_codes_are_blocked_with_what_would_wake_them(atom, wire):
    value = codec().decode(atom, wire)

    assert isinstance(value, Blocked)
    assert value.wakes_on.startswith("map:erp:")


def test_pictures_are_found_by_path_when_they_have_come_since():
    reader = codec(pictures={"import_files/a.jpg": SHA})

    assert reader.decode("pictures", ["import_files/a.jpg", SHA]) == [SHA, SHA]
    assert reader.decode("pictures", []) == []


KNOWN = References(
    properties={
        COLOUR: KnownProperty("Цвет", "Справочник", multiple=False, values={RED: "Красный", "true": "Да"}),
        SIZE: KnownProperty("Размер", "Число"),
    }
)


@pytest.mark.parametrize(
    ("atom", "wire", "value"),
    [
        (f"properties.{COLOUR}", RED, "Красный"),
        (f"properties.{COLOUR}", [RED, "true"], ["Красный", "Да"]),
        (f"properties.{COLOUR}", None, None),
        (f"properties.{SIZE}", "1\u00a0240,5", "1240.5"),
        ("properties.new", "text", "text"),
        ("properties.new", "true", True),
    ],
)
def test_properties_by_their_directories(atom, wire, value):
    assert codec(references=KNOWN).decode(atom, wire) == value


def test_a_value_no_directory_knows_yet_waits():
    assert codec(references=KNOWN).decode(f"properties.{COLOUR}", WHOLESALE) == Blocked(
        f"map:erp:property:{COLOUR}:{WHOLESALE}", f"Цвет: {WHOLESALE}"
    )


def test_characteristics_are_pairs_people_can_read():
    reader = codec("offer", KNOWN)

    assert reader.decode("characteristics", [["Цвет", "Красный"], [SIZE, "42"], [COLOUR, RED]]) == [
        ["Цвет", "Красный"],
        ["Размер", "42"],
        ["Цвет", "Красный"],
    ]
    assert reader.decode("characteristics", []) == []
    assert isinstance(reader.decode("characteristics", [[WHOLESALE, "x"]]), Blocked)


@pytest.mark.parametrize(
    ("entity", "atom", "value"),
    [
        ("offer", "prices.base", "1990.00 RUB"),
        ("offer", "stock.main", "0.35"),
        ("offer", "characteristics", [["Цвет", "Красный"]]),
        ("product", "vat", "none"),
        ("product", "weight", "350"),
        ("product", "height", "1200"),
        ("product", "unit", "796"),
        ("product", "kind", "set"),
        ("product", "pictures", [SHA]),
        ("product", f"properties.{COLOUR}", "Красный"),
        ("product", "properties.new", True),
        ("product", "barcodes", ["1"]),
        ("category", "name", "Обувь"),
    ],
)
def test_what_is_encoded_reads_back_the_same(entity, atom, value):
    reader = codec(entity, KNOWN)

    assert reader.decode(atom, reader.encode(atom, value)) == value
    assert reader.encode(atom, None) is None


def test_what_files_can_speak_of():
    assert codec("offer").carries("prices.b2b")
    assert not codec("offer").carries("available")
    assert not codec("offer").carries("phones")


# --- naming -----------------------------------------------------------------------------------------------------------


def test_retail_is_base_and_other_types_go_by_id():
    named = tables(
        References(prices={RETAIL: KnownPrice("Розничная цена"), WHOLESALE: KnownPrice("Оптовая")})
    )

    assert named.prices[RETAIL] == "prices.base"
    assert named.prices[WHOLESALE] == f"prices.{WHOLESALE}"
    assert named.prices["BASE"] == "prices.base"


def test_settings_name_types_by_id_and_by_name():
    named = tables(
        References(prices={RETAIL: KnownPrice("Цена сайта"), WHOLESALE: KnownPrice("Оптовая")}),
        price_types={"цена сайта": "base", WHOLESALE: "b2b"},
    )

    assert {named.prices[RETAIL], named.prices[WHOLESALE]} == {"prices.base", "prices.b2b"}


def test_types_of_one_name_go_by_id_so_that_no_price_lands_in_another_place():
    named = tables(References(prices={RETAIL: KnownPrice("Розничная"), WHOLESALE: KnownPrice("Розничная")}))

    assert {named.prices[RETAIL], named.prices[WHOLESALE]} == {f"prices.{RETAIL}", f"prices.{WHOLESALE}"}
    assert named.prices.shared == ["Розничная"]


def test_two_names_for_one_place_go_by_id_too():
    named = tables(References(prices={RETAIL: KnownPrice("Розничная"), WHOLESALE: KnownPrice("BASE")}))

    assert {named.prices[RETAIL], named.prices[WHOLESALE]} == {f"prices.{RETAIL}", f"prices.{WHOLESALE}"}


def test_two_warehouses_wanted_as_one_go_by_id_and_check_can_tell():
    named = tables(References(warehouses={"w1": "А", "w2": "Б"}), warehouses={"А": "main", "Б": "main"})

    assert [named.stock["w1"], named.stock["w2"]] == ["stock.w1", "stock.w2"]
    assert named.stock.clashing == {"main"}


def test_stock_without_a_warehouse_has_a_place_of_its_own():
    assert tables().stock[""] == "stock.main"
    assert tables(only_warehouse="shop").stock[""] == "stock.shop"


# --- references -------------------------------------------------------------------------------------------------------


def test_references_grow_and_keep_what_a_later_file_leaves_out():
    first = learn(References(), [Property(id=COLOUR, name="Цвет", values={RED: "Красный"})])
    second = learn(first, [Property(id=COLOUR, name="Цвет"), PriceType(id=RETAIL, name="Розничная")])

    assert second.properties[COLOUR].values == {RED: "Красный"}
    assert second.version == first.version + 1
    assert learn(second, [PriceType(id=RETAIL)]) is second
