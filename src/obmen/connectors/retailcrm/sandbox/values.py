"""Reading values as the account reads them; what it cannot take is `Unfit` with the vendor's kind of sentence."""

import re
from collections.abc import Callable, Mapping
from datetime import datetime
from decimal import ROUND_HALF_UP, Decimal, InvalidOperation
from typing import Any

from obmen.connectors.retailcrm.sandbox.errors import Unfit
from obmen.connectors.retailcrm.sandbox.rows import ZERO
from obmen.connectors.retailcrm.sandbox.state import CrmState

MOMENT, DAY = "%Y-%m-%d %H:%M:%S", "%Y-%m-%d"
KOPECK = Decimal("0.01")
NOT_VALID = "This value is not valid."

Read = Callable[[CrmState, Any], Any]


def is_empty(raw: Any) -> bool:
    """Tell whether a sent value clears the field."""
    return raw is None or raw == ""


def text(longest: int = 255) -> Read:
    """Read a text of at most so many characters."""

    def read(state: CrmState, raw: Any) -> str:
        if isinstance(raw, dict | list | bool):
            raise Unfit(NOT_VALID)
        value = str(raw)
        if len(value) > longest:
            raise Unfit(f"This value is too long. It should have {longest} characters or less.")
        trim = state.faults.dials.trim
        return value[:trim] if trim else value

    return read


def decimal(raw: Any) -> Decimal:
    """Read a number."""
    if isinstance(raw, bool | dict | list):
        raise Unfit(NOT_VALID)
    try:
        value = Decimal(str(raw))
    except InvalidOperation as exc:
        raise Unfit(NOT_VALID) from exc
    if not value.is_finite():
        raise Unfit(NOT_VALID)
    return value


def number(_: CrmState, raw: Any) -> Decimal:
    """Read a number; an empty one is nought."""
    return ZERO if is_empty(raw) else trimmed(decimal(raw))


def positive(state: CrmState, raw: Any) -> Decimal:
    """Read a number that is not below nought."""
    value = number(state, raw)
    if value < 0:
        raise Unfit("This value should be 0 or more.")
    return value


def money(state: CrmState, raw: Any) -> Decimal:
    """Read a price or a sum, kept to kopecks, or to as many decimals as the dial `round` leaves."""
    kept = state.faults.dials.round
    places = Decimal(1).scaleb(-kept) if kept >= 0 else KOPECK
    return trimmed(positive(state, raw).quantize(places, ROUND_HALF_UP))


def percent(state: CrmState, raw: Any) -> Decimal:
    """Read a share of a hundred."""
    value = positive(state, raw)
    if value > 100:
        raise Unfit("This value should be 100 or less.")
    return value


def whole(_: CrmState, raw: Any) -> int:
    """Read a whole number."""
    value = decimal(raw)
    if value != value.to_integral_value():
        raise Unfit(NOT_VALID)
    return int(value)


def flag(_: CrmState, raw: Any) -> bool:
    """Read a boolean as a PHP form does."""
    if raw in (True, 1, "1", "true", "on"):
        return True
    if raw in (False, 0, "0", "false", "", None):
        return False
    raise Unfit(NOT_VALID)


def moment(_: CrmState, raw: Any) -> str:
    """Read a moment of the account's own time."""
    return _dated(raw, MOMENT)


def day(_: CrmState, raw: Any) -> str:
    """Read a date."""
    return _dated(raw, DAY)


def hours(_: CrmState, raw: Any) -> dict[str, str]:
    """Read an interval of delivery: from, to, or a custom text."""
    if not isinstance(raw, dict):
        raise Unfit(NOT_VALID)
    kept = {name: str(raw[name]) for name in ("from", "to", "custom") if not is_empty(raw.get(name))}
    for name in ("from", "to"):
        if name in kept and not re.fullmatch(r"([01]\d|2[0-3]):[0-5]\d", kept[name]):
            raise Unfit(NOT_VALID)
    return kept


def choice(*known: str) -> Read:
    """Read one of a closed set."""

    def read(_: CrmState, raw: Any) -> str:
        if raw not in known:
            raise Unfit("The value you selected is not a valid choice.")
        return str(raw)

    return read


def code_of(book: str, named: str) -> Read:
    """Read the code of an entry of a dictionary; `{"code": …}` is understood too."""

    def read(state: CrmState, raw: Any) -> str:
        code = str(raw.get("code") if isinstance(raw, Mapping) else raw)
        if code not in state.books[book]:
            raise Unfit(f'"{named}" with "code"="{code}" does not exist.')
        return code

    return read


def manager(state: CrmState, raw: Any) -> int:
    """Read the id of a person of the staff."""
    user = state.users.get(whole(state, raw))
    if user is None:
        raise Unfit(f'"User" with "id"="{raw}" does not exist.')
    return user.id


def email(state: CrmState, raw: Any) -> str:
    """Read an e-mail; nonsense is refused."""
    value = str(text(255)(state, raw))
    if not re.fullmatch(r"[^@\s]+@[^@\s]+\.[^@\s]+", value):
        raise Unfit("This value is not a valid email address.")
    return value


def vat_rate(_: CrmState, raw: Any) -> str:
    """Read a rate of VAT: `none`, or a number kept as a text."""
    if raw == "none":
        return "none"
    rate = decimal(raw)
    if not 0 <= rate <= 100:
        raise Unfit(NOT_VALID)
    return f"{trimmed(rate)}"


def trimmed(value: Decimal) -> Decimal:
    """Drop zeros after the point, so that a whole number is shown as one."""
    return value.to_integral_value() if value == value.to_integral_value() else value.normalize()


def digits(phone: str) -> str:
    """Return what the account compares phones by: the last ten digits."""
    return re.sub(r"\D", "", phone.partition("доб")[0])[-10:]


def _dated(raw: Any, pattern: str) -> str:
    try:
        return datetime.strptime(str(raw), pattern).strftime(pattern)  # noqa: DTZ007 (the account's own time)
    except ValueError as exc:
        raise Unfit(NOT_VALID) from exc
