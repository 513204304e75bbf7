"""Customers of an account, wire and canonical. Pure and driven by the tables of the settings.

A card has any number of phones and one e-mail. Of several addresses it takes the first; what can be neither phone nor
e-mail stays where it is, on either side.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

from obmen.connectors.retailcrm.customers.contacts import joined, one_email, one_phone, parted
from obmen.connectors.retailcrm.customers.settings import CustomerSettings
from obmen.connectors.retailcrm.shapes import UNREADABLE
from obmen.model import Value, table
from obmen.sync.mapping import first_codes
from obmen.sync.shadow import CONTRADICTION, Blocked, Decoded, Encoded, Wire, Withheld

FORM = 1
_CARRIED = frozenset({"name", "phones", "emails", "birthday"})
_UNFIT = Withheld("unfit_contact")


class CustomerCodec:
    """Customers of one account, with today's tables."""

    form = FORM

    def __init__(self, *, connection: str, settings: CustomerSettings, managers: Mapping[str, str]) -> None:
        """`managers`: the table of orders, id or e-mail → our code of the responsible."""
        self._connection = connection
        self._settings = settings
        self._managers = {code.lower(): name for code, name in managers.items()}

    def carries(self, atom: str) -> bool:
        """Tell whether the account can hold the atom."""
        if atom == "responsible":
            return bool(self._managers)
        return atom in _CARRIED or atom in self._settings.fields.values()

    def decode(self, atom: str, wire: Wire) -> Decoded:
        """Translate a wire value; unknown codes and nonsense are `Blocked`."""
        if wire is None:
            return None
        if isinstance(wire, Mapping) and UNREADABLE in wire:
            return self._nonsense(atom, str(wire[UNREADABLE]))
        match atom.partition(".")[0]:
            case "name":
                return joined(table(wire)) or None
            case "phones":
                return _phones(wire) or None
            case "emails":
                found = one_email(str(wire))
                return [found] if found is not None else None
            case "birthday":
                return str(wire) if _is_day(str(wire)) else self._nonsense(atom, str(wire))
            case "responsible":
                known = self._managers.get(str(wire))
                return known or Blocked(f"map:{self._connection}:manager:{wire}", str(wire))
            case _:
                return str(wire)

    def encode(self, atom: str, value: Value) -> Encoded:
        """Translate a canonical value into what the account takes."""
        if value is None or value == []:
            return None
        match atom.partition(".")[0]:
            case "name":
                return {**parted(str(value))} or None
            case "phones":
                return [str(each) for each in _phones(value)] or _UNFIT
            case "emails":
                return next((found for each in _each(value) if (found := one_email(each))), _UNFIT)
            case "responsible":
                code = first_codes(self._managers).get(str(value))
                return code or Blocked(f"map:{self._connection}:manager:{value}", str(value))
            case _:
                return str(value)

    def _nonsense(self, atom: str, how: str) -> Blocked:
        return Blocked(f"{CONTRADICTION}{self._connection}:{atom}:{how}", how)


def _each(raw: Any) -> list[str]:
    return [str(one) for one in (raw if isinstance(raw, list) else [raw])]


def _phones(raw: Any) -> list[Value]:
    return [*sorted({found for each in _each(raw) if (found := one_phone(each)) is not None})]


def _is_day(text: str) -> bool:
    try:
        return date.fromisoformat(text).isoformat() == text
    except ValueError:
        return False
