"""Writes the frame of a document and what goods refer to: owner, groups, properties, price types, warehouses, units."""

from collections.abc import Iterable
from datetime import datetime

from obmen.connectors.onec.sandbox.dialects import Dialect, moment, yes_no
from obmen.connectors.onec.sandbox.markup import Node, leaf, tree
from obmen.sandbox.world import Group, PriceType, Property, World

_KINDS = {"text": "Строка", "number": "Число", "directory": "Справочник", "flag": "Справочник"}


def frame(dialect: Dialect, formed_at: datetime, *children: Node) -> Node:
    """Write the root element."""
    attributes = {"xmlns": dialect.namespace} if dialect.namespace else {}
    attributes |= {
        "xmlns:xs": "http://www.w3.org/2001/XMLSchema",
        "xmlns:xsi": "http://www.w3.org/2001/XMLSchema-instance",
        "ВерсияСхемы": dialect.version,
        "ДатаФормирования": moment(formed_at),
    }
    return tree("КоммерческаяИнформация", *children, attributes=attributes)


def classifier(world: World, *children: Node, only_changes: bool | None = None) -> Node:
    """Write the classifier with the blocks given; the attribute is written by newer generations only."""
    return tree(
        "Классификатор",
        leaf("Ид", world.catalog),
        leaf("Наименование", "Классификатор (Основной каталог товаров)"),
        owner(world),
        children,
        attributes={} if only_changes is None else {"СодержитТолькоИзменения": yes_no(only_changes)},
    )


def owner(world: World) -> Node:
    """Write the legal entity."""
    return tree(
        "Владелец",
        leaf("Ид", world.owner.id),
        leaf("Наименование", world.owner.name),
        leaf("ОфициальноеНаименование", world.owner.name),
        leaf("ИНН", world.owner.tin),
        leaf("КПП", world.owner.kpp),
        leaf("ОКПО"),
    )


def groups(world: World, dialect: Dialect) -> Node:
    """Write the tree of groups."""

    def branch(parent: str | None) -> Iterable[Node]:
        for group in world.groups:
            if group.parent == parent:
                yield _group(group, dialect, tuple(branch(group.id)))

    return tree("Группы", branch(None))


def properties(world: World, dialect: Dialect, *, of_offers: bool | None = None) -> Node:
    """Write the properties of goods, of offers, or (by default) of both."""
    return tree(
        "Свойства",
        (_property(each, dialect) for each in world.properties if of_offers in {None, each.of_offer}),
    )


def price_types(kinds: Iterable[PriceType], dialect: Dialect) -> Node:
    """Write the price types."""
    return tree(
        "ТипыЦен",
        (
            tree(
                "ТипЦены",
                leaf("Ид", kind.id),
                _marks(dialect, kind.id),
                leaf("Наименование", kind.name),
                leaf("Валюта", kind.currency),
                tree(
                    "Налог",
                    leaf("Наименование", "НДС"),
                    leaf("УчтеноВСумме", yes_no(kind.vat_included)),
                    leaf("Акциз", "false"),
                ),
            )
            for kind in kinds
        ),
    )


def warehouses(world: World, dialect: Dialect) -> Node:
    """Write the warehouses; the older generation knows only their names."""
    return tree(
        "Склады",
        (
            tree(
                "Склад",
                leaf("Ид", place.id),
                leaf("Наименование", place.name),
                None if dialect.classic else tree("Адрес", leaf("Представление", place.address)),
            )
            for place in world.warehouses
        ),
    )


def units(world: World) -> Node:
    """Write the units of measure."""
    return tree(
        "ЕдиницыИзмерения",
        (
            tree(
                "ЕдиницаИзмерения",
                leaf("Ид", f"{unit.code} "),
                leaf("НаименованиеКраткое", unit.short),
                leaf("Код", f"{unit.code} "),
                leaf("НаименованиеПолное", unit.full),
                leaf("МеждународноеСокращение", unit.international),
            )
            for unit in world.units.values()
        ),
    )


def _marks(dialect: Dialect, key: str, revision: int = 1) -> tuple[Node, ...]:
    if dialect.classic:
        return ()
    return leaf("НомерВерсии", dialect.token(key, revision)), leaf("ПометкаУдаления", "false")


def _group(group: Group, dialect: Dialect, below: tuple[Node, ...]) -> Node:
    return tree(
        "Группа",
        leaf("Ид", group.id),
        _marks(dialect, group.id, group.revision),
        leaf("Наименование", group.name),
        tree("Группы", below) if below else None,
    )


def _property(each: Property, dialect: Dialect) -> Node:
    choices = tree(
        "ВариантыЗначений",
        (
            tree("Справочник", leaf("ИдЗначения", option.id), leaf("Значение", option.value))
            for option in each.options
        ),
    )
    return tree(
        "Свойство",
        leaf("Ид", each.id),
        _marks(dialect, each.id),
        leaf("Наименование", each.name),
        leaf("ТипЗначений", _KINDS[each.kind]),
        choices if each.options else None,
    )
