"""Broken orders through the real door and over REST: one sentence, nothing half-applied, the rest of the batch goes on."""

from __future__ import annotations

from decimal import Decimal

import pytest
from order_caller import OrderCaller
from orders_stage import orders_stage

FRAME = """<?xml version="1.0" encoding="UTF-8"?>
<КоммерческаяИнформация ВерсияСхемы="2.09" ДатаФормирования="2026-11-20T1{}:00:00">{}</КоммерческаяИнформация>"""
NEXT = "Готов к обеспечению"


@pytest.fixture
async def stage(tmp_path):
    async with orders_stage(tmp_path) as stage:
        stage.brought = 0
        yield stage


async def three_orders(stage):
    """Place three orders and let 1C take them."""
    articles = [product.article for product in stage.erp.world.products[:3]]
    orders = [
        stage.place(article, quantity="2", pay_system="cash", delivery="courier") for article in articles
    ]
    await stage.seen()
    await stage.exchange()
    return orders


def goods(*rows):
    """Write lines of (id, price, quantity, sum)."""
    lines = "".join(
        f"<Товар><Ид>{ref}</Ид><Наименование>Товар</Наименование><ЦенаЗаЕдиницу>{price}</ЦенаЗаЕдиницу>"
        f"<Количество>{quantity}</Количество><Сумма>{amount}</Сумма></Товар>"
        for ref, price, quantity, amount in rows
    )
    return f"<Товары>{lines}</Товары>"


def order_document(number, *parts, state="", more=""):
    """Write an order as 1C brings it back."""
    said = {"Статус заказа": state} if state else {}
    rows = "".join(
        f"<ЗначениеРеквизита><Наименование>{name}</Наименование><Значение>{value}</Значение></ЗначениеРеквизита>"
        for name, value in said.items()
    )
    return (
        f"<Документ><Номер>{number}</Номер><ХозОперация>Заказ товара</ХозОперация><Валюта>RUB</Валюта>"
        f"{''.join(parts)}<ЗначенияРеквизитов>{rows}{more}</ЗначенияРеквизитов></Документ>"
    )


def amount(text):
    return f"<Сумма>{text}</Сумма>"


async def bring(stage, *documents):
    """Bring a file of documents through the door; return what 1C was answered."""
    stage.brought += 1
    caller = await OrderCaller(stage).login()
    body = FRAME.format(stage.brought, "".join(documents)).encode()
    answer = await caller.bring(f"orders{stage.brought}.xml", body)
    await stage.rest()
    await stage.seen()
    return answer


def told(stage):
    """What a person is told of orders: in English, in Russian."""
    with stage.hub.ledger.begin() as tx:
        return [(one.issue.en, one.issue.ru) for one in tx.issues() if one.issue.entity == "order"]


def looks_of(stage, order):
    """All of an order that a bad document could have spoilt."""
    head = stage.in_shop(order)
    items, payments, shipments = stage.rows(order)
    return (
        head.status_id,
        head.price,
        head.canceled,
        [(item.quantity, item.price) for item in items],
        [(one.paid, one.sum) for one in payments],
        [one.deducted for one in shipments],
    )


def line_of(stage, order):
    return stage.in_1c(order).lines[0].goods


async def goes_on(stage, order, bad, *, words_en, words_ru):
    """A file with a bad document and a good one: the bad one is told in one sentence, the good one is applied."""
    before = {each: looks_of(stage, each) for each in stage.orders}
    good = next(each for each in stage.orders if each != order)
    answer = await bring(stage, bad, order_document(stage.number(good), state=NEXT))

    assert answer.startswith("success\n")
    ((en, ru),) = told(stage)
    for word in words_en:
        assert word in en
    for word in words_ru:
        assert word in ru
    assert len(en.splitlines()) == len(ru.splitlines()) == 1
    assert looks_of(stage, order) == before[order]
    assert looks_of(stage, good) == ("P", *before[good][1:])


@pytest.fixture
async def orders(stage):
    stage.orders = await three_orders(stage)
    return stage.orders


async def test_an_order_whose_lines_do_not_make_its_sum_is_told_and_not_taken(stage, orders):
    bad = order_document(
        stage.number(orders[0]),
        amount("777.77"),
        goods((line_of(stage, orders[0]), "100", "2", "200")),
    )
    await goes_on(
        stage,
        orders[0],
        bad,
        words_en=[f"«№ {stage.number(orders[0])}»", "do not make the whole", "200 ≠ 777.77"],
        words_ru=[f"«№ {stage.number(orders[0])}»", "сумма частей не сходится", "200 ≠ 777.77"],
    )


