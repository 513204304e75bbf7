"""Writing the feed whole and then putting it in the place of the old one: nobody ever fetches half of it.

Offers a feed does not name are switched off in RetailCRM. A feed that has lost many is held, and the old one stays.
"""

from __future__ import annotations

import hashlib
from collections.abc import AsyncIterator, Callable
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path

import msgspec
from aiohttp import web

from obmen.connectors.contract import Card, Doubt
from obmen.connectors.retailcrm.feed import icml
from obmen.connectors.retailcrm.feed.settings import FeedSettings

ENTITIES = ("category", "product", "offer")


class _Stands(msgspec.Struct):
    """What is known of the file that stands there."""

    offers: int = 0
    digest: str = ""


class Feed:
    """The feed of one account."""

    def __init__(
        self, *, folder: Path, settings: FeedSettings, with_stock: bool, now: Callable[[], float]
    ) -> None:
        """`with_stock`: whether the feed brings stock, because nobody else does."""
        self._settings = settings
        self._with_stock = with_stock
        self._now = now
        self.file = folder / "catalogue.xml"
        self._note = folder / "catalogue.json"

    async def publish(self, cards: AsyncIterator[Card]) -> Doubt | None:
        """Write the file and swap it in; one of the same content stays as it is, one that lost too much is held."""
        part = _Part(self.file.with_suffix(".part"))
        try:
            await self._write(part, cards)
            stood = self._stands()
            if part.offers < stood.offers * (1 - self._settings.may_lose):
                return _shrunk(stood.offers, part.offers, self._note)
            if part.digest != stood.digest or not self.file.exists():
                part.swap(self.file)
                self._note.write_bytes(msgspec.json.encode(_Stands(part.offers, part.digest)))
        finally:
            part.drop()
        return None

    async def serve(self, request: web.Request) -> web.StreamResponse:
        """Give the file that stands there; with its `ETag`, so that an unchanged one is not sent again."""
        if request.method not in {"GET", "HEAD"}:
            return web.Response(status=405, text="GET\n")
        if not self.file.exists():
            return web.Response(
                status=503, text="The catalogue is not written yet. Каталог ещё не записан.\n"
            )
        return web.FileResponse(self.file, headers={"Content-Type": "application/xml; charset=utf-8"})

    async def _write(self, part: _Part, cards: AsyncIterator[Card]) -> None:
        categories: dict[int, Card] = {}
        products: dict[int, icml.Product] = {}
        headed = False
        async for card in cards:
            if card.entity == "category":
                if card.atoms.get("active") is not False:
                    categories[card.record] = card
            elif card.entity == "product":
                products[card.record] = icml.product_of(card)
            else:
                headed = headed or self._head(part, categories)
                product = products.get(card.atoms.get("product"))  # type: ignore[arg-type]
                if product is not None:
                    part.offer(
                        icml.offer(card, product, categories, self._settings, with_stock=self._with_stock)
                    )
        if not headed:
            self._head(part, categories)
        part.add(icml.TAIL)

    def _head(self, part: _Part, categories: dict[int, Card]) -> bool:
        date = datetime.fromtimestamp(self._now(), UTC).strftime("%Y-%m-%d %H:%M:%S")
        first, *rest = icml.head(self._settings, categories, date=date)
        part.add(first, counts=False)  # the moment alone makes no new catalogue
        part.add("".join(rest))
        return True

    def _stands(self) -> _Stands:
        try:
            return msgspec.json.decode(self._note.read_bytes(), type=_Stands)
        except (OSError, msgspec.MsgspecError):
            return _Stands()


class _Part:
    """The file while it is being written."""

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self._path = path
        self._out = path.open("w", encoding="utf-8")
        self._hash = hashlib.sha256()
        self.offers = 0

    @property
    def digest(self) -> str:
        """Of everything that counts."""
        return self._hash.hexdigest()

    def add(self, text: str, *, counts: bool = True) -> None:
        """Write a piece."""
        self._out.write(text)
        if counts:
            self._hash.update(text.encode())

    def offer(self, text: str | None) -> None:
        """Write an offer, if it is one."""
        if text is not None:
            self.add(text)
            self.offers += 1

    def swap(self, target: Path) -> None:
        """Put the file in the place of another."""
        self._out.close()
        self._path.replace(target)

    def drop(self) -> None:
        """Close and remove what is left of it."""
        self._out.close()
        with suppress(FileNotFoundError):
            self._path.unlink()


def _shrunk(before: int, now: int, note: Path) -> Doubt:
    return Doubt(
        code="retailcrm.feed_shrunk",
        en=f"the new catalogue has {now} offers, the one that stands has {before}; offers it does not name would be "
        f"switched off in RetailCRM, so the old one stays. If that is right, delete {note.name} in the spool of this "
        "connection, or raise `feed.may_lose`.",
        ru=f"в новом каталоге {now} предложений, в действующем {before}; чего в нём нет, RetailCRM выключит, поэтому "
        f"остаётся прежний. Если так и надо, удалите {note.name} в папке этого подключения или увеличьте `feed.may_lose`.",
    )
