"""What the account keeps. Plain fields stand in `plain` under the names the API gives them."""

from decimal import Decimal
from typing import Any, Literal

import msgspec
from msgspec import field

from obmen.connectors.retailcrm.sandbox.tables import Row

ZERO = Decimal(0)
CustomerType = Literal["customer", "customer_corporate"]
PERSON: CustomerType = "customer"
CORPORATE: CustomerType = "customer_corporate"


class Item(Row):
    """One line of an order."""

    order_id: int
    offer_id: int | None = None  # None: free text, `product_name` alone
    product_name: str = ""
    external_ids: list[dict[str, str]] = field(default_factory=list)  # of `{"code", "value"}`
    quantity: Decimal = Decimal(1)
    initial_price: Decimal = ZERO
    purchase_price: Decimal = ZERO
    discount_amount: Decimal = ZERO  # by hand, for one unit
    discount_percent: Decimal = ZERO  # by hand
    vat_rate: str = "none"
    price_type: str = "base"
    status: str = "new"
    comment: str = ""
    properties: dict[str, dict[str, str]] = field(default_factory=dict)
    marking_codes: list[str] = field(default_factory=list)
    created_at: str = ""
    # Worked out with the order.
    discount_total: Decimal = ZERO  # for one unit, all discounts
    discounts: list[dict[str, Any]] = field(default_factory=list)  # for the line, by type
    prices: list[dict[str, Decimal]] = field(default_factory=list)  # what so many units cost
    summ: Decimal = ZERO


class Payment(Row):
    """One payment; its external id is unique in the whole account."""

    order_id: int
    type: str
    external_id: str = ""
    status: str = ""
    amount: Decimal = ZERO
    paid_at: str = ""
    comment: str = ""


class Order(Row):
    """The head of an order."""

    site: str
    external_id: str = ""
    number: str = ""
    status: str = "new"
    plain: dict[str, Any] = field(default_factory=dict)
    customer_id: int | None = None
    contact_id: int | None = None
    company_id: int | None = None
    contragent: dict[str, Any] = field(default_factory=dict)
    delivery: dict[str, Any] = field(default_factory=dict)
    source: dict[str, Any] = field(default_factory=dict)
    custom_fields: dict[str, Any] = field(default_factory=dict)
    links: list[dict[str, Any]] = field(default_factory=list)
    currency: str = "RUB"
    from_api: bool = False
    status_updated_at: str = ""
    full_paid_at: str = ""
    # Worked out.
    summ: Decimal = ZERO
    total_summ: Decimal = ZERO
    prepay_sum: Decimal = ZERO
    purchase_summ: Decimal = ZERO
    held: list[tuple[str, str]] = field(
        default_factory=list
    )  # every status it was in, and the source that set it, oldest first


class Address(Row):
    """An address of a corporate customer."""

    customer_id: int
    external_id: str = ""
    name: str = ""
    fields: dict[str, Any] = field(default_factory=dict)


class Company(Row):
    """A legal entity of a corporate customer."""

    customer_id: int
    external_id: str = ""
    name: str = ""
    brand: str = ""
    active: bool = True
    created_at: str = ""
    address_id: int | None = None
    contragent: dict[str, Any] = field(default_factory=dict)
    custom_fields: dict[str, Any] = field(default_factory=dict)


class Contact(Row):
    """A person who speaks for a corporate customer."""

    customer_id: int
    person_id: int
    companies: list[int] = field(default_factory=list)


class Customer(Row):
    """A person, or a corporate customer; both share one space of external ids."""

    site: str
    type: CustomerType = PERSON
    external_id: str = ""
    plain: dict[str, Any] = field(default_factory=dict)
    phones: list[str] = field(default_factory=list)
    address: dict[str, Any] = field(default_factory=dict)
    contragent: dict[str, Any] = field(default_factory=dict)
    source: dict[str, Any] = field(default_factory=dict)
    custom_fields: dict[str, Any] = field(default_factory=dict)
    tags: list[str] = field(default_factory=list)
    segments: list[str] = field(default_factory=list)
    main_address_id: int | None = None
    main_company_id: int | None = None
    main_contact_id: int | None = None


class Group(Row):
    """A section of a catalogue."""

    catalog: str
    external_id: str
    name: str
    parent_id: int | None = None
    active: bool = True


class Product(Row):
    """A product of a catalogue; what is sold are its offers."""

    catalog: str
    external_id: str
    name: str = ""
    article: str = ""
    kind: str = "product"
    url: str = ""
    pictures: list[str] = field(default_factory=list)
    description: str = ""
    manufacturer: str = ""
    groups: list[int] = field(default_factory=list)
    active: bool = True
    markable: bool = False
    updated_at: str = ""


class Offer(Row):
    """What is sold: it has prices by type and stock by store."""

    catalog: str
    product_id: int
    external_id: str
    xml_id: str = ""
    name: str = ""
    article: str = ""
    barcode: str = ""
    properties: dict[str, str] = field(default_factory=dict)
    unit: str = "796"
    vat_rate: str = "none"
    weight: Decimal | None = None  # grams
    active: bool = True
    purchase_price: Decimal | None = None
    feed_quantity: Decimal = ZERO  # what the feed said; stores count once there are any
    prices: dict[str, Decimal] = field(default_factory=dict)
    stores: dict[str, dict[str, Decimal]] = field(default_factory=dict)  # store -> quantity, purchasePrice


class User(Row):
    """A person of the staff."""

    email: str
    first_name: str
    last_name: str = ""
    active: bool = True
    is_admin: bool = False
    is_manager: bool = True
    group: str = "manager"


class Key(msgspec.Struct, frozen=True, kw_only=True):
    """A key of the API: what it may do, and in which shops; no sites means all."""

    key: str
    scopes: tuple[str, ...]
    sites: tuple[str, ...] = ()
