"""Canonical values: plain JSON shapes with one spelling each, so that `==` is the whole comparison.

Money is the text ``"1990.00 RUB"``, a quantity ``"0.35"``, a VAT rate ``"22"`` or ``"none"``, a moment ISO 8601 in
UTC. The classes here parse and print those texts; records and shadows hold the texts themselves.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
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
VAT_CALCULATED = ("22/122", "20/120", "18/118", "10/110", "7/107", "5/105")
"""Rates of advances: that share of a sum which is there already."""
_EXTENSION = re.compile(r"[\s,;]*(?:доб(?:авочный)?|вн(?:утр)?|ext|#)[\s.:№]*(\d{1,6})\s*$", re.IGNORECASE)
_PHONE = re.compile(r"[^\d+]")


class BadValue(ValueError):
    """A text that is no value of its kind; the message names both."""


def table(value: Any) -> Mapping[str, Any]:
    """Return a value made of fields; whatever else it is has none."""
    return value if isinstance(value, Mapping) else {}


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
        rate = rate if rate in VAT_CALCULATED else plain(decimal(rate))
    except BadValue:
        raise BadValue(f"«{text}» is not a VAT rate; known: {', '.join(VAT_RATES)}") from None
    if rate not in VAT_RATES and rate not in VAT_CALCULATED:
        raise BadValue(f"«{text}» is not a VAT rate; known: {', '.join(VAT_RATES)}")
    return rate


def vat_percent(rate: str) -> Decimal:
    """Return what VAT puts on top of the net sum, in per cent; nothing for «без НДС»."""
    return Decimal(0) if rate == VAT_NONE else decimal(rate.partition("/")[0])


def instant(moment: datetime) -> str:
    """Print an aware moment in UTC with seconds; a naive one is refused."""
    if moment.tzinfo is None:
        raise BadValue(f"{moment} has no time zone")
    return moment.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")


def phone(text: str) -> str:
    """Return a phone in international form: 8, 7, +7 and ten digits of Russia become +7; foreign ones stay.

    An extension is kept behind it: `+79165550102 доб. 7`.
    """
    extension = _EXTENSION.search(text)
    behind = "" if extension is None else f" доб. {extension[1]}"
    digits = _PHONE.sub("", text if extension is None else text[: extension.start()])
    bare = digits.lstrip("+")
    if len(bare) == 11 and bare[0] in "78" and not digits.startswith("+8"):
        return f"+7{bare[1:]}{behind}"
    if len(bare) == 10 and not digits.startswith("+"):
        return f"+7{bare}{behind}"
    return f"+{bare}{behind}" if digits.startswith("+") else text.strip()
