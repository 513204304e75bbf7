from decimal import Decimal

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from obmen.connectors.bitrix.mapping import (
    Choice,
    PropertyMeta,
    Shop,
    ShopCodec,
    category_look,
    offer_look,
    product_look,
    rest_fields,
    slug,
)
from obmen.connectors.bitrix.mapping.shop import Store
from obmen.connectors.bitrix.settings import Settings
from obmen.connectors.bitrix.wire import Rest, number, rests_file, values
from obmen.errors import ConfigError, Rejected
from obmen.model import ENTITIES, Money
from obmen.sync.shadow import Blocked

SETTINGS = Settings(
    url="https://shop.example",
    user=7,
    secret="secret",
    prices={"retail": 1},
    stores={"main": "st-1"},
    properties={"color": "COLOR", "tags": "TAGS"},
    exchange_login="exchange",
    exchange_password="password",
    catalog_xml_id="catalog",
    characteristics={"Цвет": "SKU_COLOR"},
)
SHOP = Shop(
    catalog=14,
    offers=15,
    properties={
        14: (
            PropertyMeta(id=101, code="CML2_ARTICLE", kind="S"),
            PropertyMeta(id=102, code="CML2_BAR_CODE", kind="S"),
            PropertyMeta(id=103, code="COLOR", kind="L"),
            PropertyMeta(id=104, code="TAGS", kind="S", multiple=True),
        ),
        15: (
            PropertyMeta(id=111, code="CML2_ARTICLE", kind="S"),
            PropertyMeta(id=112, code="SKU_COLOR", kind="S"),
            PropertyMeta(id=113, code="CML2_ATTRIBUTES", kind="S", multiple=True),
        ),
    },
    choices={103: (Choice(id=301, xml_id="red", value="Красный"),)},
    vats={"22": 2, "none": 1},
    measures={"796": 5, "006": 1},
    price_types={1: "Розничная"},
    stores={"main": Store(id=1, xml_id="st-1")},
)
SHA = "ab" * 32


def codec(entity, shop=SHOP):
    return ShopCodec(
        connection="shop",
        entity=entity,
        settings=SETTINGS,
        shop=lambda: shop,
        has_picture=lambda sha: sha == SHA,
    )


texts = st.text(min_size=1)
amounts = st.decimals(min_value=0, max_value=10**9, places=4).map(number)
money = st.builds(
    lambda amount: str(Money(amount, "RUB")), st.decimals(min_value=0, max_value=10**9, places=4)
)
NORMAL = {
    "category": {"name": texts, "slug": texts, "sort": st.integers(), "active": st.booleans()},
    "product": {
        "name": texts,
        "sku": texts,
        "barcodes": st.lists(texts, max_size=1),
        "description": texts,
        "summary": texts,
        "pictures": st.sampled_from([[], [SHA]]),
        "unit": st.sampled_from(["796", "006"]),
        "vat": st.sampled_from(["22", "none"]),
        "weight": amounts.filter(lambda value: value != "0"),
        "properties.color": st.just("Красный"),
        "properties.tags": st.lists(texts),
        "active": st.booleans(),
    },
    "offer": {
        "name": texts,
        "characteristics": st.lists(st.tuples(texts, texts).map(list)),
        "prices.retail": money,
        "available": amounts,
        "stock.main": amounts,
    },
}
odd = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=5,
)
few = settings(max_examples=25, deadline=None)
ATOMS = [(entity, atom) for entity, atoms in NORMAL.items() for atom in atoms]


@pytest.mark.parametrize(("entity", "atom"), ATOMS)
@few
@given(data=st.data())
def test_what_is_decoded_is_encoded_back_the_same(entity, atom, data):
    wire = data.draw(NORMAL[entity][atom])

    assert wire == codec(entity).encode(atom, codec(entity).decode(atom, wire))


@pytest.mark.parametrize(("entity", "atom"), ATOMS)
def test_emptiness_comes_back_as_emptiness(entity, atom):
    wire = codec(entity).encode(atom, None)

    assert wire == codec(entity).encode(atom, codec(entity).decode(atom, wire))
    assert wire in (None, [])


