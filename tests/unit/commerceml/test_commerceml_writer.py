from datetime import UTC, datetime
from io import BytesIO
from xml.etree import ElementTree as ET

from obmen.formats.commerceml import (
    Offer,
    PackageAddress,
    Price,
    PriceLine,
    PriceRow,
    Stock,
    StockLine,
    open_document,
    write_prices,
    write_rests,
)

ADDRESS = PackageAddress(package_id="offers#", catalog_id="catalog", classifier_id="classifier")
MOMENT = datetime(2026, 1, 31, 10, tzinfo=UTC)


def test_a_stock_file_is_the_minimal_one_a_shop_takes():
    file = BytesIO()

    count = write_rests(file, ADDRESS, [StockLine("p#c", {"w1": "7", "w2": "0"})], formed_at=MOMENT)

    assert count == 1
    assert file.getvalue().decode() == (
        '<?xml version="1.0" encoding="UTF-8"?>\n'
        '<КоммерческаяИнформация ВерсияСхемы="3.1" ДатаФормирования="2026-01-31T10:00:00">\n'
        '<ПакетПредложений СодержитТолькоИзменения="true">\n'
        "<Ид>offers#</Ид><ИдКаталога>catalog</ИдКаталога><ИдКлассификатора>classifier</ИдКлассификатора>\n"
        "<Предложения>\n"
        "<Предложение><Ид>p#c</Ид><Остатки>"
        "<Остаток><Склад><Ид>w1</Ид><Количество>7</Количество></Склад></Остаток>"
        "<Остаток><Склад><Ид>w2</Ид><Количество>0</Количество></Склад></Остаток>"
        "</Остатки></Предложение>\n"
        "</Предложения>\n</ПакетПредложений>\n</КоммерческаяИнформация>\n"
    )


def test_a_price_node_holds_the_id_and_the_prices_alone():
    file = BytesIO()
    rows = (
        PriceRow(type_id="retail", amount="1990", currency="RUB", unit="шт", coefficient="1"),
        PriceRow(type_id="whole & sale", amount="1500.5", currency="RUB"),
    )

    write_prices(file, ADDRESS, [PriceLine("p", rows)], formed_at=MOMENT)
    file.seek(0)
    offer = next(ET.parse(file).iter("Предложение"))

    assert [child.tag for child in offer] == ["Ид", "Цены"]


def test_what_is_written_reads_back_the_same():
    stock, prices = BytesIO(), BytesIO()
    row = PriceRow(type_id="a<b>&c", amount="0.01", currency="RUB")
    write_rests(stock, ADDRESS, (StockLine(f"p{n}", {"w": str(n)}) for n in range(1000)), formed_at=MOMENT)
    write_prices(prices, ADDRESS, [PriceLine("p\x0b1", (row,))], formed_at=MOMENT)

    with open_document(stock) as document:
        offers = [item for item in document if isinstance(item, Offer)]
    with open_document(prices) as document:
        (priced,) = (item for item in document if isinstance(item, Offer))

    assert [(f"p{n}", (Stock("w", str(n)),)) for n in range(1000)] == [
        (offer.id, offer.stocks) for offer in offers
    ]
    assert ("p1", (Price("a<b>&c", "0.01", "RUB"),)) == (priced.id, priced.prices)


def test_nothing_to_write_is_still_a_whole_file():
    file = BytesIO()

    assert write_rests(file, ADDRESS, [], formed_at=MOMENT) == 0
    with open_document(file) as document:
        assert [type(item).__name__ for item in document] == ["Package"]
