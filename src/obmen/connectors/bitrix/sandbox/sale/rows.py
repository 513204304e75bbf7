"""The rows of orders, by the names REST gives their fields.

Rows hold no cycles, so the collector need not walk them: a shop of 40,000 orders keeps 700,000.
"""

from datetime import datetime
from decimal import Decimal
from typing import Any

import msgspec

from obmen.connectors.bitrix.sandbox.rows import ZERO
from obmen.connectors.bitrix.sandbox.tables import Row


class Order(Row, gc=False):
    """The head of an order. `payed` and `deducted` follow from its payments and shipments."""

    account_number: str = ""
    lid: str = "s1"
    person_type_id: int = 1
    user_id: int = 0
    status_id: str = "N"
    currency: str = "RUB"
    price: Decimal = ZERO
    discount_value: Decimal = ZERO
    tax_value: Decimal = ZERO
    payed: str = "N"
    deducted: str = "N"
    canceled: str = "N"
    reason_canceled: str = ""
    marked: str = "N"
    reason_marked: str = ""
    date_insert: datetime | None = None
    date_update: datetime | None = None
    date_status: datetime | None = None
    date_canceled: datetime | None = None
    date_marked: datetime | None = None
    user_description: str = ""
    comments: str = ""
    responsible_id: int | None = None
    company_id: int = 0
    xml_id: str = ""
    id_1c: str = msgspec.field(default="", name="id1c")
    version_1c: str = msgspec.field(default="", name="version1c")
    updated_1c: str = msgspec.field(default="N", name="updated1c")
    external_order: str = "N"
    version: int = 0


class BasketItem(Row, gc=False):
    """One line. The price is of one piece, with discounts; four decimals are kept."""

    order_id: int
    product_id: int = 0
    name: str = ""
    quantity: Decimal = ZERO
    price: Decimal = ZERO
    base_price: Decimal = ZERO
    discount_price: Decimal = ZERO
    custom_price: str = "N"
    currency: str = "RUB"
    vat_rate: Decimal | None = None  # a share: 0.22; None is "no VAT"
    vat_included: str = "Y"
    weight: Decimal = ZERO
    measure_code: str = "796"
    measure_name: str = "шт"
    product_xml_id: str = ""
    catalog_xml_id: str = ""
    xml_id: str = ""
    sort: int = 100
    type: int | None = None
    can_buy: str = "Y"
    discount_name: str = ""
    discount_coupon: str = ""
    module: str = "catalog"
    date_insert: datetime | None = None
    date_update: datetime | None = None
    properties: list[dict[str, Any]] = msgspec.field(default_factory=list)
    reserved: Decimal = ZERO  # shown as `reservations`
    store_id: int | None = None


class PropertyValue(Row, gc=False):
    """The value of an order property in one order."""

    order_id: int
    order_props_id: int
    code: str
    name: str
    value: Any
    order_props_xml_id: str | None = None


class Payment(Row, gc=False):
    """One payment of an order."""

    order_id: int
    account_number: str = ""
    pay_system_id: int = 0
    pay_system_name: str = ""
    paid: str = "N"
    date_paid: datetime | None = None
    sum: Decimal = ZERO
    currency: str = "RUB"
    is_return: str = "N"
    pay_return_num: str = ""
    pay_return_date: datetime | None = None
    pay_return_comment: str = ""
    pay_voucher_num: str = ""
    pay_voucher_date: datetime | None = None
    ps_status: str = ""
    ps_invoice_id: str | None = None
    ps_sum: Decimal | None = None
    comments: str = ""
    date_bill: datetime | None = None
    responsible_id: int | None = None
    marked: str = "N"
    reason_marked: str = ""
    xml_id: str = ""
    id_1c: str = msgspec.field(default="", name="id1c")
    version_1c: str = msgspec.field(default="", name="version1c")
    updated_1c: str = msgspec.field(default="N", name="updated1c")
    external_payment: str = "N"


