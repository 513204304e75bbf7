"""The generations of exchange files met in the field, as differences in how the same facts are written."""

import base64
import struct
import zlib
from datetime import datetime
from decimal import Decimal
from typing import Literal
from zoneinfo import ZoneInfo

import msgspec
from msgspec.structs import replace

Generation = Literal["G1", "G1-old", "G2", "G3"]
Deletion = Literal["status", "element", "requisite", "absent"]

NBSP = "\u00a0"
# Files carry the local time of the 1C server without a zone; this server stands in Tyumen.
SERVER_ZONE = ZoneInfo("Asia/Yekaterinburg")


class Dialect(msgspec.Struct, frozen=True, kw_only=True):
    """How one generation writes."""

    version: str  # of the schema
    namespace: str
    # ≤ 2.07: price types and warehouses stand in the package, goods carry commas, no numbers of versions.
    classic: bool
    unit: Literal["attributes", "code"]
    stock: Literal["attributes", "nested", "total"]
    deletion: Deletion
    characteristics_as_goods: bool = False
    constant_versions: bool = False  # some infobases write the same number of version for everything

    def number(self, value: str | Decimal) -> str:
        """Write a number of a property: with a comma before 2.08, as a machine does since."""
        text = plain(Decimal(value))
        return text.replace(".", ",") if self.classic else text

    def token(self, key: str, revision: int) -> str:
        """Write a number of version: eight opaque bytes in base64, that change with the object."""
        raw = (0, 1) if self.constant_versions else (revision, zlib.crc32(key.encode()))
        return base64.b64encode(struct.pack(">II", *raw)).decode()


_DIALECTS: dict[Generation, Dialect] = {
    "G1": Dialect(
        version="2.07",
        namespace="urn:1C.ru:commerceml_2",
        classic=True,
        unit="attributes",
        stock="attributes",
        deletion="status",
    ),
    "G1-old": Dialect(
        version="2.04",
        namespace="",
        classic=True,
        unit="attributes",
        stock="total",
        deletion="status",
        characteristics_as_goods=True,
    ),
    "G2": Dialect(
        version="2.08",
        namespace="urn:1C.ru:commerceml_210",  # the suffix and the version need not agree
        classic=False,
        unit="attributes",
        stock="nested",
        deletion="element",
    ),
    "G3": Dialect(
        version="3.1",
        namespace="urn:1C.ru:commerceml_3",
        classic=False,
        unit="code",
        stock="nested",
        deletion="element",
    ),
}


def dialect_of(
    generation: Generation,
    *,
    version: str = "",
    namespace: str | None = None,
    deletion: Deletion | None = None,
    constant_versions: bool = False,
) -> Dialect:
    """Return the dialect of a generation with the departures asked for."""
    dialect = _DIALECTS[generation]
    return replace(
        dialect,
        version=version or dialect.version,
        namespace=dialect.namespace if namespace is None else namespace,
        deletion=deletion or dialect.deletion,
        constant_versions=constant_versions,
    )


def plain(value: Decimal) -> str:
    """Write a number as 1C does in XML: a dot, no trailing zeros, no exponent."""
    text = f"{value:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def shown(value: Decimal) -> str:
    """Write a number as 1C shows it to people: a comma, thousands parted by a no-break space."""
    return f"{Decimal(plain(value)):,f}".replace(",", NBSP).replace(".", ",")


def yes_no(value: bool) -> str:  # noqa: FBT001 (a conversion of one value)
    """Write a truth as 1C does."""
    return "true" if value else "false"


def moment(at: datetime) -> str:
    """Write a moment in the server's local time, without a zone."""
    return at.astimezone(SERVER_ZONE).strftime("%Y-%m-%dT%H:%M:%S")
