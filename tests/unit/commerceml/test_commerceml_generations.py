"""What each generation of exports looks like when read."""

from datetime import datetime, timedelta, timezone
from io import BytesIO

import pytest
from msgspec import UNSET

from obmen.formats.commerceml import (
    Catalog,
    Characteristic,
    Classifier,
    Group,
    Offer,
    OrderDocument,
    Package,
    Picture,
    Price,
    PriceType,
    Product,
    Property,
    ReferenceRow,
    Stock,
    Unit,
    Warehouse,
    inspect,
    open_document,
)


@pytest.mark.parametrize(
    ("name", "schema", "generation"),
    [
        ("native_2_03_windows_1251", "2.03", "native"),
        ("native_2_04_characteristics_as_goods", "2.04", "native"),
        ("split_2_08_goods", "2.08", "split"),
        ("split_2_10_delta_package", "2.10", "split"),
        ("folders_3_1_goods", "3.1", "folders"),
    ],
)
def test_the_header_tells_the_schema_and_the_generation(fixture_path, name, schema, generation):
    source = fixture_path(name).read_text(encoding="utf-8")
    encoding = "cp1251" if "1251" in name else "utf-8"

    with open_document(BytesIO(source.encode(encoding))) as document:
        assert (schema, generation) == (document.header.schema, document.header.generation)


def test_the_generation_follows_from_the_namespace_when_the_schema_is_missing(items_of):

    text = '<КоммерческаяИнформация xmlns="urn:1C.ru:commerceml_210"/>'
    with open_document(BytesIO(text.encode())) as document:
        assert document.header.generation == "split"


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("2007-10-30", datetime(2007, 10, 30)),  # noqa: DTZ001 - the file names no zone
        ("2020-04-07T13:16:06", datetime(2020, 4, 7, 13, 16, 6)),  # noqa: DTZ001 - the file names no zone
        ("2024-09-01T08:00:00+03:00", datetime(2024, 9, 1, 8, tzinfo=timezone(timedelta(hours=3)))),
        ("2021-01-01T00:00:00.123456", datetime(2021, 1, 1, 0, 0, 0, 123456)),  # noqa: DTZ001 - the file names no zone
        ("12.02.2021 09:11:04", datetime(2021, 2, 12, 9, 11, 4)),  # noqa: DTZ001 - the file names no zone
        ("скоро", None),
    ],
)
def test_the_moment_of_the_export_is_read_in_every_form(text, moment):

    source = f'<КоммерческаяИнформация ВерсияСхемы="2.07" ДатаФормирования="{text}"/>'
    with open_document(BytesIO(source.encode())) as document:
        assert moment == document.header.formed_at
        assert text == document.header.formed_at_text


def test_groups_of_2_03_come_parents_first_with_their_depth(fixture_path, items_of):
    source = fixture_path("native_2_03_windows_1251").read_text(encoding="utf-8").encode("cp1251")

    groups = [(group.name, group.depth, group.parent_id) for group in items_of(source, Group)]

    assert groups == [
        ("Бытовая техника", 0, None),
        ("Вентиляторы", 1, "bd72d90a-55bc-11d9-848a-00112f43529a"),
        ("Напольные", 2, "bd72d90b-55bc-11d9-848a-00112f43529a"),
        ("Обувь", 0, None),
    ]


def test_properties_of_the_old_shapes_keep_their_dictionaries(fixture_path, items_of):
    source = fixture_path("native_2_03_windows_1251").read_text(encoding="utf-8").encode("cp1251")

    colour, size = items_of(source, Property)

    assert (colour.kind, colour.values) == ("Справочник", {"v-red": "Красный"})
    assert (colour.multiple, colour.required) == (True, False)
    assert (size.kind, size.values) == ("Строка", {"38": "38", "40": "40"})


