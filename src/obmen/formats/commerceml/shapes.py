"""Reads offers that look like an offer seen before without parsing them as XML.

A program writes its offers by one template: the same tags in the same order, only the texts between them differ.
So a text is cut at every `<` and `>`, which gives its tags and texts in turn. If all tags are the same as those of
an offer that a real parser has accepted, the text is well-formed too, and its values stand at the same places.
Whatever does not match to the letter is left to the parser.
"""

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from operator import itemgetter
from typing import Any, Final

from msgspec import UNSET

from obmen.formats.commerceml.fields import Fields
from obmen.formats.commerceml.items import Characteristic, Offer, Price, Stock
from obmen.formats.commerceml.offers import offer_ids
from obmen.formats.commerceml.values import is_true, key, meaningful

#: Values at places that a shape lacks: each list of tokens gets these two at its end.
_EMPTY: Final = -2
_ABSENT: Final = -1

_TEXTS: Final = {"НомерВерсии": "version", "Наименование": "name", "Артикул": "sku"}
_BARCODES: Final = frozenset(("Штрихкод", "ШтрихКод"))
#: Parts that repeat word for word from offer to offer: remembered whole.
_REGIONS: Final = {"БазоваяЕдиница": "unit", "СтавкиНалогов": "vat"}
_PRICE: Final = ("ИдТипаЦены", "ЦенаЗаЕдиницу", "Валюта", "Единица", "Коэффициент", "МинКоличество")
_WAREHOUSE: Final = re.compile('Склад ИдСклада="([^"]*)" КоличествоНаСкладе="([^"]*)"/')
_NAME: Final = re.compile(r"[^\W\d][\w.-]*")
_ATTRIBUTES: Final = re.compile(r"(?:[^\W\d][\w.:-]*=\"[^\"]*\" ?)+")
_ENTITIES: Final = {"&amp;": "&", "&lt;": "<", "&gt;": ">", "&quot;": '"', "&apos;": "'"}
_ENTITY: Final = re.compile("&[^;]*;?")
_MOST_SHAPES: Final = 1000
_MOST_REGIONS: Final = 5000
_MOST_STOCKS: Final = 5000


class UnknownShape(Exception):
    """The text is not like any seen before."""


def tokens_of(text: str) -> list[str]:
    """Cut a text, where every `>` has become `<`, into what precedes the first tag, then tags and texts in turn."""
    tokens = text.split("<")
    if "&" in text:
        if any("&" in tag for tag in tokens[1::2]):
            raise UnknownShape
        tokens[::2] = [_ENTITY.sub(_entity, token) if "&" in token else token for token in tokens[::2]]
    return tokens


def _entity(found: re.Match[str]) -> str:
    try:
        return _ENTITIES[found[0]]
    except KeyError:
        raise UnknownShape from None


@dataclass(slots=True)
class _Element:
    """An element by the places of its tags; an element without content opens and closes at the same place."""

    name: str
    opens: int
    closes: int = 0
    children: list["_Element"] = field(default_factory=list)

    @property
    def value(self) -> int:
        """Where the text of a leaf stands."""
        if self.children:
            raise UnknownShape
        return _EMPTY if self.opens == self.closes else self.opens + 1


def _outline(tokens: list[str]) -> _Element:
    """Find which tags belong together. The last closing tag is cut off: it is where offers are told apart."""
    if len(tokens) < 2 or tokens[1] != "Предложение":
        raise UnknownShape
    stack = [_Element("Предложение", opens=1)]
    for place in range(3, len(tokens), 2):
        tag = tokens[place]
        if tag[:1] == "/":
            element = stack.pop()
            element.closes = place
            if not stack or tag[1:] != element.name:
                raise UnknownShape
            continue
        name, _, attributes = tag.removesuffix("/").partition(" ")
        if not _NAME.fullmatch(name) or (attributes and not _ATTRIBUTES.fullmatch(attributes)):
            raise UnknownShape
        element = _Element(name, place, place)
        stack[-1].children.append(element)
        if tag[-1] != "/":
            stack.append(element)
    if len(stack) != 1:
        raise UnknownShape
    return stack[0]


Places = Callable[[Sequence[Any]], Sequence[Any]]


def _places(places: Sequence[int]) -> Places:
    """Make a getter of the tokens at these places, a sequence however many they are."""
    if len(places) > 1:
        return itemgetter(*places)
    return itemgetter(slice(places[0], places[0] + 1 or None)) if places else itemgetter(slice(0, 0))


