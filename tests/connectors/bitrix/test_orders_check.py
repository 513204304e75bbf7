"""What `obmen check` says of the orders of a shop, and the way out it names."""

from __future__ import annotations

import msgspec
from open_shop import opened

from obmen.connectors.bitrix.orders.settings import USUAL_PROPERTIES, Events, OrderSettings, PaySystem
from obmen.connectors.bitrix.sandbox import Setup

ORDERS = OrderSettings(
    pay_systems={
        "1": PaySystem(method="cash", receipts="shop"),
        "2": PaySystem(method="card", prepaid=True, receipts="bank"),
        "3": PaySystem(method="invoice", prepaid=True),
        "4": PaySystem(method="account", prepaid=True),
    },
    deliveries={
        "2": "courier",
        "3": "pickup",
        "4": "cdek",
        "5": "cdek/pvz",
        "6": "cdek/door",
        "7": "russian-post",
    },
)


async def found(tmp_path, orders=ORDERS, setup=None, act=None):
    async with opened(tmp_path, setup, orders=orders) as world:
        if act:
            act(world.shop)
        before = world.writes()
        findings = await world.connection.check()
        assert world.writes() == before
        return [finding for finding in findings if finding.code.startswith("bitrix.orders.")]


def wrong(findings):
    return {finding.code: finding for finding in findings if not finding.ok}


async def test_orders_that_are_set_up_pass_and_every_pay_system_says_who_prints_the_receipt(tmp_path):
    findings = await found(tmp_path)

    assert wrong(findings) == {}
    receipts = [finding for finding in findings if finding.code == "bitrix.orders.receipt"]
    assert [finding.en for finding in receipts] == [
        "«Наличными при получении» (1): the shop prints the receipt; payments and refunds made elsewhere are not written here.",
        "«Картой на сайте» (2): the bank prints the receipt; payments and refunds made elsewhere are not written here.",
        "«Счёт для организаций» (3): it is not said who prints the receipt.",
        "«Внутренний счёт» (4): it is not said who prints the receipt.",
    ]
    assert receipts[1].ru.startswith("«Картой на сайте» (2): чек пробивает банк")


async def test_a_missing_scope_is_named_and_the_rest_is_still_looked_at(tmp_path):
    findings = wrong(await found(tmp_path, setup=Setup(scopes=("catalog", "sale"))))
    assert "`delivery`, `pay_system`" in findings["bitrix.orders.scope"].en
    assert "Отметьте" in findings["bitrix.orders.scope"].ru
    assert "bitrix.orders.refused" not in findings

    findings = wrong(await found(tmp_path, setup=Setup(scopes=("catalog",))))
    assert list(findings) == ["bitrix.orders.scope"]


async def test_what_the_settings_name_and_the_shop_lacks_is_told_with_what_it_has(tmp_path):
    orders = msgspec.structs.replace(
        ORDERS,
        statuses={**ORDERS.statuses, "D": "delivery"},
        pay_systems={**ORDERS.pay_systems, "77": PaySystem(method="credit")},
        deliveries={**ORDERS.deliveries, "88": "boxberry"},
        properties={**USUAL_PROPERTIES, "UTM": "source.utm_source"},
        person_type=9,
    )
    findings = wrong(await found(tmp_path, orders))

    assert set(findings) == {
        f"bitrix.orders.{kind}_unknown" for kind in ("status", "pay_system", "delivery", "property")
    } | {"bitrix.orders.person_type", "bitrix.orders.person_type_unmapped"}
    assert "orders.statuses.D" in findings["bitrix.orders.status_unknown"].en
    assert "N «Принят, ожидается оплата»" in findings["bitrix.orders.status_unknown"].en
    assert "orders.person_type = 9" in findings["bitrix.orders.person_type"].ru
    assert not any(findings[code].warning for code in findings if code.endswith("_unknown"))


async def test_delivery_services_the_others_would_see_as_a_number_are_warned_of(tmp_path):
    findings = wrong(await found(tmp_path, msgspec.structs.replace(ORDERS, deliveries={"5": "cdek/pvz"})))

    (unnamed,) = findings.values()
    assert (unnamed.code, unnamed.warning) == ("bitrix.orders.delivery_unnamed", True)
    assert "2 «Курьер по Тюмени»" in unnamed.en
    assert unnamed.ru.endswith("obmen mapping set shop delivery_type 2 ЗНАЧЕНИЕ")
    assert "1 «" not in unnamed.en, "switched off in the shop"


async def test_statuses_and_pay_systems_nobody_mapped_are_warned_of(tmp_path):
    orders = msgspec.structs.replace(ORDERS, pay_systems={"1": ORDERS.pay_systems["1"]})
    findings = wrong(
        await found(tmp_path, orders, act=lambda shop: shop.act("add_status", id="D", name="Едет"))
    )

    status = findings["bitrix.orders.status_unmapped"]
    assert "D «Едет»" in status.ru
    assert status.en.endswith("say the stage of each: obmen mapping set shop order_status D VALUE")
    assert status.ru.endswith("obmen mapping set shop order_status D ЗНАЧЕНИЕ")
    assert findings["bitrix.orders.pay_system_unmapped"].en.endswith(
        "obmen mapping set shop payment_type 2 VALUE"
    )
    assert "2 «Картой на сайте»" in findings["bitrix.orders.pay_system_unmapped"].en
    assert all(finding.warning for finding in findings.values())


async def test_a_receipt_that_would_be_printed_by_a_payment_of_1c_is_warned_of(tmp_path):
    pays = {
        **ORDERS.pay_systems,
        "1": PaySystem(method="cash"),
        "3": PaySystem(method="invoice", receipts="shop"),
    }
    findings = [
        finding
        for finding in await found(tmp_path, msgspec.structs.replace(ORDERS, pay_systems=pays))
        if not finding.ok
    ]

    assert [(finding.code, finding.warning) for finding in findings] == [("bitrix.orders.receipt", True)] * 2
    assert "orders.pay_systems.1.receipts = shop" in findings[0].en
    assert "receipts = none" in findings[1].ru


async def test_two_deliveries_of_one_name_and_a_contact_nobody_holds_are_warned_of(tmp_path):
    orders = msgspec.structs.replace(
        ORDERS,
        deliveries={**ORDERS.deliveries, "4": "ems", "5": "cdek", "6": "cdek"},
        properties={"FIO": "contact.name"},
    )
    findings = wrong(await found(tmp_path, orders))

    assert set(findings) == {"bitrix.orders.delivery_shared", "bitrix.orders.contact"}


async def test_events_are_told_of_and_a_shop_without_orders_is_not_asked_about_them(tmp_path):
    orders = msgspec.structs.replace(ORDERS, events=Events(token="t" * 32))
    assert "bitrix.orders.events" in {finding.code for finding in await found(tmp_path, orders)}
    assert await found(tmp_path, None) == []
