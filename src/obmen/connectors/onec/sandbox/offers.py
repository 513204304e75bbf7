"""Writes offers: characteristics, prices, stock, together or apart."""

from collections.abc import Iterable
from decimal import Decimal
from typing import Literal

from msgspec.structs import replace

from obmen.connectors.onec.sandbox.classifier import owner, price_types, warehouses
from obmen.connectors.onec.sandbox.dialects import Dialect, plain, shown, yes_no
from obmen.connectors.onec.sandbox.goods import GoodsWriter, full_name
from obmen.connectors.onec.sandbox.markup import Node, leaf, tree
from obmen.sandbox.world import Offer, PriceType, Product, World

Part = Literal["names", "prices", "stock"]


class OfferWriter:
    """Writes offers of one world in one dialect, with the price types that the exchange is set to send."""

    def __init__(self, world: World, dialect: Dialect, kinds: tuple[PriceType, ...]) -> None:
        self._world = world
        self._dialect = dialect
        self._kinds = kinds
        self._goods = GoodsWriter(world, dialect)

    def package(
        self, offers: Iterable[tuple[Product, Offer]], parts: frozenset[Part], *, only_changes: bool
    ) -> Node:
        """Write a package; its id carries a `#`, as in real files."""
        world, classic = self._world, self._dialect.classic
        return tree(
            "ПакетПредложений",
            leaf("Ид", f"{world.catalog}#"),
            leaf("Наименование", "Пакет предложений (Основной каталог товаров)"),
            leaf("ИдКаталога", world.catalog),
            leaf("ИдКлассификатора", world.catalog),
            owner(world) if classic else None,
            price_types(self._kinds, self._dialect) if classic and "prices" in parts else None,
            warehouses(world, self._dialect) if classic and self._dialect.stock == "attributes" else None,
            tree("Предложения", (self._node(product, offer, parts) for product, offer in offers)),
            attributes={"СодержитТолькоИзменения": yes_no(only_changes)},
        )

    def _node(self, product: Product, offer: Offer, parts: frozenset[Part]) -> Node:
        return tree(
            "Предложение",
            leaf("Ид", offer.id),
            # Files of prices and of stock hold nothing but the id and their own block.
            self._about(product, offer) if self._dialect.classic or "names" in parts else (),
            self._prices(product, offer) if "prices" in parts else None,
            self._stock(offer) if "stock" in parts and product.kind == "Товар" else (),
        )

    def _about(self, product: Product, offer: Offer) -> Iterable[Node]:
        dialect = self._dialect
        if not dialect.classic:
            yield leaf("НомерВерсии", dialect.token(offer.id, product.revision))
        if dialect.deletion == "element":
            yield leaf("ПометкаУдаления", yes_no(product.deleted))
        if offer.barcode and (offer.characteristic or not dialect.classic):
            yield leaf("Штрихкод", offer.barcode)
        yield leaf("Артикул", product.article)
        yield leaf("Наименование", full_name(product, offer))
        yield self._goods.unit(product)
        if traits := self._goods.traits(offer):
            yield traits
        if not dialect.classic and (values := self._goods.values(dict(offer.traits))):
            yield values

    def _prices(self, product: Product, offer: Offer) -> Node | None:
        unit = self._world.units[product.unit]
        named = unit.international if self._dialect.classic else unit.short
        found = [
            tree(
                "Цена",
                leaf("Представление", f" {shown(amount)} {kind.currency} за {named}"),
                leaf("ИдТипаЦены", kind.id),
                leaf("ЦенаЗаЕдиницу", plain(amount)),
                leaf("Валюта", kind.currency),
                leaf("Единица", named),
                leaf("Коэффициент", "1"),
            )
            for kind in self._kinds
            if (amount := offer.prices.get(kind.id)) is not None
        ]
        # In a file of prices an empty block says that there is none; a whole offer just goes without.
        return tree("Цены", found) if found or not self._dialect.classic else None

    def _stock(self, offer: Offer) -> Iterable[Node]:
        if self._dialect.stock != "nested":
            yield leaf("Количество", plain(sum(offer.stock.values(), Decimal(0))))
        if self._dialect.stock == "attributes":
            for place, quantity in offer.stock.items():
                yield Node("Склад", "", {"ИдСклада": place, "КоличествоНаСкладе": plain(quantity)})
        elif self._dialect.stock == "nested":
            yield tree(
                "Остатки",
                (
                    tree(
                        "Остаток",
                        tree("Склад", leaf("Ид", place), leaf("Количество", plain(quantity))),
                    )
                    for place, quantity in offer.stock.items()
                ),
            )


def with_bare(
    offers: Iterable[tuple[Product, Offer]], places: Iterable[str]
) -> Iterable[tuple[Product, Offer]]:
    """Put before the characteristics of each product the bare offer 1C often sends: no price, no stock."""
    empty = dict.fromkeys(places, Decimal(0))
    last = ""
    for product, offer in offers:
        if offer.characteristic and product.id != last:
            yield (
                product,
                replace(offer, characteristic=None, name="", barcode="", traits={}, prices={}, stock=empty),
            )
        last = product.id
        yield product, offer
