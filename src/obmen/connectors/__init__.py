"""One folder per vendor, all of the same shape."""

from collections.abc import Iterator
from importlib.metadata import entry_points

from obmen.connectors import bitrix, onec, retailcrm
from obmen.connectors.contract import Connector

SHIPPED: tuple[Connector, ...] = (bitrix.connector, onec.connector, retailcrm.connector)
"""The connectors of this package, in the order they are listed to people."""


def connectors() -> tuple[Connector, ...]:
    """Return the shipped connectors and those other packages offer in the entry-point group `obmen.connectors`."""
    return (*SHIPPED, *_offered())


def _offered() -> Iterator[Connector]:
    for point in entry_points(group="obmen.connectors"):
        yield point.load()


__all__ = ["SHIPPED", "connectors"]