async def test_an_unknown_status_is_told_by_its_name_and_the_order_stands(stage, orders):
    await goes_on(
        stage,
        orders[1],
        order_document(stage.number(orders[1]), state="На Луне"),
        words_en=["no mapping of stage for «На Луне»", f"«№ {stage.number(orders[1])}»"],
        words_ru=["нет соответствия «На Луне»", f"«№ {stage.number(orders[1])}»"],
    )


@pytest.mark.parametrize(
    ("row", "total", "named"),
    [
        (("100", "два", "200"), "200", "Количество = «два»"),
        (("100", "2", "двести"), "200", "Сумма = «двести»"),
        (("100", "2", "200"), "много", "Сумма = «много»"),
    ],
    ids=["quantity", "sum of a line", "sum"],
)
async def test_what_is_no_number_takes_no_line_out_of_the_order(stage, orders, row, total, named):
    bad = order_document(
        stage.number(orders[2]), amount(total), goods((line_of(stage, orders[2]), *row)), state=""
    )
    await goes_on(
        stage, orders[2], bad, words_en=["cannot be read", named], words_ru=["прочитать не удалось", named]
    )


async def test_a_payment_of_no_number_is_told_and_pays_nothing(stage, orders):
    number = stage.number(orders[0])
    bad = (
        f"<Документ><Номер>ПКО-1</Номер><ХозОперация>Выплата наличных денег</ХозОперация><Основание>{number}</Основание>"
        "<Валюта>RUB</Валюта><Сумма>сто</Сумма></Документ>"
    )
    await goes_on(stage, orders[0], bad, words_en=["Сумма = «сто»"], words_ru=["Сумма = «сто»"])


async def test_an_order_1c_may_not_bring_is_told_and_left_alone(stage, orders):
    answer = await bring(
        stage,
        order_document(
            "НЕТ-1", amount("200"), goods((line_of(stage, orders[0]), "100", "2", "200")), state=NEXT
        ),
        order_document(stage.number(orders[0]), state=NEXT),
    )

    ((en, ru),) = told(stage)
    assert "отклонено 1" in answer
    assert "№ НЕТ-1" in en
    assert "may not bring new records" in en
    assert "№ НЕТ-1" in ru
    assert "заводить новые карточки отсюда нельзя" in ru
    assert stage.in_shop(orders[0]).status_id == "P"
    assert len(stage.shop.state.sale.orders.where()) == 3


async def test_goods_nobody_knows_wait_and_the_lines_stand(stage, orders):
    before = looks_of(stage, orders[0])
    bad = order_document(
        stage.number(orders[0]), amount("200"), goods(("нет-такого", "100", "2", "200")), state=""
    )
    answer = await bring(stage, bad, order_document(stage.number(orders[1]), state=NEXT))

    assert "ждут 1" in answer
    assert looks_of(stage, orders[0]) == before
    assert stage.in_shop(orders[1]).status_id == "P"


@pytest.mark.parametrize("empty", ["", "<Товары/>", "<Товары></Товары>"])
async def test_a_document_without_goods_is_named_and_takes_no_line(stage, orders, empty):
    before = looks_of(stage, orders[0])
    document = order_document(stage.number(orders[0]), amount("0"), empty, state="Закрыт")
    answer = await bring(stage, document)

    assert "изменено 1" in answer
    assert looks_of(stage, orders[0]) == ("F", *before[1:])
    named = "Товары = ∅" if empty else ""
    assert [named in en and named in ru for en, ru in told(stage)] == ([True] if empty else [])


