"""Which fields of an entity are maps, which are lists of maps, which are neither: checked before anything is read."""

from collections.abc import Iterator, Mapping
from typing import Any

from obmen.connectors.retailcrm.sandbox.errors import ENTITY, ApiError

_MAPS = frozenset((
    "delivery", "customer", "contact", "company", "contragent", "address", "source", "offer", "order", "data",
    "integrations",
))  # fmt: skip
_LISTS = frozenset((
    "items", "payments", "externalIds", "addresses", "companies", "customerContacts", "stores", "prices",
    "offers", "orders", "groups", "elements",
))  # fmt: skip
# Read as they are, without asking what they may be.
_SCALARS = frozenset((
    "id", "externalId", "xmlId", "number", "site", "code", "name", "value", "brand", "price", "available",
    "purchasePrice", "isMain", "active", "remove", "type", "dictionary", "comment", "integrationCode", "clientId",
    "article", "barcode", "url", "description", "manufacturer", "markable", "parentId", "group", "browserId",
    "weight", "vatRate", "legalName",
))  # fmt: skip


def check_form(entity: Mapping[str, Any]) -> None:
    """Refuse an entity whose fields are not of the form they should have, naming each."""
    errors = dict(_wrong(entity, "", ""))
    if errors:
        raise ApiError(400, ENTITY, errors)


def _wrong(entity: Mapping[str, Any], at: str, parent: str) -> Iterator[tuple[str, str]]:
    for name, value in entity.items():
        path = f"{at}{name}"
        if value in (None, "", []):  # nothing, in PHP's three ways
            continue
        if name in _MAPS and name != parent:
            if isinstance(value, Mapping):
                yield from _wrong(value, f"{path}.", name)
            else:
                yield path, "Expected array"
        elif name in _LISTS:
            if not isinstance(value, list) or not all(isinstance(row, Mapping) for row in value):
                yield path, "Expected array"
                continue
            for place, row in enumerate(value):
                yield from _wrong(row, f"{path}[{place}].", name)
        elif name in _SCALARS and isinstance(value, Mapping | list):
            yield path, "This value is not valid."