class Shape:
    """The tags of an offer, and the places of its values among the tokens."""

    def __init__(self, tokens: list[str]) -> None:
        self.id = _EMPTY
        self.texts: list[tuple[str, int]] = []
        self.quantity = _ABSENT
        self.deleted = _ABSENT
        self.barcodes: list[int] = []
        self.regions: list[tuple[str, slice]] = []
        self.prices: list[list[int]] | None = None
        self.warehouses: Places | None = None  # Склад with attributes
        self.balances: list[list[int]] | None = None  # warehouse and quantity of Остатки
        self.characteristics: list[list[int]] | None = None
        self.properties: list[tuple[int, list[int]]] | None = None
        self.requisites: list[tuple[int, list[int]]] | None = None
        self.weight = _ABSENT
        self.extra: list[tuple[str, int]] = []
        changing: set[int] = set()
        seen: set[str] = set()
        warehouses: list[int] = []
        for element in _outline(tokens).children:
            if element.name == "Склад" and _WAREHOUSE.fullmatch(tokens[element.opens]):
                warehouses.append(element.opens)
                continue
            if element.name in seen and element.name not in _BARCODES:
                raise UnknownShape
            seen.add(element.name)
            changing.update(self._place(element))
        if warehouses:
            if self.balances is not None:
                raise UnknownShape
            self.warehouses = _places(warehouses)
        self.tags = _places(
            [place for place in range(1, len(tokens), 2) if place not in {*changing, *warehouses}]
        )
        self.expected = self.tags(tokens)

    def _place(self, element: _Element) -> Iterable[int]:
        """Note the places of an element; returns those of its tags that differ from offer to offer."""
        if (region := _REGIONS.get(element.name)) is not None:
            self.regions.append((region, slice(element.opens, element.closes + 1)))
            return range(element.opens, element.closes + 1)
        match element.name:
            case "Ид":
                self.id = element.value
            case "Количество":
                self.quantity = element.value
            case "ПометкаУдаления":
                self.deleted = element.value
            case "Цены":
                self.prices = [_row(row, "Цена", _PRICE) for row in element.children]
            case "Остатки":
                self.balances = [_balance(row) for row in element.children]
            case "ХарактеристикиТовара":
                self.characteristics = [
                    _row(row, "ХарактеристикаТовара", ("Наименование", "Значение", "Ид"))
                    for row in element.children
                ]
            case "ЗначенияСвойств":
                self.properties = [_named(row, "Ид") for row in element.children]
            case name if name in _BARCODES:
                self.barcodes.append(element.value)
            case name if name in _TEXTS:
                self.texts.append((_TEXTS[name], element.value))
            case "ЗначенияРеквизитов":
                self.requisites = [_named(row, "Наименование") for row in element.children]
            case "Вес":
                self.weight = element.value
            case "Картинка" | "СтавкаНДС":
                raise UnknownShape
            case name if not element.children:
                self.extra.append((name, element.value))
            case _:
                pass  # the parser passes it over as well
        return ()


def _row(element: _Element, name: str, columns: tuple[str, ...]) -> list[int]:
    if element.name != name:
        raise UnknownShape
    places = dict.fromkeys(columns, _ABSENT)
    for child in element.children:
        if child.name in places:
            if places[child.name] != _ABSENT:
                raise UnknownShape
            places[child.name] = child.value
    return list(places.values())


def _balance(element: _Element) -> list[int]:
    if element.name != "Остаток" or len(element.children) != 1:
        raise UnknownShape
    (inner,) = element.children
    if inner.name == "Количество":
        return [_ABSENT, inner.value]
    return _row(inner, "Склад", ("Ид", "Количество"))


def _named(element: _Element, title: str) -> tuple[int, list[int]]:
    """Find a row of a title and any number of values."""
    titles = [child.value for child in element.children if child.name == title]
    values = [child.value for child in element.children if child.name == "Значение"]
    if len(titles) != 1 or len(titles) + len(values) != len(element.children):
        raise UnknownShape
    return titles[0], values


class _Stocks(dict[str, Stock]):
    """Remembers `Склад` tags whole: there are few warehouses, and most quantities are small."""

    def __init__(self, fields: Fields) -> None:
        super().__init__()
        self._fields = fields

    def __missing__(self, tag: str) -> Stock:
        """Read a tag met for the first time."""
        found = _WAREHOUSE.fullmatch(tag)
        if found is None:
            raise UnknownShape
        stock = Stock(self._fields.keys[found[1]], self._fields.quantities[found[2]])
        if stock.quantity is not UNSET:  # a bad number is a finding each time it is met
            if len(self) >= _MOST_STOCKS:
                self.clear()
            self[tag] = stock
        return stock