@pytest.mark.parametrize(("entity", "atom"), [*ATOMS, ("product", "vat"), ("offer", "unit")])
@few
@given(wire=odd)
def test_nothing_a_shop_may_show_breaks_decoding(entity, atom, wire):
    codec(entity).decode(atom, wire)


@pytest.mark.parametrize(("entity", "atom"), ATOMS)
@few
@given(value=odd)
def test_nothing_a_record_may_hold_breaks_encoding(entity, atom, value):
    wire = codec(entity).encode(atom, value)

    assert isinstance(wire, Blocked) or msgspec.json.encode(wire)


def test_only_what_the_shop_has_room_for_is_carried():
    carried = {
        entity: {atom.name for atom in ENTITIES[entity].atoms if codec(entity).carries(atom.name)}
        for entity in NORMAL
    }

    assert carried == {
        "category": {"name", "parent", "slug", "sort", "description", "active"},
        "product": {
            *("name", "slug", "sku", "barcodes", "categories", "description", "summary", "pictures"),
            *("unit", "vat", "weight", "length", "width", "height", "active"),
        },
        "offer": {"product", "name", "sku", "characteristics", "unit", "available", "active"},
    }


@pytest.mark.parametrize(
    ("atom", "carried"),
    [("prices.retail", True), ("prices.b2b", False), ("stock.main", True), ("stock.other", False)],
)
def test_only_mapped_prices_and_stores_are_carried(atom, carried):
    assert carried == codec("offer").carries(atom)


def test_a_rate_unit_or_choice_the_shop_lacks_waits_by_name():
    product = codec("product")

    assert [
        Blocked("map:shop:vat:10", "НДС 10"),
        Blocked("map:shop:unit:166", "166"),
        Blocked("map:shop:properties.color:Синий", "Синий"),
    ] == [
        product.encode("vat", "10"),
        product.encode("unit", "166"),
        product.encode("properties.color", "Синий"),
    ]


def test_before_the_shop_was_asked_nothing_waits_for_its_dictionaries():
    product = codec("product", shop=None)

    assert (
        product.encode("vat", "10"),
        product.encode("unit", "166"),
        product.encode("properties.color", "Синий"),
    ) == ("10", "166", "Синий")


def test_a_choice_may_be_named_by_its_external_code():
    assert codec("product").encode("properties.color", "red") == "Красный"


def test_several_values_share_a_property_that_holds_one():
    assert Blocked("map:shop:properties.color:Красный, Синий", "Красный, Синий") == codec("product").encode(
        "properties.color", ["Красный", "Синий"]
    )


@given(price=st.decimals(min_value=0, max_value=10**7, places=4))
def test_prices_have_one_spelling_however_the_shop_prints_them(price):
    shop_says = [price, str(price), f"{price:.6f}"]

    assert len({number(said) for said in shop_says}) == 1


@given(name=st.text())
def test_a_code_is_an_address_for_any_name(name):
    code = slug(name)

    assert 0 < len(code) <= 100
    assert code.strip("-") == code
    assert set(code) <= set("abcdefghijklmnopqrstuvwxyz0123456789-")


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("Ботинки «Тундра» 42", "botinki-tundra-42"),
        ("Щётка чёрная, жёсткая", "shchyotka-chyornaya-zhyostkaya"),
        ("Подъёмник ЦЕПНОЙ 2,7 т", "podyomnik-tsepnoy-2-7-t"),
        ("№%", "item"),
    ],
)
def test_names_are_written_in_latin_letters(name, expected):
    assert expected == slug(name)


def test_properties_are_always_written_as_objects():
    fields = {"sku": "A-1", "barcodes": ["460"], "properties.color": "Красный", "properties.tags": ["а", "б"]}

    assert rest_fields(fields, entity="product", shop=SHOP, settings=SETTINGS) == {
        "property101": {"value": "A-1"},
        "property102": {"value": "460"},
        "property103": {"value": 301},
        "property104": [{"value": "а"}, {"value": "б"}],
    }


def test_characteristics_fill_the_common_property_and_their_own():
    fields = {"characteristics": [["Цвет", "Красный"], ["Размер", "42"]]}

    assert rest_fields(fields, entity="offer", shop=SHOP, settings=SETTINGS) == {
        "property112": {"value": "Красный"},
        "property113": [{"value": "Цвет: Красный"}, {"value": "Размер: 42"}],
    }


