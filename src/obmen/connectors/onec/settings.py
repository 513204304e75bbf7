"""What a 1C connection can be told, and nothing that reads it from anywhere."""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec
from msgspec import Meta

ROUTE = "/bitrix/admin/1c_exchange.php"
MIB = 1024 * 1024


class Settings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A 1C:Enterprise that brings its catalogue over the site exchange."""

    login: Annotated[str, Meta(min_length=1, description="User name entered in 1C's exchange node.")]
    password: Annotated[
        str,
        Meta(min_length=1, description="Password entered there.", extra_json_schema={"secret": True}),
    ]
    routes: Annotated[
        tuple[str, ...],
        Meta(min_length=1, description="Addresses 1C may call; one connection each."),
    ] = (ROUTE,)
    allow_from: Annotated[
        tuple[str, ...],
        Meta(
            description="IP addresses and networks 1C may call from (10.0.0.0/8); empty lets everybody try."
        ),
    ] = ()
    time_zone: Annotated[
        str, Meta(description="Zone of the 1C server: its files carry local time without one.")
    ] = "Europe/Moscow"
    answers_in: Annotated[
        Literal["ru", "en"], Meta(description="Language of the sentences the person at 1C reads.")
    ] = "ru"
    charset: Annotated[
        Literal["windows-1251", "utf-8"], Meta(description="Encoding of the answers to 1C.")
    ] = "windows-1251"
    csrf: Annotated[
        bool, Meta(description="Demand that 1C repeats `sessid` in each request; 1C before 2016 cannot.")
    ] = False
    cookie: Annotated[
        str, Meta(pattern=r"^[A-Za-z0-9_]{1,32}$", description="Name of the session cookie.")
    ] = "PHPSESSID"
    session_hours: Annotated[
        float, Meta(gt=0, description="How long an exchange may stay silent and still go on.")
    ] = 6.0
    zip: Annotated[bool, Meta(description="Offer 1C to pack its files into one archive.")] = True
    file_limit: Annotated[
        int, Meta(ge=1024, description="Bytes 1C sends in one request; smaller survives bad lines.")
    ] = 2 * MIB
    max_file: Annotated[int, Meta(ge=1024, description="Largest file taken, bytes.")] = 2048 * MIB
    max_session: Annotated[
        int, Meta(ge=1024, description="Most bytes one exchange may upload or unpack.")
    ] = 8192 * MIB
    max_files: Annotated[int, Meta(ge=1, description="Most files in one exchange.")] = 200_000
    max_picture: Annotated[int, Meta(ge=1, description="Largest picture taken, bytes.")] = 20 * MIB
    max_pixels: Annotated[int, Meta(ge=1, description="Largest picture taken, width × height.")] = 50_000_000
    full_export: Annotated[
        Literal["deactivate", "nothing"],
        Meta(description="What becomes of goods a complete export does not list."),
    ] = "deactivate"
    price_types: Annotated[
        dict[str, str],
        Meta(
            description="Price type in 1C (name or id) → our key. Retail is `base`; unnamed ones go by their id."
        ),
    ] = {}
    warehouses: Annotated[
        dict[str, str],
        Meta(description="Warehouse in 1C (name or id) → our key; unnamed ones go by their id."),
    ] = {}
    only_warehouse: Annotated[
        str, Meta(min_length=1, description="Key of the stock where 1C names no warehouse.")
    ] = "main"
    properties: Annotated[
        dict[str, str],
        Meta(description="Property in 1C (id or name) → our code; unnamed ones go by their id."),
    ] = {}
    currencies: Annotated[
        dict[str, str], Meta(description="Currency as 1C writes it → ISO 4217 code, over the built-in list.")
    ] = {}
    units: Annotated[
        dict[str, str], Meta(description="Unit as 1C writes it → OKEI code, over the built-in list.")
    ] = {}
    vat: Annotated[
        dict[str, str], Meta(description="VAT rate as 1C writes it → `22`, `10`, … or `none`.")
    ] = {}
    kinds: Annotated[
        dict[str, str], Meta(description="Type of goods in 1C → `goods`, `service` or `set`.")
    ] = {}
    size_unit: Annotated[
        Literal["m", "cm", "mm"], Meta(description="What 1C measures length, width and height in.")
    ] = "m"
