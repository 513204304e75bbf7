"""What a setting must look like, said in words."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import msgspec
from msgspec import inspect

from obmen.config.faults import Complaint
from obmen.config.functions import PythonRule

_PLAIN: dict[type[inspect.Type], tuple[str, str]] = {
    inspect.BoolType: ("true or false", "true или false"),
    inspect.DictType: ("a table", "таблица"),
    inspect.StructType: ("a table", "таблица"),
    inspect.NoneType: ("nothing", "ничего"),
    inspect.AnyType: ("a text or a table", "текст или таблица"),
    inspect.DateType: ("a date like 2026-11-20", "дата вида 2026-11-20"),
    inspect.TimeType: ("a time like 14:05:00", "время вида 14:05:00"),
    inspect.DateTimeType: (
        "a moment like 2026-11-20T14:05:00+03:00",
        "момент вида 2026-11-20T14:05:00+03:00",
    ),
}


def expected(kind: inspect.Type) -> Complaint:
    """Say what a value of this type looks like."""
    en, ru = _words(kind)
    return Complaint(f"expected {en}", f"ожидается {ru}")


def shape(kind: inspect.Type, language: str) -> str:
    """Return the words alone, in `ru` or `en`."""
    return _words(kind)[0 if language == "en" else 1]


def plain(kind: inspect.Type) -> inspect.Type:
    """Return the type without its description and without `None`."""
    while isinstance(kind, inspect.Metadata):
        kind = kind.type
    if isinstance(kind, inspect.UnionType):
        some = [inner for inner in kind.types if not isinstance(inner, inspect.NoneType)]
        if len(some) == 1:
            return plain(some[0])
    return kind


def tables_in(kind: type[msgspec.Struct]) -> Iterator[tuple[str, type[msgspec.Struct]]]:
    """Yield the tables inside a table of settings, by their dotted names; `<key>` stands for any key."""
    for field in msgspec.structs.fields(kind):
        inner, name = plain(inspect.type_info(field.type)), field.encode_name
        if isinstance(inner, inspect.DictType):
            inner, name = plain(inner.value_type), f"{name}.<key>"
        if isinstance(inner, inspect.StructType):
            yield name, inner.cls
            yield from ((f"{name}.{below}", cls) for below, cls in tables_in(inner.cls))


def _words(kind: inspect.Type) -> tuple[str, str]:
    kind = plain(kind)
    match kind:
        case inspect.IntType():
            return _bounded(kind, "a whole number", "целое число")
        case inspect.FloatType() | inspect.DecimalType():
            return _bounded(kind, "a number", "число")
        case inspect.StrType():
            return _text(kind)
        case inspect.LiteralType():
            return _one_of([str(value) for value in kind.values])
        case inspect.EnumType():
            return _one_of([str(member.value) for member in kind.cls])
        case (
            inspect.ListType(item_type=item)
            | inspect.VarTupleType(item_type=item)
            | inspect.SetType(item_type=item)
            | inspect.FrozenSetType(item_type=item)
        ):
            en, ru = _words(item)
            return f"a list [{en}, …]", f"список [{ru}, …]"
        case inspect.UnionType():
            each = [_words(inner) for inner in kind.types]
            return " or ".join(en for en, _ in each), " или ".join(ru for _, ru in each)
        case inspect.CustomType(cls=cls):
            return _custom(cls)
        case _:
            return _PLAIN.get(type(kind), ("another value", "другое значение"))


def _bounded(
    kind: inspect.IntType | inspect.FloatType | inspect.DecimalType, en: str, ru: str
) -> tuple[str, str]:
    if isinstance(kind, inspect.DecimalType):
        return en, ru
    if kind.ge is not None and kind.le is not None:
        return f"{en} from {kind.ge} to {kind.le}", f"{ru} от {kind.ge} до {kind.le}"
    bounds = (
        (kind.ge, "not below", "не меньше"),
        (kind.gt, "above", "больше"),
        (kind.le, "not above", "не больше"),
        (kind.lt, "below", "меньше"),
    )
    for bound, how_en, how_ru in bounds:
        if bound is not None:
            en, ru = f"{en} {how_en} {bound}", f"{ru} {how_ru} {bound}"
    return en, ru


def _text(kind: inspect.StrType) -> tuple[str, str]:
    if kind.pattern is not None:
        return f'a text in "" of the form {kind.pattern}', f'текст в "" вида {kind.pattern}'
    if kind.min_length:
        return 'a text in "", not empty', 'непустой текст в ""'
    return 'a text in ""', 'текст в ""'


def _one_of(values: list[str]) -> tuple[str, str]:
    listed = ", ".join(values)
    return f"one of: {listed}", f"одно из: {listed}"


def _custom(cls: type) -> tuple[str, str]:
    if issubclass(cls, Path):
        return 'a path in ""', 'путь в ""'
    if cls is PythonRule:
        return 'a function like "rules:vat_for"', 'функция вида "rules:vat_for"'
    return cls.__name__, cls.__name__
