"""The scenes. Each plays one complaint of the field and returns whether it ended as it should."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import NamedTuple

from obmen.cli.configured import facts
from obmen.cli.demo import order
from obmen.cli.demo.board import Board
from obmen.cli.demo.stage import Stage, until
from obmen.cli.demo.words import EN, RU, rub
from obmen.connectors.onec.sandbox.exchange import Outcome
from obmen.connectors.onec.sandbox.export import Export
from obmen.sync.reasons import Reason

DRILL = "DU-13/780"


class Scene(NamedTuple):
    """One scene and its title."""

    ru: str
    en: str
    play: Callable[[Stage, Board], Awaitable[bool]]


async def fill(stage: Stage, board: Board) -> bool:
    """1C uploads everything; the shop fills."""
    outcome, filled = await board.watch(_export_and_rest(stage))
    board.line(f"1С видит: «{outcome.sentences[-1]}»", f"The person at 1C reads: «{outcome.sentences[-1]}»")
    return board.check(
        outcome.verdict == "success" and filled,
        f"магазин заполнен: записей по REST {stage.written()}, цен «Закупочная» в магазине нет",
        f"the shop is filled: {stage.written()} writes over REST, no purchase price among them",
    )


async def again(stage: Stage, board: Board) -> bool:
    """The same files once more."""
    before, applied = stage.written(), _applied(stage)
    outcome, _ = await board.watch(_export_and_rest(stage))
    changed, sent = _applied(stage) - applied, stage.written() - before
    return board.check(
        outcome.verdict == "success" and changed == 0 and sent == 0,
        f"[bold]{changed} записей изменено, {sent} отправлено[/]",
        f"[bold]{changed} records changed, {sent} sent[/]",
    )


async def zeros(stage: Stage, board: Board) -> bool:
    """1C exports zeros; they are held and asked about."""
    before = stage.written()
    world = stage.erp.world
    stage.erp.act("zero_stock")
    board.line(
        "В 1С обнулились все остатки, она выгружает их в пятницу вечером…",
        "All stock in 1C became zero; it is exported on Friday evening…",
    )
    await board.watch(stage.export(Export(content="rests")))
    await until(lambda: _guards(stage) != [], at_most_s=15)
    guards = _guards(stage)
    for ru, en in guards:
        board.line(f"[yellow]{ru}[/]", f"[yellow]{en}[/]")
    held = board.check(
        bool(guards) and stage.written() == before,
        f"придержано, в магазин отправлено {stage.written() - before}",
        f"held; {stage.written() - before} sent to the shop",
    )
    stage.erp.world = world
    await stage.export(Export(content="rests"))
    await until(lambda: _guards(stage) == [], at_most_s=15)
    await stage.rest()
    return held & board.check(
        not _guards(stage) and stage.written() == before,
        "1С выгрузила верные остатки: вопрос снят, писать нечего",
        "1C exported the right stock: the question is gone, there is nothing to write",
    )


async def hand(stage: Stage, board: Board) -> bool:
    """Somebody changes a price in the shop; the owner's price goes back, with the reason."""
    (element,) = stage.shop.operator.find(xml_id=stage.erp.world.product(DRILL).id)
    stage.shop.act("set_price", element=element, price="1.00")
    board.line(
        "Контент-менеджер ставит дрели цену 1,00 ₽ прямо в магазине…",
        "A content manager sets the drill's price to 1.00 right in the shop…",
    )
    await until(lambda: _price(stage, element) != "1.00", at_most_s=20)
    await stage.rest()
    reasons = _reasons(stage, DRILL)
    for ru, en in reasons:
        board.line(ru, en)
    wanted = str(stage.erp.world.offer(DRILL).prices[stage.erp.world.price_type("Розничная").id])
    return board.check(
        _price(stage, element) == wanted and bool(reasons),
        f"цена снова {rub(wanted, 'ru')}, причина в журнале",
        f"the price is {rub(wanted, 'en')} again, the journal says why",
    )


async def new_price(stage: Stage, board: Board) -> bool:
    """An ordinary change travels: one price, one write."""
    before = stage.written()
    offer = stage.erp.world.products[0].offers[0]
    kind = stage.erp.world.price_type("Розничная").id
    price = str(offer.prices[kind] + 100)
    stage.erp.act("price", offer=DRILL, price_type="Розничная", amount=price)
    await board.watch(stage.export(Export(content="prices")))
    (element,) = stage.shop.operator.find(xml_id=offer.product)
    await until(lambda: _price(stage, element) == price, at_most_s=15)
    await stage.rest()
    return board.check(
        _price(stage, element) == price and stage.written() - before == 1,
        f"новая цена дрели {rub(price, 'ru')} в магазине, записей: {stage.written() - before}",
        f"the drill's new price {rub(price, 'en')} is in the shop; writes: {stage.written() - before}",
    )


SCENES = (
    Scene(
        "1С выгружает каталог, цены и остатки — магазин наполняется",
        "1C uploads catalogue, prices and stock: the shop fills",
        fill,
    ),
    Scene("Те же файлы ещё раз", "The same files again", again),
    Scene("Обычное изменение цены", "An ordinary change of a price", new_price),
    Scene("Выгрузка с нулевыми остатками", "An export of zeros", zeros),
    Scene("Цена, исправленная руками в магазине", "A price changed by hand in the shop", hand),
    Scene(
        "Заказ № 17: оформлен, в CRM, оплачен, принят в 1С",
        "Order № 17: placed, in the CRM, paid, taken by 1C",
        order.bought,
    ),
    Scene(
        "Заказ № 17: опоздавший статус и отгрузка",
        "Order № 17: a late status, and the shipment",
        order.walked,
    ),
    Scene("CRM недоступна, люди покупают", "The CRM is away, people buy", order.away),
)


async def _export_and_rest(stage: Stage) -> tuple[Outcome, bool]:
    outcome = await stage.export()
    return outcome, await stage.rest()


def _applied(stage: Stage) -> int:
    with stage.hub.ledger.begin() as tx:
        return sum(
            record.version for record in tx.records(tx.bound_in_scope("erp", "offer", "")).values()
        ) + sum(record.version for record in tx.records(tx.bound_in_scope("erp", "product", "")).values())


def _guards(stage: Stage) -> list[tuple[str, str]]:
    with stage.hub.ledger.begin() as tx:
        return [(i.issue.ru, i.issue.en) for i in tx.issues() if i.issue.code == Reason.HELD_GUARD.code]


def _price(stage: Stage, element: int) -> str:
    row = stage.shop.state.prices.first(product_id=element, catalog_group_id=1)
    return "" if row is None else f"{row.price:.2f}"


def _reasons(stage: Stage, article: str) -> list[tuple[str, str]]:
    """Return what the journal says of the last refusals of an offer, in both languages."""
    ref = stage.erp.world.product(article).id
    with facts(stage.hub).begin() as tx:
        record = tx.bound("erp", "offer", [ref])[ref]
        told = tx.history(record, limit=10)
    return [
        (
            f"журнал: {RU.field(entry.atom)}: в магазине {RU.value(entry.atom, entry.after)}, {RU.reason(entry.reason, entry.detail)}",
            f"journal: {EN.field(entry.atom)}: {EN.value(entry.atom, entry.after)} in the shop, {EN.reason(entry.reason, entry.detail)}",
        )
        for line in told
        for entry in line.line.entries
        if entry.reason == Reason.NOT_OWNER.code
    ][:1]
