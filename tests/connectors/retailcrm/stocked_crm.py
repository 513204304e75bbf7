"""Goods for the tests of an account."""

from decimal import Decimal

from obmen.connectors.retailcrm.sandbox.rows import Offer, Product


def stock(crm, site="main"):
    """Give a shop three offers with prices; return their external ids by name."""
    rows = {"boots": ("4990.5", "22"), "tea": ("100", "10"), "drill": ("33.33", "none")}
    with crm.state.acting(crm.state.actor):
        for number, (name, (price, vat)) in enumerate(rows.items(), 201):
            put_offer(crm, str(number), name, price, vat, site)
    return dict(zip(rows, ("201", "202", "203"), strict=True))


def put_offer(crm, code, name, price, vat, site="main"):
    catalog = crm.state.catalog_of(site)
    product = crm.state.products.insert(Product(catalog=catalog, external_id=code, name=name))
    crm.state.offers.insert(
        Offer(
            catalog=catalog,
            product_id=product.id,
            external_id=code,
            xml_id=f"guid-{name}",
            name=name,
            vat_rate=vat,
            prices={"base": Decimal(price)},
        )
    )
