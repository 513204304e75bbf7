"""How an assortment is written down before ids are given: keys and words only."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Literal

import msgspec

from obmen.sandbox.world.values import VatRate

NOWHERE = (Decimal(0), Decimal(0))


class GroupDraft(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A group, and the key of the one above it."""

    key: str
    name: str
    parent: str = ""


class PropertyDraft(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A property; the options of a directory are collected from its use."""

    key: str
    name: str
    kind: Literal["text", "number", "directory", "flag"]
    of_offer: bool = False


class OfferDraft(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A characteristic; without a name, the product itself."""

    name: str = ""
    price: Decimal | None = None  # roubles; the product's own where absent
    stock: tuple[Decimal, Decimal] = NOWHERE
    weight: Decimal | None = None  # kg
    traits: Mapping[str, str] = {}


class ProductDraft(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A card of goods."""

    article: str
    name: str
    group: str
    sort: str
    price: Decimal
    maker: str
    unit: str = "796"
    vat: VatRate = "22"
    kind: Literal["Товар", "Услуга"] = "Товар"
    stock: tuple[Decimal, Decimal] = NOWHERE
    weight: Decimal | None = None
    pictures: int = 0
    description: str = ""
    markable: bool = False
    values: Mapping[str, str] = {}
    offers: tuple[OfferDraft, ...] = ()


class Assortment(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The whole hand-written file."""

    groups: tuple[GroupDraft, ...]
    properties: tuple[PropertyDraft, ...]
    products: tuple[ProductDraft, ...]