def test_texts_are_sent_as_html_explicitly():
    fields = {"description": "<p>А</p>", "summary": None}

    assert rest_fields(fields, entity="product", shop=SHOP, settings=SETTINGS) == {
        "detailText": "<p>А</p>",
        "detailTextType": "html",
        "previewText": "",
        "previewTextType": "html",
    }


def test_a_value_missing_from_the_dictionaries_is_refused_by_its_field():
    with pytest.raises(Rejected, match="vat: the shop has no VAT rate «10»"):
        rest_fields({"vat": "10"}, entity="product", shop=SHOP, settings=SETTINGS)


def test_a_plain_text_is_shown_as_html():
    look = category_look({"id": 3, "name": "Обувь", "description": "5 < 6\nда", "descriptionType": "text"})

    assert look.fields["description"] == "5 &lt; 6<br>\nда"


def test_an_unknown_rate_or_unit_of_the_shop_is_shown_and_cannot_be_read():
    row = {"id": 1, "iblockId": 14, "name": "Пила", "vatId": 77, "measure": 78, "type": 1}
    look = product_look(row, shop=SHOP, settings=SETTINGS, pictures=None)

    assert (look.fields["vat"], look.fields["unit"]) == ("id 77", "id 78")
    assert isinstance(codec("product").decode("vat", "id 77"), Blocked)
    assert isinstance(codec("product").decode("unit", "id 78"), Blocked)


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        (None, []),
        ("x", ["x"]),
        ({"value": "x", "valueId": "1"}, ["x"]),
        ([{"value": "x"}, {"value": "y"}], ["x", "y"]),
        ({"5": {"value": "x"}, "7": {"value": "y"}}, ["x", "y"]),
        ([], []),
    ],
)
def test_property_values_are_read_in_every_shape_php_gives_them(raw, expected):
    assert expected == [item["value"] for item in values(raw)]


@few
@given(
    row=st.dictionaries(
        st.sampled_from(["id", "name", "vatId", "iblockSection", "weight", "property101"]), odd
    )
)
def test_odd_rows_are_shown_without_breaking(row):
    product_look(row, shop=SHOP, settings=SETTINGS, pictures=[])
    offer_look(row, shop=SHOP, settings=SETTINGS, prices={}, amounts={})


def test_a_rests_file_names_id_and_rests_only():
    content = rests_file(
        [Rest("a&b#c", {"st-1": "5", "st-2": "0.5"})],
        package="offers#",
        catalog="catalog",
        formed_at="2026-01-31T10:00:00",
    ).decode()

    assert 'СодержитТолькоИзменения="true"' in content
    assert (
        "<Предложение><Ид>a&amp;b#c</Ид><Остатки><Остаток><Склад><Ид>st-1</Ид><Количество>5</Количество>"
        in content
    )


@pytest.mark.parametrize("key", ["purchase", "Закупочная", "cost", "себестоимость"])
def test_purchase_prices_need_permission(key):
    given_ = {"url": "https://shop.example", "user": 7, "secret": "x", "prices": {key: 3}}
    with pytest.raises(ConfigError, match="purchase price") as caught:
        msgspec.convert(given_, Settings)

    assert "похоже на закупочную цену" in caught.value.ru

    assert {key: 3} == msgspec.convert({**given_, "allow_purchase": True}, Settings).prices


def test_settings_mark_their_secrets_and_explain_every_field():
    schema = msgspec.json.schema(Settings)["$defs"]["Settings"]["properties"]
    secrets = {name for name, field in schema.items() if field.get("secret")}

    assert {"secret", "exchange_password"} == secrets
    assert [name for name, field in schema.items() if not _described(field)] == []


def _described(field):
    return "description" in field or any("description" in one for one in field.get("anyOf", ()))


def test_unknown_settings_are_refused():
    with pytest.raises(msgspec.ValidationError, match="verify"):
        msgspec.convert({"url": "https://a", "user": 7, "secret": "x", "verify": False}, Settings)


def test_decimals_stay_decimals():
    assert number(Decimal("1990.1000")) == "1990.1"
