"""From 1C's wire forms to canonical values and back. Pure: tables in, values out; nothing here can fail on a file.

What cannot be translated is `Blocked` and names what would wake it: `map:<connection>:<table>:<code>`.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from decimal import Decimal
from functools import lru_cache, partial
from typing import Final, cast

from obmen.connectors.onec.references import KnownProperty
from obmen.connectors.onec.tables import Tables
from obmen.formats.commerceml.values import number
from obmen.model import ENTITIES, BadValue, Money, Value, decimal, plain, vat_rate
from obmen.sync.shadow import Blocked, Decoded, Encoded, Wire

FORM: Final = 1

CURRENCIES: Final = {
    **dict.fromkeys(("rub", "rur", "руб", "руб.", "рубль", "рубли", "р.", "₽", "643", "810"), "RUB"),
    **dict.fromkeys(("usd", "840", "долл", "долл.", "доллар", "$"), "USD"),
    **dict.fromkeys(("eur", "978", "евро", "€"), "EUR"),
    **dict.fromkeys(("byn", "933", "бел. руб.", "бел.руб."), "BYN"),
    **dict.fromkeys(("kzt", "398", "тенге", "тг"), "KZT"),
    **dict.fromkeys(("uah", "980", "грн", "грн."), "UAH"),
    **dict.fromkeys(("cny", "156", "юань"), "CNY"),
}
# Short names of the Russian classifier of units (OKEI), and the international ones 1C exports beside them.
UNITS: Final = {
    **dict.fromkeys(("шт", "шт.", "pce"), "796"),
    **dict.fromkeys(("кг", "kgm"), "166"),
    **dict.fromkeys(("г", "гр", "grm"), "163"),
    **dict.fromkeys(("л", "л.", "ltr"), "112"),
    **dict.fromkeys(("м", "mtr"), "006"),
    **dict.fromkeys(("пог. м", "пог.м", "п.м."), "018"),
    **dict.fromkeys(("м2", "м²", "mtk"), "055"),
    **dict.fromkeys(("м3", "м³", "mtq"), "113"),
    **dict.fromkeys(("упак", "упак.", "уп", "уп."), "778"),
    **dict.fromkeys(("компл", "компл."), "839"),
    **dict.fromkeys(("набор", "наб"), "704"),
    **dict.fromkeys(("пара", "пар", "npr"), "715"),
}
KINDS: Final = {
    **dict.fromkeys(("товар", "товары", "запас", "goods"), "goods"),
    **dict.fromkeys(("услуга", "работа", "service"), "service"),
    **dict.fromkeys(("набор", "комплект", "set"), "set"),
}
_MM: Final = {"m": Decimal(1000), "cm": Decimal(10), "mm": Decimal(1)}
_SHA: Final = re.compile(r"[0-9a-f]{64}")
_GUID: Final = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")
_BOOLEANS: Final = {"true": True, "false": False}

Reader = Callable[[Wire], Decoded]


class OnecCodec:
    """One entity of one 1C, with the tables of today."""

    form = FORM

    def __init__(
        self, connection: str, entity: str, tables: Tables, picture: Callable[[str], str | None]
    ) -> None:
        self._map = f"map:{connection}"
        self._names = {atom.name for atom in ENTITIES[entity].atoms if not atom.derived}
        self._tables = tables
        self._picture = picture
        settings = tables.settings
        self._currencies = {**CURRENCIES, **folded(settings.currencies)}
        self._units = {**UNITS, **folded(settings.units)}
        self._kinds = {**KINDS, **folded(settings.kinds)}
        self._vat = folded(settings.vat)
        self._mm = _MM[settings.size_unit]
        size = _cached(partial(self._measure, self._mm))
        self._readers: dict[str, Reader] = {
            "barcodes": _barcodes,
            "characteristics": self._characteristics,
            "pictures": self._pictures,
            "unit": _cached(self._unit),
            "vat": _cached(self._rate),
            "kind": _cached(self._kind),
            "weight": _cached(partial(self._measure, Decimal(1000))),
            "length": size,
            "width": size,
            "height": size,
        }
        self._quantity = _cached(self._number)

    def carries(self, atom: str) -> bool:
        """Tell whether 1C's files can speak of the atom."""
        return atom in self._names or f"{atom.partition('.')[0]}.*" in self._names

    def decode(self, atom: str, wire: Wire) -> Decoded:
        """Translate a wire value."""
        return (self._readers.get(atom) or self._reader(atom))(wire)

    def reader(self, atom: str) -> Reader | None:
        """Return what `decode` does with an atom; None where 1C writes it as it is kept."""
        read = self._readers.get(atom) or self._reader(atom)
        return None if read is _as_is else read

    def encode(self, atom: str, value: Value) -> Encoded:
        """Translate back into the form 1C would have sent."""
        if value is None:
            return None
        family = atom.partition(".")[0]
        if family in {"weight", "length", "width", "height"}:
            factor = Decimal(1000) if family == "weight" else self._mm
            return plain(decimal(str(value)) / factor)
        if family == "properties":
            return self._property_wire(self._tables.property.get(atom), value)
        return _wire(value)

    # --- reading --------------------------------------------------------------------------------------------------

    def _reader(self, atom: str) -> Reader:
        reader = self._readers[atom] = self._new_reader(atom)
        return reader

    def _new_reader(self, atom: str) -> Reader:
        family = atom.partition(".")[0]
        if family == "prices":
            # Not remembered: prices seldom repeat, and 65,536 of each type were 20 MB of an import and no time saved.
            return partial(self._price, self._tables.currency.get(atom, ""))
        if family == "stock":
            return self._quantity
        if family == "properties":
            return partial(self._property, self._tables.property.get(atom), atom)
        return _as_is

    def _price(self, usual_currency: str, wire: Wire) -> Decoded:
        if wire is None:
            return None
        amount, _, rest = str(wire).partition(" ")
        named, _, coefficient = rest.partition(" /")
        text = named or usual_currency
        currency = self._currencies.get(text) or self._currencies.get(text.casefold()) or _iso(text)
        if currency is None:
            return Blocked(f"{self._map}:currency:{text}", f"Валюта: {text or '?'} (ЦенаЗаЕдиницу: {wire})")
        whole, _, fraction = amount.partition(".")
        usual = whole.isdigit() and whole[0] != "0" and (not fraction or fraction.isdigit())
        if usual and len(fraction) <= 2 and not coefficient:
            return f"{whole}.{fraction.ljust(2, '0')} {currency}"
        return self._unusual_price(str(wire), amount, coefficient, currency)

    def _unusual_price(self, wire: str, amount: str, coefficient: str, currency: str) -> Decoded:
        """Read zero, negative and fine prices, and those for several units: kept to four decimals."""
        try:
            money = decimal(amount)
            if coefficient:
                money = round(money / decimal(coefficient), 4)
        except (BadValue, ArithmeticError):
            return Blocked(f"{self._map}:price:{wire}", f"ЦенаЗаЕдиницу: {wire}")
        if money < 0:
            return Blocked(f"{self._map}:price:{wire}", f"ЦенаЗаЕдиницу: {wire}")
        return str(Money(money, currency))

    def _number(self, wire: Wire) -> Decoded:
        if wire is None:
            return None
        text = str(wire)
        if text.isdigit() and text[0] != "0":
            return text
        try:
            return plain(decimal(text))
        except BadValue:
            return Blocked(f"{self._map}:number:{text}", text)

    def _measure(self, factor: Decimal, wire: Wire) -> Decoded:
        if wire is None:
            return None
        try:
            return plain(decimal(str(wire)) * factor)
        except BadValue:
            return Blocked(f"{self._map}:number:{wire}", str(wire))

    def _unit(self, wire: Wire) -> Decoded:
        if wire is None:
            return None
        text = str(wire)
        chosen = self._units.get(text.casefold())
        if chosen is None and text.isdigit():
            chosen = text.zfill(3)
        return chosen or Blocked(f"{self._map}:unit:{text}", f"БазоваяЕдиница: {text}")

    def _rate(self, wire: Wire) -> Decoded:
        if wire is None:
            return None
        text = str(wire)
        try:
            return vat_rate(self._vat.get(text.casefold(), text))
        except BadValue:
            return Blocked(f"{self._map}:vat:{text}", f"Ставка: {text}")

    def _kind(self, wire: Wire) -> Decoded:
        if wire is None:
            return None
        text = str(wire)
        return self._kinds.get(text.casefold()) or Blocked(
            f"{self._map}:kind:{text}", f"ТипНоменклатуры: {text}"
        )

    def _pictures(self, wire: Wire) -> Decoded:
        found: list[Value] = []
        for row in wire if isinstance(wire, list) else ():
            text = str(row)
            digest = text if _SHA.fullmatch(text) else self._picture(text)
            if digest is None:
                return Blocked(f"{self._map}:picture:{text}", f"Картинка: {text}")
            found.append(digest)
        return None if wire is None else found

    def _characteristics(self, wire: Wire) -> Decoded:
        if not wire:
            return None if wire is None else []
        known = self._tables.references.properties
        pairs: list[Value] = []
        for row in wire if isinstance(wire, list) else ():
            if not isinstance(row, list) or len(row) != 2:
                continue
            name, text = str(row[0]), str(row[1])
            described = known.get(name)
            if described is None and _GUID.fullmatch(name):
                return Blocked(f"{self._map}:property:{name}", f"Свойство: {name}")
            value = self._property_value(described, name, text)
            if isinstance(value, Blocked):
                return value
            shown = {True: "Да", False: "Нет"}[value] if isinstance(value, bool) else value
            pairs.append([described.name or name if described else name, shown])
        return pairs

    def _property(self, known: KnownProperty | None, atom: str, wire: Wire) -> Decoded:
        if wire is None:
            return None
        many = isinstance(wire, list) or (known is not None and known.multiple)
        found: list[Value] = []
        for row in wire if isinstance(wire, list) else [wire]:
            value = self._property_value(known, atom.partition(".")[2], str(row))
            if isinstance(value, Blocked):
                return value
            found.append(value)
        return found if many else found[0]

    def _property_value(self, known: KnownProperty | None, key: str, text: str) -> Value | Blocked:
        if known is not None:
            if text in known.values:
                return known.values[text]
            if known.kind == "Число":
                return number(text) or text
        if text in _BOOLEANS:
            return _BOOLEANS[text]
        if _GUID.fullmatch(text):
            name = known.name if known is not None and known.name else key
            return Blocked(f"{self._map}:property:{key}:{text}", f"{name}: {text}")
        return text

    # --- writing --------------------------------------------------------------------------------------------------

    def _property_wire(self, known: KnownProperty | None, value: Value) -> Wire:
        if isinstance(value, list):
            return [self._property_wire(known, each) for each in value]
        if isinstance(value, bool):
            return "true" if value else "false"
        ids = {text: key for key, text in known.values.items()} if known is not None else {}
        return ids.get(str(value), str(value))


def _as_is(wire: Wire) -> Decoded:
    return wire  # type: ignore[return-value]  # texts, flags and refs: no atom read here has a float


def _barcodes(wire: Wire) -> Decoded:
    if not isinstance(wire, list):
        return None if wire is None else [str(wire)]
    if len(wire) < 2:
        return [str(code) for code in wire]
    return list[Value](sorted({str(code) for code in wire}))


def _wire(value: Value) -> Wire:
    if isinstance(value, list):
        return [_wire(each) for each in value]
    if isinstance(value, dict):
        return {key: _wire(each) for key, each in value.items()}
    return value


def _cached(reader: Reader) -> Reader:
    # Every wire value read this way is a text, a number or None, and hashable.
    return cast("Reader", lru_cache(maxsize=65_536)(reader))


def _iso(text: str) -> str | None:
    return text.upper() if len(text) == 3 and text.isascii() and text.isalpha() else None


def folded(table: dict[str, str]) -> dict[str, str]:
    """Return a table by the names as names are compared."""
    return {key.casefold(): value for key, value in table.items()}
