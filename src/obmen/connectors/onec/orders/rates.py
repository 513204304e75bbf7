"""VAT rates as one 1C writes them, both ways: its table of names over what everybody writes. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from decimal import Decimal

from obmen.model import VAT_NONE, BadValue, vat_percent, vat_rate
from obmen.sync.mapping import first_codes

NO_VAT = "Без НДС"


class Rates:
    """The rates of one 1C, with today's table."""

    def __init__(self, table: Mapping[str, str]) -> None:
        """`table`: a rate as 1C writes it → ours; of equals the first is written."""
        meant: dict[str, str] = {}
        for name, rate in table.items():
            with suppress(BadValue):
                meant[name] = vat_rate(rate)
        self._meant = {name.casefold(): rate for name, rate in meant.items()}
        self._named = {VAT_NONE: NO_VAT, **first_codes(meant)}

    def meant(self, name: str) -> str:
        """Return our rate for 1C's; raises `BadValue` where nobody has said what it is."""
        return self._meant.get(name.casefold()) or vat_rate(name)

    def named(self, rate: str) -> str:
        """Return 1C's name of our rate."""
        return self._named.get(rate, rate)

    def share(self, name: str) -> Decimal:
        """Return what a rate of 1C's puts on top of the net sum, in per cent; raises `BadValue`."""
        return vat_percent(self.meant(name))


EVERYBODYS = Rates({})
"""What everybody writes, and nothing else."""