class ShapeReader:
    """Reads offers by the shapes it has learned."""

    def __init__(self, fields: Fields) -> None:
        self._keys = fields.keys
        self._quantities = fields.quantities
        self._amounts = fields.amounts
        self._stock_of = _Stocks(fields).__getitem__
        self._shapes: dict[int, list[Shape]] = {}  # by the number of tokens
        self._count = 0
        self._regions: dict[tuple[str, ...], Any] = {}  # Any: a unit or a tax rate

    def learn(self, text: str, offer: Offer) -> None:
        """Remember the shape of an offer that a parser has read from this text, without its closing tag."""
        try:
            tokens = tokens_of(text)
            shape = Shape(tokens)
        except UnknownShape:
            return
        if len(self._regions) < _MOST_REGIONS:
            for part, region in shape.regions:
                self._regions[part, *tokens[region]] = getattr(offer, part)
        known = self._shapes.setdefault(len(tokens) + 2, [])
        if self._count < _MOST_SHAPES and all(shape.expected != other.expected for other in known):
            known.append(shape)
            self._count += 1

    def read(self, text: str, digest: str = "") -> Offer:
        """Read an offer from its text without the closing tag; raises UnknownShape."""
        tokens: list[Any] = tokens_of(text)  # Any: strings and one UNSET, each for a field of such a type
        tokens += ("", UNSET)
        for shape in self._shapes.get(len(tokens), ()):
            if shape.tags(tokens) == shape.expected:
                return self._offer(shape, tokens, digest)
        raise UnknownShape

    def _offer(self, shape: Shape, tokens: list[Any], digest: str) -> Offer:
        keys, quantities, amounts = self._keys, self._quantities, self._amounts
        offer_id, product_id, characteristic_id = offer_ids(tokens[shape.id])
        if not offer_id:
            raise UnknownShape
        parts: dict[str, Any] = {
            "id": offer_id,
            "product_id": product_id,
            "characteristic_id": characteristic_id,
            "digest": digest,
        }
        for name, place in shape.texts:
            parts[name] = tokens[place].strip()
        for part, region in shape.regions:
            try:
                parts[part] = self._regions[part, *tokens[region]]
            except KeyError:
                raise UnknownShape from None
        if shape.warehouses is not None:
            parts["stocks"] = tuple(map(self._stock_of, shape.warehouses(tokens)))
        elif shape.balances is not None:
            parts["stocks"] = tuple(
                [Stock(keys[tokens[ref]], quantities[tokens[quantity]]) for ref, quantity in shape.balances]
            )
        if shape.prices is not None:
            parts["prices"] = tuple(
                [
                    Price(
                        keys[tokens[kind]],
                        amounts[tokens[amount]],
                        keys[tokens[currency]],
                        keys[tokens[unit]],
                        quantities[tokens[coefficient]],
                        quantities[tokens[least]],
                    )
                    for kind, amount, currency, unit, coefficient, least in shape.prices
                ]
            )
        if shape.quantity != _ABSENT:
            parts["quantity"] = quantities[tokens[shape.quantity]]
        if shape.deleted != _ABSENT:
            parts["deleted"] = is_true(tokens[shape.deleted])
        if shape.barcodes:
            parts["barcodes"] = tuple([code for place in shape.barcodes if (code := tokens[place].strip())])
        if shape.characteristics is not None:
            parts["characteristics"] = tuple(
                [
                    Characteristic(
                        (tokens[name] or "").strip(),
                        meaningful(tokens[value] or ""),
                        key(tokens[row_id]) if row_id != _ABSENT else UNSET,
                    )
                    for name, value, row_id in shape.characteristics
                ]
            )
        if shape.properties is not None:
            found: dict[str, tuple[str, ...]] = {}
            for place, values in shape.properties:
                property_id = key(tokens[place])
                said = [meaningful(tokens[value]) for value in values]
                found[property_id] = (*found.get(property_id, ()), *said)
            parts["properties"] = found
        if shape.requisites is not None:
            named: dict[str, tuple[str, ...]] = {}
            for place, values in shape.requisites:
                title = tokens[place].strip()
                if title == "ПометкаУдаления":
                    raise UnknownShape
                named[title] = (*named.get(title, ()), *[tokens[value].strip() for value in values])
            parts["requisites"] = named
        if shape.weight != _ABSENT:
            parts["weight"] = quantities[tokens[shape.weight]]
        if shape.extra:
            parts["extra"] = {name: tokens[place].strip() for name, place in shape.extra}
        return Offer(**parts)
