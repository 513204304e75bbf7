"""Names, phones and e-mails as the account takes them. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from obmen.connectors.retailcrm import wire
from obmen.model import phone

NAMES = ("lastName", "firstName", "patronymic")
"""As people are listed."""
STAFF = NAMES[:2]
"""Those of people who work there."""
COMPANY = ("contragentType", "legalName", "legalAddress", "INN", "KPP")
CORPORATE = "customer_corporate"
LONGEST_EMAIL = 100
_EMAIL = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+")
_SHORTEST_PHONE = 5
_LONGEST_PHONE = 15
"""Digits, by E.164."""


def is_email(text: str) -> bool:
    """Tell whether a text may be somebody's address; the vendor refuses others, and drops those that are too long."""
    return len(text) <= LONGEST_EMAIL and _EMAIL.fullmatch(text) is not None


def is_phone(text: str) -> bool:
    """Tell whether a text may be somebody's phone: «не звонить» is none."""
    return _digits(text) >= _SHORTEST_PHONE


def one_phone(text: str) -> str | None:
    """Return a phone in its one spelling; None for what is none, or several in one line."""
    number, _, _ = (spelt := phone(text)).partition(" доб.")
    return spelt if _SHORTEST_PHONE <= _digits(number) <= _LONGEST_PHONE else None


def one_email(text: str) -> str | None:
    """Return an address in its one spelling; None for what is none."""
    return spelt if is_email(spelt := text.strip().lower()) else None


def joined(names: Mapping[str, Any], parts: Sequence[str] = NAMES) -> str:
    """Return a name in one line: last name, first name, patronymic."""
    return " ".join(found for part in parts if (found := wire.text(names.get(part))))


def parted(name: str) -> dict[str, str]:
    """Part a name. One word is a first name; of more, the last name comes first, as people are listed."""
    words = name.split(maxsplit=2)
    return dict(zip(("firstName",) if len(words) == 1 else NAMES, words, strict=False))


def _digits(text: str) -> int:
    return len(re.sub(r"\D", "", text))
