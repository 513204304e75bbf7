"""Custom fields of an order in the type the account gave them; a text that is none of it is left out and told of. Pure.

Types as of the page "Custom fields" (v5): a shop keeps texts, the account refuses an order for one that does not fit.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date, datetime, tzinfo
from typing import Any, NamedTuple

from obmen.connectors.contract import Doubt
from obmen.connectors.retailcrm import wire
from obmen.connectors.retailcrm.account import Account
from obmen.connectors.retailcrm.orders.doubts import is_email
from obmen.connectors.retailcrm.orders.settings import OrderSettings
from obmen.model import decimal
from obmen.sync.shadow import Wire

LONGEST = 500
"""Characters a field of type `string` keeps."""
_YES, _NO = {"1", "y", "yes", "true", "да"}, {"0", "n", "no", "false", "нет"}


class Value(NamedTuple):
    """What a field is to be set to; whether the text could be read as its type."""

    value: Any
    fits: bool = True


UNFIT = Value(None, fits=False)


def custom_fields(
    fields: Mapping[str, Wire], settings: OrderSettings, account: Account
) -> tuple[dict[str, Any], list[str]]:
    """Return the custom fields to send by code, and the codes of those whose text is none of their type."""
    sent: dict[str, Any] = {}
    unfit: list[str] = []
    for code, text in _wanted(fields, settings):
        value = typed(text, account.fields.get(code, "string"), account.zone)
        if value.fits:
            sent[code] = value.value
        else:
            unfit.append(code)
    return sent, unfit


def typed(text: str, kind: str, zone: tzinfo) -> Value:
    """Write a text as a value of a custom field's type; an empty one clears it."""
    if not text:
        return Value("")
    match kind:
        case "boolean":
            return Value(text.lower() in _YES) if text.lower() in _YES | _NO else UNFIT
        case "integer":
            number = wire.number(text)
            return Value(int(number)) if number is not None and number.lstrip("-").isdecimal() else UNFIT
        case "numeric":
            number = wire.number(text.replace(",", "."))
            return UNFIT if number is None else Value(decimal(number))
        case "date":
            day = _day(text)
            return UNFIT if day is None else Value(day.isoformat())
        case "datetime":
            moment = wire.local(text, zone)
            return UNFIT if moment is None else Value(moment)
        case "email":
            return Value(text) if is_email(text) else UNFIT
        case "string":
            return Value(text[:LONGEST])
        case "multiselect_dictionary":
            return Value([each.strip() for each in text.split(",") if each.strip()])
        case _:
            return Value(text)


def left_out(codes: list[str]) -> Doubt | None:
    """Tell of fields whose text is none of their type."""
    if not codes:
        return None
    names = ", ".join(codes)
    return Doubt(
        code="retailcrm.custom_fields",
        en=f"the custom fields {names} have another type than the order's values and were left out; the order went all the "
        "same. Change the type of the field, or what orders.fields puts into it.",
        ru=f"значения для пользовательских полей {names} не того типа и не переданы; заказ передан. Измените тип поля или "
        "то, что в него кладёт orders.fields.",
    )


def _wanted(fields: Mapping[str, Wire], settings: OrderSettings) -> Iterator[tuple[str, str]]:
    for code, place in settings.fields.items():
        if place in fields:
            value = fields[place]
            yield code, "" if value is None else str(value)


def _day(text: str) -> date | None:
    for form in ("%Y-%m-%d", "%d.%m.%Y"):
        try:
            return datetime.strptime(text[:10], form).date()  # noqa: DTZ007 (a day has no zone)
        except ValueError:
            continue
    return None
