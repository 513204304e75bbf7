"""Order documents at the real door: what 1C gets, what it brings back, and what is made of nonsense."""

import base64
from xml.etree import ElementTree as ET

import pytest
from papers_hub import (
    BOOTS,
    CODE,
    PAINT,
    PapersHub,
    based,
    document,
    goods,
    line,
    money,
    requisites_of,
    said,
)

PACKED = base64.b64encode(CODE.encode()).decode()
MARK = f'<КодыМаркировки><КодМаркировки Кодировка="base64">{PACKED}</КодМаркировки></КодыМаркировки>'


@pytest.fixture
async def hub(tmp_path):
    async with PapersHub(tmp_path, orders_version="2.10") as hub:
        yield hub


# --- marking codes ------------------------------------------------------------------------------------------------


def shipment(**more):
    return {"state": "shipped", "lines": [{"offer": BOOTS, "quantity": "1", "codes": [CODE], **more}]}


async def test_a_marking_code_goes_to_1c_whole_with_its_group_separators(hub):
    hub.order(**{"shipments.shop-5": shipment()})

    paper = (await hub.taken("2.10"))["17/shop-5"]
    mark = paper.find("Товары/Товар/КодыМаркировки/КодМаркировки")
    assert "base64" == mark.get("Кодировка")
    assert CODE == base64.b64decode(mark.text).decode()


@pytest.mark.parametrize("version", ["2.05", "2.09"])
async def test_old_schemas_carry_the_codes_of_a_waiting_shipment_in_the_order(tmp_path, version):
    async with PapersHub(tmp_path, orders_version="2.09") as hub:
        hub.order(**{"shipments.shop-5": {**shipment(), "state": "waiting"}})
        paper = (await hub.taken("" if version == "2.05" else version))["17"]

        # The line is cut in two for its kopecks; the code is there once.
        assert [PACKED] == [mark.text for mark in paper.iter("КодМаркировки")]


async def test_marking_codes_of_1c_come_back_whole_however_it_writes_them(hub):
    hub.order()
    await hub.taken("2.10")
    bare = f"<КодыМаркировки><КодМаркировки>{PACKED}</КодМаркировки></КодыМаркировки>"
    plain = "<КодыМаркировки><КодМаркировки>0104601234567893215abc</КодМаркировки></КодыМаркировки>"
    for number, marks in (("РН-1", MARK), ("РН-2", bare), ("РН-3", plain)):
        await hub.brings(based(number, "Отпуск товара", goods(BOOTS, 1, "33.33", marks)), schema="2.10")

    atoms = hub.record()
    codes = [atoms[f"shipments.erp-РН-{number}"]["lines"][0]["codes"] for number in (1, 2, 3)]
    assert [[CODE], [CODE], ["0104601234567893215abc"]] == codes


async def test_codes_in_an_order_that_names_its_shipment_belong_to_the_shipment(hub):
    hub.order()
    await hub.taken()
    told = said(Номер_отгрузки_по_1С="РН-9", Дата_отгрузки_по_1С="2026-11-20T12:00:00")
    await hub.brings(document("17", goods(BOOTS, 3, "100", MARK), amount="100", requisites=told))

    atoms = hub.record()
    assert [CODE] == atoms["shipments.erp-РН-9"]["lines"][0]["codes"]
    assert "codes" not in atoms["money"]["lines"][0]


# --- documents beside the order -----------------------------------------------------------------------------------

PAID = {"sum": "100.00 RUB", "method": "card", "paid": True, "refund": False, "at": "2026-11-20T07:02:00Z"}
BACK = {"sum": "33.33 RUB", "method": "cash", "paid": True, "refund": True}
RETURN = {
    "lines": [{"offer": BOOTS, "quantity": "1", "sum": "33.33 RUB"}],
    "sum": "33.33 RUB",
    "reason": "брак",
}


