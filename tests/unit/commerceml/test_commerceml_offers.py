"""Offers are read by shape where possible; the parser is the referee of what they hold."""

import re
from io import BytesIO
from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import UNSET

from obmen.formats.commerceml import Offer, Stock, open_document

#: What stands in these is text, whatever it looks like.
OPAQUE = r"<!--.*?-->|<!\[CDATA\[.*?\]\]>|<\?.*?\?>"


def offers_of(text: str, chunk_size: int = 1 << 17) -> list[Offer]:
    with open_document(BytesIO(text.encode()), chunk_size=chunk_size) as document:
        return [item for item in document if isinstance(item, Offer)]


def parsed_offers_of(text: str) -> list[Offer]:
    """Read by the parser alone: a blank in the closing tag, which XML allows, closes the fast way."""
    return offers_of(
        re.sub(OPAQUE + "|</Предложение>", lambda found: _blanked(found[0]), text, flags=re.DOTALL)
    )


def _blanked(tag: str) -> str:
    return "</Предложение >" if tag == "</Предложение>" else tag


def frame(offers: str) -> str:
    return (
        '<КоммерческаяИнформация ВерсияСхемы="2.07"><ПакетПредложений><Предложения>'
        f"{offers}</Предложения></ПакетПредложений></КоммерческаяИнформация>"
    )


def test_offers_of_many_shapes_come_in_order(items_of):
    ids = [offer.id for offer in items_of("offers_of_many_shapes", Offer)]

    assert ids[:8] == ["a1", "a2", "a3", "a4", "a5", "a6", "a7", "a8"]
    assert ids[8:] == ["a9#b9", "a10#b10", "a11", "a12", "a13", "a14", "", "a15", "z1", "z2", "z3"]


def test_odd_texts_of_offers_are_read_as_xml_means_them(items_of):
    offers = {offer.id: offer for offer in items_of("offers_of_many_shapes", Offer)}

    assert offers["a2"].name == 'Второй "в кавычках" & с амперсандом'
    assert offers["a3"].name == 'Третий "с голыми кавычками"'
    assert offers["a4"].name == "Больше > меньше"
    assert offers["a5"].name == "Пятый"


def test_every_shape_of_stock_is_read(items_of):
    offers = {offer.id: offer for offer in items_of("offers_of_many_shapes", Offer)}

    assert ("1000.5", (Stock("w1", "1000.5"),)) == (offers["a2"].quantity, offers["a2"].stocks)
    assert ("", (Stock("W1", ""),)) == (offers["a3"].quantity, offers["a3"].stocks)
    assert (UNSET, (Stock("w1", UNSET),)) == (offers["a4"].quantity, offers["a4"].stocks)
    assert (Stock("w1", "5"),) == offers["a5"].stocks
    assert (Stock("w1", "6"),) == offers["a6"].stocks
    assert (Stock("w1", "4"), Stock(UNSET, "5")) == offers["a12"].stocks
    assert offers["a13"].stocks == ()
    assert UNSET is offers["a8"].stocks


def test_units_barcodes_and_prices_of_one_shape_do_not_mix(items_of):
    offers = {offer.id: offer for offer in items_of("offers_of_many_shapes", Offer)}

    assert (offers["a9#b9"].unit.code, offers["a10#b10"].unit.code) == ("166", "796")
    assert (offers["a9#b9"].barcodes, offers["a10#b10"].barcodes) == (("1", "2"), ("3", "4"))
    assert (offers["a9#b9"].prices[0].amount, offers["a10#b10"].prices[0].amount) == ("10", "10.5")


def test_bad_numbers_and_missing_ids_are_findings_not_faults(fixture_path, findings_of):
    found = findings_of(fixture_path("offers_of_many_shapes").read_bytes())

    assert found == {"bad_number": 2, "no_id": 1}


@pytest.mark.parametrize("chunk_size", [1, 30, 100, 300, 1 << 17])
def test_no_chunking_makes_a_closing_tag_of_a_text(fixture_path, chunk_size):
    text = fixture_path("offers_with_cdata").read_text(encoding="utf-8")
    middle = text.index("Первый")
    early = text[:middle] + "<![CDATA[</Предложение><Предложение>]]>" + text[middle:]

    names = [offer.name for offer in offers_of(early, chunk_size)]

    assert names[:2] == ["</Предложение><Предложение>Первый", "Второй"]
    assert len(names) == 4


def test_closing_tags_inside_cdata_and_comments_close_nothing(items_of):
    offers = items_of("offers_with_cdata", Offer)

    assert [offer.id for offer in offers] == ["a1", "a2", "a3", "a4"]
    assert offers[2].name.startswith("Не </Предложение><Предложение>")


@pytest.mark.parametrize("name", ["offers_of_many_shapes", "offers_with_cdata", "split_2_09_prices"])
def test_the_fast_way_and_the_parser_agree_on_fixtures(fixture_path, name):
    text = fixture_path(name).read_text(encoding="utf-8")

    assert parsed_offers_of(text) == offers_of(text)


