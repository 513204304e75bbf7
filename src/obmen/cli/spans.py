"""Spans of time as they are typed: 30m, 2h, 1d."""

from __future__ import annotations

from obmen.config.faults import Complaint
from obmen.config.schedule import parse_every
from obmen.errors import BadInput


def seconds_of(text: str) -> float:
    """Return the seconds of a span; `BadInput` says how it is written."""
    try:
        return float(parse_every(text).seconds)
    except Complaint as complaint:
        raise BadInput("cli.span", f"«{text}»: {complaint.en}.", f"«{text}»: {complaint.ru}.") from complaint
