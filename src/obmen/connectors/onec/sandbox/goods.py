"""Writes the cards of goods."""

from collections.abc import Iterable
from decimal import Decimal

from obmen.connectors.onec.sandbox.classifier import owner
from obmen.connectors.onec.sandbox.dialects import Dialect, plain, shown, yes_no
from obmen.connectors.onec.sandbox.markup import Node, leaf, tree
from obmen.sandbox.world import Offer, Product, Property, World


class GoodsWriter:
    """Writes products of one world in one dialect."""

    def __init__(self, world: World, dialect: Dialect) -> None:
        self._world = world
        self._dialect = dialect
        self._properties = {each.id: each for each in world.properties}
        self._words = {
            (each.id, option.id): option.value for each in world.properties for option in each.options
        }

    def catalog(self, products: Iterable[Product], *, only_changes: bool) -> Node:
        """Write the catalogue with these products."""
        return tree(
            "Каталог",
            leaf("Ид", self._world.catalog),
            leaf("ИдКлассификатора", self._world.catalog),
            leaf("Наименование", "Основной каталог товаров"),
            owner(self._world),
            tree("Товары", (node for product in products for node in self._nodes(product))),
            attributes={"СодержитТолькоИзменения": yes_no(only_changes)},
        )

    def unit(self, product: Product) -> Node:
        """Write the base unit; the trailing space of its code is 1C's own."""
        unit = self._world.units[product.unit]
        if self._dialect.unit == "code":
            return leaf("БазоваяЕдиница", f"{unit.code} ")
        return tree(
            "БазоваяЕдиница",
            tree("Пересчет", leaf("Единица", unit.code), leaf("Коэффициент", "1")),
            attributes={
                "Код": f"{unit.code} ",
                "НаименованиеПолное": unit.full,
                "МеждународноеСокращение": unit.international,
            },
        )

    def values(self, values: dict[str, str]) -> Node | None:
        """Write values of properties in the machine's form."""
        if not values:
            return None
        return tree(
            "ЗначенияСвойств",
            (
                tree("ЗначенияСвойства", leaf("Ид", key), leaf("Значение", self._value(key, value)))
                for key, value in values.items()
            ),
        )

    def traits(self, offer: Offer) -> Node | None:
        """Write a characteristic in the form people read: words, commas, no-break spaces; unset ones stay empty."""
        if not offer.traits:
            return None
        return tree(
            "ХарактеристикиТовара",
            (
                tree(
                    "ХарактеристикаТовара",
                    None if self._dialect.classic else leaf("Ид", key),
                    leaf("Наименование", self._properties[key].name),
                    leaf("Значение", self._shown(self._properties[key], value)),
                )
                for key, value in offer.traits.items()
            ),
        )

    def _nodes(self, product: Product) -> Iterable[Node]:
        if product.has_characteristics and self._dialect.characteristics_as_goods:
            return (self._node(product, offer) for offer in product.offers)
        return (self._node(product, None if product.has_characteristics else product.offers[0]),)

    def _node(self, product: Product, offer: Offer | None) -> Node:
        dialect = self._dialect
        as_goods = offer is not None and offer.characteristic is not None
        weight = (offer.weight if offer and as_goods else None) or product.weight
        return tree(
            "Товар",
            leaf("Ид", offer.id if offer and as_goods else product.id),
            None if dialect.classic else leaf("НомерВерсии", dialect.token(product.id, product.revision)),
            leaf("ПометкаУдаления", yes_no(product.deleted)) if dialect.deletion == "element" else None,
            leaf("Штрихкод", offer.barcode) if offer and offer.barcode else None,
            leaf("Артикул", product.article),
            leaf("Наименование", full_name(product, offer)),
            self.unit(product),
            tree("Группы", leaf("Ид", product.group)),
            leaf("Описание", product.description),
            (leaf("Картинка", picture.path) for picture in product.pictures),
            tree("Изготовитель", leaf("Ид", product.maker.id), leaf("Наименование", product.maker.value))
            if product.maker
            else None,
            self.values(dict(product.values)),
            tree(
                "СтавкиНалогов",
                tree("СтавкаНалога", leaf("Наименование", "НДС"), leaf("Ставка", product.vat)),
            ),
            self.traits(offer) if offer and as_goods else None,
            self._requisites(product, weight),
            leaf("Вес", plain(weight)) if weight and dialect.unit == "code" else None,
            attributes={"Статус": "Удален"} if product.deleted and dialect.deletion == "status" else None,
        )

    def _requisites(self, product: Product, weight: Decimal | None) -> Node:
        found = [
            ("ВидНоменклатуры", product.sort),
            ("ТипНоменклатуры", product.kind),
            ("Полное наименование", product.name),
            ("Код", product.code),
        ]
        if weight and self._dialect.unit != "code":
            found.append(("Вес", self._dialect.number(weight)))
        if product.markable:
            found.append(("ПодлежитМаркировке", "true"))
        found += [("ОписаниеФайла", f"{picture.path}#{picture.caption}") for picture in product.pictures]
        if self._dialect.deletion == "requisite":
            found.append(("ПометкаУдаления", yes_no(product.deleted)))
        return tree(
            "ЗначенияРеквизитов",
            (
                tree("ЗначениеРеквизита", leaf("Наименование", name), leaf("Значение", value))
                for name, value in found
            ),
        )

    def _value(self, key: str, value: str) -> str:
        numeric = value and self._properties[key].kind == "number"
        return self._dialect.number(value) if numeric else value

    def _shown(self, each: Property, value: str) -> str:
        if value and each.kind == "number":
            return shown(Decimal(value))
        return self._words.get((each.id, value), value)


def full_name(product: Product, offer: Offer | None) -> str:
    """Name an offer as 1C does: the characteristic in brackets."""
    return f"{product.name} ({offer.name})" if offer and offer.name else product.name
