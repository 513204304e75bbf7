"""The exchange of orders as 1C performs it: asks for what is new, confirms it, brings what it changed."""

from __future__ import annotations

from typing import Literal
from xml.etree.ElementTree import ParseError, fromstring

import msgspec

from obmen.connectors.onec.sandbox.exchange import Exchange, Outcome, Refused, Reply, Session, Verdict
from obmen.connectors.onec.sandbox.packing import Upload
from obmen.connectors.onec.sandbox.request import LineBroken
from obmen.connectors.onec.sandbox.sale.book import OrderBook
from obmen.connectors.onec.sandbox.sale.papers import papers


class OrderManners(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Habits of the exchange of orders."""

    schema: Literal["2.05", "2.09", "2.10", "3.1"] = "2.09"
    asks: int = 50  # times `query` is repeated at most; it ends with an answer without orders
    says_success: bool = True  # some configurations never do: the next query has to count
    with_id: bool = False  # most leave `Ид` out of what they send back
    sends_all: bool = False  # all orders again, not only those that changed
    times: int = 1  # the same file is sent so many times
    dies_after: Literal["", "query", "file"] = ""
    encoding: Literal["utf-8-bom", "utf-8", "windows-1251"] = "utf-8-bom"


class OrderExchange(Exchange):
    """One exchange of orders with one site. Use it once."""

    kind = "sale"

    async def visit(self, book: OrderBook, manners: OrderManners, *, formed_at: str) -> Outcome:
        """Take what is new and bring what has changed."""
        verdict: Verdict = "broken"
        try:
            await self._visit(book, manners, formed_at)
            verdict = "success"
            self._say("Обмен заказами завершён.")
        except LineBroken as exc:
            self._say(f"Обмен прерван: нет связи с сайтом ({exc}).")
        except Refused as exc:
            verdict = "failure"
            self._say(f"Обмен заказами остановлен. {exc}")
        return Outcome(
            verdict=verdict,
            attempts=1,
            breaks=self._breaks,
            replies=tuple(self._replies),
            sentences=tuple(self._sentences),
        )

    async def _visit(self, book: OrderBook, manners: OrderManners, formed_at: str) -> None:
        session = await self._login()
        await self._init(session)
        for _ in range(manners.asks):
            count = await self._query(session, book)
            if manners.dies_after == "query":
                raise LineBroken("питание отключилось")
            if manners.says_success:
                await self._ask(session, "success")
            if not count:
                break
        orders = list(book.orders.values()) if manners.sends_all else book.changed()
        if not orders:
            return
        body = papers(
            orders,
            book.counterparties,
            version=manners.schema,
            formed_at=formed_at,
            with_id=manners.with_id,
            encoding=manners.encoding,
        )
        versions = {order.id: order.version for order in orders}
        for number in range(manners.times):
            await self._bring(session, f"orders_{number}.xml", body, manners)
        for order in orders:
            order.told = versions[order.id]

    async def _bring(self, session: Session, name: str, body: bytes, manners: OrderManners) -> None:
        await self._upload(session, Upload(name=name, body=body))
        if manners.dies_after == "file":
            raise LineBroken("питание отключилось")
        if self._manners.version:
            await self._import(session, name)

    async def _query(self, session: Session, book: OrderBook) -> int:
        answer = await self._call(session, "query", {})
        first = answer.text().partition("\n")[0].strip()
        if answer.status != 200 or first in {"failure", "error"}:
            raise Refused(
                self._complaint("query", "", answer.status, first, answer.text().partition("\n")[2])
            )
        try:
            count = book.take(fromstring(answer.body))  # noqa: S314 - the site under test
        except ParseError as exc:
            raise Refused(f"Ответ сайта на запрос заказов не читается: {exc}.") from exc
        self._replies.append(Reply(mode="query", verdict="success", text=str(count)))
        self._say(f"Получено документов: {count}.")
        return count