async def test_payments_shipments_and_returns_stand_beside_the_order_from_schema_2_10_on(hub):
    parts = {
        "payments.shop-1": PAID,
        "payments.shop-2": BACK,
        "payments.shop-3": {**PAID, "paid": False},
        "shipments.shop-5": shipment(),
        "shipments.shop-6": {"state": "waiting", "lines": [{"offer": BOOTS, "quantity": "2"}]},
        "returns.shop-7": RETURN,
    }
    hub.order(**parts)

    papers = await hub.taken("2.10")
    assert {
        "17": "Заказ товара",
        "17/shop-1": "Эквайринговая операция",
        "17/shop-2": "Возврат наличных денег",
        "17/shop-5": "Отпуск товара",
        "17/shop-7": "Возврат товара",
    } == {number: paper.findtext("ХозОперация") for number, paper in papers.items()}
    assert {"17"} == {paper.findtext("Основание") for number, paper in papers.items() if number != "17"}
    assert ("33.33", "1") == (
        papers["17/shop-5"].findtext("Сумма"),
        papers["17/shop-5"].findtext("Товары/Товар/Количество"),
    )
    assert "брак" == requisites_of(papers["17/shop-7"])["Причина возврата"]


async def test_schema_3_puts_an_order_and_its_documents_into_one_container(tmp_path):
    async with PapersHub(tmp_path, orders_version="3.1") as hub:
        hub.order(**{"payments.shop-1": PAID})
        clerk = await hub.clerk("3.1")

        answer = await clerk.ask("query")
        assert 1 == answer.count("<Контейнер>")
        assert answer.index("<Контейнер>") < answer.index("17/shop-1") < answer.index("</Контейнер>")


async def test_old_schemas_get_the_order_alone(tmp_path):
    async with PapersHub(tmp_path) as hub:
        hub.order(**{"payments.shop-1": PAID, "shipments.shop-5": shipment()})

        assert ["17"] == list(await hub.taken())


async def test_1c_brings_payments_shipments_and_returns_of_its_own(hub):
    hub.order()
    await hub.taken("2.10")
    answer = await hub.brings(
        based("ПКО-1", "Выплата наличных денег", amount="60"),
        based("ЭК-1", "Эквайринговая операция", amount="40"),
        based("РКО-1", "Возврат наличных денег", amount="10"),
        based("ЭК-2", "Эквайринговая операция", amount="5", requisites=said(ПризнакВозврата="true")),
        based(
            "РН-1",
            "Отпуск товара",
            goods(BOOTS, 2, "66.66"),
            requisites=said(Идентификатор_отправления="RB1", Отгружен="true"),
        ),
        based("ВЗ-1", "Возврат товара", goods(BOOTS, 1, "33.33"), requisites=said(Причина_возврата="мал")),
        schema="2.10",
    )

    assert answer.startswith("success\nпрочитано 1: изменено 1")
    atoms = hub.record()
    paid = {name: atoms[f"payments.erp-{name}"] for name in ("ПКО-1", "ЭК-1", "РКО-1", "ЭК-2")}
    assert {
        "ПКО-1": ("60.00 RUB", "cash", False),
        "ЭК-1": ("40.00 RUB", "card", False),
        "РКО-1": ("10.00 RUB", "cash", True),
        "ЭК-2": ("5.00 RUB", "card", True),
    } == {name: (one["sum"], one["method"], one["refund"]) for name, one in paid.items()}
    assert ("shipped", "RB1", "2") == (
        atoms["shipments.erp-РН-1"]["state"],
        atoms["shipments.erp-РН-1"]["tracking"],
        atoms["shipments.erp-РН-1"]["lines"][0]["quantity"],
    )
    assert ("33.33 RUB", "мал") == (atoms["returns.erp-ВЗ-1"]["sum"], atoms["returns.erp-ВЗ-1"]["reason"])


