"""The operator's language, and how counts, moments, money and quantities are written in it. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, tzinfo
from decimal import Decimal
from typing import Literal, TypeAlias

from obmen.model import Money, decimal, plain

Language: TypeAlias = Literal["ru", "en"]

_NBSP = "\u00a0"
_SIGNS = {"RUB": "₽", "USD": "$", "EUR": "€", "KZT": "₸", "BYN": "Br", "CNY": "¥"}
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


def language(env: Mapping[str, str], setting: str = "auto") -> Language:
    """Choose the operator's language: `OBMEN_LANG`, then the setting, then the locale as POSIX reads it."""
    locale = env.get("LC_ALL") or env.get("LC_MESSAGES") or env.get("LANG") or ""
    wanted = env.get("OBMEN_LANG") or (locale if setting == "auto" else setting)
    name = wanted.partition(".")[0].partition("_")[0].partition("-")[0]
    return "ru" if name.casefold() in {"ru", "russian"} else "en"


def plural(count: int, one: str, few: str, many: str) -> str:
    """Return the Russian form for a count: 1 запись, 2 записи, 5 записей, 11 записей, 21 запись."""
    tens, ones = abs(count) % 100, abs(count) % 10
    if 11 <= tens <= 14 or ones == 0 or ones >= 5:
        return many
    return one if ones == 1 else few


def counted(count: int, language: Language, *, ru: tuple[str, str, str], en: tuple[str, str]) -> str:
    """Print a count with its noun: `5 записей` or `5 records`."""
    noun = plural(count, *ru) if language == "ru" else en[0 if count == 1 else 1]
    return f"{_grouped(Decimal(count), language)}{_NBSP}{noun}"


def moment(at: datetime, zone: tzinfo, language: Language) -> str:
    """Print an aware moment in a zone: `20.11.2026 14:05` or `20 Nov 2026 14:05`."""
    if at.tzinfo is None:
        raise ValueError(f"{at} has no time zone")
    local = at.astimezone(zone)
    if language == "ru":
        return f"{local:%d.%m.%Y %H:%M}"
    return f"{local.day} {_MONTHS[local.month - 1]} {local.year} {local:%H:%M}"


def money(amount: Money, language: Language) -> str:
    """Print an amount: `1 234,50 ₽` or `₽1,234.50`; a currency without a sign by its code."""
    text = _grouped(amount.amount, language, places=2)
    sign = _SIGNS.get(amount.currency)
    if language == "ru":
        return f"{text}{_NBSP}{sign or amount.currency}"
    if sign is None:
        return f"{text}{_NBSP}{amount.currency}"
    return f"-{sign}{text[1:]}" if text.startswith("-") else f"{sign}{text}"


def quantity(text: str, language: Language) -> str:
    """Print a canonical quantity such as `0.35`: `0,35` or `0.35`."""
    return _grouped(decimal(text), language)


def _grouped(number: Decimal, language: Language, *, places: int = 0) -> str:
    """Print with groups of three and at least so many decimals; more are kept when there are more."""
    whole, _, fraction = plain(number).partition(".")
    fraction = fraction.ljust(places, "0")
    grouped = f"{int(whole):,}"
    if number < 0 and not grouped.startswith("-"):
        grouped = f"-{grouped}"
    if language == "ru":
        grouped = grouped.replace(",", _NBSP)
    point = "," if language == "ru" else "."
    return f"{grouped}{point}{fraction}" if fraction else grouped
