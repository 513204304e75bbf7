"""Goods as the API shows them."""

from decimal import Decimal
from typing import Any

from obmen.connectors.retailcrm.sandbox.calls import php
from obmen.connectors.retailcrm.sandbox.rows import ZERO, Group, Offer, Product
from obmen.connectors.retailcrm.sandbox.state import CrmState
from obmen.connectors.retailcrm.sandbox.values import trimmed


def quantity_of(offer: Offer) -> Decimal:
    """Return the stock of an offer: of its stores once there are any, else what the feed said."""
    if not offer.stores:
        return offer.feed_quantity
    return trimmed(sum((held["quantity"] for held in offer.stores.values()), ZERO))


def shown_product(state: CrmState, product: Product, *, with_offers: bool = True) -> dict[str, Any]:
    """Show a product, with its offers or within one."""
    offers = state.offers.where(product_id=product.id)
    prices = [offer.prices["base"] for offer in offers if "base" in offer.prices]
    return {
        **({"updatedAt": product.updated_at} if product.updated_at else {}),
        "minPrice": min(prices, default=ZERO),
        "maxPrice": max(prices, default=ZERO),
        "id": product.id,
        **({"article": product.article} if product.article else {}),
        "type": product.kind,
        "name": product.name,
        "url": product.url,
        **({"imageUrl": product.pictures[0]} if product.pictures else {}),
        "description": product.description,
        "groups": [
            {"id": group.id, "externalId": group.external_id}
            for group in map(state.groups.get, product.groups)
            if group
        ],
        "externalId": product.external_id,
        **({"manufacturer": product.manufacturer} if product.manufacturer else {}),
        **({"offers": [shown_offer(state, offer, within=True) for offer in offers]} if with_offers else {}),
        "active": product.active,
        "quantity": sum((quantity_of(offer) for offer in offers), ZERO),
        "markable": product.markable,
    }


def shown_offer(state: CrmState, offer: Offer, *, within: bool = False) -> dict[str, Any]:
    """Show an offer with its prices; only within a product the base price stands apart too."""
    unit, types = state.books["units"].get(offer.unit), state.books["price-types"]
    product = state.products.get(offer.product_id)
    return {
        "name": offer.name,
        **({"price": offer.prices["base"]} if within and "base" in offer.prices else {}),
        "images": product.pictures if product else [],
        "id": offer.id,
        "externalId": offer.external_id,
        **({"xmlId": offer.xml_id} if offer.xml_id else {}),
        **({"article": offer.article} if offer.article else {}),
        **({"barcode": offer.barcode} if offer.barcode else {}),
        "prices": [
            {"priceType": kind, "price": price, "ordering": types.get(kind, {}).get("ordering", 990)}
            for kind, price in offer.prices.items()
        ],
        **({"purchasePrice": offer.purchase_price} if offer.purchase_price is not None else {}),
        "vatRate": offer.vat_rate,
        "properties": php(offer.properties),
        "quantity": quantity_of(offer),
        **({"weight": offer.weight} if offer.weight is not None else {}),
        "active": offer.active,
        **({"unit": {name: unit[name] for name in ("code", "name", "sym")}} if unit else {}),
    }


def shown_stock(offer: Offer, site: str, *, details: bool) -> dict[str, Any]:
    """Show the stock of an offer, by store where asked."""
    shown: dict[str, Any] = {
        "id": offer.id,
        "externalId": offer.external_id,
        **({"xmlId": offer.xml_id} if offer.xml_id else {}),
        "site": site,
        **({"purchasePrice": offer.purchase_price} if offer.purchase_price is not None else {}),
        "quantity": quantity_of(offer),
    }
    if details:
        shown["stores"] = [
            {"store": store, "quantity": held["quantity"], "purchasePrice": held.get("purchasePrice", ZERO)}
            for store, held in offer.stores.items()
        ]
    return shown


def shown_group(group: Group, site: str) -> dict[str, Any]:
    """Show a section of a catalogue."""
    return {
        **({"parentId": group.parent_id} if group.parent_id else {}),
        "site": site,
        "id": group.id,
        "name": group.name,
        "externalId": group.external_id,
        "active": group.active,
    }
