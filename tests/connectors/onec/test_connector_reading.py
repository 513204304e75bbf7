"""Reading files into looks: what each element asserts, in portions that can be resumed."""

import os
from datetime import UTC, datetime
from pathlib import Path

import msgspec
import pytest
from hub import Clock, NoBudget

from obmen.connectors.contract import Connection, Envelope, Ports, Receiver, Unpacker
from obmen.connectors.onec import connector
from obmen.connectors.onec.inbox import Notes, is_alone
from obmen.connectors.onec.reading import PORTION
from obmen.connectors.onec.sandbox.export import Export, export
from obmen.connectors.onec.settings import Settings
from obmen.errors import BadInput
from obmen.sandbox.world import World

AT = datetime(2026, 11, 20, 9, 5, tzinfo=UTC)
SAMPLES = (
    Path(os.environ.get("OBMEN_SAMPLES", Path(__file__).parents[4] / "shared" / "samples")) / "commerceml"
)


@pytest.fixture
def onec(tmp_path):
    settings = Settings(login="a", password="b")
    return connector.open(
        "erp", settings, Ports(budget=NoBudget(), log=print, now=Clock(), spool=tmp_path / "erp")
    )


@pytest.fixture
def read(onec, tmp_path):
    def read(text, position=0, *, alone=True):
        path = tmp_path / "file.xml"
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        body = msgspec.json.encode(Notes(alone=alone))
        envelope = Envelope(
            connection="erp", kind="file", name="file.xml", key="k", path=str(path), body=body
        )
        return list(onec.unpack(envelope, position))

    return read


def frame(body, *, formed="2026-11-20T10:00:00"):
    return f'<КоммерческаяИнформация ВерсияСхемы="2.08" ДатаФормирования="{formed}">{body}</КоммерческаяИнформация>'


def package(offers, *, changes="true", definitions=""):
    return frame(
        f'<ПакетПредложений СодержитТолькоИзменения="{changes}"><Ид>c#</Ид><ИдКаталога>c</ИдКаталога>'
        f"{definitions}<Предложения>{offers}</Предложения></ПакетПредложений>"
    )


def catalog(goods, *, changes="true"):
    return frame(
        f'<Каталог СодержитТолькоИзменения="{changes}"><Ид>c</Ид><ИдКлассификатора>k</ИдКлассификатора>'
        f"<Товары>{goods}</Товары></Каталог>"
    )


def only(portions):
    (look,) = [look for portion in portions for look in portion.looks]
    return look


def test_a_connection_is_called_and_opens_envelopes(onec):
    assert isinstance(onec, Connection)
    assert isinstance(onec, Receiver)
    assert isinstance(onec, Unpacker)


def test_absent_empty_and_filled_are_three_things(read):
    look = only(read(catalog("<Товар><Ид>p</Ид><Наименование>Пила</Наименование><Описание/></Товар>")))

    assert look.fields == {"name": "Пила", "description": None, "active": True}


def test_moments_are_of_the_zone_of_the_1c_server(read):
    goods = "<Товар><Ид>p</Ид></Товар>"
    orders = [
        only(read(catalog(goods).replace("10:00:00", moment))).order
        for moment in ("10:00:00", "10:00:00+05:00")
    ]

    assert orders == ["2026-11-20T07:00:00.000000+00:00", "2026-11-20T05:00:00.000000+00:00"]


def test_a_file_without_a_date_has_no_order(read):
    assert only(read(catalog("<Товар><Ид>p</Ид></Товар>").replace("ДатаФормирования", "Дата"))).order == ""


def test_a_deleted_product_is_inactive_and_asserts_nothing_else(read):
    look = only(read(catalog("<Товар><Ид>p</Ид><ПометкаУдаления>true</ПометкаУдаления></Товар>")))

    assert look.fields == {"active": False}


def test_a_block_of_prices_is_the_whole_of_them(read):
    price = "<Цена><ИдТипаЦены>t</ИдТипаЦены><ЦенаЗаЕдиницу>10,50</ЦенаЗаЕдиницу><Валюта>руб</Валюта></Цена>"
    look = only(read(package(f"<Предложение><Ид>p#x</Ид><Цены>{price}</Цены></Предложение>")))

    assert look.fields == {"product": "p", "prices.t": "10.5 руб"}
    assert look.whole == ("prices",)


def test_no_block_of_prices_says_nothing_of_them(read):
    look = only(read(package("<Предложение><Ид>p</Ид><Количество>5</Количество></Предложение>")))

    assert look.fields == {"product": "p", "stock.main": "5"}
    assert look.whole == ()


def test_a_price_of_no_type_takes_no_other_price_away(read):
    price = "<Цена><ЦенаЗаЕдиницу>10</ЦенаЗаЕдиницу></Цена>"
    look = only(read(package(f"<Предложение><Ид>p</Ид><Цены>{price}</Цены></Предложение>")))

    assert (look.fields, look.whole) == ({"product": "p"}, ())


