"""Orders of the simulated shop as other people's clients make and read them."""

import asyncio
from decimal import Decimal

import pytest
from b24pysdk import BitrixWebhook, Client
from b24pysdk.errors import BitrixAPIError
from fast_bitrix24 import BitrixAsync

from obmen.connectors.bitrix.sandbox.elements import add_element
from obmen.connectors.bitrix.sandbox.prices import put_price
from obmen.connectors.bitrix.sandbox.rows import Element

HEAD = {"lid": "s1", "personTypeId": 1, "currency": "RUB", "xmlId": "obmen:ali:8123"}


def _boots(shop):
    boots = add_element(shop.state, Element(iblock_id=14, name="Ботинки «Прораб»", quantity=Decimal(9)))
    put_price(
        shop.state, None, product_id=boots.id, catalog_group_id=1, price=Decimal("4990.5"), currency="RUB"
    )
    return boots.id


@pytest.fixture
def client(https_shop, certificate, monkeypatch):
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(certificate))
    setup = https_shop.state.setup
    token = BitrixWebhook(
        domain=https_shop.url.removeprefix("https://"),
        webhook_token=f"{setup.webhook_user}/{setup.webhook_secret}",
    )
    return Client(token)


async def test_the_vendors_sdk_makes_an_order_step_by_step(client, https_shop):
    boots = _boots(https_shop)

    def work():
        sale = client.sale
        order = sale.order.add(fields=HEAD).result["order"]["id"]
        fields = {"orderId": order, "productId": boots, "currency": "RUB", "quantity": 2}
        line = sale.basketitem.add_catalog_product(fields=fields).result["basketItem"]["id"]
        values = [{"orderPropsId": 1, "value": "Ли Сяо"}, {"orderPropsId": 3, "value": "+79031234567"}]
        sale.propertyvalue.modify(fields={"order": {"id": order, "propertyValues": values}}).result  # noqa: B018 (lazy: reading sends)
        fields = {"orderId": order, "allowDelivery": "N", "deducted": "N", "deliveryId": 7}
        shipment = sale.shipment.add(fields=fields).result["shipment"]["id"]
        fields = {"orderDeliveryId": shipment, "basketId": line, "quantity": 2}
        sale.shipmentitem.add(fields=fields).result  # noqa: B018 (likewise)
        fields = {"orderId": order, "paySystemId": 2, "sum": 10293.17}
        payment = sale.payment.add(fields=fields).result["payment"]["id"]
        sale.payment.update(bitrix_id=payment, fields={"paySystemId": 2, "paid": "Y"}).result  # noqa: B018 (likewise)
        found = sale.order.list(filter={"xmlId": HEAD["xmlId"]}, select=["id"]).result["orders"]
        return order, found, sale.order.get(bitrix_id=order).result["order"]

    order, found, shown = await asyncio.to_thread(work)

    assert [{"id": order}] == found
    assert (10293.17, "Y", "N") == (shown["price"], shown["payed"], shown["deducted"])
    assert ["Ли Сяо", "+79031234567"] == [row["value"] for row in shown["propertyValues"]]
    assert [2] == [row["quantity"] for row in shown["shipments"][0]["shipmentItems"]]
    assert 1 == https_shop.counts()["receipts"]


async def test_the_vendors_sdk_reads_dictionaries_and_refusals(client):
    def work():
        sale = client.sale
        return (
            sale.status.list().result["statuses"],
            sale.statuslang.list().result["statusLangs"],
            sale.persontype.list().result["personTypes"],
            sale.paysystem.list().result,
        )

    statuses, names, persons, pay_systems = await asyncio.to_thread(work)

    assert (
        ["N", "P", "F", "DN", "DF"] == [row["id"] for row in statuses] == [row["statusId"] for row in names]
    )
    assert ([1, 2], 4) == ([row["id"] for row in persons], len(pay_systems))
    with pytest.raises(BitrixAPIError, match="order does not exist"):
        await asyncio.to_thread(lambda: client.sale.order.get(bitrix_id=404).result)


async def test_a_foreign_walk_reads_all_old_orders(shop):
    shop.act("seed_orders", count=230)
    read = await BitrixAsync(shop.webhook, verbose=False).get_all(
        "sale.order.list", {"select": ["id", "price"]}
    )

    assert set(range(1, 231)) == {row["id"] for row in read}