def test_a_product_of_2_03_is_read_in_full(fixture_path, items_of):
    source = fixture_path("native_2_03_windows_1251").read_text(encoding="utf-8").encode("cp1251")

    (product,) = items_of(source, Product)

    assert product.name == "Вентилятор «ALPINE» 160 вт — напольный"
    assert product.barcodes == ("2000000000015", "2000000000022")
    assert Unit(code="796", name="шт", full_name="Штука", international="PCE") == product.unit
    assert product.description == "Тихий <b>вентилятор</b>"
    assert (
        Picture("import_files/bd/bd72d910.jpg", "Вид спереди"),
        Picture("import_files/bd/bd72d910_2.jpg"),
    ) == product.pictures
    assert product.weight == "4.25"
    assert product.vat == "18"
    assert product.requisites["ВидНоменклатуры"] == ("Товар",)


def test_characteristics_as_goods_of_2_04_keep_the_whole_id_and_repeated_names(items_of):
    boots, deleted = items_of("native_2_04_characteristics_as_goods", Product)

    assert boots.id == "bd72d913-55bc-11d9-848a-00112f43529a#b02e2814-720f-11df-b436-0015e92f2802"
    assert (Characteristic("Цвет", "Бежевый"), Characteristic("Цвет", "Светлый")) == boots.characteristics
    assert (boots.deleted, deleted.deleted) == (UNSET, True)


def test_a_classifier_of_2_08_keeps_properties_of_one_name_apart(items_of):
    colour, yes_no = items_of("split_2_08_classifier", Property)

    assert (colour.name, yes_no.name) == ("Цвет", "Цвет")
    assert (colour.values, yes_no.values) == (UNSET, {"true": "Да", "false": "Нет"})
    assert (colour.external, colour.deleted) == (True, False)


def test_groups_may_be_marked_deleted(items_of):
    (group,) = items_of("split_2_08_classifier", Group)

    assert (group.deleted, group.version) == (True, "AAAAAADhHdY=")


def test_absent_empty_and_filled_are_three_different_things(items_of):
    jacket, deleted, _ = items_of("split_2_08_goods", Product)

    assert (jacket.sku, jacket.barcodes) == ("", ())
    assert (deleted.sku, deleted.barcodes, deleted.properties) == (UNSET, UNSET, UNSET)
    assert jacket.properties == {"p1": ("v1", "v2"), "p2": ("",)}


def test_products_of_2_08_are_marked_deleted_by_element_or_requisite(items_of):
    assert [product.deleted for product in items_of("split_2_08_goods", Product)] == [False, True, True]


def test_maker_country_brand_and_tax_of_a_product_are_told_apart(items_of):
    jacket = items_of("split_2_08_goods", Product)[0]

    assert (jacket.manufacturer.id, jacket.manufacturer.name) == ("m1", "Север")
    assert (jacket.country, jacket.brand, jacket.vat) == ("Россия", "Бриз", "Без НДС")
    assert jacket.group_ids == ("g1", "g2")
    assert jacket.extra == {"УмныйФильтр": "true"}
    assert jacket.version == "AAAHgAAAAAA=32906"


def test_a_placeholder_number_counts_as_empty(items_of):
    offer = items_of("split_2_08_offers", Offer)[0]

    assert (Characteristic("Цвет", "Синий", "p1"), Characteristic("Рост", "")) == offer.characteristics
    assert offer.properties == {"p-height": ("",)}


def test_an_offer_id_gives_product_and_characteristic(items_of):
    variant, bare = items_of("split_2_08_offers", Offer)

    assert (variant.id, variant.product_id, variant.characteristic_id) == ("t1#x1", "t1", "x1")
    assert (bare.id, bare.product_id, bare.characteristic_id) == ("t1", "t1", UNSET)
    assert (variant.deleted, bare.deleted) == (False, True)


@pytest.mark.parametrize(
    ("name", "package_id"),
    [("split_2_08_offers", "#c1"), ("split_2_09_prices", "c1#"), ("split_2_09_rests", "#")],
)
def test_a_package_id_is_never_split(items_of, name, package_id):
    (package,) = items_of(name, Package)

    assert package_id == package.id


