"""Grows a world from a seed: the hand-written assortment first, then as many templated goods as asked."""

from collections.abc import Iterable, Mapping
from decimal import ROUND_HALF_UP, Decimal
from functools import cache
from importlib import resources

import msgspec

from obmen.sandbox.world.drafts import Assortment, OfferDraft, ProductDraft, PropertyDraft
from obmen.sandbox.world.identity import ean13, guid
from obmen.sandbox.world.templates import invented
from obmen.sandbox.world.values import (
    Group,
    Offer,
    Option,
    Owner,
    Picture,
    PriceType,
    Product,
    Property,
    Unit,
    Warehouse,
    World,
)

KOPECK = Decimal("0.01")
# The base for a barcode of a shop's own range: so many numbers are kept for one seed.
_BARCODES_PER_SEED = 1_000_000

UNITS = {
    unit.code: unit
    for unit in (
        Unit(code="796", short="шт", full="Штука", international="PCE"),
        Unit(code="166", short="кг", full="Килограмм", international="KGM"),
        Unit(code="112", short="л", full="Литр", international="LTR"),
        Unit(code="006", short="м", full="Метр", international="MTR"),
        Unit(code="778", short="упак", full="Упаковка", international="NMP"),
        Unit(code="715", short="пар", full="Пара (2 шт.)", international="NPR"),
    )
}
# Name of a price type, its share of the retail price, whether buyers must not see it.
_PRICE_TYPES = (
    ("Розничная", Decimal(1), False),
    ("Мелкооптовая", Decimal("0.883"), False),
    ("Закупочная", Decimal("0.664"), True),
)
_WAREHOUSES = (
    ("Основной склад", "625014, г. Тюмень, ул. Республики, д. 252, стр. 9"),
    ("Магазин на Ленина", "625003, г. Тюмень, ул. Ленина, д. 57"),
)


def grow(seed: int, size: int | None = None) -> World:
    """Do the work of `World.seeded`."""
    assortment = _assortment()
    written = assortment.products
    wanted = len(written) if size is None else size
    drafts = [*written[:wanted], *invented(seed, max(0, wanted - len(written)))]
    return _Grower(seed, assortment, drafts).world()


@cache
def _assortment() -> Assortment:
    text = resources.files("obmen.sandbox.world").joinpath("assortment.toml").read_bytes()
    return msgspec.toml.decode(text, type=Assortment)


class _Grower:
    """Turns drafts, which speak in keys and words, into values, which speak in ids."""

    def __init__(self, seed: int, assortment: Assortment, drafts: Iterable[ProductDraft]) -> None:
        self._seed = seed
        self._assortment = assortment
        self._drafts = list(drafts)
        self._barcode = seed % 97 * _BARCODES_PER_SEED
        self._price_types = [
            (PriceType(id=self._id("price type", name), name=name, internal=internal), share)
            for name, share, internal in _PRICE_TYPES
        ]
        self._warehouses = [
            Warehouse(id=self._id("warehouse", name), name=name, address=address)
            for name, address in _WAREHOUSES
        ]
        self._properties = {draft.key: self._property(draft) for draft in assortment.properties}

    def world(self) -> World:
        return World(
            seed=self._seed,
            owner=Owner(
                id=self._id("owner", "shop"), name="Инструмент и дом ООО", tin="7203456784", kpp="720301001"
            ),
            catalog=self._id("catalog", "main"),
            units=UNITS,
            groups=tuple(
                Group(
                    id=self._id("group", draft.key),
                    name=draft.name,
                    parent=self._id("group", draft.parent) if draft.parent else None,
                )
                for draft in self._assortment.groups
            ),
            properties=tuple(self._properties.values()),
            price_types=tuple(kind for kind, _ in self._price_types),
            warehouses=tuple(self._warehouses),
            products=tuple(self._product(number, draft) for number, draft in enumerate(self._drafts, 1)),
        )

    def _id(self, kind: str, key: str) -> str:
        return guid(self._seed, kind, key)

    def _property(self, draft: PropertyDraft) -> Property:
        """Make a property; the options of a directory are all words met in the drafts, in order."""
        options: tuple[Option, ...] = ()
        if draft.kind == "flag":
            options = (Option(id="true", value="Да"), Option(id="false", value="Нет"))
        elif draft.kind == "directory":
            met = dict.fromkeys(
                word
                for product in self._drafts
                for words in (product.values, *(offer.traits for offer in product.offers))
                if (word := words.get(draft.key))
            )
            options = tuple(Option(id=self._id(f"option {draft.key}", word), value=word) for word in met)
        return Property(
            id=self._id("property", draft.key),
            name=draft.name,
            kind=draft.kind,
            of_offer=draft.of_offer,
            options=options,
        )

    def _values(self, words: Mapping[str, str]) -> dict[str, str]:
        """Put ids in the place of keys and of words of directories."""
        values = {}
        for key, word in words.items():
            prop = self._properties[key]
            directory = prop.kind == "directory" and word
            values[prop.id] = self._id(f"option {key}", word) if directory else word
        return values

    def _product(self, number: int, draft: ProductDraft) -> Product:
        key = draft.article or draft.name
        product = self._id("product", key)
        drafts = draft.offers or (OfferDraft(stock=draft.stock),)
        return Product(
            id=product,
            code=f"ИД-{number:08d}",
            article=draft.article,
            name=draft.name,
            group=self._id("group", draft.group),
            unit=draft.unit,
            vat=draft.vat,
            sort=draft.sort,
            kind=draft.kind,
            maker=Option(id=self._id("maker", draft.maker), value=draft.maker),
            description=draft.description,
            weight=draft.weight,
            markable=draft.markable,
            values=self._values(draft.values),
            pictures=tuple(self._picture(product, place) for place in range(draft.pictures)),
            offers=tuple(self._offer(product, draft, each) for each in drafts),
        )

    def _picture(self, product: str, place: int) -> Picture:
        file = self._id("picture", f"{product}:{place}")
        shade = int(file[:2], 16)
        path = f"import_files/{product[:2]}/{product}_{file}.{'png' if place else 'jpg'}"
        return Picture(path=path, shade=shade, caption="Вид сбоку" if place else "Общий вид")

    def _offer(self, product: str, card: ProductDraft, draft: OfferDraft) -> Offer:
        retail = draft.price or card.price
        return Offer(
            product=product,
            characteristic=self._id("characteristic", f"{product}:{draft.name}") if draft.name else None,
            name=draft.name,
            barcode=self._next_barcode() if card.kind == "Товар" and card.article else "",
            traits=self._values(draft.traits),
            prices={
                kind.id: (retail * share).quantize(KOPECK, ROUND_HALF_UP) for kind, share in self._price_types
            },
            stock={}
            if card.kind == "Услуга"
            else {place.id: amount for place, amount in zip(self._warehouses, draft.stock, strict=True)},
            weight=draft.weight,
        )

    def _next_barcode(self) -> str:
        self._barcode += 1
        return ean13(self._barcode)
