"""Orders of the shop, wire and canonical. Pure and driven by the tables of the settings.

Money: the shop keeps the price of one piece with four decimals and a total; the sum of a line is rounded half up, and
what the total differs by, at most a kopeck a line, goes to the largest lines. What cannot be explained so stays a
contradiction, for a person.
"""

from __future__ import annotations

from obmen.connectors.bitrix.orders.decoding import OrderDecoding
from obmen.connectors.bitrix.orders.encoding import OrderEncoding
from obmen.connectors.bitrix.orders.locations import Locations, load_locations
from obmen.connectors.bitrix.orders.settings import OrderSettings
from obmen.model import Value
from obmen.sync.shadow import Decoded, Encoded, Wire

FORM = 1
_CARRIED = frozenset(
    {
        "number",
        "placed",
        "site",
        "stage",
        "cancelled",
        "money",
        "contact",
        "address",
        "delivery",
        "payments",
        "shipments",
        "returns",
        "comment",
        "note",
        "responsible",
        "source",
        "properties",
        "numbers",
    }
)


class OrderCodec:
    """Orders of one shop, with today's tables."""

    form = FORM

    def __init__(
        self, *, connection: str, settings: OrderSettings, locations: Locations | None = None
    ) -> None:
        places = locations or load_locations(settings.locations, "")
        self._settings = settings
        self._decoding = OrderDecoding(connection=connection, settings=settings, locations=places)
        self._encoding = OrderEncoding(connection=connection, settings=settings, locations=places)

    def carries(self, atom: str) -> bool:
        """Tell whether the shop can hold the atom."""
        family, _, member = atom.partition(".")
        if family == "numbers":
            return member == self._settings.number_of
        if family == "properties":
            return atom in self._settings.properties.values()
        return family in _CARRIED

    def decode(self, atom: str, wire: Wire) -> Decoded:
        """Translate a wire value; unknown codes and nonsense are `Blocked`."""
        return self._decoding.decode(atom, wire)

    def encode(self, atom: str, value: Value) -> Encoded:
        """Translate a canonical value into what the shop takes."""
        return self._encoding.encode(atom, value)
