"""What a connection to a 1C-Bitrix shop is set up with."""

from __future__ import annotations

import re
from typing import Annotated, Literal, TypeAlias

import msgspec
from msgspec import Meta

PURCHASE = re.compile(r"закуп|себестоим|purchas|(?<![a-z])cost(?![a-z])", re.IGNORECASE)
"""Price types a public shop must not get by accident."""

_SECRET = {"secret": True}
Seconds: TypeAlias = Annotated[float, Meta(gt=0)]


class Settings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Settings of one shop. Everything that can be asked of the shop itself is optional."""

    url: Annotated[str, Meta(description="Address of the site, like https://shop.example.")]
    user: Annotated[int, Meta(gt=0, description="Id of the user who owns the inbound webhook.")]
    secret: Annotated[
        str, Meta(min_length=1, description="Secret of the inbound webhook.", extra_json_schema=_SECRET)
    ]
    host: Annotated[
        str,
        Meta(description="Host the shop must have; with another one nothing is written: a guard for copies."),
    ] = ""

    catalog_iblock: Annotated[
        int | None, Meta(description="Id of the infoblock of products; asked of the shop when absent.")
    ] = None
    offers_iblock: Annotated[
        int | None, Meta(description="Id of the infoblock of offers; asked of the shop when absent.")
    ] = None

    prices: Annotated[
        dict[str, int],
        Meta(description="Canonical price key → id of the price type. Only these are ever touched."),
    ] = {}
    allow_purchase: Annotated[
        bool, Meta(description="Let purchase prices into the shop. They may become public.")
    ] = False
    stores: Annotated[
        dict[str, str], Meta(description="Canonical warehouse → id or external code of the store.")
    ] = {}
    inventory_control: Annotated[
        Literal["auto", "on", "off"],
        Meta(description="Whether the shop keeps inventory control; `auto` asks it."),
    ] = "auto"

    sku_property: Annotated[str, Meta(description="Code or id of the property of the article.")] = (
        "CML2_ARTICLE"
    )
    barcode_property: Annotated[str, Meta(description="Code or id of the property of the barcode.")] = (
        "CML2_BAR_CODE"
    )
    brand_property: Annotated[str, Meta(description="Code or id of the property of the brand.")] = ""
    manufacturer_property: Annotated[
        str, Meta(description="Code or id of the property of the manufacturer.")
    ] = "CML2_MANUFACTURER"
    country_property: Annotated[
        str, Meta(description="Code or id of the property of the country of origin.")
    ] = ""
    properties: Annotated[
        dict[str, str], Meta(description="Canonical property → code or id of the property of products.")
    ] = {}
    attributes_property: Annotated[
        str, Meta(description="Multiple text property of offers that shows all characteristics.")
    ] = "CML2_ATTRIBUTES"
    characteristics: Annotated[
        dict[str, str],
        Meta(description="Name of a characteristic → code or id of a property of offers it fills as well."),
    ] = {}
    create_choices: Annotated[
        bool, Meta(description="Add a missing choice to a list property instead of waiting for a person.")
    ] = False

    first_picture: Annotated[
        tuple[Literal["detail", "preview"], ...],
        Meta(description="Fields of the element that repeat the first picture."),
    ] = ("detail", "preview")
    new_products: Annotated[
        Literal["as_given", "hidden"],
        Meta(description="`hidden` creates products inactive, for an editor to publish."),
    ] = "as_given"

    exchange_login: Annotated[
        str, Meta(description="Login of the exchange door, for stock by warehouse.")
    ] = ""
    exchange_password: Annotated[
        str, Meta(description="Password of the exchange door.", extra_json_schema=_SECRET)
    ] = ""
    catalog_xml_id: Annotated[
        str, Meta(description="External code of the infoblock of products; the exchange door needs it.")
    ] = ""
    offers_xml_id: Annotated[
        str, Meta(description="External code of the infoblock of offers; the exchange door needs it.")
    ] = ""

    proxy: Annotated[str, Meta(description="http:// or socks5:// proxy to the shop.")] = ""
    ca_file: Annotated[str, Meta(description="File of certificates to trust besides the system's.")] = ""
    connect_timeout_s: Annotated[Seconds, Meta(description="Longest wait for a connection.")] = 10.0
    timeout_s: Annotated[Seconds, Meta(description="Longest wait for an answer.")] = 60.0
    exchange_timeout_s: Annotated[
        Seconds, Meta(description="Longest wait for one step of the exchange door.")
    ] = 150.0
    exchange_patience_s: Annotated[
        Seconds, Meta(description="Give the exchange door up after so long without progress.")
    ] = 600.0
    visible_after_s: Annotated[
        Seconds, Meta(description="How long an unanswered write may still land: PHP's longest run.")
    ] = 90.0
    overlap_s: Annotated[
        float, Meta(ge=0, description="How far behind the last reading a new one starts.")
    ] = 300.0
    batch: Annotated[
        int, Meta(ge=1, le=50, description="Writes in one request; fewer for a slow server.")
    ] = 50
    rate_per_s: Annotated[float, Meta(gt=0, description="Requests per second; the box has no limit.")] = 5.0
    parallel: Annotated[int, Meta(ge=1, description="Requests under way at once.")] = 2

    def __post_init__(self) -> None:
        for key in self.prices:
            if PURCHASE.search(key) and not self.allow_purchase:
                raise ValueError(
                    f"prices.{key} looks like a purchase price; a shop shows what it has. "
                    "Remove it, or set allow_purchase = true."
                )
        if bool(self.exchange_login) != bool(self.exchange_password):
            raise ValueError("exchange_login and exchange_password belong together: give both or neither.")
        if self.exchange_login and not self.catalog_xml_id:
            raise ValueError(
                "The exchange door needs catalog_xml_id (and offers_xml_id where offers have an infoblock): "
                "the external codes in the settings of the infoblocks. Without them the shop makes a new infoblock."
            )

    @property
    def uses_door(self) -> bool:
        """Whether stock goes by the exchange door."""
        return bool(self.exchange_login)
