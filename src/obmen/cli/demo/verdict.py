"""The verdict, counted from the simulators' own ledgers and tables, never from the hub's."""

from __future__ import annotations

from decimal import Decimal
from typing import NamedTuple

from obmen.cli.configured import facts
from obmen.cli.demo.stage import Stage
from obmen.cli.demo.words import rub
from obmen.connectors.bitrix.sandbox.state import ShopState
from obmen.sandbox.world import Offer, Product


class Line(NamedTuple):
    """One thing that must hold, in both languages."""

    kept: bool
    ru: str
    en: str


def verdict(stage: Stage) -> list[Line]:
    """Compare what 1C has with what the shop has, and count who wrote what."""
    products = [product for product in stage.erp.world.products if not product.deleted]
    sold = [(product, offer) for product in products for offer in product.offers]
    shop = stage.shop.state
    counts = stage.shop.counts()
    doubles = len(dict(counts["duplicates"]))  # type: ignore[call-overload]
    retail = stage.erp.world.price_type("Розничная").id
    missing = [product.name for product in products if shop.elements.first(xml_id=product.id) is None]
    wrong = [offer for product, offer in sold if _price(shop, product, offer) != offer.prices.get(retail)]
    prices = dict(counts["prices_by_type"])  # type: ignore[call-overload]
    foreign = sum(count for name, count in prices.items() if name != "Розничная цена")
    deleted = stage.shop.ledger.writes(by="rest", action="delete")
    exchanges = [outcome.verdict for outcome in stage.erp.outcomes]
    received, accounted = _accounted(stage)
    return [
        Line(
            not missing,
            f"товаров 1С, которых нет в магазине: {len(missing)} из {len(products)}",
            f"products of 1C missing in the shop: {len(missing)} of {len(products)}",
        ),
        Line(doubles == 0, f"двойников: {doubles}", f"doubles: {doubles}"),
        Line(
            not wrong,
            f"розничных цен, не равных цене 1С до копейки: {len(wrong)} из {len(sold)}",
            f"retail prices that differ from 1C's by a kopeck or more: {len(wrong)} of {len(sold)}",
        ),
        Line(
            foreign == 0,
            f"закупочных и других непубликуемых цен в магазине: {foreign}",
            f"purchase and other unpublished prices in the shop: {foreign}",
        ),
        *_orders(stage),
        Line(deleted == 0, f"удалено обменом: {deleted}", f"deleted by the hub: {deleted}"),
        Line(
            set(exchanges) == {"success"},
            f"обменов с 1С: {len(exchanges)}, с ошибкой: {sum(v != 'success' for v in exchanges)}",
            f"exchanges with 1C: {len(exchanges)}, failed: {sum(v != 'success' for v in exchanges)}",
        ),
        Line(
            received == accounted,
            f"принято {received} = применено + без изменений + отклонено с причиной + ждёт: {accounted}",
            f"{received} received = applied + unchanged + refused with a reason + waiting: {accounted}",
        ),
    ]


def _orders(stage: Stage) -> list[Line]:
    """Compare the orders of the shop with those of 1C, and count what buyers were told and charged."""
    shop, book = stage.shop.state, stage.erp.book
    here = {order.account_number: order.price for order in shop.sale.orders.where()}
    there = list(book.orders.values())
    apart = sum(
        (abs(here[order.number] - order.total) for order in there if order.number in here), Decimal(0)
    )
    doubles = len(there) - len({order.number for order in there}) + len(here) - len(set(here))
    crm = stage.crm.state
    far = sum(
        (abs(here[each.number] - each.total_summ) for each in crm.orders if each.number in here), Decimal(0)
    )
    counts = stage.crm.counts()
    receipts = int(str(stage.shop.counts()["receipts"]))
    return [
        Line(
            len(there) == len(here) and doubles == 0,
            f"заказов в магазине {len(here)}, в 1С {len(there)}, двойников {doubles}",
            f"orders in the shop {len(here)}, in 1C {len(there)}, doubles {doubles}",
        ),
        Line(
            len(crm.orders) == len(here) and not counts["order_doubles"] and not counts["customer_doubles"],
            f"заказов в RetailCRM {len(crm.orders)}, двойников заказов и покупателей 0",
            f"orders in RetailCRM {len(crm.orders)}, doubles of orders and buyers 0",
        ),
        Line(
            apart == far == 0 and not book.faults,
            f"расхождение сумм заказов: с 1С {rub(apart, 'ru')}, с RetailCRM {rub(far, 'ru')}",
            f"difference of order sums: with 1C {rub(apart, 'en')}, with RetailCRM {rub(far, 'en')}",
        ),
        Line(
            receipts == 1,
            f"чеков пробито: {receipts}, по оплате покупателя",
            f"fiscal receipts printed: {receipts}, for the buyer's own payment",
        ),
    ]


def _price(shop: ShopState, product: Product, offer: Offer) -> object:
    ref = product.id if offer.characteristic is None else f"{product.id}#{offer.characteristic}"
    element = shop.elements.first(xml_id=ref)
    row = None if element is None else shop.prices.first(product_id=element.id, catalog_group_id=1)
    return None if row is None else row.price


def _accounted(stage: Stage) -> tuple[int, int]:
    """Return how many objects the envelopes showed, and how many of them are accounted for."""
    with facts(stage.hub).begin() as tx:
        envelopes = tx.envelopes()
    received = sum(envelope.received for envelope in envelopes)
    accounted = sum(
        envelope.counters.get(name, 0)
        for envelope in envelopes
        for name in ("applied", "echoed", "refused", "superseded", "waiting")
    )
    return received, accounted