@pytest.mark.parametrize(
    ("paid", "wanted"),
    [
        ({}, {"sum": "100.00 RUB", "paid": True}),
        ({"payments.shop-1": {**PAID, "paid": False}}, {"sum": "100.00 RUB", "paid": True, "method": "card"}),
        ({"payments.shop-1": {**PAID, "sum": "60.00 RUB"}}, {"sum": "40.00 RUB", "method": "card"}),
        ({"payments.shop-1": PAID}, None),
    ],
)
async def test_an_order_1c_calls_paid_is_paid_once_whoever_took_the_money(hub, paid, wanted):
    hub.order(**paid)
    await hub.taken()
    told = said(Номер_оплаты_по_1С="ПКО-1", Дата_оплаты_по_1С="2026-11-20T12:00:00")
    for minute in (1, 2):
        await hub.brings(
            document("17", goods(BOOTS, 3, "100"), amount="100", requisites=told),
            formed=f"2026-11-20T12:0{minute}:00",
        )

    made = hub.record()["payments.erp-ПКО-1"]
    assert wanted is made is None or wanted.items() <= made.items()
    assert [] == hub.issues()


async def test_documents_of_the_shop_that_come_back_as_1c_keeps_them_change_nothing(hub):
    hub.order(**{"payments.shop-1": PAID, "shipments.shop-5": shipment(), "returns.shop-7": RETURN})
    await hub.taken("2.10")
    before = hub.record()
    await hub.brings(
        based("17/shop-1", "Эквайринговая операция", amount="100.00", more="<Номер1С>ЭК-1</Номер1С>"),
        based("17/shop-5", "Отпуск товара", goods(BOOTS, 1, "33.33")),
        based("17/shop-7", "Возврат товара", goods(BOOTS, 1, "33.33"), amount="33.33"),
        schema="2.10",
    )

    assert before == hub.record()
    assert {} == hub.waiting()


async def test_a_payment_marked_as_deleted_in_1c_is_a_persons(hub):
    hub.order()
    await hub.taken("2.10")
    await hub.brings(based("ПКО-1", "Выплата наличных денег", amount="100"), schema="2.10")
    mark = "<ПометкаУдаления>true</ПометкаУдаления>"
    await hub.brings(
        based("ПКО-1", "Выплата наличных денег", amount="100", more=mark),
        schema="2.10",
        formed="2026-11-20T13:00:00",
    )

    assert hub.record()["payments.erp-ПКО-1"]["paid"] is True
    assert any("payments.erp-ПКО-1" in issue for issue in hub.issues())


async def test_a_shipment_marked_as_deleted_in_1c_is_there_no_more(hub):
    hub.order()
    await hub.taken("2.10")
    await hub.brings(based("РН-1", "Отпуск товара", goods(BOOTS, 3, "100")), schema="2.10")
    mark = "<ПометкаУдаления>true</ПометкаУдаления>"
    await hub.brings(
        based("РН-1", "Отпуск товара", goods(BOOTS, 3, "100"), more=mark),
        schema="2.10",
        formed="2026-11-20T13:00:00",
    )

    assert hub.record()["shipments.erp-РН-1"] is None


@pytest.mark.parametrize(("rule", "cancelled"), [("cancel", "—"), ("gone", None)])
async def test_a_deletion_mark_on_an_order_cancels_it_or_it_is_gone_by_rule(tmp_path, rule, cancelled):
    async with PapersHub(tmp_path, order={"deleted": rule}) as hub:
        hub.order()
        await hub.taken()
        await hub.brings(document("17", more="<ПометкаУдаления>true</ПометкаУдаления>"))

        assert cancelled == hub.record().get("cancelled")
        assert (rule == "gone") == any("was deleted there" in issue for issue in hub.issues())


# --- one order as several documents -------------------------------------------------------------------------------

MIXED = money(
    line(amount="100.00"),
    line(PAINT, "2", "33.33", "10"),
    line(PAINT, "1", "7.00", "none"),
    delivery="350.10",
)