def test_a_price_that_is_no_number_is_shown_as_such_and_not_as_removed(read):
    price = "<Цена><ИдТипаЦены>t</ИдТипаЦены><ЦенаЗаЕдиницу>дорого</ЦенаЗаЕдиницу><Валюта>руб</Валюта></Цена>"
    look = only(read(package(f"<Предложение><Ид>p</Ид><Цены>{price}</Цены></Предложение>")))

    assert look.fields["prices.t"] == "? руб"


def test_stock_by_warehouse_wins_over_the_total(read):
    rows = '<Количество>9</Количество><Склад ИдСклада="w1" КоличествоНаСкладе="4"/><Склад ИдСклада="w2" КоличествоНаСкладе="-1"/>'
    look = only(read(package(f"<Предложение><Ид>p</Ид>{rows}</Предложение>")))

    assert look.fields == {"product": "p", "stock.w1": "4", "stock.w2": "-1"}


def test_numbers_of_characteristics_come_in_the_machines_form(read, onec):
    properties = (
        "<Классификатор><Свойства><Свойство><Ид>s</Ид><Наименование>Длина</Наименование>"
        "<ТипЗначений>Число</ТипЗначений></Свойство></Свойства></Классификатор>"
    )
    read(frame(properties))
    look = only(
        read(
            package(
                "<Предложение><Ид>p#x</Ид><ХарактеристикиТовара><ХарактеристикаТовара><Наименование>Длина</Наименование>"
                "<Значение>1\u00a0240,5</Значение></ХарактеристикаТовара></ХарактеристикиТовара>"
                "<ЗначенияСвойств><ЗначенияСвойства><Ид>s</Ид><Значение>1240.5</Значение></ЗначенияСвойства></ЗначенияСвойств>"
                "</Предложение>"
            )
        )
    )

    assert look.fields["characteristics"] == [["Длина", "1240.5"]]
    assert onec.codec("offer").decode("characteristics", look.fields["characteristics"]) == [
        ["Длина", "1240.5"]
    ]


def test_prices_go_by_names_another_file_has_told_before(read):
    types = "<ТипыЦен><ТипЦены><Ид>t</Ид><Наименование>Розничная</Наименование><Валюта>руб</Валюта></ТипЦены></ТипыЦен>"
    read(frame(f"<Классификатор><Ид>k</Ид>{types}</Классификатор>"))
    price = "<Цена><ИдТипаЦены>t</ИдТипаЦены><ЦенаЗаЕдиницу>10</ЦенаЗаЕдиницу></Цена>"
    look = only(read(package(f"<Предложение><Ид>p</Ид><Цены>{price}</Цены></Предложение>")))

    assert look.fields["prices.base"] == "10 "


def test_goods_that_are_variants_become_one_product_and_its_offers(read):
    variants = "".join(
        f"<Товар><Ид>p#{size}</Ид><Наименование>Ботинки ({size})</Наименование><Штрихкод>{size}</Штрихкод>"
        f"<ХарактеристикиТовара><ХарактеристикаТовара><Наименование>Размер</Наименование>"
        f"<Значение>{size}</Значение></ХарактеристикаТовара></ХарактеристикиТовара></Товар>"
        for size in (42, 43)
    )
    products, offers = read(catalog(variants))

    assert [(look.ref, look.fields) for look in products.looks] == [
        ("p", {"name": "Ботинки", "active": True})
    ]
    assert [look.ref for look in offers.looks] == ["p#42", "p#43"]
    assert offers.looks[0].fields == {
        "product": "p",
        "active": True,
        "name": "Ботинки (42)",
        "barcodes": ["42"],
        "characteristics": [["Размер", "42"]],
    }


def many(count):
    return "".join(f"<Товар><Ид>p{number}</Ид></Товар>" for number in range(count))


def test_portions_are_bounded_and_reading_resumes_behind_any_of_them(read):
    text = catalog(many(2 * PORTION + 203))
    portions = read(text)
    refs = [look.ref for portion in portions for look in portion.looks]

    assert [(len(portion.looks), portion.position) for portion in portions] == [
        (PORTION, PORTION),
        (PORTION, 2 * PORTION),
        (203, 2 * PORTION + 203),
    ]
    for portion in portions:
        rest = [look.ref for other in read(text, portion.position) for look in other.looks]
        assert refs == refs[: portion.position] + rest


def test_a_complete_catalogue_says_so_at_its_end(read):
    first, last = read(catalog(many(3), changes="false"))

    assert (len(first.looks), first.complete) == (3, False)
    assert (last.entity, last.scope, last.looks, last.complete) == ("product", "c", (), True)


