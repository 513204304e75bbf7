"""How far an entity of a connection has been judged anew since its mapping tables were edited: a mark in the ledger."""

from __future__ import annotations

import msgspec

from obmen.ledger.contract import Tx

QUEUE = "reproject:"
"""Begins the names of these marks among the cursors."""


class Queued(msgspec.Struct, frozen=True):
    """Where it stands."""

    after: int = 0
    """The last record judged."""
    live: bool = False
    """Whether what follows is written without a plan."""
    begun: bool = False


def queued(tx: Tx, connection: str, entity: str) -> Queued | None:
    """Return where it stands, None when there is nothing to judge anew."""
    text = tx.cursor(connection, f"{QUEUE}{entity}")
    return msgspec.json.decode(text, type=Queued) if text else None


def put(tx: Tx, connection: str, entity: str, one: Queued | None) -> None:
    """Note where it stands, None that all is done."""
    text = "" if one is None else msgspec.json.encode(one).decode()
    tx.put_cursor(connection, f"{QUEUE}{entity}", text)
