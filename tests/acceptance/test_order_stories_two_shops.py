"""Stories of two shops and one 1C: their numbers, their prices, and the last piece of something."""

from __future__ import annotations

from contextlib import asynccontextmanager
from decimal import Decimal

import pytest
from orders_stage import SETTINGS, orders_stage

from obmen.connectors.bitrix.sandbox import Shop

SECOND = """
[connections.second]
type = "bitrix"
keyed_by = "erp"
url = "{url}"
user = {user}
secret = "{secret}"
prices = {{ wholesale = 1 }}
rate_per_s = 1000
parallel = 2
create_choices = true

[connections.second.orders]
number_of = "erp"
number_prefix = "B-"
pay_systems = {{ "1" = {{ method = "cash" }}, "2" = {{ method = "card", prepaid = true, receipts = "bank" }} }}

[connections.second.schedule]
every = "{poll}"
deliver = "live"
"""


def both(settings: str, second: str) -> str:
    """Put a second shop beside the first one, wherever that is named."""
    text = settings.replace(
        '[connections.shop.orders]\nnumber_of = "erp"',
        '[connections.shop.orders]\nnumber_of = "erp"\nnumber_prefix = "A-"',
    )
    text = text.replace('readers = ["shop"]', 'readers = ["shop", "second"]')
    own = ", ".join(f'{{{{ to = "{name}", when = "origin = {name}" }}}}' for name in ("shop", "second"))
    text = text.replace('readers = ["shop", {{ to', f"readers = [{own}, {{{{ to")
    text = text.replace('any = ["shop", "erp"]', 'any = ["shop", "second", "erp"]')
    return text.replace("\n[sync.category]", second + "\n[sync.category]")


@pytest.fixture
async def shops(tmp_path):
    async with two_shops(tmp_path) as shops:
        yield shops


@asynccontextmanager
async def two_shops(folder):
    async with Shop(seed=18) as second:
        setup = second.state.setup
        where = {"url": second.url, "user": setup.webhook_user, "secret": setup.webhook_secret}
        text = both(SETTINGS, SECOND.format(**where, poll="1h").replace("{", "{{").replace("}", "}}"))
        creators = '["shop", "second"]'
        async with orders_stage(folder, settings=text, creators=creators) as first:
            first.prefix = "A-"
            yield first, first.beside(second, name="second", prefix="B-")


async def test_orders_of_the_same_number_in_two_shops_are_two_orders_in_1c_at_their_own_prices(shops):
    first, second = shops
    article = first.erp.world.products[0].article
    orders = [shop.place(article, quantity="2", pay_system="cash", delivery="courier") for shop in shops]
    for shop in shops:
        await shop.seen()
    await first.exchange()
    await first.exchange(sends_all=True)

    numbers = [shop.in_shop(order).account_number for shop, order in zip(shops, orders, strict=True)]
    assert numbers[0] == numbers[1]
    assert sorted(order.number for order in first.erp.book.orders.values()) == [
        f"A-{numbers[0]}",
        f"B-{numbers[1]}",
    ]
    for shop, order in zip(shops, orders, strict=True):
        shop.agree(order)
    retail, wholesale = (shop.in_1c(order).lines[0].price for shop, order in zip(shops, orders, strict=True))
    assert wholesale < retail

    first.erp.act("pay_order", order=second.number(orders[1]))
    first.erp.act("set_state", order=second.number(orders[1]), state="Закрыт")
    await first.exchange(version="2.10", schema="2.10")
    for shop in shops:
        await shop.seen()
    heads = [shop.in_shop(order) for shop, order in zip(shops, orders, strict=True)]
    assert [(head.payed, head.status_id) for head in heads] == [("N", "N"), ("Y", "F")]
    assert [head.id_1c for head in heads] == ["УТ-000001", "УТ-000002"]
    assert [len(shop.shop.state.sale.orders.where()) for shop in shops] == [1, 1]


async def one_piece_left(shops):
    """Leave one piece of a product in 1C; return its article and what the shops show of it, now and at the least."""
    first, second = shops
    product = first.erp.world.products[0]
    for shop in shops:
        shop.shop.act("configure", reservation=True)
    for place in first.erp.world.warehouses:
        first.erp.act("stock", offer=product.article, warehouse=place.name, quantity="0")
    first.erp.act("stock", offer=product.article, warehouse="Основной склад", quantity="1")
    await first.goods()
    await second.rest()
    elements = [shop.shop.act("find", xml_id=product.id)[0] for shop in shops]

    def shown():
        pairs = zip(shops, elements, strict=True)
        return [shop.shop.state.elements.get(element).quantity for shop, element in pairs]

    def least():
        return min(
            effect.after["quantity"]
            for shop, element in zip(shops, elements, strict=True)
            for effect in shop.shop.ledger.effects
            if effect.id == str(element) and "quantity" in effect.after
        )

    assert shown() == [Decimal(1), Decimal(1)]
    return product.article, shown, least


async def test_the_last_piece_sold_in_one_shop_is_gone_from_the_other_before_1c_hears_of_it(shops):
    first, second = shops
    article, shown, least = await one_piece_left(shops)
    order = first.place(article, pay_system="cash", delivery="courier")
    await first.seen()
    await second.rest()

    assert shown() == [Decimal(0), Decimal(0)]
    first.shop.act("cancel_order", order=order, reason="передумал")
    await first.seen()
    await second.rest()
    assert shown() == [Decimal(1), Decimal(1)]
    assert least() == 0


async def test_the_last_piece_sold_in_two_shops_at_once_is_never_less_than_nothing(shops):
    first, second = shops
    article, shown, least = await one_piece_left(shops)
    orders = [shop.place(article, pay_system="cash", delivery="courier") for shop in shops]
    for shop in shops:
        await shop.seen()
    await first.exchange()
    await second.rest()

    assert shown() == [Decimal(0), Decimal(0)]
    assert least() == 0
    for shop, order in zip(shops, orders, strict=True):
        shop.agree(order)
