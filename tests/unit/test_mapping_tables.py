"""Mapping tables of every connector: what stands in them is in its own words, and rows laid over them count."""

from __future__ import annotations

import pytest

from obmen.connectors import bitrix, retailcrm
from obmen.connectors.bitrix.kinds import TABLES as SHOP
from obmen.connectors.bitrix.orders.settings import OrderSettings as ShopOrders
from obmen.connectors.bitrix.orders.settings import PaySystem
from obmen.connectors.onec.kinds import TABLES as ERP
from obmen.connectors.onec.orders.tables import OrderTables
from obmen.connectors.onec.settings import Settings as OnecSettings
from obmen.connectors.retailcrm.kinds import TABLES as CRM
from obmen.connectors.retailcrm.orders.settings import OrderSettings as CrmOrders
from obmen.errors import BadInput, ConfigError
from obmen.sync.mapping import LEFT_OUT, Laid, Row, over

shop = bitrix.Settings(
    url="http://shop.example",
    user=1,
    secret="s",
    prices={"base": 1, "sale": 2},
    stores={"main": "1"},
    orders=ShopOrders(
        statuses={"N": "new", "X": "confirmed", "P": "supply", "F": "done"},
        only_read=("X",),
        pay_systems={
            "1": PaySystem(method="cash"),
            "2": PaySystem(method="card", prepaid=True, receipts="bank"),
        },
        deliveries={"3": "courier"},
        managers={"7": "ivanova"},
    ),
)
bare_shop = bitrix.Settings(url="http://shop.example", user=1, secret="s")
crm = retailcrm.Settings(
    url="http://crm.example",
    api_key="k",
    sites={"s1": "main", "s2": "main"},
    prices={"base": "base"},
    stores={"main": "store-1"},
    orders=CrmOrders(managers={"19": "ivanova"}),
)
bare_crm = retailcrm.Settings(url="http://crm.example", api_key="k")
erp = OnecSettings(
    login="1c",
    password="p",
    price_types={"Розничная": "base"},
    warehouses={"Основной склад": "main", "Брак": LEFT_OUT},
    units={"бухта": "006"},
    vat={"НДС 22": "22"},
    currencies={"деньги": "RUB"},
    kinds={"Тара": "goods"},
    order=OrderTables(organizations={"s1": "ООО «Дом»", "s2": "ООО «Дом»"}),
)
EVERY = [
    pytest.param(table, settings, id=f"{name}-{table.kind.name}-{number}")
    for name, tables, some in (
        ("shop", SHOP, (shop, bare_shop)),
        ("crm", CRM, (crm, bare_crm)),
        ("erp", ERP, (erp,)),
    )
    for table in tables
    for number, settings in enumerate(some)
]


def table(tables, name):
    return next(table for table in tables if table.kind.name == name)


def laid(tables, name, settings, *rows):
    return table(tables, name).lay(settings, [Row(*row) for row in rows])


@pytest.mark.parametrize(("table", "settings"), EVERY)
def test_what_stands_in_a_table_is_in_its_own_words_and_says_nothing_new_when_laid_over_it(table, settings):
    rows = table.rows(settings)
    assert [table.kind.value(row.value) for row in rows] == [row.value for row in rows]
    assert all(row.direction in table.kind.directions for row in rows)
    assert sorted(table.rows(table.lay(settings, rows)), key=str) == sorted(rows, key=str)


@pytest.mark.parametrize(("table", "settings"), EVERY)
def test_every_table_has_a_name_in_both_languages_and_its_candidates_are_values_of_it(table, settings):
    kind = table.kind
    assert kind.en != kind.ru
    candidates = [*table.usual.values(), *table.groups.values()]
    assert [kind.value(value) for value in candidates] == candidates
    assert len({meaning.value for meaning in kind.meanings}) == len(kind.meanings)


@pytest.mark.parametrize("tables", [SHOP, CRM, ERP])
def test_no_two_tables_of_a_connector_share_a_name_or_what_records_wait_for(tables):
    names = [table.kind.name for table in tables]
    wakes = [table.kind.wakes for table in tables if table.kind.wakes]
    assert len(set(names)) == len(names)
    assert len(set(wakes)) == len(wakes)


def test_a_status_is_understood_and_written_after_those_that_meant_the_same_before():
    orders = laid(CRM, "order_status", crm, ("on-hold", "stage:confirmed")).orders
    assert orders.statuses["on-hold"] == "confirmed"
    assert orders.code_of("confirmed") == "client-confirmed"


def test_a_status_that_means_something_else_now_is_written_after_those_that_meant_that_before():
    orders = laid(CRM, "order_status", crm, ("client-confirmed", "stage:supply")).orders
    assert (orders.code_of("supply"), orders.code_of("confirmed")) == ("prepayed", "availability-confirmed")


