"""Offers of an account, wire and canonical: prices and stock; the rest is the feed's. Pure."""

from __future__ import annotations

from decimal import Decimal

from obmen.connectors.retailcrm.settings import Settings
from obmen.model import Money, Value, decimal, plain
from obmen.sync.shadow import Blocked, Decoded, Encoded, Wire

FORM = 1
MOST = Decimal(999_999)
"""Pieces a store holds at most; below nought it holds none."""


class OfferCodec:
    """Offers of one account, with today's tables."""

    form = FORM

    def __init__(self, *, connection: str, settings: Settings) -> None:
        self._connection = connection
        self._settings = settings

    def carries(self, atom: str) -> bool:
        """Tell whether the settings send the atom."""
        family, _, member = atom.partition(".")
        if family == "prices":
            return member in self._settings.prices
        if family == "stock":
            return member in self._settings.stores
        return family == "available" and bool(self._settings.available_store)

    def decode(self, atom: str, wire: Wire) -> Decoded:
        """Translate a price or a quantity."""
        if wire is None:
            return None
        if atom.startswith("prices."):
            return str(Money(decimal(str(wire)), self._settings.currency))
        return str(wire)

    def encode(self, atom: str, value: Value) -> Encoded:
        """Translate a price or a quantity; one in another currency waits, one below nought is nought."""
        if value is None:
            return None
        if atom.startswith("prices."):
            price = Money.parse(str(value))
            if price.currency != self._settings.currency:
                return Blocked(f"map:{self._connection}:currency:{price.currency}", price.currency)
            return plain(price.amount)
        return plain(min(MOST, max(Decimal(0), decimal(str(value)))))
