"""REST methods of reference lists: catalogues, price types, VAT, units."""

from collections.abc import Mapping
from typing import Any

from obmen.connectors.bitrix.sandbox.calls import Answer, Method, gets, lists
from obmen.connectors.bitrix.sandbox.listing import Ask, as_row, choose, only
from obmen.connectors.bitrix.sandbox.state import ShopState


def _catalogs(state: ShopState, params: Mapping[str, Any]) -> Answer:
    """List the trade catalogues; the XML_ID of their infoblocks is not in REST."""
    ask = Ask.of(params)
    page = choose(state.iblocks, ask)
    shown = []
    for iblock in page.rows:
        row = as_row(iblock)
        del row["xmlId"]
        shown.append(only(row | {"iblockId": iblock.id, "iblockTypeId": iblock.iblock_type_id}, ask.select))
    return Answer({"catalogs": shown}, page.total, page.next)


METHODS: dict[str, Method] = {
    "catalog.catalog.list": _catalogs,
    "catalog.priceType.list": lists(lambda state: state.price_types, "priceTypes"),
    "catalog.priceType.get": gets(lambda state: state.price_types, "priceType", "Price type"),
    "catalog.vat.list": lists(lambda state: state.vats, "vats"),
    "catalog.vat.get": gets(lambda state: state.vats, "vat", "VAT"),
    "catalog.measure.list": lists(lambda state: state.measures, "measures"),
    "catalog.measure.get": gets(lambda state: state.measures, "measure", "Measure"),
}