def test_a_status_to_be_written_goes_before_those_that_mean_the_same():
    orders = laid(CRM, "order_status", crm, ("on-hold", "stage:confirmed", "out")).orders
    assert orders.code_of("confirmed") == "on-hold"


def test_a_status_that_is_only_read_is_never_written():
    orders = laid(CRM, "order_status", crm, ("new", "stage:new", "in")).orders
    assert (orders.statuses["new"], orders.code_of("new")) == ("new", "offer-analog")
    again = table(CRM, "order_status").rows(laid(CRM, "order_status", crm, ("new", "stage:new", "in")))
    assert Row("new", "stage:new", "in") in again


def test_a_status_that_turns_out_to_cancel_is_no_stage_any_more_and_the_other_way_round():
    orders = laid(
        CRM, "order_status", crm, ("redirect", "cancelled:вернулся"), ("no-call", "stage:new")
    ).orders
    assert ("redirect" in orders.statuses, orders.cancels["redirect"]) == (False, "вернулся")
    assert ("no-call" in orders.cancels, orders.statuses["no-call"]) == (False, "new")


def test_of_reasons_to_cancel_the_one_to_be_written_stands_first():
    orders = laid(CRM, "order_status", crm, ("fake", "cancelled:фальшивый", "out")).orders
    assert (orders.cancel_of("другое"), orders.cancel_of("нет в наличии")) == ("fake", "no-product")


@pytest.mark.parametrize(
    ("tables", "settings", "row", "said"),
    [
        (SHOP, shop, ("D", "stage:new"), "D после P"),
        (CRM, crm, ("complete", "stage:new"), "complete после delivering"),
    ],
)
def test_a_table_of_statuses_that_walks_backwards_is_refused(tables, settings, row, said):
    with pytest.raises(ConfigError) as refused:
        laid(tables, "order_status", settings, row)
    assert "ведёт назад" in refused.value.ru
    assert said in refused.value.ru


def test_payments_say_method_prepayment_and_who_prints_the_receipt():
    kind = table(SHOP, "payment_type").kind
    assert kind.value("card  receipts:bank prepaid") == "card prepaid receipts:bank"
    orders = laid(SHOP, "payment_type", shop, ("5", "card prepaid receipts:shop")).orders
    assert orders.pay_systems["5"] == PaySystem(method="card", prepaid=True, receipts="shop")
    with pytest.raises(BadInput):
        kind.value("card prepaid twice")
    with pytest.raises(BadInput):
        table(CRM, "payment_type").kind.value("card receipts:bank")


def test_whatever_payment_status_does_not_mean_paid_means_unpaid_and_one_of_them_is_written():
    orders = laid(
        CRM,
        "payment_status",
        crm,
        ("credit-approved", "unpaid"),
        ("invoice", "unpaid", "out"),
        ("mine", "paid"),
    ).orders
    assert (orders.paid, orders.unpaid) == (("paid", "mine"), "invoice")


def test_a_key_of_ours_has_one_code_and_a_code_left_out_has_no_key():
    assert laid(SHOP, "price_type", shop, ("3", "base")).prices == {"base": 3, "sale": 2}
    assert laid(SHOP, "price_type", shop, ("2", LEFT_OUT)).prices == {"base": 1}
    assert laid(SHOP, "price_type", shop, ("1", "retail")).prices == {"sale": 2, "retail": 1}


def test_a_code_may_stand_for_several_of_ours_where_the_table_says_so():
    kind = table(ERP, "payment_type").kind
    assert kind.value("credit  invoice credit") == "credit invoice"
    methods = laid(ERP, "payment_type", erp, ("Взаимозачёт", "credit bonus")).order.methods
    assert (methods["credit"], methods["bonus"], methods["invoice"]) == (
        "Взаимозачёт",
        "Взаимозачёт",
        "Выплата безналичных денег",
    )


def test_tables_of_orders_may_be_written_where_the_configuration_has_none():
    assert laid(SHOP, "delivery_type", bare_shop, ("3", "courier")).orders.deliveries == {"3": "courier"}
    assert laid(CRM, "manager", bare_crm, ("19", "ivanova")).orders.managers == {"19": "ivanova"}


def test_the_hubs_word_stands_in_the_place_of_the_configurations():
    base = [Row("N", "stage:new"), Row("F", "stage:done")]
    assert over(base, [Row("F", "stage:delivery")]) == [
        Laid(Row("N", "stage:new"), by_hub=False),
        Laid(Row("F", "stage:delivery"), by_hub=True),
    ]


def test_a_value_may_be_said_in_the_words_people_call_it_by():
    kind = table(CRM, "order_status").kind
    assert {kind.value(said) for said in ("stage:confirmed", "confirmed", "подтверждён", "Подтверждён")} == {
        "stage:confirmed"
    }
    assert table(SHOP, "payment_type").kind.value("наличные") == "cash"
