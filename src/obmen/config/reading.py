"""Reading tables into typed settings, field by field, so that every fault is found and not only the first."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any, TypeVar

import msgspec
from msgspec import NODEFAULT, inspect

from obmen.config.environment import is_reference, substitute
from obmen.config.faults import Complaint, Fault, Faults, Where, stands_at, unknown
from obmen.config.functions import Functions, PythonRule
from obmen.config.shapes import expected, plain
from obmen.connectors.contract import Finding
from obmen.errors import ObmenError

S = TypeVar("S", bound=msgspec.Struct)

_WRONG = object()
_NAMED = re.compile(r"(?i)(?:password|passwd|secret|token|api_?key)$")
_IN_ADDRESS = re.compile(r"://[^/\s:@]+:[^/\s@]+@|/rest/\d+/\w")


class Reading:
    """One pass over a document: its values with the environment put in, its faults and its warnings."""

    def __init__(self, raw: Mapping[str, object], *, env: Mapping[str, str], folder: Path) -> None:
        self._raw = raw
        self._folder = folder
        self._functions = Functions(folder)
        self.faults = Faults(raw)
        self.findings: list[Finding] = []
        self.document = substitute(raw, env, self.faults)

    def tables(self, where: Where) -> dict[str, dict[str, object]]:
        """Return the tables of a table of tables; anything else in it is a fault."""
        found = stands_at(self.document, where)
        if found is None:
            return {}
        if not isinstance(found, dict):
            self.faults.add(where, "expected tables", "ожидаются таблицы")
            return {}
        result = {}
        for name, table in found.items():
            if isinstance(table, dict):
                result[name] = table
            else:
                self.faults.add((*where, name), "expected a table", "ожидается таблица")
        return result

    def table(self, kind: type[S], table: object, where: Where, *, beside: Collection[str] = ()) -> S | None:
        """Read a table as a struct. `beside` are keys read by somebody else.

        Where a setting is wrong its default stands in, so that what depends on the others is checked as well; None
        where there is no default. Either way the fault is noted and the configuration is refused as a whole.
        """
        if not isinstance(table, dict):
            self.faults.add(where, "expected a table", "ожидается таблица")
            return None
        fields = {field.encode_name: field for field in msgspec.structs.fields(kind)}
        for key in table:
            if key not in fields and key not in beside:
                names = [*fields, *beside]
                self.faults.complain(
                    (*where, key), unknown("no such setting", "такой настройки нет", key, names), show=False
                )
        values: dict[str, object] = {}
        is_sound = True
        for key, field in fields.items():
            if key in table:
                value = self._value(field.type, table[key], (*where, key))
                is_sound = is_sound and value is not _WRONG
                values[field.name] = value
            elif field.required:
                self._missing(field, where)
                values[field.name] = _WRONG
            elif isinstance(field.default, Path):
                values[field.name] = self._folder / field.default
        if any(field.required and values[field.name] is _WRONG for field in fields.values()):
            return None
        try:
            return kind(**{name: value for name, value in values.items() if value is not _WRONG})
        except (ValueError, TypeError, ObmenError) as exc:
            if is_sound:
                self.faults.complain(where, _complaint(exc), show=False)
            return None

    def section(self, kind: type[S], name: str) -> S | None:
        """Read a section every setting of which has a default."""
        return self.table(kind, stands_at(self.document, (name,)) or {}, (name,))

    def _missing(self, field: msgspec.structs.FieldInfo, where: Where) -> None:
        en, ru = described(field)
        self.faults.add(
            where,
            f"the setting `{field.encode_name}` is missing: {en}".removesuffix(": "),
            f"нет настройки `{field.encode_name}`: {ru}".removesuffix(": "),
            show=False,
        )

    def _value(self, declared: Any, value: object, where: Where) -> object:
        """Read one value; `_WRONG` where it is wrong."""
        if self.faults.blame(where):
            return _WRONG
        kind = inspect.type_info(declared)
        nested = self._nested(plain(kind), value, where)
        if nested is not None:
            return nested
        written = stands_at(self._raw, where)
        hide = is_secret(kind, str(where[-1]), written)
        if hide and value and not is_reference(written):
            self._warn(where)
        try:
            return msgspec.convert(
                value,
                declared,
                strict=not is_reference(written),
                dec_hook=self._custom,
            )
        except msgspec.ValidationError as exc:
            told = exc.__cause__ if isinstance(exc.__cause__, Complaint) else expected(kind)
            self.faults.complain(where, told, show=not hide)
            return _WRONG

    def _nested(self, kind: inspect.Type, value: object, where: Where) -> object:
        """Read a table, or named tables, inside a table; None where the setting is something else."""
        match kind:
            case inspect.StructType(cls=cls) if isinstance(value, dict):
                inside = self.table(cls, value, where)
                return _WRONG if inside is None else inside
            case inspect.DictType(value_type=inspect.StructType(cls=cls)) if isinstance(value, dict):
                named = {key: self.table(cls, item, (*where, key)) for key, item in value.items()}
                return _WRONG if None in named.values() else named
            case _:
                return None

    def _custom(self, kind: type, value: object) -> object:
        if not isinstance(value, str):
            raise expected(inspect.CustomType(kind))
        if issubclass(kind, Path):
            return self._folder / value
        if kind is PythonRule:
            return self._functions.load(value)
        raise Complaint(f"{kind.__name__} cannot be written here", f"{kind.__name__} здесь не записать")

    def _warn(self, where: Where) -> None:
        name = "_".join(str(key) for key in where[1:]).upper()
        note = Fault(
            where=where,
            en=f"a secret is written in the file; keep it in the environment and write ${{{name}}}",
            ru=f"секрет записан прямо в файле; держите его в окружении и напишите ${{{name}}}",
        )
        self.findings.append(
            Finding(
                ok=False,
                warning=True,
                code="config.secret.literal",
                en=note.text("en"),
                ru=note.text("ru"),
            )
        )


def described(field: msgspec.structs.FieldInfo) -> tuple[str, str]:
    """Return the help of a setting in English and in Russian; the one stands in for the other where it is alone."""
    kind = inspect.type_info(field.type)
    if not isinstance(kind, inspect.Metadata):
        return "", ""
    en = str((kind.extra_json_schema or {}).get("description", ""))
    return en, str((kind.extra or {}).get("ru") or en)


def is_secret(kind: inspect.Type, key: str, written: object) -> bool:
    """Tell whether a setting is marked as a secret, or a text looks like one by its name or as an address."""
    if isinstance(kind, inspect.Metadata) and {**(kind.extra_json_schema or {}), **(kind.extra or {})}.get(
        "secret"
    ):
        return True
    return isinstance(written, str) and bool(_NAMED.search(key) or _IN_ADDRESS.search(written))


def default_of(field: msgspec.structs.FieldInfo) -> object:
    """Return the default of a setting; `NODEFAULT` for a required one."""
    return field.default if field.default_factory is NODEFAULT else field.default_factory()


def _complaint(exc: ValueError | TypeError | ObmenError) -> Complaint:
    if isinstance(exc, Complaint):
        return exc
    if isinstance(exc, ObmenError):
        return Complaint(exc.en, exc.ru)
    return Complaint(str(exc), str(exc))
