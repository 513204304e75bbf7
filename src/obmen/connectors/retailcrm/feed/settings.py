"""What the catalogue feed is set up with."""

from __future__ import annotations

from typing import Annotated

import msgspec
from msgspec import Meta

from obmen.errors import ConfigError
from obmen.setting import said

SHORTEST_SECRET = 16


class FeedSettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The feed of one account."""

    path: Annotated[
        str,
        said(
            "Secret path the account fetches, like /feeds/<16 characters or more>.xml.",
            "Секретный путь, по которому аккаунт забирает каталог: /feeds/<16 знаков или больше>.xml.",
            secret=True,
        ),
    ]
    price: Annotated[
        str,
        said("Our price type that is the price of the feed.", "Наш тип цены, который идёт ценой в каталог."),
    ]
    purchase: Annotated[
        str,
        said(
            "Our price type that is the purchase price; empty: none is shown.",
            "Наш тип цены, который идёт закупочной; пусто — закупочной нет.",
        ),
    ] = ""
    xml_ids: Annotated[
        str,
        said(
            "Connection whose ids go as xmlId, the 1C one as a rule; empty: none.",
            "Подключение, чьи ID идут в xmlId, обычно 1С; пусто — не передаются.",
        ),
    ] = ""
    name: Annotated[str, said("Name of the shop in the feed.", "Название магазина в каталоге.")] = "Shop"
    every_s: Annotated[
        float, Meta(ge=1), said("Seconds between two feeds.", "Секунд между двумя каталогами.")
    ] = 900.0
    may_lose: Annotated[
        float,
        Meta(ge=0, le=1),
        said(
            "Share of the offers that may vanish from one feed to the next; with more it is held and asked about.",
            "Какая доля товаров может пропасть между каталогами; при большей каталог придержан и задан вопрос.",
        ),
    ] = 0.1

    def __post_init__(self) -> None:
        """Refuse a path that can be guessed: the feed may carry purchase prices."""
        secret = self.path.rpartition("/")[2].removesuffix(".xml")
        if not self.path.startswith("/") or len(secret) < SHORTEST_SECRET:
            raise ConfigError(
                "retailcrm.settings.feed",
                f"feed.path must be a path that ends in a secret of {SHORTEST_SECRET} characters or more: whoever knows it "
                "reads the catalogue.",
                f"feed.path — путь, который кончается секретом не короче {SHORTEST_SECRET} знаков: кто его знает, читает "
                "каталог.",
            )