def test_no_price_block_differs_from_an_empty_one(items_of):
    with_prices, without = items_of("split_2_09_prices", Offer)
    described = items_of("split_2_08_offers", Offer)[0]

    assert (
        Price("retail", "1990", "руб.", "шт", "1"),
        Price("wholesale", "14240.5", min_quantity="10"),
    ) == with_prices.prices
    assert without.prices == ()
    assert UNSET is described.prices


def test_stock_by_warehouse_keeps_negative_rows(items_of):
    (offer,) = items_of("split_2_09_rests", Offer)

    assert (Stock("w1", "3"), Stock("w2", "-2")) == offer.stocks
    assert UNSET is offer.quantity


def test_a_delta_package_of_2_10_says_so(items_of):
    package, offer = items_of("split_2_10_delta_package")

    assert (package.delta, package.catalog_id) == (True, "c1")
    assert (offer.quantity, offer.stocks) == ("0.35", UNSET)


def test_references_of_3_1_are_units_price_types_and_warehouses(items_of):
    classifier, unit, price_type, warehouse = items_of("folders_3_1_references")

    assert Classifier(id="c3", name="Классификатор", changes_only=True) == classifier
    assert Unit(id="796", code="796", name="шт", full_name="Штука", international="PCE") == unit
    assert (
        PriceType(
            id="9a1b2c3d-0000-11ee-8000-000000000001",
            name="Розничная",
            currency="643",
            tax_included=True,
            version="AAAAAAAAAAE=",
        )
        == price_type
    )
    assert Warehouse(id="w1", name="Основной", address="Москва, ул. Лесная, 1") == warehouse


def test_a_product_of_3_1_has_a_unit_code_and_measures_of_its_own(items_of):
    (product,) = items_of("folders_3_1_goods", Product)

    assert Unit(code="796") == product.unit
    assert (product.weight, product.length, product.width, product.height) == ("1.4", "0.5", "10", "")
    assert product.vat == "22"


def test_stock_of_the_only_warehouse_has_no_warehouse(items_of):
    first, second = items_of("folders_3_1_rests_of_one_warehouse", Offer)

    assert ((Stock(UNSET, "12"),), (Stock(UNSET, "7.5"),)) == (first.stocks, second.stocks)


def test_documents_are_read_in_containers_and_without(items_of):
    documents = items_of("folders_3_1_orders_in_containers", OrderDocument)

    assert [document.container for document in documents] == [0, 0, 1, 1, None]
    assert [document.is_order for document in documents] == [True, False, True, False, True]
    assert [document.number for document in documents] == ["SITE-1", "P-1", "SITE-2", "S-2", "SITE-3"]
    assert (documents[2].id, documents[4].deleted) == (UNSET, True)


def test_everything_in_a_document_stays_reachable(items_of):
    order = items_of("folders_3_1_orders_in_containers", OrderDocument)[0]

    assert order.amount == "100"
    assert order.node.text_of("Сумма") == "100.00"
    assert [line.text_of("Ид") for line in order.node.first("Товары").all("Товар")] == ["t1"]


def test_a_block_whose_fields_come_last_is_announced_twice(items_of):
    packages = items_of("classifier_after_package", Package)

    assert [package.id for package in packages] == [UNSET, "c1#"]


def test_definitions_may_come_after_their_use(fixture_path):
    summary = inspect([fixture_path("classifier_after_package")])

    assert {finding.code: finding.count for finding in summary.findings} == {
        "undefined_price_type": 1,
        "negative_price": 1,
        "no_currency": 1,
    }


def test_a_catalogue_is_found_inside_a_classifier_whatever_the_prefix(items_of):
    found = items_of("catalog_inside_classifier_with_prefix")

    assert [Classifier, Catalog, Product, Package, Offer, Offer] == [type(item) for item in found]
    assert (found[1].changes_only, found[1].id, found[2].name) == (True, "c2", "Стол")


def test_rows_of_directories_are_counted(items_of):
    assert len(items_of("directories", ReferenceRow)) == 2
