"""Custom fields in the type the account gave them; a text that is none of it is left out and told of. Pure.

Types as of the page "Custom fields" (v5): a shop keeps texts, the account refuses a thing for one that does not fit.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date, datetime, tzinfo
from typing import Any, NamedTuple

from obmen.connectors.contract import Doubt
from obmen.connectors.retailcrm import wire
from obmen.connectors.retailcrm.customers.contacts import is_email
from obmen.connectors.retailcrm.shapes import WRONG_TYPE, Odd, unreadable
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


def shown(held: Mapping[str, Any], places: Mapping[str, str]) -> dict[str, Wire]:
    """Put each custom field where the table says, code → place; an empty number is nobody's word."""
    found: dict[str, Wire] = {}
    for code, place in places.items():
        raw = held.get(code)
        value: Wire = ", ".join(map(str, raw)) if isinstance(raw, list) else _plainly(raw)
        if isinstance(raw, dict) and raw:
            value = unreadable(Odd(f"customFields.{code}", WRONG_TYPE, "{…}"))
        if value is not None or not place.startswith("numbers."):
            found[place] = value
    return found


def custom_fields(
    fields: Mapping[str, Wire], places: Mapping[str, str], types: Mapping[str, str], zone: tzinfo
) -> tuple[dict[str, Any], list[str]]:
    """Return the custom fields to send by code, and the codes of those whose text is none of their type.

    `places` is the table, code → place; `types` are those of the account.
    """
    sent: dict[str, Any] = {}
    unfit: list[str] = []
    for code, text in _wanted(fields, places):
        value = typed(text, types.get(code, "string"), zone)
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


def left_out(codes: list[str], table: str, en: str, ru: str) -> Doubt | None:
    """Tell of fields whose text is none of their type; `table` is the setting, `en` and `ru` say what went without them."""
    if not codes:
        return None
    names = ", ".join(codes)
    return Doubt(
        code="retailcrm.custom_fields",
        en=f"the custom fields {names} have another type than the values for them and were left out; {en} went all the "
        f"same. Change the type of the field, or what {table} puts into it.",
        ru=f"значения для пользовательских полей {names} не того типа и не переданы; {ru}. Измените тип поля или "
        f"то, что в него кладёт {table}.",
    )


def _plainly(raw: Any) -> str | None:
    if isinstance(raw, bool):
        return "1" if raw else "0"
    return wire.text(raw)


def _wanted(fields: Mapping[str, Wire], places: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    for code, place in places.items():
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
