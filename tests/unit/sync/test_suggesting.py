"""What codes probably mean: by code, then by group, then by name; what could mean two things is left open."""

import pytest

from obmen.sync.mapping import Entry, Kind, Meaning
from obmen.sync.suggesting import Known, suggest

STATUS = Kind(
    name="order_status",
    en="",
    ru="",
    meanings=(
        *(
            Meaning(f"stage:{name}", "", "")
            for name in ("new", "confirmed", "supply", "assembling", "delivery", "done")
        ),
        Meaning("cancelled", "", "", words=True),
    ),
)
PAYMENT = Kind(
    name="payment_type",
    en="",
    ru="",
    meanings=tuple(
        Meaning(name, "", "") for name in ("cash", "card", "invoice", "credit", "bonus", "gift", "account")
    ),
    options=(("prepaid",),),
)
DELIVERY = Kind(name="delivery_type", en="", ru="")
PRICE = Kind(name="price_type", en="", ru="", single=True, may_leave_out=True)
WAREHOUSE = Kind(name="warehouse", en="", ru="", single=True, may_leave_out=True)
GROUPS = {"approval": "stage:confirmed", "cancel": "cancelled", "delivery": "stage:delivery"}


def ask(kind, *entries, stands=None, usual=None, groups=None, known=None):
    return suggest(
        kind, entries, stands=stands or {}, usual=usual or {}, groups=groups or {}, known=known or {}
    )


def one(kind, name, code="x", group="", **given):
    (found,) = ask(kind, Entry(code=code, name=name, group=group), **given)
    return found


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("Новый", "stage:new"),
        ("Ожидается согласование", "stage:new"),
        ("Не согласован", "stage:new"),
        ("Подтверждён клиентом", "stage:confirmed"),
        ("Ожидается аванс", "stage:confirmed"),
        ("Оплачен", "stage:supply"),
        ("Предоплата поступила", "stage:supply"),
        ("Готов к обеспечению", "stage:supply"),
        ("Комплектуется", "stage:assembling"),
        ("Готов к отгрузке", "stage:assembling"),
        ("В процессе отгрузки", "stage:delivery"),
        ("Отправлен", "stage:delivery"),
        ("Выполнен", "stage:done"),
        ("Вручён", "stage:done"),
        ("Закрыт", "stage:done"),
        ("Отменён", "cancelled:Отменён"),
        ("Недозвон", "cancelled:Недозвон"),
    ],
)
def test_statuses_are_known_by_their_names(name, value):
    assert one(STATUS, name).value == value


@pytest.mark.parametrize("name", ["Не оплачен", "Возврат товаров от клиента", "VIP", "Доставка отменена"])
def test_a_status_whose_name_tells_nothing_or_too_much_is_left_open(name):
    found = one(STATUS, name)
    assert found.value is None
    assert found.ru != found.en


def test_a_code_counts_before_a_group_and_a_group_before_a_name():
    assert one(STATUS, "Комплектуется", "mine", usual={"mine": "stage:done"}).value == "stage:done"
    assert one(STATUS, "Ждём звонка", group="approval", groups=GROUPS).value == "stage:confirmed"
    assert one(STATUS, "Передумал", group="cancel", groups=GROUPS).value == "cancelled:Передумал"


def test_a_group_and_a_name_that_disagree_leave_it_to_a_person():
    found = one(STATUS, "Предоплата поступила", group="approval", groups=GROUPS)
    assert found.value is None
    assert found.ru == "группа «approval» говорит stage:confirmed, а название — stage:supply"


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("Наличные курьеру", "cash"),
        ("Наложенный платёж", "cash"),
        ("ЮKassa: банковские карты", "card prepaid"),
        ("Т-Банк", "card prepaid"),
        ("СБП", "card prepaid"),
        ("Банковский перевод, счёт", "invoice prepaid"),
        ("Рассрочка", "credit prepaid"),
        ("Внутренний счёт", "account prepaid"),
    ],
)
def test_payments_are_known_by_their_names(name, value):
    assert one(PAYMENT, name).value == value


def test_a_card_at_the_door_is_left_open():
    assert one(PAYMENT, "Картой при получении").value is None


def test_a_table_that_knows_no_prepayment_gets_the_method_alone():
    kind = Kind(name="payment_type", en="", ru="", meanings=PAYMENT.meanings)
    assert one(kind, "Эквайринговая операция").value == "card"


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("Самовывоз", "pickup"),
        ("Доставка курьером", "courier"),
        ("Почта России", "russian-post"),
        ("СДЭК (курьер)", "cdek"),
        ("Boxberry: самовывоз", "boxberry"),
        ("Яндекс Доставка", "yandex"),
        ("5Post", "5post"),
        ("DPD", "dpd"),
        ("ПЭК", "pek"),
        ("Деловые Линии", "dellin"),
    ],
)
def test_deliveries_are_known_by_their_words_and_a_carriers_courier_is_the_carriers(name, value):
    assert one(DELIVERY, name).value == value


def test_a_carrier_is_known_by_the_code_of_its_module_as_well():
    assert one(DELIVERY, "Быстрая", group="cdek").value == "cdek"


@pytest.mark.parametrize("name", ["Закупочная", "Себестоимость", "Мелкооптовая", "Оптовая", "Purchase cost"])
def test_prices_that_are_not_for_everybody_are_proposed_to_be_left_out(name):
    known = {name.casefold(): Known("base", "erp")}
    assert one(PRICE, name, usual={"x": "base"}, known=known).value == "-"


def test_the_retail_price_is_the_base():
    assert one(PRICE, "Розничная").value == "base"
    assert one(PRICE, "Оптимальная").value is None


@pytest.mark.parametrize("name", ["Брак", "Товары в транзите", "Комиссия", "Ремонт и сервис"])
def test_odd_warehouses_are_proposed_to_be_left_out(name):
    assert one(WAREHOUSE, name).value == "-"


def test_a_name_another_connection_has_a_key_for_gets_that_key():
    known = {"магазин на ленина": Known("lenina", "erp")}
    found = one(WAREHOUSE, "Магазин  на Ленина", known=known)
    assert (found.value, found.ru) == ("lenina", "называется так же в erp")


def test_one_key_is_not_given_to_two_codes():
    retail, base = Entry(code="1", name="Розничная"), Entry(code="2", name="Базовая")
    assert [found.value for found in ask(PRICE, retail, base)] == [None, None]
    (found,) = ask(PRICE, base, stands={"1": "base"})
    assert (found.value, found.ru) == (None, "«base» — это уже «1»")


def test_only_codes_in_use_without_a_meaning_are_spoken_of():
    off = Entry(code="old", name="Новый", active=False)
    assert ask(STATUS, off, Entry(code="n", name="Новый"), stands={"n": "stage:done"}) == []
    assert [
        found.entry.code for found in ask(STATUS, Entry(code="m", name="Новый"), usual={"gone": "stage:new"})
    ] == ["m"]


def test_where_each_value_has_its_code_there_is_nothing_to_propose():
    kind = Kind(
        name="person_type",
        en="",
        ru="",
        single=True,
        meanings=(Meaning("person", "", ""), Meaning("company", "", "")),
    )
    entries = (Entry(code="3", name="Физическое лицо"), Entry(code="4", name="Ещё"))
    assert ask(kind, *entries, stands={"1": "person", "2": "company"}) == []
    assert [found.value for found in ask(kind, *entries, stands={"2": "company"})] == ["person", None]
