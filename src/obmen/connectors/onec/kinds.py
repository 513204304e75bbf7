"""The mapping tables of one 1C: where each stands in the settings, and what exports have shown of its codes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping

from obmen.connectors.mapping import METHODS, STAGE, STAGE_MEANINGS, Table, TableAt
from obmen.connectors.onec.orders.tables import USUAL_STATES
from obmen.connectors.onec.references import References
from obmen.model.values import VAT_RATES
from obmen.sync.mapping import Entry, Kind, Meaning

ORDER = ("order",)
GOODS = ("product", "offer")


def _staged(stage: str) -> str:
    return f"{STAGE}{stage}"


def _stage(value: str) -> str:
    return value.removeprefix(STAGE)


TABLES: tuple[Table, ...] = (
    TableAt(
        kind=Kind(
            name="order_status",
            en="states of orders",
            ru="состояния заказа",
            meanings=STAGE_MEANINGS,
            directions=("both", "out"),
            entities=ORDER,
            wakes="stage",
        ),
        at=("order", "states"),
        read=_stage,
        show=_staged,
        usual={name: _staged(stage) for name, stage in USUAL_STATES.items()},
    ),
    TableAt(
        kind=Kind(
            name="site_status",
            en="codes of statuses as the site calls them",
            ru="коды статусов сайта («Статуса заказа ИД»)",
            meanings=STAGE_MEANINGS,
            directions=("both", "out"),
            entities=ORDER,
        ),
        at=("order", "codes"),
        read=_stage,
        show=_staged,
    ),
    TableAt(
        kind=Kind(
            name="payment_type",
            en="operations of payments",
            ru="хозяйственные операции оплат",
            meanings=METHODS,
            options=tuple((each.value,) for each in METHODS),
            many=True,
            entities=ORDER,
        ),
        at=("order", "methods"),
        by_value=True,
    ),
    TableAt(
        kind=Kind(
            name="organization",
            en="organisations, by sites of orders",
            ru="организации, по сайтам заказов",
            otherwise=("not written", "не указывается"),
            many=True,
            entities=ORDER,
        ),
        at=("order", "organizations"),
        by_value=True,
    ),
    TableAt(
        kind=Kind(
            name="price_type",
            en="price types",
            ru="виды цен",
            otherwise=("goes by its id", "идёт под своим Ид"),
            may_leave_out=True,
            single=True,
            later=True,
        ),
        at=("price_types",),
    ),
    TableAt(
        kind=Kind(
            name="warehouse",
            en="warehouses",
            ru="склады",
            otherwise=("goes by its id", "идёт под своим Ид"),
            may_leave_out=True,
            single=True,
            entities=ORDER,
            wakes="warehouse",
            later=True,
        ),
        at=("warehouses",),
    ),
    TableAt(
        kind=Kind(
            name="currency", en="currencies", ru="валюты", entities=("offer", "order"), wakes="currency"
        ),
        at=("currencies",),
    ),
    TableAt(
        kind=Kind(name="unit", en="units", ru="единицы измерения", entities=GOODS, wakes="unit"),
        at=("units",),
    ),
    TableAt(
        kind=Kind(
            name="vat",
            en="VAT rates",
            ru="ставки НДС",
            meanings=tuple(
                Meaning(rate, "without VAT", "без НДС")
                if rate == "none"
                else Meaning(rate, f"{rate} %", f"{rate} %")
                for rate in VAT_RATES
            ),
            directions=("both", "out"),
            entities=(*GOODS, *ORDER),
            wakes="vat",
        ),
        at=("vat",),
    ),
    TableAt(
        kind=Kind(
            name="goods_kind",
            en="types of goods",
            ru="виды номенклатуры",
            meanings=(
                Meaning("goods", "goods", "товар"),
                Meaning("service", "service", "услуга"),
                Meaning("set", "set", "комплект"),
            ),
            entities=("product",),
            wakes="kind",
        ),
        at=("kinds",),
    ),
)


def dictionary(known: References, kind: str) -> list[Entry]:
    """Return what exports have shown of a kind: by name, as people call them; by id where several share a name."""
    names: Mapping[str, str] = {}
    if kind == "price_type":
        names = {key: price.name for key, price in known.prices.items()}
    elif kind == "warehouse":
        names = known.warehouses
    times = Counter(names.values())
    return [
        Entry(code=name, name="") if name and times[name] == 1 else Entry(code=key, name=name)
        for key, name in names.items()
        if key
    ]
