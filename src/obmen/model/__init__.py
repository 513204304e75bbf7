"""Canonical records, atoms and values: what the hub itself means by a product or a price."""

from obmen.model.entities import CATEGORY, CUSTOMER, ENTITIES, OFFER, ORDER, PRODUCT, Atom, Entity
from obmen.model.record import Record, Said, restate
from obmen.model.values import (
    VAT_NONE,
    BadValue,
    Money,
    Value,
    decimal,
    instant,
    phone,
    plain,
    table,
    vat_percent,
    vat_rate,
)

__all__ = [
    "CATEGORY",
    "CUSTOMER",
    "ENTITIES",
    "OFFER",
    "ORDER",
    "PRODUCT",
    "VAT_NONE",
    "Atom",
    "BadValue",
    "Entity",
    "Money",
    "Record",
    "Said",
    "Value",
    "decimal",
    "instant",
    "phone",
    "plain",
    "restate",
    "table",
    "vat_percent",
    "vat_rate",
]