PIECES = st.sampled_from(
    [
        "<Наименование>{}</Наименование>",
        "<Артикул>{}</Артикул>",
        "<Артикул/>",
        "<Штрихкод>{}</Штрихкод>",
        "<Количество>{}</Количество>",
        "<Количество/>",
        "<НомерВерсии> {}</НомерВерсии>",
        "<ПометкаУдаления>{}</ПометкаУдаления>",
        '<Склад ИдСклада="w1" КоличествоНаСкладе="{}"/>',
        "<Остатки><Остаток><Склад><Ид>w1</Ид><Количество>{}</Количество></Склад></Остаток></Остатки>",
        "<Остатки><Остаток>{}</Остаток></Остатки>",
        "<Остатки/>",
        '<БазоваяЕдиница Код="{} ">шт</БазоваяЕдиница>',
        "<БазоваяЕдиница>{}</БазоваяЕдиница>",
        "<Цены><Цена><ИдТипаЦены>T{}</ИдТипаЦены><ЦенаЗаЕдиницу>{}</ЦенаЗаЕдиницу></Цена></Цены>",
        "<Цены><Цена><Представление>{} р</Представление><Валюта>{}</Валюта><Валюта/></Цена><Цена/></Цены>",
        "<Цены/>",
        (
            "<ХарактеристикиТовара><ХарактеристикаТовара><Наименование>{}</Наименование><Значение>{}</Значение>"
            "</ХарактеристикаТовара><ХарактеристикаТовара><Ид>{}</Ид></ХарактеристикаТовара></ХарактеристикиТовара>"
        ),
        (
            "<ЗначенияСвойств><ЗначенияСвойства><Ид>p</Ид><Значение>{}</Значение><Значение>{}</Значение>"
            "</ЗначенияСвойства><ЗначенияСвойства><Ид>p</Ид></ЗначенияСвойства></ЗначенияСвойств>"
        ),
        (
            "<СтавкиНалогов><СтавкаНалога><Наименование>НДС</Наименование><Ставка>{}</Ставка></СтавкаНалога>"
            "</СтавкиНалогов>"
        ),
        "<Незнакомое>{}</Незнакомое>",
        '<Незнакомое вид="{}"><Внутри>{}</Внутри></Незнакомое>',
        '<Наименование язык="ru">{}</Наименование>',
        "<Цены><Цена><Налог><Наименование>НДС</Наименование></Налог><ЦенаЗаЕдиницу>{}</ЦенаЗаЕдиницу></Цена></Цены>",
        (
            "<ЗначенияРеквизитов><ЗначениеРеквизита><Наименование>ПометкаУдаления</Наименование><Значение>{}</Значение>"
            "</ЗначениеРеквизита></ЗначенияРеквизитов>"
        ),
        (
            "<ЗначенияРеквизитов><ЗначениеРеквизита><Наименование>Код</Наименование><Значение>{}</Значение>"
            "<Значение/></ЗначениеРеквизита></ЗначенияРеквизитов>"
        ),
        "<Картинка>{}</Картинка>",
        "<Вес>{}</Вес>",
        "<СтавкаНДС>{}</СтавкаНДС>",
        "{}",
        "\r\n\t",
        "<!-- <Предложение></Предложение> {} -->",
        "<Описание><![CDATA[</Предложение><Предложение><Ид>x</Ид>{}]]></Описание>",
        "<?знак </Предложение>?>",
    ]
)
VALUES = st.sampled_from(
    ["", "1", "0", "12.50", "-3", "1\u00a0000,5", "x", " край ", "&amp;", "&quot;Уют&quot;", "&#1071;", '"', ">", "'", "{A}",
     "-999 999 999,9", "true", "стр\r\nока"]
)  # fmt: skip


@given(
    templates=st.lists(st.lists(PIECES, max_size=6), min_size=1, max_size=3),
    values=st.lists(VALUES, min_size=1, max_size=7),
    chunk_size=st.sampled_from([1, 50, 1000, 1 << 17]),
)
def test_the_fast_way_and_the_parser_agree_on_any_offers(templates, values, chunk_size):
    offers = ""
    for number, (value, template) in enumerate(product(values, templates)):
        pieces = "".join(
            piece.replace("{}", value.replace('"', "") if '"{}' in piece else value) for piece in template
        )
        offers += f"<Предложение><Ид>id{number}</Ид>{pieces}</Предложение>\n"

    assert parsed_offers_of(frame(offers)) == offers_of(frame(offers), chunk_size)


@pytest.mark.parametrize(
    "broken",
    [
        "<Предложение><Ид>3</Ид><Наименование>а</Предложение>",
        "<Предложение><Ид>3</Ид><Наименование>а & б</Наименование></Предложение>",
        "<Предложение><Ид>3</Ид><Наименование>&нет;</Наименование></Предложение>",
        "<Предложение><Ид>3</Ид><Наименование>а</Ид></Предложение>",
        '<Предложение><Ид>3</Ид><Склад ИдСклада="w КоличествоНаСкладе="1"/></Предложение>',
        "<Предложение><Ид>3</Ид><Наименование><а</Наименование></Предложение>",
    ],
)
def test_the_fast_way_forgives_nothing_the_parser_refuses(broken):
    good = "<Предложение><Ид>1</Ид><Наименование>а</Наименование></Предложение>\n"
    good += '<Предложение><Ид>1</Ид><Склад ИдСклада="w" КоличествоНаСкладе="1"/></Предложение>\n'

    with pytest.raises(Exception, match="line 4"):
        offers_of(frame(good + "\n" + broken + "\n" + good))