async def test_an_order_of_several_rates_goes_as_several_documents_that_add_up(tmp_path):
    async with PapersHub(tmp_path, order={"split": "vat"}) as hub:
        hub.order(money=MIXED)

        papers = await hub.taken()
        assert {"17": "450.10", "17#НДС10": "33.33", "17#БезНДС": "7.00"} == {
            number: paper.findtext("Сумма") for number, paper in papers.items()
        }
        assert 3 == len({paper.findtext("Ид") for paper in papers.values()})
        assert {} == hub.waiting()


async def test_a_part_that_changes_in_1c_alone_changes_its_lines_and_the_total(tmp_path):
    async with PapersHub(tmp_path, order={"split": "vat"}) as hub:
        hub.order(money=MIXED)
        await hub.taken()
        await hub.brings(
            document(
                "17#НДС10",
                goods(PAINT, 1, "16.66", rate="10"),
                amount="16.66",
                more="<Номер1С>УТ-2</Номер1С>",
            )
        )

        atoms = hub.record()
        assert "473.76 RUB" == atoms["money"]["total"]
        assert {("100.00 RUB", "3"), ("16.66 RUB", "1"), ("7.00 RUB", "1")} == {
            (one["sum"], one["quantity"]) for one in atoms["money"]["lines"]
        }
        assert "УТ-2" == atoms["numbers.erp"]


async def test_a_split_order_is_as_far_as_its_slowest_part_and_cancelled_when_all_are(tmp_path):
    async with PapersHub(tmp_path, order={"split": "vat"}) as hub:
        hub.order(money=money(line(), line(PAINT, "2", "33.33", "10")), stage="new")
        await hub.taken()
        await hub.brings(document("17", requisites=said(Статус_заказа="Закрыт")))
        assert "new" == hub.record()["stage"]
        await hub.brings(
            document("17#НДС10", requisites=said(Статус_заказа="Готов к отгрузке", Отменен="true")),
            formed="2026-11-20T13:00:00",
        )
        assert "assembling" == hub.record()["stage"]
        assert hub.record().get("cancelled") is None
        await hub.brings(document("17", requisites=said(Отменен="true")), formed="2026-11-20T14:00:00")
        assert hub.record()["cancelled"] == "—"


async def test_a_part_left_without_goods_is_told_so(tmp_path):
    async with PapersHub(tmp_path, order={"split": "vat"}) as hub:
        hub.order(money=money(line(), line(PAINT, "2", "33.33", "10")))
        await hub.taken()
        hub.order(money=money(line()))

        papers = await hub.taken()
        assert {"17", "17#НДС10"} == papers.keys()
        assert "true" == requisites_of(papers["17#НДС10"])["Отменен"]
        assert "true" == papers["17#НДС10"].findtext("ПометкаУдаления")
        assert "0.00" == papers["17#НДС10"].findtext("Сумма")
        hub.order(comment="ещё раз")
        assert ["17"] == list(await hub.taken())


STORES = {"warehouses": {"Основной склад": "main", "Магазин на Ленина": "lenina"}}


async def test_an_order_from_two_warehouses_goes_as_two_documents_and_comes_back_as_one(tmp_path):
    async with PapersHub(tmp_path, order={"split": "warehouse"}, **STORES) as hub:
        lines = (line(warehouse="main"), line(PAINT, "1", "7.00", warehouse="lenina"))
        hub.order(money=money(*lines))

        papers = await hub.taken()
        assert {"17": "Магазин на Ленина", "17#main": "Основной склад"} == {
            number: paper.findtext("Склады/Склад/Наименование") for number, paper in papers.items()
        }
        before = hub.record()
        store = "<Склады><Склад><Наименование>Основной склад</Наименование></Склад></Склады>"
        await hub.brings(document("17#main", goods(BOOTS, 3, "100"), amount="100", more=store))
        assert before == hub.record()


async def test_a_number_that_looks_like_a_part_is_refused_by_name_and_the_rest_goes(tmp_path):
    async with PapersHub(tmp_path, order={"split": "vat"}) as hub:
        hub.order("17#НДС10")
        hub.order("18")

        assert ["18"] == list(await hub.taken())
        assert any("«17#НДС10» looks like a part" in issue for issue in hub.issues())


