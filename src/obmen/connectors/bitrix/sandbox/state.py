"""What the simulated shop holds: rows of its tables, its options, and the moment they are saved at."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime, timedelta, timezone
from typing import Any

from obmen.connectors.bitrix.sandbox.rows import (
    Document,
    DocumentElement,
    Element,
    Enum,
    File,
    Iblock,
    Measure,
    Price,
    PriceType,
    Property,
    Section,
    Store,
    StoreProduct,
    Vat,
)
from obmen.connectors.bitrix.sandbox.sale.book import OrderBook
from obmen.connectors.bitrix.sandbox.sale.options import SaleOptions
from obmen.connectors.bitrix.sandbox.tables import Table
from obmen.sandbox.clock import Clock
from obmen.sandbox.faults import Faults
from obmen.sandbox.ledger import Ledger


class Setup(SaleOptions, frozen=True, kw_only=True, forbid_unknown_fields=True):
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


_NOBODY = "setup"


class ShopState:
    """All tables of one shop. Whoever writes does so inside `acting`, so that the ledger knows the door."""

    def __init__(self, *, setup: Setup, clock: Clock, ledger: Ledger, faults: Faults) -> None:
        self.setup = setup
        self.ledger = ledger
        self.faults = faults
        self._clock = clock
        self._actor = _NOBODY
        self.domain = "shop.example"
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
        self.sale = OrderBook(note)
        self.currencies = ("RUB", "USD", "EUR")

    @contextmanager
    def acting(self, actor: str) -> Iterator[None]:
        """Name the door of the writes made inside; the outermost block is one request of the site."""
        outer, self._actor = self._actor, actor
        try:
            yield
        finally:
            self._actor = outer
            if outer == _NOBODY:
                self.sale.events.end_hit(
                    self.setup, self.sale.random, domain=self.domain, at=int(self.unix_now())
                )

    @property
    def actor(self) -> str:
        """The door the present write comes through."""
        return self._actor

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
