"""What a CommerceML file holds, as it stands there.

Absent, empty and filled are three different things: an absent element gives `UNSET`, an empty one gives "" (or
an empty tuple or mapping), and only the caller knows whether that means "unchanged" or "cleared". Numbers are
plain decimal text (`1234.5`), keys are trimmed, GUIDs are in lower case without braces.
"""

from datetime import datetime

from msgspec import UNSET, Struct, UnsetType

Text = str | UnsetType
Flag = bool | UnsetType


class Header(Struct, frozen=True, kw_only=True):
    """The root element and how the file is written."""

    schema: str  # as written: "2.07"; "" when missing
    generation: str  # "native", "split", "folders" or "unknown": how 1C cuts such exports into files
    encoding: str  # the one the file is really written in
    namespace: str
    root: str
    formed_at_text: str  # as written; "" when missing
    formed_at: datetime | None  # naive when the file names no zone: local time of the 1C server
    decimal_separator: str | None  # of amounts, when the file names it
    quantity_separator: str | None
    attributes: dict[str, str]


class Party(Struct, frozen=True, kw_only=True):
    """An owner or a manufacturer."""

    id: Text = UNSET
    name: Text = UNSET
    official_name: Text = UNSET
    inn: Text = UNSET
    kpp: Text = UNSET


class Classifier(Struct, frozen=True, kw_only=True, tag=True):
    """The start of a classifier. Announced again at its end if its own fields come after its content."""

    id: Text = UNSET
    name: Text = UNSET
    owner: Party | UnsetType = UNSET
    changes_only: Flag = UNSET


class Catalog(Struct, frozen=True, kw_only=True, tag=True):
    """The start of a catalogue of products. Announced again like a classifier."""

    id: Text = UNSET
    classifier_id: Text = UNSET
    name: Text = UNSET
    owner: Party | UnsetType = UNSET
    changes_only: Flag = UNSET


class Package(Struct, frozen=True, kw_only=True, tag=True):
    """The start of a package of offers. Announced again like a classifier."""

    id: Text = UNSET  # may carry a `#` on either side: never split
    catalog_id: Text = UNSET
    classifier_id: Text = UNSET
    name: Text = UNSET
    owner: Party | UnsetType = UNSET
    changes_only: Flag = UNSET
    delta: bool = False  # ИзмененияПакетаПредложений: changes only, whatever the flag says


class Group(Struct, frozen=True, kw_only=True, tag=True):
    """A group of products; parents come before children."""

    id: Text
    name: Text = UNSET
    parent_id: str | None = None
    depth: int = 0
    description: Text = UNSET
    version: Text = UNSET
    deleted: Flag = UNSET


class Property(Struct, frozen=True, kw_only=True, tag=True):
    """A property of products or offers. Names repeat: the id is the key."""

    id: Text
    name: Text = UNSET
    kind: Text = UNSET  # Строка, Число, Время, Справочник
    multiple: Flag = UNSET
    required: Flag = UNSET
    external: Flag = UNSET
    version: Text = UNSET
    deleted: Flag = UNSET
    values: dict[str, str] | UnsetType = UNSET  # id -> value; a value without an id is its own id


class PriceType(Struct, frozen=True, kw_only=True, tag=True):
    """A kind of price: retail, wholesale."""

    id: Text
    name: Text = UNSET
    currency: Text = UNSET  # as written: руб, RUB, 643
    tax_included: Flag = UNSET
    version: Text = UNSET
    deleted: Flag = UNSET


class Warehouse(Struct, frozen=True, kw_only=True, tag=True):
    """A warehouse or a shop."""

    id: Text
    name: Text = UNSET
    address: Text = UNSET
    version: Text = UNSET
    deleted: Flag = UNSET


class Unit(Struct, frozen=True, kw_only=True, tag=True):
    """A unit of measure: one of the dictionary, or the base unit of a product."""

    id: Text = UNSET
    code: Text = UNSET  # trimmed: 796
    name: Text = UNSET
    full_name: Text = UNSET
    international: Text = UNSET
    coefficient: Text = UNSET


class Characteristic(Struct, frozen=True):
    """One line of what makes a variant: Цвет = Синий. Names repeat."""

    name: str
    value: str
    id: Text = UNSET


class Picture(Struct, frozen=True):
    """A picture; the first one is the main one."""

    path: str  # relative, with `/`; "" means: clear
    caption: Text = UNSET