# --- whom it is for ---------------------------------------------------------------------------------------------------

FIRM = {
    "kind": "company",
    "name": "Иван Соколов",
    "company": "ООО «Ромашка»",
    "tin": "7203000001",
    "kpp": "720301001",
    "phone": "+79031234567",
    "email": "zakaz@romashka.ru",
    "legal_address": "625000, Тюмень, Республики, 1",
}


async def test_a_company_goes_with_its_tin_its_kpp_and_the_person_to_call(hub):
    hub.order(contact=FIRM)

    who = (await hub.taken())["17"].find("Контрагенты/Контрагент")
    assert ("ООО «Ромашка»", "7203000001", "720301001", "625000, Тюмень, Республики, 1") == (
        who.findtext("ОфициальноеНаименование"),
        who.findtext("ИНН"),
        who.findtext("КПП"),
        who.findtext("ЮридическийАдрес/Представление"),
    )
    assert "Иван Соколов" == who.findtext("Представители/Представитель/Контрагент/Наименование")
    assert {"Телефон рабочий": "+79031234567", "Электронная почта": "zakaz@romashka.ru"} == {
        one.findtext("Тип"): one.findtext("Значение") for one in who.iter("Контакт")
    }


async def test_an_address_goes_in_parts_and_a_location_as_its_city(tmp_path):
    async with PapersHub(tmp_path, order={"locations": {"0000073738": "Москва"}}) as hub:
        hub.order(address={"zip": "101000", "location": "0000073738", "text": "Ленина, 5"})

        paper = (await hub.taken())["17"]
        fields = {one.findtext("Тип"): one.findtext("Значение") for one in paper.iter("АдресноеПоле")}
        assert {"Почтовый индекс": "101000", "Город": "Москва"} == fields
        assert "101000, Москва, Ленина, 5" == requisites_of(paper)["Адрес доставки"]


async def test_delivery_is_a_service_line_with_its_own_rate(tmp_path):
    tables = {"delivery_line": "доставка-в-1с", "delivery_vat": "22"}
    async with PapersHub(tmp_path, order=tables) as hub:
        value = money(line(), delivery="350.00")
        del value["delivery"]["vat"]
        hub.order(money=value)

        row = (await hub.taken())["17"].findall("Товары/Товар")[-1]
        assert ("доставка-в-1с", "350.00", "22") == (
            row.findtext("Ид"),
            row.findtext("Сумма"),
            row.findtext("СтавкиНалогов/СтавкаНалога/Ставка"),
        )
        assert "Услуга" == requisites_of(row)["ТипНоменклатуры"]


async def test_what_a_line_carries_for_its_receipt_goes_with_the_line_into_every_document(hub):
    carried = {"subject": "1", "method": "4", "properties": {"ENGRAVING": "Ане"}}
    hub.order(money=money(line(amount="99.00", **carried)), **{"shipments.shop-5": shipment()})
    hub.order("18", money=money(line(amount="99.00", **carried)))

    papers = await hub.taken("2.10")
    for number in ("17", "17/shop-5"):
        (row,) = papers[number].iter("Товар")
        told = requisites_of(row)
        assert (told["ПризнакПредметаРасчета"], told["ПризнакСпособаРасчета"]) == ("1", "4")
        assert told["СвойствоКорзины#ENGRAVING"] == "Ане"
    # 1C says nothing of them; its word on the rest keeps them.
    await hub.brings(document("18", goods(BOOTS, 2, "66.00"), amount="66.00"))
    (kept,) = hub.record("18")["money"]["lines"]
    assert (kept["quantity"], kept["subject"], kept["properties"]) == ("2", "1", {"ENGRAVING": "Ане"})


