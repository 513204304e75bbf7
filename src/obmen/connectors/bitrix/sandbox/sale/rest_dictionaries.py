"""REST methods of the dictionaries of sales. Deliveries and pay systems speak in UPPER_CASE and do not page."""

from collections.abc import Callable, Iterable, Mapping
from decimal import Decimal
from typing import Any

import msgspec

from obmen.connectors.bitrix.sandbox.calls import Answer, Method
from obmen.connectors.bitrix.sandbox.listing import Ask, sift
from obmen.connectors.bitrix.sandbox.state import ShopState

Rows = Callable[[ShopState], Iterable[Mapping[str, Any]]]


def _shown(rows: Iterable[msgspec.Struct], *hidden: str) -> list[dict[str, Any]]:
    shown: list[dict[str, Any]] = [msgspec.to_builtins(row, builtin_types=(Decimal,)) for row in rows]
    return [{name: value for name, value in row.items() if name not in hidden} for row in shown]


def _lists(rows: Rows, key: str) -> Method:
    def list_rows(state: ShopState, params: Mapping[str, Any]) -> Answer:
        page = sift(rows(state), Ask.of(params))
        return Answer({key: page.rows}, page.total, page.next)

    return list_rows


def _lists_upper(rows: Rows) -> Method:
    def list_rows(state: ShopState, params: Mapping[str, Any]) -> Answer:
        lowered = {name.lower(): value for name, value in params.items()}
        return Answer(sift(rows(state), Ask.of(lowered), paged=False).rows)

    return list_rows


def _statuses(state: ShopState) -> list[dict[str, Any]]:
    return _shown(state.sale.statuses.values(), "name")


def _status_names(state: ShopState) -> list[dict[str, Any]]:
    return [
        {"statusId": status.id, "lid": "ru", "name": status.name, "description": ""}
        for status in state.sale.statuses.values()
    ]


METHODS: dict[str, Method] = {
    "sale.status.list": _lists(_statuses, "statuses"),
    "sale.statusLang.list": _lists(_status_names, "statusLangs"),
    "sale.persontype.list": _lists(lambda state: _shown(state.sale.person_types), "personTypes"),
    "sale.property.list": _lists(lambda state: _shown(state.sale.properties), "properties"),
    "sale.propertygroup.list": _lists(lambda state: _shown(state.sale.property_groups), "propertyGroups"),
    "sale.delivery.getlist": _lists_upper(lambda state: _shown(state.sale.deliveries, "_PRICE", "CODE")),
    "sale.paysystem.list": _lists_upper(lambda state: _shown(state.sale.pay_systems)),
}
SCOPES = {"sale.delivery.": "delivery", "sale.paysystem.": "pay_system"}
