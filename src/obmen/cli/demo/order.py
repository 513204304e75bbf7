"""Order 17: placed, paid, taken by CRM and 1C, shipped; a stale word about it; and a CRM that is away for a while."""

from __future__ import annotations

import asyncio
from decimal import Decimal

from obmen.cli.configured import facts
from obmen.cli.demo.board import Board
from obmen.cli.demo.stage import FIRST_ORDER, Stage, until
from obmen.cli.demo.words import EN, RU, rub
from obmen.connectors.bitrix.sandbox.sale.rows import Order
from obmen.connectors.onec.sandbox.sale.book import CustomerOrder
from obmen.connectors.retailcrm.sandbox.rows import Order as CrmOrder
from obmen.sandbox.faults import Dials
from obmen.sync.reasons import Reason

NUMBER = str(FIRST_ORDER)
CART = (("BOT-URAL", "1"), ("DU-13/780", "1"), ("MATR-60x120", "1"))


async def bought(stage: Stage, board: Board) -> bool:
    """A buyer orders and pays by card; 1C takes the order to the kopeck."""
    placed_as = {"who": "sokolova", "delivery": "cdek:pvz", "pickup_point": "TMN14", "pay_system": "card"}
    order = stage.shop.act("place_order", cart=_cart(stage), **placed_as)
    began = asyncio.get_running_loop().time()
    placed = await until(lambda: _in_crm(stage) != [])
    took_s = asyncio.get_running_loop().time() - began
    await stage.exchange_orders()
    early = not stage.erp.book.orders
    board.line(
        f"ИП Соколова оформила заказ № {NUMBER}, СДЭК до пункта выдачи, {rub(_total(stage), 'ru')}; не оплачен — в 1С не уходит",
        f"ИП Соколова placed order № {NUMBER}, CDEK to a pickup point, {rub(_total(stage), 'en')}; unpaid, it does not go to 1C",
    )
    in_crm = board.check(
        placed and [each.total_summ for each in _in_crm(stage)] == [_total(stage)],
        f"через {took_s:.1f} с он в RetailCRM, один, сумма та же до копейки",
        f"{took_s:.1f} s later it is in RetailCRM, once, the same sum to the kopeck",
    )
    stage.shop.act("pay", order=order)
    paid = await until(lambda: _is_paid(stage))
    await board.watch(stage.exchange_orders())
    taken = _in_1c(stage)
    board.line("Оплата картой прошла; 1С забрала заказ", "Paid by card; 1C took the order")
    same = taken is not None and taken.total == _total(stage)
    return in_crm & board.check(
        early and paid and same and len(stage.erp.book.orders) == 1,
        f"заказ № {NUMBER} в 1С — {taken.own_number if taken else '—'}, сумма та же до копейки: {rub(_total(stage), 'ru')}",
        f"order № {NUMBER} is {taken.own_number if taken else '—'} in 1C, the same sum to the kopeck: {rub(_total(stage), 'en')}",
    )


async def walked(stage: Stage, board: Board) -> bool:
    """1C ships it; an hour-old word comes late and is refused."""
    stage.erp.act("set_state", order=NUMBER, state="Готов к обеспечению")
    await stage.exchange_orders()
    moved = await until(lambda: _head(stage).status_id == "P")
    stage.erp.act("set_state", order=NUMBER, state="Ожидается согласование")
    await board.watch(stage.exchange_orders())
    refused = await until(lambda: bool(_stale(stage)))
    for ru, en in _stale(stage):
        board.line(ru, en)
    board.line(
        "Простой скрипт вернул бы оплаченный заказ в «новый»",
        "A plain script would have put the paid order back to «new»",
    )
    (crm,) = _in_crm(stage)
    stage.crm.act("change_status", order=crm.id, status="new")
    back = await until(lambda: [each.status for each in _in_crm(stage)] != ["new"])
    board.line(
        "Менеджер вернул его в «Новый» и в RetailCRM: факт не откатывается, статус там тоже восстановлен",
        "A manager puts it back to «new» in RetailCRM as well: facts never go back, the status there is restored",
    )
    kept = board.check(
        moved and refused and back and (_head(stage).status_id, _head(stage).payed) == ("P", "Y"),
        "в магазине заказ по-прежнему «Оплачен, формируется к отправке»",
        "in the shop it is still «paid, being prepared»",
    )
    stage.erp.act("ship_order", order=NUMBER, tracking="10117351234")
    stage.erp.act("set_state", order=NUMBER, state="Закрыт")
    await stage.exchange_orders()
    done = await until(lambda: (_head(stage).status_id, _head(stage).deducted) == ("F", "Y"))
    await stage.rest()
    return kept & board.check(
        done and _head(stage).price == _total(stage),
        "1С отгрузила: в магазине «Выполнен», трек-номер 10117351234, сумма и оплата не тронуты",
        "1C shipped it: «done» in the shop, tracking 10117351234, sum and payment untouched",
    )


