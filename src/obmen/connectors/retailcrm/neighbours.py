"""Who else writes into the account: the former module, RetailCRM's own module of 1C or of a marketplace."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import tzinfo
from typing import Any

from obmen.connectors.contract import Finding
from obmen.connectors.retailcrm import wire
from obmen.connectors.retailcrm.client import PAGE, Api, listed
from obmen.connectors.retailcrm.history import newest_records
from obmen.connectors.retailcrm.orders.acts import SECOND_WRITER, second_writer
from obmen.connectors.retailcrm.orders.settings import OrderSettings
from obmen.connectors.retailcrm.records import ORDERS, in_shops
from obmen.connectors.retailcrm.settings import Settings
from obmen.errors import ObmenError

WEEK_S = 7 * 86_400.0


async def beside(
    api: Api, settings: Settings, orders: OrderSettings, *, zone: tzinfo, now: float
) -> list[Finding]:
    """Look for another program in the newest history, and for orders of a marketplace that came twice."""
    try:
        records = await newest_records(api, ORDERS)
        asked = {"limit": PAGE, "page": 1, "filter": {"sites": sorted(settings.shops())}}
        newest = listed(await api.get("orders", asked), "orders")
    except ObmenError as exc:
        return [Finding(ok=False, code="retailcrm.neighbours", en=exc.en, ru=exc.ru)]
    held = {str(row.get("id")): row for row in newest}
    ours = in_shops(records, settings.shops(), ORDERS)
    others = [
        Finding(ok=orders.others_write, warning=True, code=one.code, en=one.en, ru=one.ru)
        for one in second_writer(ours, held, orders, zone=zone, now=now, within_s=WEEK_S)
    ]
    nobody = Finding(
        ok=True,
        code=SECOND_WRITER,
        en="No other program has written orders there of late.",
        ru="Других программ, пишущих заказы, в последнее время не видно.",
    )
    return [*(others or [nobody]), *_twice(newest)]


def _twice(orders: Sequence[Mapping[str, Any]]) -> list[Finding]:
    """Name the orders of a marketplace that stand there more than once: it is connected by two routes."""
    by_origin: dict[tuple[str, str], list[str]] = defaultdict(list)
    for row in orders:
        market = wire.table(row.get("marketplace"))
        code, order = wire.text(market.get("code")), wire.text(market.get("orderId"))
        if code is not None and order is not None:
            by_origin[code, order].append(f"№ {wire.text(row.get('number')) or row.get('id')}")
    return [
        Finding(
            ok=False,
            warning=True,
            code="retailcrm.two_routes",
            en=f"The order {order} of the marketplace «{code}» stands there as {' and '.join(numbers)}: it is brought by two "
            "routes. Switch off one of them, then combine the doubles.",
            ru=f"Заказ {order} маркетплейса «{code}» есть там как {' и '.join(numbers)}: его приносят двумя путями. "
            "Отключите один из них, затем объедините двойников.",
        )
        for (code, order), numbers in by_origin.items()
        if len(numbers) > 1
    ]
