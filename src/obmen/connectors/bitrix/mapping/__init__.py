"""Between canonical values and the shop's: pure, table-driven, no network and no clock."""

from obmen.connectors.bitrix.mapping.codec import ShopCodec
from obmen.connectors.bitrix.mapping.rows import category_look, offer_look, product_look
from obmen.connectors.bitrix.mapping.shop import Choice, PropertyMeta, Shop
from obmen.connectors.bitrix.mapping.slug import slug
from obmen.connectors.bitrix.mapping.writes import rest_fields

__all__ = [
    "Choice",
    "PropertyMeta",
    "Shop",
    "ShopCodec",
    "category_look",
    "offer_look",
    "product_look",
    "rest_fields",
    "slug",
]
