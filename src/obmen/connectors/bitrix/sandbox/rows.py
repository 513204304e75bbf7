"""The rows of the simulated shop's tables, by the names REST gives their fields."""

from datetime import datetime
from decimal import Decimal
from typing import Any

import msgspec

from obmen.connectors.bitrix.sandbox.tables import Row

ZERO = Decimal(0)

# Product types of `b_catalog_product.TYPE`.
SIMPLE, SET, PARENT, OFFER, FREE_OFFER, EMPTY_PARENT, SERVICE = range(1, 8)
PARENTS = frozenset({PARENT, EMPTY_PARENT})


class Iblock(Row):
    """An infoblock and its place in the trade catalogue."""

    name: str
    xml_id: str = ""
    lid: str = "s1"
    iblock_type_id: str = "catalog"
    product_iblock_id: int | None = None  # set on an infoblock of offers
    sku_property_id: int | None = None
    vat_id: int | None = None
    subscription: str = "N"


class Section(Row):
    """A section of the catalogue; `xml_id` is not unique."""

    iblock_id: int
    name: str
    code: str | None = None
    xml_id: str | None = None
    iblock_section_id: int | None = None
    active: str = "Y"
    sort: int = 500
    description: str | None = None
    description_type: str = "text"
    timestamp_x: datetime | None = None


class Property(Row):
    """A property of an infoblock. Types: S, N, L, F, E, G, refined by the user type."""

    iblock_id: int
    name: str
    code: str | None = None
    property_type: str = "S"
    user_type: str | None = None
    user_type_settings: dict[str, Any] | None = None
    xml_id: str | None = None
    multiple: str = "N"
    is_required: str = "N"
    active: str = "Y"
    sort: int = 500
    list_type: str = "L"
    file_type: str | None = None
    link_iblock_id: int | None = None
    default_value: Any = None
    with_description: str | None = None
    hint: str | None = None
    timestamp_x: datetime | None = None


class Enum(Row):
    """One choice of a list property; `xml_id` is unique within the property."""

    property_id: int
    value: str
    xml_id: str
    sort: int = 500
    def_: str = msgspec.field(default="N", name="def")


class Value(msgspec.Struct, kw_only=True):
    """One value of a property of an element; a file's value is the id of the file."""

    value_id: int
    value: Any
    description: str = ""


class Element(Row):
    """A product, a parent of offers or an offer: the infoblock element and its product row in one."""

    iblock_id: int
    name: str
    xml_id: str = ""
    code: str | None = None
    active: str = "Y"
    sort: int = 500
    iblock_section_id: int | None = None
    iblock_section: list[int] = msgspec.field(default_factory=list)
    preview_text: str | None = None
    preview_text_type: str = "text"
    detail_text: str | None = None
    detail_text_type: str = "text"
    preview_picture: int | None = None
    detail_picture: int | None = None
    date_active_from: datetime | None = None
    date_active_to: datetime | None = None
    date_create: datetime | None = None
    created_by: int = 1
    modified_by: int = 1
    timestamp_x: datetime | None = None
    type: int = SIMPLE
    parent_id: int | None = None  # mirrors the link property of an offer, for lookups
    bundle: str = "N"
    available: str = "N"
    quantity: Decimal = ZERO
    quantity_reserved: Decimal = ZERO
    quantity_trace: str = "D"
    can_buy_zero: str = "D"
    subscribe: str = "D"
    barcode_multi: str = "N"
    weight: Decimal | None = None
    length: Decimal | None = None
    width: Decimal | None = None
    height: Decimal | None = None
    measure: int | None = None
    vat_id: int | None = None
    vat_included: str = "N"
    purchasing_price: Decimal | None = None
    purchasing_currency: str | None = None
    properties: dict[int, list[Value]] = msgspec.field(default_factory=dict)
    tmp_id: str = ""  # checksum of the CommerceML node that made it


class File(Row):
    """A registered file; `path` is the name it came under in a CommerceML upload."""

    name: str
    content: bytes
    created_at: datetime | None = None
    path: str = ""


class PriceType(Row):
    """A price type ("catalog group")."""

    name: str
    base: str = "N"
    sort: int = 100
    xml_id: str = ""


class Price(Row):
    """One price row: product × type × range."""

    product_id: int
    catalog_group_id: int
    price: Decimal
    currency: str
    quantity_from: int | None = None
    quantity_to: int | None = None
    extra_id: int | None = None
    price_scale: Decimal = ZERO
    timestamp_x: datetime | None = None


class Store(Row):
    """A warehouse."""

    title: str | None = None
    address: str = ""
    code: str | None = None
    xml_id: str | None = None
    active: str = "Y"
    issuing_center: str = "Y"
    shipping_center: str = "Y"
    description: str | None = None
    sort: int = 100
    date_modify: datetime | None = None


class StoreProduct(Row):
    """Pieces of one product in one store. It has no time of change."""

    product_id: int
    store_id: int
    amount: Decimal = ZERO
    quantity_reserved: Decimal = ZERO


class Vat(Row):
    """A VAT rate; no rate means "no VAT"."""

    name: str
    rate: int | None
    active: str = "Y"
    sort: int = 100


class Measure(Row):
    """A unit of measure by its OKEI code."""

    code: int
    measure_title: str
    symbol: str
    symbol_intl: str
    is_default: str = "N"


class Document(Row):
    """A document of inventory control, with its lines."""

    doc_type: str
    currency: str | None = None
    responsible_id: int | None = None
    site_id: str | None = None
    doc_number: str | None = None
    title: str | None = None
    commentary: str | None = None
    status: str = "N"  # Y conducted, C cancelled
    date_modify: datetime | None = None


class DocumentElement(Row):
    """One line of a document: a delta, not a state."""

    doc_id: int
    element_id: int
    store_from: int | None = None
    store_to: int | None = None
    amount: Decimal = ZERO
    purchasing_price: Decimal | None = None
