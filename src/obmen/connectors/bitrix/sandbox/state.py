"""What the simulated shop holds: rows of its tables, its options, and the moment they are saved at."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime, timedelta, timezone
from decimal import Decimal
from typing import Any

import msgspec

from obmen.connectors.bitrix.sandbox.tables import Row, Table
from obmen.sandbox.clock import Clock
from obmen.sandbox.faults import Faults
from obmen.sandbox.ledger import Ledger

ZERO = Decimal(0)

# Product types of `b_catalog_product.TYPE`.
SIMPLE, SET, PARENT, OFFER, FREE_OFFER, EMPTY_PARENT, SERVICE = range(1, 8)
PARENTS = frozenset({PARENT, EMPTY_PARENT})


class Setup(msgspec.Struct, frozen=True, kw_only=True):
    """How the site's administrator set the shop up."""

    # REST
    webhook_user: int = 7
    webhook_secret: str = "s4ndb0xw3bh00k00"  # noqa: S105 (a door into a toy)
    scopes: tuple[str, ...] = ("catalog", "sale", "delivery", "pay_system", "iblock")
    catalog_right: str = "W"  # of the webhook's owner: D denied, R read, W write
    sale_right: str = "W"
    https_required: bool = False  # False is a site with REST_APAUTH_ALLOW_HTTP
    rate_limit: tuple[int, float] | None = None  # burst and requests per second; the box has none
    operating_limit_s: float | None = None  # per method in ten minutes; 420 where load_limiter_active
    operating_cost_s: float = 0.05  # what one call is booked at
    # The exchange door
    login: str = "exchange"
    password: str = "exchange-password"  # noqa: S105 (a door into a toy)
    zip: bool = True
    file_limit: int = 204_800  # bytes per portion, the component's default
    post_max_size: int = 8 * 1024 * 1024  # bytes PHP accepts in one request
    elements_per_step: int = 500
    element_action: str = "D"  # 1C_ELEMENT_ACTION: what happens to goods absent from a full file
    section_action: str = "D"  # 1C_SECTION_ACTION
    use_crc: bool = True
    use_offers: bool = True  # 1C_USE_OFFERS, N in a fresh shop
    force_offers: bool = False
    translit_on_update: bool = True
    rotates_sessions: bool = False  # the site changes session ids: checkauth fails
    database_clock_skew_s: float = 0.0  # beyond 600 checkauth fails
    # The shop
    edition: str = "business"  # "small" allows one price type and one store
    inventory_control: bool = False
    one_c_mode: bool = False  # the warehouse is kept by 1C: bulkSave instead of documents
    price_ranges: bool = True
    unique_codes: bool = False
    default_trace: str = "Y"  # what quantityTrace "D" stands for
    default_buy_zero: str = "N"
    utc_offset_h: int = 3
    catalog_xml_id: str = "FUTURE-1C-CATALOG"
    offers_xml_id: str = "FUTURE-1C-CATALOG#"


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


class ShopState:
    """All tables of one shop. Whoever writes does so inside `acting`, so that the ledger knows the door."""

    def __init__(self, *, setup: Setup, clock: Clock, ledger: Ledger, faults: Faults) -> None:
        self.setup = setup
        self.ledger = ledger
        self.faults = faults
        self._clock = clock
        self._actor = "setup"
        self._next_value_id = 5000
        note = self._note
        self.iblocks = Table(Iblock, "iblock", note, first_id=14)
        self.sections = Table(Section, "section", note, indexed=("iblock_id", "xml_id"))
        self.properties = Table(Property, "property", note, indexed=("iblock_id",), first_id=101)
        self.enums = Table(Enum, "enum", note, indexed=("property_id",), first_id=301)
        self.elements = Table(
            Element, self.entity_of, note, indexed=("xml_id", "parent_id", "iblock_id"), first_id=1001
        )
        self.files = Table(File, "file", note, first_id=6401)
        self.price_types = Table(PriceType, "price_type", note)
        self.prices = Table(Price, "price", note, indexed=("product_id", "catalog_group_id"))
        self.stores = Table(Store, "store", note)
        self.store_products = Table(StoreProduct, "stock", note, indexed=("product_id", "store_id"))
        self.vats = Table(Vat, "vat", note)
        self.measures = Table(Measure, "measure", note)
        self.documents = Table(Document, "document", note)
        self.document_elements = Table(DocumentElement, "document_element", note, indexed=("doc_id",))
        self.currencies = ("RUB", "USD", "EUR")

    @contextmanager
    def acting(self, actor: str) -> Iterator[None]:
        """Name the door of the writes made inside."""
        outer, self._actor = self._actor, actor
        try:
            yield
        finally:
            self._actor = outer

    def now(self) -> datetime:
        """Return the moment as the site stores it: its own zone, whole seconds."""
        zone = timezone(timedelta(hours=self.setup.utc_offset_h))
        return self._clock.now().astimezone(zone).replace(microsecond=0)

    def unix_now(self) -> float:
        """Return the moment in seconds since 1970."""
        return self._clock.now().timestamp()

    def next_value_id(self) -> int:
        """Number one more property value."""
        self._next_value_id += 1
        return self._next_value_id

    def entity_of(self, element: Element) -> str:
        """Tell a product from an offer by its infoblock."""
        return "offer" if self.is_offers(element.iblock_id) else "product"

    def is_offers(self, iblock_id: int) -> bool:
        """Whether the infoblock holds offers."""
        iblock = self.iblocks.get(iblock_id)
        return iblock is not None and iblock.product_iblock_id is not None

    def offers_iblock_of(self, iblock_id: int) -> Iblock | None:
        """Return the infoblock of offers that belongs to an infoblock of products."""
        return self.iblocks.first(product_iblock_id=iblock_id)

    def property_of(self, iblock_id: int, code: str) -> Property | None:
        """Find a property by its code."""
        return next(
            (found for found in self.properties.where(iblock_id=iblock_id) if found.code == code), None
        )

    def _note(
        self, entity: str, row_id: int, action: str, *, before: Mapping[str, Any], after: Mapping[str, Any]
    ) -> None:
        self.ledger.record_effect(
            by=self._actor, entity=entity, id=str(row_id), action=action, before=before, after=after
        )
