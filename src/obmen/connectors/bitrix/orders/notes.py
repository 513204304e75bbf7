"""Notes left on payments and shipments for what a shop has no row for: goods that came back, part of the money. Pure.

A line a manager can read in the order's card, our mark at its end, by which it is read back:

    Возврат товара ВЗ-0002 | 2026-11-21T07:00:00Z | Дрель [77] × 1; Бур [78] × 2 | 1234.50 RUB | брак | obmen:erp-ВЗ-0002
    Возврат денег РКО-0001 | 2026-11-21T07:00:00Z | cash | 1234.50 RUB | — | obmen:erp-РКО-0001
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

MARK = "obmen:"
"""Begins what the hub calls its own: an order, a payment, a shipment, a note."""
GOODS, MONEY = "Возврат товара", "Возврат денег"
_NOTHING = "—"
_LINE = re.compile(r"\[(\d*)\] × ([0-9.]+)$")
_BREAKS = re.compile(r"[\s|;\[\]]+")


def plainly(text: object) -> str:
    """Return a text as a note can hold it: one line, without the characters a note is cut by."""
    return _BREAKS.sub(" ", str(text or "")).strip()


def note_of(kind: str, key: str, wanted: Mapping[str, Any], names: Mapping[str, str]) -> str:
    """Write a return or a refund as a note; `names` of goods by their ids here."""
    about = wanted.get("method")
    if kind == GOODS:
        about = "; ".join(
            f"{plainly(names.get(str(line.get('offer')), 'товар'))} [{line.get('offer') or ''}] × {line.get('quantity')}"
            for line in wanted.get("lines") or ()
        )
    amount = f"{wanted['sum']} {wanted.get('currency') or ''}".strip() if wanted.get("sum") else ""
    parts = (
        f"{kind} {plainly(wanted.get('document'))}".strip(),
        wanted.get("at"),
        about,
        amount,
        wanted.get("reason"),
    )
    return " | ".join([*(str(part or _NOTHING) for part in parts), f"{MARK}{key}"])


def notes_in(text: object) -> dict[str, tuple[str, dict[str, Any]]]:
    """Return the notes of a comment by key: what each is about, and what it says."""
    found: dict[str, tuple[str, dict[str, Any]]] = {}
    for line in str(text or "").splitlines():
        parts = [part.strip() for part in line.split(" | ")]
        kind = next((kind for kind in (GOODS, MONEY) if parts[0].startswith(kind)), None)
        if kind is None or len(parts) != 6 or not parts[5].startswith(MARK):
            continue
        amount, _, currency = parts[3].partition(" ")
        said = {
            "document": parts[0].removeprefix(kind).strip(),
            "at": parts[1],
            "sum": amount,
            "currency": currency,
            "reason": parts[4],
        }
        note: dict[str, Any] = {name: value for name, value in said.items() if value not in {"", _NOTHING}}
        if kind == GOODS:
            rows = (_LINE.search(row) for row in parts[2].split("; "))
            note["lines"] = [{"offer": row[1] or None, "quantity": row[2]} for row in rows if row]
        else:
            note |= {"refund": True, "paid": True}
            if parts[2] != _NOTHING:
                note["method"] = parts[2]
        found[parts[5].removeprefix(MARK)] = (kind, note)
    return found


def with_note(text: object, key: str, note: str) -> str:
    """Return a comment with this note in the place of an older one of the same key; an empty note takes it out."""
    kept = [line for line in str(text or "").splitlines() if not line.endswith(f" | {MARK}{key}")]
    return "\n".join([*kept, note] if note else kept)
