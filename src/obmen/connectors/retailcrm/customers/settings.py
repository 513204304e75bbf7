"""What customers of an account are set up with, where they are cards of their own."""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec

from obmen.errors import ConfigError
from obmen.setting import said


class CustomerSettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Customers of one account. Without this table they are found or made with the orders they bring, and nothing more."""

    fields: Annotated[
        dict[str, str],
        said(
            "Custom field of the customer → its place: card = «properties.card».",
            "Пользовательское поле клиента → место: card = «properties.card».",
        ),
    ] = {}
    creates: Annotated[
        Literal["own", "all"],
        said(
            "Which customers may become new ones elsewhere: `own`, without an external id; or `all`.",
            "Каких клиентов заводить в других системах: own — без внешнего ID; all — всех.",
        ),
    ] = "all"

    def __post_init__(self) -> None:
        """Refuse places nobody knows."""
        for code, place in self.fields.items():
            family, _, member = place.partition(".")
            if family != "properties" or not member:
                raise ConfigError(
                    "retailcrm.settings.place",
                    f"customers.fields.{code}: no such place as «{place}»; known: properties.*.",
                    f"customers.fields.{code}: нет места «{place}»; есть: properties.*.",
                )