async def test_the_dictionary_names_statuses_and_payments_as_the_documents_do(hub):
    payment = {"sum": "100.00 RUB", "method": "cash", "paid": False, "refund": False}
    hub.order(stage="supply", **{"payments.shop-5": payment})

    clerk = await hub.clerk("2.09")
    told = ET.fromstring((await clerk.ask("info")).encode("windows-1251"))
    rows = {row.findtext("Ид"): row.findtext("Название") for row in told.iter("Элемент")}
    paper = requisites_of((await hub.taken())["17"])
    assert rows[paper["Статуса заказа ИД"]] == "Готов к обеспечению"
    assert paper["Статус заказа"] == "[P] Готов к обеспечению"
    assert rows[paper["Метод оплаты ИД"]] == paper["Метод оплаты"] == "Выплата наличных денег"


async def test_source_fields_go_as_the_requisites_the_settings_name(tmp_path):
    tables = {"fields": {"source.utm_source": "UTM источник", "properties.gift": "Подарок", "site": "Сайт"}}
    async with PapersHub(tmp_path, order=tables) as hub:
        hub.order(source={"utm_source": "yandex", "coupon": "X"}, site="s1", **{"properties.gift": "да"})

        told = requisites_of((await hub.taken())["17"])
        assert ("yandex", "да", "s1") == (told["UTM источник"], told["Подарок"], told["Сайт"])


async def test_comments_stay_apart_in_both_directions(hub):
    hub.order(comment="позвонить за час", note="проверить скидку")

    paper = (await hub.taken())["17"]
    assert "проверить скидку" == paper.findtext("Комментарий")
    assert "позвонить за час" == requisites_of(paper)["Комментарии покупателя"]
    note = "<Комментарий>[Номер документа на сайте: 17] отгрузить в среду</Комментарий>"
    await hub.brings(document("17", more=note))
    assert ("позвонить за час", "отгрузить в среду") == (hub.record()["comment"], hub.record()["note"])


async def test_an_order_made_at_1c_brings_its_buyer(tmp_path):
    buyer = (
        "<Номер1С>УТ-7</Номер1С><Контрагенты><Контрагент><Наименование>ООО Ромашка</Наименование>"
        "<ОфициальноеНаименование>ООО «Ромашка»</ОфициальноеНаименование><ИНН>7203000001</ИНН><КПП>720301001</КПП>"
        "<Роль>Покупатель</Роль></Контрагент></Контрагенты>"
    )
    async with PapersHub(tmp_path, creators=("shop", "erp")) as hub:
        await hub.brings(document("УТ-7", goods(BOOTS, 3, "100"), amount="100", more=buyer))
        with hub.hub.ledger.begin() as tx:
            (number,) = tx.bound("erp", "order", ["УТ-7"]).values()
            contact = tx.records([number])[number].atoms["contact"]

        assert ("company", "ООО «Ромашка»", "7203000001", "720301001") == tuple(
            contact[key] for key in ("kind", "company", "tin", "kpp")
        )


# --- nonsense -----------------------------------------------------------------------------------------------------


def bad(code, what):
    return pytest.param(code, what, id=what)


@pytest.mark.parametrize(
    ("paper", "what"),
    [
        bad(document("17", goods(BOOTS, 3, "100"), amount="105"), "100 ≠ 105"),
        bad(document("17", goods(BOOTS, "три", "100"), amount="100"), "Количество = «три»"),
        bad(document("17", goods(BOOTS, 3, "100"), amount="сто"), "Сумма = «сто»"),
        bad(document("17", more="<Товары/>", amount="100"), "Товары = ∅"),
        bad(
            document("17", goods(BOOTS, 3, "100", MARK.replace(PACKED, "%%%")), amount="100"), "КодМаркировки"
        ),
        bad(document("17", goods(BOOTS, 3, "100", rate="33"), amount="100"), "«33»"),
        bad(document("17", requisites=said(Статус_заказа="Потерян")), "«Потерян»"),
    ],
)
async def test_what_cannot_be_read_in_one_order_is_named_and_the_rest_of_the_batch_goes_on(hub, paper, what):
    hub.order()
    hub.order("18")
    await hub.taken()
    before = hub.record()
    answer = await hub.brings(paper, document("18", goods(BOOTS, 2, "80"), amount="80"))

    assert answer.startswith("success\nпрочитано 2: изменено 1, без изменений 0, ждут 1")
    for language in ("en", "ru"):
        (told,) = hub.issues(language)
        assert what in told
        assert "17" in told
    assert before == hub.record()
    assert "80.00 RUB" == hub.record("18")["money"]["total"]