@pytest.mark.parametrize(
    "text",
    [
        catalog(many(3)),
        catalog("", changes="false"),
        package("<Предложение><Ид>p</Ид><Количество>5</Количество></Предложение>", changes="false"),
    ],
    ids=["changes", "empty", "stock only"],
)
def test_nothing_is_gone_by_changes_an_empty_file_or_stock_alone(read, text):
    assert not any(portion.complete for portion in read(text))


def test_one_of_several_portions_is_never_complete(read):
    assert not any(portion.complete for portion in read(catalog(many(3), changes="false"), alone=False))


@pytest.mark.parametrize(
    ("name", "others", "alone"),
    [
        ("import0_1.xml", ["import0_1.xml", "offers0_1.xml"], True),
        ("import0_1.xml", ["import0_1.xml", "import0_2.xml"], False),
        ("import0_2.xml", [], False),
        ("import0_1.xml", ["import1_2.xml"], True),
        ("import.xml", ["import0_2.xml"], True),
    ],
)
def test_portions_are_told_by_their_names(name, others, alone):
    assert is_alone(name, others) is alone


def test_a_file_that_is_no_export_is_refused_as_a_whole_in_both_languages(read):
    with pytest.raises(BadInput) as caught:
        read("<html/>")

    assert caught.value.code == "onec.file.wrong_root"
    assert caught.value.en.startswith("File «file.xml»: ")
    assert caught.value.ru.startswith("Файл «file.xml»: ")


@pytest.mark.parametrize(("version", "told"), [("2.09", True), ("2.10", False), ("3.1", False)])
async def test_check_says_what_an_old_schema_cannot_tell_of_orders(tmp_path, version, told):
    settings = Settings(login="1c", password="x", orders=True, orders_version=version)
    ports = Ports(budget=NoBudget(), log=print, now=Clock(), spool=tmp_path / "erp")
    codes = [finding.code for finding in await connector.open("erp", settings, ports).check()]

    assert ("onec.orders.whole" in codes) is told


async def test_check_tells_open_doors_and_equal_names(onec, read):
    types = "".join(f"<ТипЦены><Ид>t{n}</Ид><Наименование>Опт</Наименование></ТипЦены>" for n in (1, 2))
    read(frame(f"<Классификатор><Ид>k</Ид><ТипыЦен>{types}</ТипыЦен></Классификатор>"))
    findings = await onec.check()

    assert [finding.code for finding in findings if not finding.ok] == [
        "onec.open_to_all",
        "onec.same_name.price_types",
    ]
    assert all(finding.ru and finding.en for finding in findings)


def test_references_survive_a_restart(onec, read, tmp_path):
    types = "<ТипыЦен><ТипЦены><Ид>t</Ид><Наименование>Розничная</Наименование><Валюта>руб</Валюта></ТипЦены></ТипыЦен>"
    read(frame(f"<Классификатор><Ид>k</Ид>{types}</Классификатор>"))
    ports = Ports(budget=NoBudget(), log=print, now=Clock(), spool=tmp_path / "erp")
    again = connector.open("erp", Settings(login="a", password="b"), ports)

    assert again.codec("offer").decode("prices.base", "10 ") == "10.00 RUB"


@pytest.mark.skipif(not SAMPLES.is_dir(), reason=f"real exports are not here: {SAMPLES}")
def test_a_real_export_is_read_to_its_end_and_every_value_is_understood(onec):
    looks = {}
    for name in ("ut_import0_1.xml", "ut_offers0_1.xml"):
        envelope = Envelope(connection="erp", kind="file", name=name, key=name, path=str(SAMPLES / name))
        for portion in onec.unpack(envelope, 0):
            looks.setdefault(portion.entity, []).extend(portion.looks)

    assert {entity: len(found) for entity, found in looks.items()} == {
        "category": 1,
        "product": 36,
        "offer": 44,
    }
    assert [look.ref for look in looks["product"] if look.fields["active"] is False] != []
    blocked = {
        atom.partition(".")[0]
        for entity, found in looks.items()
        for look in found
        for atom, wire in look.fields.items()
        if not isinstance(onec.codec(entity).decode(atom, wire), (str, bool, list, type(None)))
    }
    assert blocked <= {"pictures"}


@pytest.mark.parametrize("generation", ["G1", "G2", "G3"])
def test_everything_the_simulated_1c_writes_is_understood(onec, tmp_path, generation):
    for number, file in enumerate(
        export(World.seeded(3, 20), Export(generation=generation, pictures=False), AT)
    ):
        path = tmp_path / f"{number}.xml"
        path.write_bytes(file.body)
        for portion in onec.unpack(
            Envelope(connection="erp", kind="file", name=file.name, key=file.name, path=str(path)), 0
        ):
            codec = onec.codec(portion.entity)
            for look in portion.looks:
                for atom, wire in look.fields.items():
                    value = codec.decode(atom, wire)
                    assert isinstance(value, (str, bool, list, type(None))) or atom == "pictures", (
                        atom,
                        wire,
                    )
