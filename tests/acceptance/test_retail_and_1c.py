"""A shop, a RetailCRM and a 1C on one hub: an order is one in all three, whoever touches it."""

from __future__ import annotations

from decimal import Decimal

import pytest
from orders_stage import SETTINGS as BETWEEN_SHOP_AND_1C
from orders_stage import orders_stage

from obmen.connectors.retailcrm.sandbox import Crm, Setup
from obmen.connectors.retailcrm.sandbox.rows import Offer, Product

CRM = """
[connections.crm]
type = "retailcrm"
keyed_by = "shop"
url = "{crm_url}"
api_key = "{api_key}"
sites = {{ s1 = "main" }}
rate_per_s = 1000
visible_after_s = 1

[connections.crm.orders.deliveries]
self-delivery = "1"
courier = "2"
russian-post = "3"

[connections.crm.schedule]
every = "1s"
deliver = "live"
"""


@pytest.fixture
async def account():
    async with Crm(Setup(rate_limit=None), seed=17) as crm:
        yield crm


@pytest.fixture
async def stage(tmp_path, account):
    text = BETWEEN_SHOP_AND_1C.replace('any = ["shop", "erp"]', 'any = ["shop", "crm", "erp"]')
    text = text.replace('payments = "each"', 'payments = {{ rule = "review", any = ["shop", "crm", "erp"] }}')
    text = text.replace('match = ["number"]', 'match = ["xml_id", "number"]')
    text = text.replace('readers = ["shop", {{ to = "erp"', 'readers = ["shop", "crm", {{ to = "erp"')
    text = text.replace(
        '[sync.offer]\ncreators = ["erp"]\nowners = {{ default = "erp" }}\nreaders = ["shop"]',
        '[sync.offer]\ncreators = ["erp"]\nowners = {{ default = "erp" }}\nreaders = ["shop", "crm"]',
    )
    crm = CRM.format(crm_url=account.url, api_key=account.credentials()["api_key"])
    text = text.replace("[guards]", crm.replace("{", "{{").replace("}", "}}") + "\n[guards]")
    async with orders_stage(tmp_path, settings=text, creators='["shop", "crm"]', polls=True) as stage:
        _load(account, stage)
        await stage.seen()
        yield stage


def _load(account, stage) -> None:
    """Put what the shop sells into the account, as a feed would have."""
    state, catalog = account.state, account.state.catalog_of("main")
    with stage.hub.ledger.begin() as tx:
        sold = sorted(tx.bound_in_scope("shop", "offer", "").values(), key=int)
    with state.acting(state.actor):
        for ref in sold:
            product = state.products.insert(Product(catalog=catalog, external_id=ref, name=f"Товар {ref}"))
            offer = Offer(catalog=catalog, product_id=product.id, external_id=ref, name=f"Товар {ref}")
            offer.prices = {"base": Decimal("100.50")}
            offer.vat_rate = "22"
            state.offers.insert(offer)


def in_crm(account, stage, order):
    (found,) = account.state.orders.where(external_id=str(order))
    return found


async def test_an_order_of_the_shop_is_one_in_all_three_and_1cs_money_reaches_the_manager(stage, account):
    article = stage.erp.world.products[0].article
    order = stage.place(article, quantity="3", pay_system="cash", delivery="courier")
    await stage.seen()
    await stage.exchange()
    stage.agree(order)
    there = in_crm(account, stage, order)
    assert there.total_summ == stage.in_shop(order).price

    stage.erp.act("pay_order", order=stage.number(order))
    stage.erp.act("set_state", order=stage.number(order), state="Закрыт")
    await stage.exchange(version="2.10", schema="2.10")
    await stage.seen()
    there = in_crm(account, stage, order)
    assert (there.status, there.prepay_sum) == ("complete", there.total_summ)
    assert [one.paid for one in stage.rows(order)[1]] == ["Y"]
    assert account.counts()["payment_doubles"] == {}


async def test_a_manager_changes_the_lines_and_1c_gets_them(stage, account):
    article = stage.erp.world.products[0].article
    order = stage.place(article, quantity="2", pay_system="cash")
    await stage.seen()
    await stage.exchange()
    there = in_crm(account, stage, order)
    (line, *_) = account.state.items_of(there)
    account.act("edit_lines", order=there.id, change=[{"line": line.id, "quantity": "5"}])
    await stage.seen()
    await stage.exchange()
    await stage.seen()

    stage.agree(order)
    assert in_crm(account, stage, order).total_summ == stage.in_shop(order).price


async def test_an_order_by_phone_goes_to_the_shop_and_to_1c_once(stage, account):
    offer = next(iter(account.state.offers))
    account.act("new_order", lines=[{"offer": offer.external_id, "quantity": 3}], who="smirnova")
    await stage.seen()
    await stage.seen()
    await stage.exchange()
    await stage.exchange(sends_all=True)
    await stage.seen()

    (here,) = stage.shop.state.sale.orders.where()
    (document,) = stage.erp.book.orders.values()
    (there,) = account.state.orders
    assert here.price == document.total == there.total_summ
    assert stage.erp.book.faults == []


async def test_a_manager_edits_moves_and_ships_and_all_three_hold_the_same_facts(stage, account):
    goods = [product.article for product in stage.erp.world.products[:2]]
    order = stage.place(*goods, quantity="2", pay_system="cash", delivery="courier")
    await stage.seen()
    await stage.exchange()
    there = in_crm(account, stage, order)
    first, second = account.state.items_of(there)
    account.act(
        "edit_lines", order=there.id, change=[{"line": first.id, "price": "777.77"}], remove=[second.id]
    )
    account.act("change_status", order=there.id, status="assembling")
    await stage.seen()
    await stage.exchange()
    account.act("ship", order=there.id, tracking="RB1")
    await stage.seen()
    await stage.exchange()
    await stage.seen()

    stage.agree(order)
    there = in_crm(account, stage, order)
    assert there.total_summ == stage.in_shop(order).price
    assert stage.record(order).atoms["stage"] == "delivery"
    assert there.status == "delivering"
    assert len([line for line in stage.in_1c(order).lines if line.goods != "ORDER_DELIVERY"]) == 1


async def test_the_buyer_cancels_and_it_is_cancelled_in_all_three(stage, account):
    article = stage.erp.world.products[0].article
    order = stage.place(article, quantity="2", pay_system="cash")
    await stage.seen()
    await stage.exchange()
    account.act("change_status", order=in_crm(account, stage, order).id, status="assembling")
    await stage.seen()
    stage.shop.act("cancel_order", order=order, reason="передумал")
    await stage.seen()
    await stage.exchange()
    await stage.seen()

    there = in_crm(account, stage, order)
    assert (there.status, there.plain["statusComment"]) == ("cancel-other", "передумал")
    assert (stage.in_shop(order).canceled, stage.in_1c(order).cancelled) == ("Y", "передумал")
    assert stage.record(order).atoms["cancelled"] == "передумал"
    await stage.exchange(sends_all=True)  # with the number 1C gave it
    await stage.seen()
    held = stage.shop.ledger.writes(by="rest"), account.ledger.writes(by="api")
    await stage.exchange(sends_all=True)
    await stage.seen()
    assert (stage.shop.ledger.writes(by="rest"), account.ledger.writes(by="api")) == held