@pytest.mark.parametrize("total", ["122", "100"])
async def test_vat_that_comes_on_top_is_in_the_sum_whichever_total_1c_writes(hub, total):
    hub.order()
    await hub.taken()
    on_top = (
        "<Налоги><Налог><Наименование>НДС</Наименование><УчтеноВСумме>false</УчтеноВСумме></Налог></Налоги>"
    )
    await hub.brings(document("17", goods(BOOTS, 3, "100"), amount=total, more=on_top))

    assert "122.00 RUB" == hub.record()["money"]["total"]
    assert [] == hub.issues()


ON_TOP = "<Налоги><Налог><Наименование>НДС</Наименование><УчтеноВСумме>false</УчтеноВСумме></Налог></Налоги>"
NAMED = {"vat": {"Общая": "22", "НДС 22 %": "22", "НДС Не облагается!": "none"}}


@pytest.mark.parametrize("version", ["2.09", "2.10"])
async def test_rates_go_to_1c_by_its_own_names_and_come_back_by_them(tmp_path, version):
    async with PapersHub(tmp_path, orders_version=version, **NAMED) as hub:
        lines = (line(), line(PAINT, "1", "50.00", "none"))
        hub.order(money=money(*lines, delivery="122.00"), **{"shipments.shop-5": shipment()})
        expected = {BOOTS: "Общая", "ORDER_DELIVERY": "Общая", PAINT: "НДС Не облагается!"}
        for paper in (await hub.taken(version)).values():
            for row in paper.findall("Товары/Товар"):
                assert expected[row.findtext("Ид")] == row.findtext("СтавкиНалогов/СтавкаНалога/Ставка")
            assert {"Общая"} == {each.findtext("Ставка") for each in paper.findall("Налоги/Налог")}
        before = hub.record()
        rows = (goods(BOOTS, 3, "100", rate="НДС 22 %"), goods(PAINT, 1, "50", rate="НДС НЕ ОБЛАГАЕТСЯ!"))
        delivery = goods("ORDER_DELIVERY", 1, "122", rate="общая")
        await hub.brings(document("17", *rows, delivery, amount="272"))

        assert before == hub.record()
        assert [] == hub.issues()


async def test_vat_on_top_is_that_of_the_table(tmp_path):
    async with PapersHub(tmp_path, **NAMED) as hub:
        hub.order()
        await hub.taken()
        await hub.brings(document("17", goods(BOOTS, 3, "100", rate="Общая"), amount="122", more=ON_TOP))

        assert "122.00 RUB" == hub.record()["money"]["total"]
        assert ["122.00 RUB"] == [one["sum"] for one in hub.record()["money"]["lines"]]


async def test_a_sum_that_vat_of_an_unknown_rate_comes_on_top_of_is_nobodys_guess(hub):
    hub.order()
    await hub.taken()
    await hub.brings(document("17", goods(BOOTS, 3, "100", rate="Общая"), amount="100", more=ON_TOP))

    assert "100.00 RUB" == hub.record()["money"]["total"]
    (told,) = hub.issues()
    assert "Ставка = «Общая»" in told


async def test_a_discount_of_the_whole_order_is_spread_over_its_lines_to_the_kopeck(hub):
    hub.order(money=money(line(), line(PAINT, "1", "50.00", "10")))
    await hub.taken()
    off = "<Скидки><Скидка><Сумма>10</Сумма><УчтеноВСумме>false</УчтеноВСумме></Скидка></Скидки>"
    rows = (goods(BOOTS, 3, "100"), goods(PAINT, 1, "50", rate="10"))
    await hub.brings(document("17", *rows, amount="140", more=off))

    assert ["46.67 RUB", "93.33 RUB"] == sorted(one["sum"] for one in hub.record()["money"]["lines"])


