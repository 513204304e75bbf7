"""Canonical records, atoms and values: what the hub itself means by a product or a price."""

from obmen.model.entities import CATEGORY, CUSTOMER, ENTITIES, OFFER, ORDER, PRODUCT, Atom, Entity
from obmen.model.record import Record, Said, restate
from obmen.model.values import BadValue, Money, Value, decimal, instant, plain, vat_rate

__all__ = [
    "CATEGORY",
    "CUSTOMER",
    "ENTITIES",
    "OFFER",
    "ORDER",
    "PRODUCT",
    "Atom",
    "BadValue",
    "Entity",
    "Money",
    "Record",
    "Said",
    "Value",
    "decimal",
    "instant",
    "plain",
    "restate",
    "vat_rate",
]