async def away(stage: Stage, board: Board) -> bool:
    """The CRM is away while people buy; it catches up by itself, and doubles nothing."""
    stage.crm.faults.dials = Dials(error=0.5, unavailable=0.5)
    board.line(
        "RetailCRM отвечает ошибками; в магазине тем временем оформляют три заказа наложенным платежом…",
        "RetailCRM answers with errors; meanwhile three orders are placed, cash on delivery…",
    )
    for _ in range(3):
        stage.shop.act(
            "place_order", cart=_cart(stage)[1:], who="petrov", delivery="courier", pay_system="cash"
        )
    await until(lambda: len(_unknown_to_crm(stage)) == 3)
    await board.watch(stage.exchange_orders())
    taken = len(stage.erp.book.orders)
    stage.crm.faults.dials = Dials()
    caught_up = await until(lambda: not _unknown_to_crm(stage), at_most_s=40)
    await stage.rest()
    doubles = stage.crm.counts()["order_doubles"]
    return board.check(
        taken == 4 and caught_up and doubles == {},
        "1С приняла их, не дожидаясь CRM; CRM поднялась и получила все три, двойников нет",
        "1C took them without waiting for the CRM; the CRM came back and got all three, no doubles",
    )


def _unknown_to_crm(stage: Stage) -> list[int]:
    """Return the orders the hub knows of and the CRM does not."""
    with stage.hub.ledger.begin() as tx:
        known = tx.ids("order", after=0, limit=100)
        return sorted(set(known) - set(tx.refs_of("crm", known)))


def _in_crm(stage: Stage) -> list[CrmOrder]:
    return list(stage.crm.state.orders.where(number=NUMBER))


def _cart(stage: Stage) -> list[dict[str, str]]:
    rows = []
    for article, quantity in CART:
        product = stage.erp.world.product(article)
        offer = product.offers[0]
        ref = product.id if offer.characteristic is None else f"{product.id}#{offer.characteristic}"
        rows.append({"xml_id": ref, "quantity": quantity})
    return rows


def _head(stage: Stage) -> Order:
    found = stage.shop.state.sale.orders.first(account_number=NUMBER)
    if found is None:
        raise LookupError(f"The shop has no order {NUMBER}.")
    return found


def _total(stage: Stage) -> Decimal:
    return Decimal(_head(stage).price).quantize(Decimal("0.01"))


def _in_1c(stage: Stage) -> CustomerOrder | None:
    return next((order for order in stage.erp.book.orders.values() if order.number == NUMBER), None)


def _is_paid(stage: Stage) -> bool:
    record = stage.order(NUMBER)
    payments = (
        [value for name, value in record.atoms.items() if name.startswith("payments.")] if record else []
    )
    return any(isinstance(payment, dict) and payment.get("paid") is True for payment in payments)


def _stale(stage: Stage) -> list[tuple[str, str]]:
    """Return what the journal says of a fact that wanted to go back, in both languages."""
    record = stage.order(NUMBER)
    if record is None:
        return []
    with facts(stage.hub).begin() as tx:
        told = tx.history(record.id, limit=20)
    reason = Reason.STALE_FACT
    return [
        (
            f"журнал: пришло «{RU.value(entry.atom, entry.after)}», остаётся «{RU.value(entry.atom, entry.before)}» — {reason.ru}",
            f"journal: «{EN.value(entry.atom, entry.after)}» came, «{EN.value(entry.atom, entry.before)}» stays: {reason.en}",
        )
        for line in told
        for entry in line.line.entries
        if entry.reason == reason.code
    ][:1]