async def test_documents_in_one_container_need_not_name_their_order(tmp_path):
    async with PapersHub(tmp_path, orders_version="3.1") as hub:
        hub.order()
        await hub.taken("3.1")
        inside = document("17", more="<Номер1С>УТ-1</Номер1С>") + document(
            "ЭК-1", operation="Эквайринговая операция", amount="100"
        )
        answer = await hub.brings(f"<Контейнер>{inside}</Контейнер>", version="3.1", schema="3.1")

        assert answer.startswith("success\nпрочитано 1")
        assert ("УТ-1", "100.00 RUB") == (
            hub.record()["numbers.erp"],
            hub.record()["payments.erp-ЭК-1"]["sum"],
        )


async def test_a_document_set_right_closes_its_issue(hub):
    hub.order()
    await hub.taken()
    await hub.brings(document("17", goods(BOOTS, 3, "100"), amount="105"))
    await hub.brings(document("17", goods(BOOTS, 3, "105"), amount="105"), formed="2026-11-20T13:00:00")

    assert [] == hub.issues()
    assert "105.00 RUB" == hub.record()["money"]["total"]


async def test_an_order_without_goods_still_brings_its_state_and_its_number(hub):
    hub.order()
    await hub.taken()
    await hub.brings(
        document("17", more="<Номер1С>УТ-1</Номер1С>", requisites=said(Статус_заказа="Готов к отгрузке"))
    )

    atoms = hub.record()
    assert ("assembling", "УТ-1", "100.00 RUB") == (
        atoms["stage"],
        atoms["numbers.erp"],
        atoms["money"]["total"],
    )


async def test_an_order_from_a_warehouse_1c_does_not_have_waits_by_name_and_the_rest_goes(tmp_path):
    async with PapersHub(tmp_path, order={"split": "warehouse"}, **STORES) as hub:
        hub.order(money=money(line(warehouse="yalutorovsk")))
        hub.order("18", money=money(line(warehouse="main")))

        assert ["18"] == list(await hub.taken())
        assert any("«yalutorovsk»" in issue for issue in hub.issues())


async def test_a_warehouse_nobody_has_named_blocks_the_lines_and_nothing_else(tmp_path):
    async with PapersHub(tmp_path, order={"split": "warehouse"}, **STORES) as hub:
        hub.order()
        await hub.taken()
        store = "<Склады><Склад><Ид>ид-9</Ид><Наименование>Брак</Наименование></Склад></Склады>"
        await hub.brings(
            document(
                "17",
                goods(BOOTS, 2, "66"),
                amount="66",
                more=store,
                requisites=said(Статус_заказа="Готов к отгрузке"),
            )
        )

        assert any("«Брак»" in issue for issue in hub.issues())
        assert ("assembling", "100.00 RUB") == (hub.record()["stage"], hub.record()["money"]["total"])


async def test_an_order_file_cut_in_the_middle_changes_nothing_and_names_its_place(hub):
    hub.order()
    await hub.taken()
    before = hub.record()
    clerk = await hub.clerk()
    body = document("17", goods(BOOTS, 2, "66"), amount="66")
    whole = f'<?xml version="1.0"?><КоммерческаяИнформация ВерсияСхемы="2.09">{body * 3}'.encode()
    await clerk.ask("file", whole[:-200], filename="orders.xml")

    answer = await clerk.ask("import", filename="orders.xml")
    assert answer.startswith("failure\nФайл «orders.xml»")
    assert before == hub.record()


async def test_1c_with_somebody_elses_session_gets_no_orders_and_is_told_what_to_do(hub):
    hub.order()
    clerk = await hub.clerk()
    clerk.cookie = clerk.cookie[::-1]

    answer = await clerk.ask("query")
    assert answer.startswith("failure\n")
    assert "начните обмен заново" in answer
    assert ["17"] == list(await hub.taken())
