"""A small live shop to begin with: two infoblocks, their standard properties, price types, stores, VAT, units."""

from obmen.connectors.bitrix.sandbox.rows import Iblock, Measure, PriceType, Property, Section, Store, Vat
from obmen.connectors.bitrix.sandbox.sale.seed import furnish_sales
from obmen.connectors.bitrix.sandbox.state import ShopState

PRODUCTS = 14
OFFERS = 15
STORES = (
    ("Основной склад", "Тюмень, ул. Республики, 252", "5f0c7a10-1d1e-11ee-9a01-00155d0a0001"),
    ("Магазин на Ленина", "Тюмень, ул. Ленина, 38", "5f0c7a11-1d1e-11ee-9a01-00155d0a0001"),
)
_VATS = (
    ("Без НДС", None),
    ("НДС 22%", 22),
    ("НДС 20%", 20),
    ("НДС 10%", 10),
    ("НДС 7%", 7),
    ("НДС 5%", 5),
    ("НДС 0%", 0),
)
_MEASURES = (
    (6, "Метр", "м", "m"),
    (112, "Литр", "л", "l"),
    (163, "Грамм", "г", "g"),
    (166, "Килограмм", "кг", "kg"),
    (796, "Штука", "шт", "pc. 1"),
    (55, "Квадратный метр", "м²", "m2"),
    (778, "Упаковка", "упак", "NMP"),
    (839, "Комплект", "компл", "set"),
    (715, "Пара", "пара", "pr. 2"),
)
# Code, name, type, multiple: what the first CommerceML import makes.
_STANDARD = (
    ("CML2_ARTICLE", "Артикул", "S", "N"),
    ("CML2_BAR_CODE", "ШтрихКод", "S", "N"),
    ("CML2_MANUFACTURER", "Производитель", "L", "N"),
    ("CML2_TRAITS", "Реквизиты", "S", "Y"),
    ("CML2_TAXES", "Ставки налогов", "S", "Y"),
    ("CML2_BASE_UNIT", "Базовая единица", "S", "N"),
    ("CML2_ATTRIBUTES", "Характеристики", "S", "Y"),
    ("MORE_PHOTO", "Картинки", "F", "Y"),
    ("FILES", "Файлы", "F", "Y"),
)


def furnish(state: ShopState) -> None:
    """Fill an empty shop."""
    setup = state.setup
    state.iblocks.insert(Iblock(name="Каталог товаров", xml_id=setup.catalog_xml_id))
    state.iblocks.insert(
        Iblock(name="Каталог товаров (предложения)", xml_id=setup.offers_xml_id, product_iblock_id=PRODUCTS)
    )
    for iblock_id in (PRODUCTS, OFFERS):
        for code, name, kind, multiple in _STANDARD:
            state.properties.insert(
                Property(
                    iblock_id=iblock_id,
                    name=name,
                    code=code,
                    xml_id=code,
                    property_type=kind,
                    multiple=multiple,
                    timestamp_x=state.now(),
                )
            )
    link = state.properties.insert(
        Property(
            iblock_id=OFFERS,
            name="Элемент каталога",
            code="CML2_LINK",
            xml_id="CML2_LINK",
            property_type="E",
            user_type="SKU",
            link_iblock_id=PRODUCTS,
            timestamp_x=state.now(),
        )
    )
    offers = state.iblocks.get(OFFERS)
    if offers is not None:
        state.iblocks.change(offers, sku_property_id=link.id)
    state.sections.insert(
        Section(iblock_id=PRODUCTS, name="Каталог", code="katalog", xml_id="root", timestamp_x=state.now())
    )
    state.price_types.insert(PriceType(name="Розничная цена", base="Y", xml_id="BASE"))
    small = setup.edition == "small"
    if not small:
        state.price_types.insert(PriceType(name="Цена со скидкой", sort=200, xml_id="DISCOUNT"))
    for title, address, xml_id in STORES[: 1 if small else None]:
        state.stores.insert(Store(title=title, address=address, xml_id=xml_id, date_modify=state.now()))
    for name, rate in _VATS:
        state.vats.insert(Vat(name=name, rate=rate))
    furnish_sales(state.sale)
    for okei, title, symbol, intl in _MEASURES:
        state.measures.insert(
            Measure(
                code=okei,
                measure_title=title,
                symbol=symbol,
                symbol_intl=intl,
                is_default="Y" if okei == 796 else "N",
            )
        )
