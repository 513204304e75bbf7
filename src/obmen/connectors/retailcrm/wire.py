"""The account's own shapes: tolerant when read, strict when written. No canonical words, no rules.

PHP shows an empty map as `[]`, some lists as maps by id, and every moment in the account's own time without a zone.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, tzinfo
from decimal import Decimal, InvalidOperation
from typing import Any

from obmen.model import instant, plain

MARK = "obmen:"
"""Begins the external id of what we made and no other system has an id for; the number of the record follows."""
_MOMENT = "%Y-%m-%d %H:%M:%S"


def table(raw: Any) -> dict[str, Any]:
    """Read a map; an empty one arrives as a list."""
    return raw if isinstance(raw, dict) else {}


def rows(raw: Any) -> list[dict[str, Any]]:
    """Read rows, sent as a list or as a map by id."""
    found = raw if isinstance(raw, list) else list(raw.values()) if isinstance(raw, dict) else []
    return [each for each in found if isinstance(each, dict)]


def text(raw: Any) -> str | None:
    """Read a text; empty and absent are the same."""
    if raw is None or isinstance(raw, dict | list | bool):
        return None
    return str(raw).strip() or None


def number(raw: Any) -> str | None:
    """Read a number in its one spelling: ``0.0`` is ``0``; what is no number is None."""
    if raw is None or isinstance(raw, bool | dict | list):
        return None
    try:
        value = Decimal(str(raw))
    except InvalidOperation:
        return None
    return plain(value) if value.is_finite() else None


def code(raw: Any) -> str | None:
    """Read a symbolic code, bare or as ``{"code": …}``."""
    return text(raw.get("code") if isinstance(raw, Mapping) else raw)


def mark(raw: Any) -> int | None:
    """Read our own mark; None for whatever else stands in its place."""
    number = (text(raw) or "").removeprefix(MARK)
    return int(number) if number != text(raw) and number.isdecimal() else None


def utc(raw: Any, zone: tzinfo) -> str | None:
    """Read a moment of the account's time as ISO 8601 in UTC; None where it is not one."""
    try:
        moment = datetime.strptime(str(raw), _MOMENT)  # noqa: DTZ007 (the zone is the account's)
    except ValueError:
        return None
    return instant(moment.replace(tzinfo=zone))


def local(moment: Any, zone: tzinfo) -> str | None:
    """Write a moment in the account's time; None where it is not one."""
    try:
        read = datetime.fromisoformat(str(moment))
    except ValueError:
        return None
    return (read if read.tzinfo else read.replace(tzinfo=UTC)).astimezone(zone).strftime(_MOMENT)


def errors(body: Mapping[str, Any]) -> list[str]:
    """Return what was wrong, one line each; the vendor tells it as a map, as a list, or not at all."""
    said = body.get("errors")
    if isinstance(said, Mapping):
        return [f"{path}: {what}" for path, what in said.items()]
    return [str(what) for what in said] if isinstance(said, list) else []
