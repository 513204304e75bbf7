"""CommerceML 2.03-3.1, the exchange format of 1C: a streaming reader, a small writer, archives.

The package knows the format and nothing of what its users do with it.
"""

from obmen.formats.commerceml.archive import Limits, RefusedFile, clean_filename, unpack
from obmen.formats.commerceml.checks import Checks
from obmen.formats.commerceml.document import Document, open_document
from obmen.formats.commerceml.errors import Finding, Findings, MalformedFile
from obmen.formats.commerceml.items import (
    Catalog,
    Characteristic,
    Classifier,
    Group,
    Header,
    Item,
    Node,
    Offer,
    OrderDocument,
    Package,
    Party,
    Picture,
    Price,
    PriceType,
    Product,
    Property,
    ReferenceRow,
    SameOffer,
    Stock,
    Unit,
    Warehouse,
)
from obmen.formats.commerceml.kinds import FileKind, Kind, classify, import_order
from obmen.formats.commerceml.lane import Memory
from obmen.formats.commerceml.summary import Summary, inspect
from obmen.formats.commerceml.validator import Validator, validate
from obmen.formats.commerceml.writer import (
    PackageAddress,
    PriceLine,
    PriceRow,
    StockLine,
    write_prices,
    write_rests,
)

__all__ = [
    "Catalog",
    "Characteristic",
    "Checks",
    "Classifier",
    "Document",
    "FileKind",
    "Finding",
    "Findings",
    "Group",
    "Header",
    "Item",
    "Kind",
    "Limits",
    "MalformedFile",
    "Memory",
    "Node",
    "Offer",
    "OrderDocument",
    "Package",
    "PackageAddress",
    "Party",
    "Picture",
    "Price",
    "PriceLine",
    "PriceRow",
    "PriceType",
    "Product",
    "Property",
    "ReferenceRow",
    "RefusedFile",
    "SameOffer",
    "Stock",
    "StockLine",
    "Summary",
    "Unit",
    "Validator",
    "Warehouse",
    "classify",
    "clean_filename",
    "import_order",
    "inspect",
    "open_document",
    "unpack",
    "validate",
    "write_prices",
    "write_rests",
]