class Shipment(Row, gc=False):
    """One shipment; the hidden one marked `system` holds what is in no other."""

    order_id: int
    account_number: str = ""
    delivery_id: int = 0
    delivery_name: str = ""
    status_id: str = "DN"
    allow_delivery: str = "N"
    deducted: str = "N"
    price_delivery: Decimal = ZERO
    base_price_delivery: Decimal = ZERO
    discount_price: Decimal = ZERO
    custom_price_delivery: str = "N"
    currency: str = "RUB"
    tracking_number: str = ""
    tracking_status: str = ""
    delivery_doc_num: str = ""
    delivery_doc_date: datetime | None = None
    date_allow_delivery: datetime | None = None
    date_deducted: datetime | None = None
    date_insert: datetime | None = None
    reason_undo_deducted: str = ""
    canceled: str = "N"
    marked: str = "N"
    reason_marked: str = ""
    comments: str = ""
    responsible_id: int | None = None
    system: str = "N"
    xml_id: str = ""
    id_1c: str = msgspec.field(default="", name="id1c")
    version_1c: str = msgspec.field(default="", name="version1c")
    updated_1c: str = msgspec.field(default="N", name="updated1c")
    external_delivery: str = "N"


class ShipmentItem(Row, gc=False):
    """Pieces of one line in one shipment."""

    order_delivery_id: int
    basket_id: int
    quantity: Decimal = ZERO
    reserved_quantity: Decimal = ZERO
    xml_id: str = ""
    date_insert: datetime | None = None


class User(Row, gc=False):
    """A user of the site. No REST method of a boxed shop shows one."""

    login: str
    email: str = ""
    last_name: str = ""
    name: str = ""
    second_name: str = ""
    xml_id: str = ""


# Dictionaries.


class Status(msgspec.Struct, kw_only=True, rename="camel"):
    """A status of orders (type O) or of shipments (type D)."""

    id: str
    name: str
    type: str = "O"
    sort: int = 100
    notify: str = "Y"
    color: str | None = None
    xml_id: str | None = None


class PersonType(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """A payer type."""

    id: int
    name: str
    sort: int
    code: str | None = None
    active: str = "Y"
    lid: str = "s1"
    xml_id: str = ""


class PropertyGroup(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """A group of order properties."""

    id: int
    person_type_id: int
    name: str
    sort: int = 100


class OrderProperty(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """An order property of one payer type."""

    id: int
    person_type_id: int
    props_group_id: int
    code: str
    name: str
    type: str = "STRING"
    required: str = "N"
    multiple: str = "N"
    active: str = "Y"
    util: str = "N"
    user_props: str = "Y"
    sort: int = 100
    is_email: str = "N"
    is_phone: str = "N"
    is_payer: str = "N"
    is_profile_name: str = "N"
    is_location: str = "N"
    is_address: str = "N"
    is_zip: str = "N"
    default_value: str = ""
    description: str = ""
    xml_id: str = ""


class DeliveryService(msgspec.Struct, frozen=True, kw_only=True, rename="upper"):
    """A delivery service, or a profile of the service that is its parent."""

    id: int
    name: str
    price: Decimal = msgspec.field(default=ZERO, name="_PRICE")  # what checkout charges; not shown by REST
    parent_id: int | None = None
    code: str = ""
    description: str = ""
    active: str = "Y"
    currency: str = "RUB"
    sort: int = 100
    xml_id: str = ""


class PaySystem(msgspec.Struct, frozen=True, kw_only=True, rename="upper"):
    """A pay system with its handler."""

    id: int
    name: str
    psa_name: str = ""
    action_file: str
    is_cash: str = "N"  # Y cash, N cashless, A acquiring
    can_print_check: str = "N"
    active: str = "Y"
    person_type_id: int | None = None
    description: str = ""
    entity_registry_type: str = "ORDER"
    allow_edit_payment: str = "Y"
    sort: int = 100
    xml_id: str = ""
