"""Canonical values: plain JSON shapes with one spelling each, so that `==` is the whole comparison.

Money is the text ``"1990.00 RUB"``, a quantity ``"0.35"``, a VAT rate ``"22"`` or ``"none"``, a moment ISO 8601 in
UTC. The classes here parse and print those texts; records and shadows hold the texts themselves.
"""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from typing import TYPE_CHECKING, Any, TypeAlias

import msgspec

if TYPE_CHECKING:
    Value: TypeAlias = bool | int | str | list["Value"] | dict[str, "Value"] | None
else:
    # msgspec reads no recursive alias; what it stores and reads back here is our own JSON.
    Value = Any
"""A canonical value. `None` is *asserted empty*; an atom nobody asserted is absent from the record."""

VAT_NONE = "none"
VAT_RATES = ("22", "20", "18", "10", "7", "5", "0", VAT_NONE)
"""Rates a document may carry; 20 and 18 live on in documents of their years."""


class BadValue(ValueError):
    """A text that is no value of its kind; the message names both."""


def decimal(text: str) -> Decimal:
    """Parse a plain decimal text; NaN, infinity and anything else raise `BadValue`."""
    try:
        number = Decimal(text)
    except InvalidOperation:
        raise BadValue(f"«{text}» is not a number") from None
    if not number.is_finite():
        raise BadValue(f"«{text}» is not a number")
    return number


def plain(number: Decimal) -> str:
    """Print a decimal without exponent and without trailing zeros after the point: the one spelling."""
    text = f"{number:f}"
    if "." in text:
        text = text.rstrip("0").rstrip(".")
    return "0" if text in {"-0", ""} else text


class Money(msgspec.Struct, frozen=True):
    """An amount in one currency (ISO 4217 code); at least two decimals in print, more kept when there are more."""

    amount: Decimal
    currency: str

    def __str__(self) -> str:
        text = plain(self.amount)
        whole, _, fraction = text.partition(".")
        return f"{whole}.{fraction.ljust(2, '0')} {self.currency}"

    @classmethod
    def parse(cls, text: str) -> Money:
        """Read ``"1990.00 RUB"``."""
        amount, _, currency = text.partition(" ")
        if not currency:
            raise BadValue(f"«{text}» is money without a currency; write it like 1990.00 RUB")
        return cls(decimal(amount), currency)


def vat_rate(text: str) -> str:
    """Return the canonical VAT rate of a text such as ``22``, ``22%``, ``НДС 22``, ``Без НДС``; there is no default."""
    squeezed = "".join(text.split()).casefold().replace("%", "")
    if squeezed in {"безндс", "none", "ндснеоблагается"}:
        return VAT_NONE
    rate = squeezed.removeprefix("ндс").replace(",", ".")
    try:
        rate = plain(decimal(rate))
    except BadValue:
        raise BadValue(f"«{text}» is not a VAT rate; known: {', '.join(VAT_RATES)}") from None
    if rate not in VAT_RATES:
        raise BadValue(f"«{text}» is not a VAT rate; known: {', '.join(VAT_RATES)}")
    return rate


def instant(moment: datetime) -> str:
    """Print an aware moment in UTC with seconds; a naive one is refused."""
    if moment.tzinfo is None:
        raise BadValue(f"{moment} has no time zone")
    return moment.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
