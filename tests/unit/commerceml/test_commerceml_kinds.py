from pathlib import Path

import pytest

from obmen.formats.commerceml import classify, import_order, inspect
from obmen.formats.commerceml.kinds import natural_key


@pytest.mark.parametrize(
    ("name", "kind", "generation"),
    [
        ("native_2_04_characteristics_as_goods", "catalog", "2.04 native"),
        ("split_2_08_classifier", "groups", "2.08 split"),
        ("split_2_08_goods", "catalog", "2.08 split"),
        ("split_2_08_offers", "offers", "2.08 split"),
        ("split_2_09_prices", "prices", "2.09 split"),
        ("split_2_09_rests", "rests", "2.09 split"),
        ("split_2_10_delta_package", "rests", "2.10 split"),
        ("folders_3_1_references", "references", "3.1 folders"),
        ("folders_3_1_groups", "groups", "3.1 folders"),
        ("folders_3_1_orders_in_containers", "documents", "3.1 folders"),
        ("directories", "references", "2.08 split"),
        ("catalog_inside_classifier_with_prefix", "mixed", "2.05 native"),
        ("offers_of_many_shapes", "offers", "2.07 native"),
    ],
)
def test_the_content_tells_the_kind(fixture_path, name, kind, generation):
    found = classify(fixture_path(name))

    assert (kind, generation) == (found.kind, found.generation)


def test_an_empty_document_is_empty(tmp_path: Path):
    path = tmp_path / "orders.xml"
    path.write_text("<КоммерческаяИнформация/>", encoding="utf-8")

    assert (classify(path).kind, classify(path).generation) == ("empty", "unknown")


def test_files_are_imported_in_the_order_they_build_on_each_other(fixture_path, tmp_path: Path):
    names = {
        "9.xml": "folders_3_1_references",
        "8.xml": "folders_3_1_groups",
        "goods_1_10.xml": "folders_3_1_goods",
        "goods_1_9.xml": "folders_3_1_goods",
        "6.xml": "split_2_08_offers",
        "5.xml": "split_2_09_prices",
        "4.xml": "split_2_09_rests",
        "3.xml": "folders_3_1_orders_in_containers",
    }
    for name, fixture in names.items():
        (tmp_path / name).write_bytes(fixture_path(fixture).read_bytes())

    order = [path.name for path in import_order(sorted(tmp_path.iterdir()))]

    assert order == ["9.xml", "8.xml", "goods_1_9.xml", "goods_1_10.xml", "6.xml", "5.xml", "4.xml", "3.xml"]


def test_numbers_in_names_sort_as_numbers():
    names = ["import0_10.xml", "import0_9.xml", "Import0_1.xml", "import.xml"]

    assert sorted(names, key=natural_key) == [
        "import.xml",
        "Import0_1.xml",
        "import0_9.xml",
        "import0_10.xml",
    ]


def test_several_files_are_counted_together(fixture_path):
    names = (
        "split_2_08_classifier",
        "split_2_08_goods",
        "split_2_08_offers",
        "split_2_09_prices",
        "split_2_09_rests",
    )

    summary = inspect([fixture_path(name) for name in names])

    assert (summary.schema, summary.generation, summary.encoding) == (
        "2.08, 2.09",
        "2.08 split, 2.09 split",
        "utf-8",
    )
    assert (summary.groups, summary.properties, summary.products, summary.deleted) == (1, 2, 3, 2)
    assert (summary.offers, summary.offers_with_characteristics, summary.prices, summary.stock_rows) == (
        5,
        3,
        2,
        2,
    )
    assert (summary.price_types, summary.warehouses, summary.documents, summary.orders) == (0, 0, 0, 0)
    assert {finding.code: finding.count for finding in summary.findings} == {
        "duplicate_property_name": 1,
        "undefined_group": 1,
        "undefined_property": 1,
        "negative_stock": 1,
    }


def test_groups_at_every_depth_are_counted(fixture_path, tmp_path: Path):
    path = tmp_path / "import.xml"
    path.write_bytes(fixture_path("native_2_03_windows_1251").read_text(encoding="utf-8").encode("cp1251"))

    summary = inspect([path])

    assert (summary.groups, summary.properties, summary.encoding) == (4, 2, "windows-1251")


def test_orders_are_told_from_other_documents(fixture_path):
    summary = inspect([fixture_path("folders_3_1_orders_in_containers")])

    assert (summary.documents, summary.orders) == (5, 3)


@pytest.mark.parametrize(
    ("definitions", "offers", "code"),
    [
        (("<ТипЦены><Ид>a</Ид><Наименование>Опт</Наименование></ТипЦены>"
         "<ТипЦены><Ид>b</Ид><Наименование>опт</Наименование></ТипЦены>"), "", "duplicate_price_type_name"),
        ("<ТипЦены><Ид>a</Ид></ТипЦены>", "<ИдТипаЦены>b</ИдТипаЦены><Валюта>RUB</Валюта>", "undefined_price_type"),
        ("<ТипЦены><Ид>a</Ид></ТипЦены>", "<ИдТипаЦены>a</ИдТипаЦены>", "no_currency"),
        ("", "<ЦенаЗаЕдиницу>5</ЦенаЗаЕдиницу>", "no_price_type"),
        ("", "<ИдТипаЦены>a</ИдТипаЦены><ЦенаЗаЕдиницу>-5</ЦенаЗаЕдиницу>", "negative_price"),
        ("", "<ИдТипаЦены>a</ИдТипаЦены><Коэффициент>0</Коэффициент>", "bad_coefficient"),
        ("", "<ИдТипаЦены>a</ИдТипаЦены><ЦенаЗаЕдиницу>даром</ЦенаЗаЕдиницу>", "bad_number"),
    ],
)  # fmt: skip
def test_contradictions_are_found_and_never_stop_the_reading(tmp_path: Path, definitions, offers, code):
    path = tmp_path / "offers.xml"
    offer = f"<Предложение><Ид>o1</Ид><Цены><Цена>{offers}</Цена></Цены></Предложение>" if offers else ""
    path.write_text(
        '<КоммерческаяИнформация ВерсияСхемы="2.07"><ПакетПредложений><Ид>1#</Ид>'
        f"<ТипыЦен>{definitions}</ТипыЦен><Предложения>{offer}</Предложения>"
        "</ПакетПредложений></КоммерческаяИнформация>",
        encoding="utf-8",
    )

    summary = inspect([path])

    assert {code: 1} == {finding.code: finding.count for finding in summary.findings}
    assert int(bool(offers)) == summary.offers


def test_an_unusual_root_is_read_and_told(tmp_path: Path):
    path = tmp_path / "catalog.xml"
    path.write_text("<Каталог><Товары><Товар><Ид>1</Ид></Товар></Товары></Каталог>", encoding="utf-8")

    summary = inspect([path])

    assert summary.products == 1
    assert [finding.code for finding in summary.findings] == ["unusual_root", "no_version"]