@pytest.mark.parametrize(
    ("language", "sentence"),
    [
        ("ru", "Файл обрывается, не дойдя до конца: передайте его ещё раз."),
        ("en", "The file breaks off before its end: send it again."),
    ],
)
async def test_a_file_of_orders_that_breaks_off_is_refused_and_nothing_of_it_stays(
    tmp_path, language, sentence
):
    async with orders_stage(tmp_path, onec=f'answers_in = "{language}"') as stage:
        orders = await three_orders(stage)
        documents = [order_document(stage.number(order), state="Закрыт") for order in orders]
        body = FRAME.format(1, "".join(documents)).encode()
        caller = await OrderCaller(stage).login()
        answer = await caller.bring("cut.xml", body[: len(body) * 5 // 6])
        await stage.rest()

        assert answer.startswith("failure\n")
        assert sentence in answer
        assert [stage.in_shop(order).status_id for order in orders] == ["N", "N", "N"]
        assert (await caller.bring("orders.xml", body)).startswith("success")
        await stage.rest()
        assert [stage.in_shop(order).status_id for order in orders] == ["F", "F", "F"]


@pytest.mark.parametrize(
    ("language", "no_cookie", "no_session", "bad_login"),
    [
        (
            "ru",
            "В запросе нет cookie «PHPSESSID»: начните обмен заново, с авторизации (mode=checkauth).",
            "Сеанс обмена неизвестен или истёк (тишина дольше 6 ч): начните обмен заново.",
            "Неверное имя пользователя или пароль: проверьте их в настройках обмена 1С.",
        ),
        (
            "en",
            "The request carries no session cookie «PHPSESSID»: begin the exchange anew with mode=checkauth.",
            "The exchange session is unknown or has expired (6 h of silence): begin the exchange anew.",
            "Wrong user name or password: check them in the exchange settings of 1C.",
        ),
    ],
)
async def test_a_stranger_gets_no_orders_and_takes_none(tmp_path, language, no_cookie, no_session, bad_login):
    async with orders_stage(tmp_path, onec=f'answers_in = "{language}"') as stage:
        order = stage.place(stage.erp.world.products[0].article, pay_system="cash", delivery="courier")
        await stage.seen()
        stranger = OrderCaller(stage, password="не тот")
        assert await stranger.ask("checkauth") == f"failure\n{bad_login}"
        for cookie, sentence in (("", no_cookie), ("PHPSESSID=0123456789abcdef", no_session)):
            stranger.cookie = cookie
            assert await stranger.ask("query") == f"failure\n{sentence}"
            assert await stranger.ask("file", b"x", filename="orders.xml") == f"failure\n{sentence}"
            assert await stranger.ask("import", filename="orders.xml") == f"failure\n{sentence}"
            assert await stranger.ask("success") == f"error\n{sentence}"  # as a shop answers it
        await stage.exchange()

        stage.agree(order)
        assert len(stage.erp.book.taken) == 1


# --- over REST -------------------------------------------------------------------------------------------------------


async def test_a_total_of_the_shop_that_its_lines_do_not_make_is_told_and_1c_is_not(stage, orders):
    head, total = stage.in_shop(orders[0]), stage.in_1c(orders[0]).total
    with stage.shop.state.acting("operator"):
        stage.shop.state.sale.orders.change(head, price=Decimal("1.11"), date_update=stage.shop.state.now())
    stage.shop.act("edit_order", order=orders[1], properties={"CITY": "Тобольск"})
    await stage.seen()
    await stage.exchange()

    ((en, ru),) = told(stage)
    assert "do not make the whole" in en
    assert "1.11 RUB" in en
    assert f"«№ {head.account_number}»" in en
    assert "сумма частей не сходится" in ru
    assert "1.11 RUB" in ru
    assert f"«№ {head.account_number}»" in ru
    assert stage.in_1c(orders[0]).total == total
    assert stage.in_1c(orders[1]).requisites["Адрес доставки"].find("Тобольск") > 0


async def test_a_status_of_the_shop_nobody_knows_is_told_and_the_rest_of_the_order_goes_on(stage, orders):
    stage.shop.act("add_status", id="ZZ", name="На Марсе")
    stage.shop.act("change_status", order=orders[0], status="ZZ")
    stage.shop.act("edit_order", order=orders[0], properties={"CITY": "Тобольск"})
    await stage.seen()
    await stage.exchange()

    ((en, ru),) = told(stage)
    assert "no mapping of stage for «ZZ»" in en
    assert "нет соответствия «ZZ»" in ru
    assert stage.in_1c(orders[0]).requisites["Адрес доставки"].find("Тобольск") > 0
    assert stage.in_shop(orders[0]).status_id == "ZZ"


async def test_an_order_of_a_buyer_who_was_deleted_goes_on_under_the_name_it_bears(stage):
    order = stage.place(stage.erp.world.products[0].article, pay_system="cash", delivery="courier")
    sale = stage.shop.state.sale
    sale.users.remove(sale.users.get(stage.in_shop(order).user_id))
    await stage.seen()
    await stage.exchange()

    stage.agree(order)
    assert "Соколова" in stage.erp.book.counterparties[stage.in_1c(order).buyer].name
    stage.erp.act("set_state", order=stage.number(order), state="Закрыт")
    await stage.exchange()
    assert stage.in_shop(order).status_id == "F"
    assert told(stage) == []