class Product(Struct, frozen=True, kw_only=True, tag=True):
    """A product of a catalogue. A deleted one may have little more than its id."""

    id: Text
    version: Text = UNSET  # opaque; constant in some infobases
    deleted: Flag = UNSET
    sku: Text = UNSET
    name: Text = UNSET
    full_name: Text = UNSET
    description: Text = UNSET  # may be HTML
    barcodes: tuple[str, ...] | UnsetType = UNSET
    unit: Unit | UnsetType = UNSET
    group_ids: tuple[str, ...] | UnsetType = UNSET
    pictures: tuple[Picture, ...] | UnsetType = UNSET
    manufacturer: Party | UnsetType = UNSET
    country: Text = UNSET
    brand: Text = UNSET
    properties: dict[str, tuple[str, ...]] | UnsetType = UNSET  # property id -> values as written
    characteristics: tuple[Characteristic, ...] | UnsetType = UNSET
    requisites: dict[str, tuple[str, ...]] | UnsetType = UNSET  # name -> values; names repeat
    vat: Text = UNSET  # "20", "22", "Без НДС"
    weight: Text = UNSET  # kg
    length: Text = UNSET
    width: Text = UNSET
    height: Text = UNSET
    extra: dict[str, str] | UnsetType = UNSET  # unknown simple children


class Price(Struct, frozen=True, gc=False):
    """A price of an offer, per `coefficient` of `unit`."""

    type_id: Text = UNSET
    amount: Text = UNSET
    currency: Text = UNSET
    unit: Text = UNSET
    coefficient: Text = UNSET
    min_quantity: Text = UNSET


class Stock(Struct, frozen=True, gc=False):
    """A stock row; without a warehouse when the sender has only one."""

    warehouse_id: Text = UNSET
    quantity: Text = UNSET


class Offer(Struct, frozen=True, kw_only=True, tag=True):
    """A sellable thing with its prices and stock; each part may be in another file and then is `UNSET`."""

    id: Text
    product_id: Text = UNSET
    characteristic_id: Text = UNSET  # the part after `#`
    version: Text = UNSET
    deleted: Flag = UNSET
    sku: Text = UNSET
    name: Text = UNSET
    barcodes: tuple[str, ...] | UnsetType = UNSET
    unit: Unit | UnsetType = UNSET
    characteristics: tuple[Characteristic, ...] | UnsetType = UNSET
    properties: dict[str, tuple[str, ...]] | UnsetType = UNSET
    pictures: tuple[Picture, ...] | UnsetType = UNSET
    requisites: dict[str, tuple[str, ...]] | UnsetType = UNSET
    vat: Text = UNSET
    weight: Text = UNSET
    prices: tuple[Price, ...] | UnsetType = UNSET  # when set, the complete set
    quantity: Text = UNSET  # the total, informational: need not equal the sum of the rows
    stocks: tuple[Stock, ...] | UnsetType = UNSET
    extra: dict[str, str] | UnsetType = UNSET
    digest: str = ""  # of its bytes and their context, where a memory was given


class SameOffer(Struct, frozen=True, kw_only=True, gc=False):
    """An offer whose bytes the memory knows: it says what it said the last time."""

    id: str
    trace: str


class Node(Struct, frozen=True, kw_only=True):
    """An element as it stands, with local names."""

    name: str
    text: str = ""
    attributes: dict[str, str] = {}
    children: tuple["Node", ...] = ()

    def first(self, name: str) -> "Node | None":
        """Find the first child of that name."""
        return next((child for child in self.children if child.name == name), None)

    def all(self, name: str) -> "tuple[Node, ...]":
        """Find every child of that name."""
        return tuple(child for child in self.children if child.name == name)

    def text_of(self, name: str) -> Text:
        """Read the text of a child; UNSET when there is no such child."""
        child = self.first(name)
        return UNSET if child is None else child.text


class OrderDocument(Struct, frozen=True, kw_only=True, tag=True):
    """A document of the order exchange: an order, a payment, a shipment."""

    id: Text = UNSET  # often missing in what 1C sends back
    number: Text = UNSET
    number_1c: Text = UNSET
    version: Text = UNSET
    operation: Text = UNSET  # ХозОперация
    date: Text = UNSET
    time: Text = UNSET
    deleted: Flag = UNSET
    currency: Text = UNSET
    amount: Text = UNSET
    is_order: bool = False
    container: int | None = None  # number of the Контейнер it stands in, from 0
    node: Node


class ReferenceRow(Struct, frozen=True, kw_only=True, tag=True):
    """A row of a directory (Справочники): counted, not read."""

    directory: Text = UNSET


Item = (
    Classifier
    | Catalog
    | Package
    | Group
    | Property
    | PriceType
    | Warehouse
    | Unit
    | Product
    | Offer
    | SameOffer
    | OrderDocument
    | ReferenceRow
)
