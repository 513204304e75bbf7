"""What the watcher sees: headings, sentences, and a live line of counters system by system."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Awaitable
from typing import TypeVar

from rich.live import Live
from rich.table import Table

from obmen.cli.app import say, screen, word
from obmen.cli.demo.stage import PUSHED, Stage

T = TypeVar("T")


class Board:
    """Prints the play."""

    def __init__(self, stage: Stage) -> None:
        self._stage = stage

    def title(self, number: int, of: int, ru: str, en: str) -> None:
        """Announce a scene."""
        say(f"\n[bold cyan]{number}/{of}[/] [bold]{ru}[/]", f"\n[bold cyan]{number}/{of}[/] [bold]{en}[/]")

    def heading(self, ru: str, en: str) -> None:
        """Announce the end."""
        say(f"\n[bold]{ru}[/]", f"\n[bold]{en}[/]")

    def line(self, ru: str, en: str) -> None:
        """Say a sentence."""
        say(f"  {ru}", f"  {en}")

    def check(self, kept: bool, ru: str, en: str) -> bool:  # noqa: FBT001 - reads as a sentence
        """Say whether something holds, and return it."""
        mark = "[green]✓[/]" if kept else "[red]✗[/]"
        say(f"  {mark} {ru}", f"  {mark} {en}")
        return kept

    async def watch(self, work: Awaitable[T]) -> T:
        """Wait for something with the counters running, and leave them standing at the end."""
        task = asyncio.ensure_future(work)
        with Live(
            self.counters(), console=screen, refresh_per_second=8, transient=not screen.is_terminal
        ) as live:
            while not task.done():
                await asyncio.wait([task], timeout=0.2)
                live.update(self.counters())
        if not screen.is_terminal:
            screen.print(self.counters())
        return task.result()

    def counters(self) -> Table:
        """Return a column for each: 1C, the hub, the shop, the CRM."""
        table = Table(box=None, padding=(0, 2, 0, 2))
        for name, style, width in (
            (word("1С", "1C"), "yellow", 15),
            (word("Обмен", "Hub"), "cyan", 15),
            (word("Магазин", "Shop"), "green", 24),
            ("RetailCRM", "magenta", 12),
        ):
            table.add_column(name, style=style, min_width=width)
        erp, crm = self._stage.erp, self._stage.crm.counts()
        offers = sum(len(product.offers) for product in erp.world.products)
        shop = self._stage.shop.counts()
        hub, waiting = self._hub()
        table.add_row(
            word(f"товаров {len(erp.world.products)}", f"{len(erp.world.products)} products"),
            word(f"товаров {hub['product']}", f"{hub['product']} products"),
            word(f"товаров {shop['products_live']}", f"{shop['products_live']} products"),
            word(f"товаров {crm['products']}", f"{crm['products']} products"),
        )
        table.add_row(
            word(f"предложений {offers}", f"{offers} offers"),
            word(f"предложений {hub['offer']}", f"{hub['offer']} offers"),
            word(
                f"вариантов {shop['offers_live']}, цен {shop['prices']}",
                f"{shop['offers_live']} variants, {shop['prices']} prices",
            ),
        )
        table.add_row(
            word(f"заказов {len(erp.book.orders)}", f"{len(erp.book.orders)} orders"),
            word(f"к отправке {waiting}", f"{waiting} to send"),
            word(f"заказов {shop['orders']}", f"{shop['orders']} orders"),
            word(f"заказов {crm['orders']}", f"{crm['orders']} orders"),
        )
        return table

    def _hub(self) -> tuple[Counter[str], int]:
        with self._stage.hub.ledger.begin() as tx:
            counted = Counter({entity: tx.count_bound("erp", entity) for entity in ("product", "offer")})
            waiting = sum(row.state in {"ready", "leased"} for name in PUSHED for row in tx.outbox(name))
        return counted, waiting
