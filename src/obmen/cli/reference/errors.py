"""The page of error codes, read from the places that raise them: a code cannot be there and not here."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import obmen
from obmen.cli.reference.markdown import table
from obmen.formats.commerceml import archive
from obmen.formats.commerceml import errors as commerceml
from obmen.language import Language

_NEXT: dict[str, tuple[str, str]] = {
    "Transient": ("is repeated by itself", "повторится само"),
    "RateLimited": ("is repeated when the system allows", "повторится, когда система разрешит"),
    "AuthFailed": ("pauses the connection", "подключение приостанавливается"),
    "Rejected": ("becomes an issue of the record", "карточка попадает в «требует внимания»"),
    "Unmapped": ("waits for a mapping", "ждёт соответствия"),
    "UnknownOutcome": ("is looked up before it is repeated", "сначала проверяем, дошло ли"),
    "BadInput": ("is left out; the rest goes on", "пропускается, остальное продолжается"),
    "ConfigError": ("mend the settings", "исправьте настройки"),
    "Bug": ("a fault of ours: tell us", "наша ошибка: сообщите нам"),
    "Finding": ("a line of `obmen check`", "строка `obmen check`"),
}
_HEADS = {
    "en": (
        "# Error codes",
        "A code stays the same from version to version; the sentence may change. `…` stands for a name or a number.",
        ("Code", "Sentence", "What happens next"),
    ),
    "ru": (
        "# Коды ошибок",
        "Код не меняется от версии к версии, фраза может. `…` — имя или число.",
        ("Код", "Фраза", "Что дальше"),
    ),
}


class _Said(NamedTuple):
    """One place that speaks to an operator."""

    code: str
    kind: str
    en: str
    ru: str


def errors(language: Language) -> str:
    """Return every code with its sentence and what happens next."""
    title, lead, head = _HEADS[language]
    here = 1 if language == "ru" else 0
    rows = [
        (f"`{said.code}`", said.ru if language == "ru" else said.en, _NEXT[said.kind][here])
        for said in sorted({*_raised(), *_of_files()})
    ]
    return f"{title}\n\n{lead}\n\n{table(head, rows)}\n"


def _raised() -> Iterator[_Said]:
    package = Path(obmen.__file__).parent
    for path in sorted(package.rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in _NEXT:
                code, en, ru = _arguments(node)
                if "." in code and en and ru:
                    yield _Said(code, node.func.id, en, ru)


def _arguments(call: ast.Call) -> tuple[str, str, str]:
    named = {keyword.arg: keyword.value for keyword in call.keywords}
    found = [*call.args, *(named.get(name) for name in ("code", "en", "ru")[len(call.args) :])]
    code, en, ru = (_text(node) for node in found[:3])
    return code, en, ru


def _text(node: ast.expr | None) -> str:
    match node:
        case ast.Constant(value=str(text)):
            return text
        case ast.JoinedStr(values=parts):
            return "".join(_text(part) or "…" for part in parts)
        case ast.IfExp(body=one, orelse=other):
            return f"{_text(one)} / {_text(other)}"
        case _:
            return ""


def _of_files() -> Iterator[_Said]:
    """Yield what may be wrong with a whole file or archive of 1C."""
    for prefix, faults in (("onec.file", commerceml.FAULTS), ("onec.disk", archive.FAULTS)):
        for code, (en, ru) in faults.items():
            yield _Said(f"{prefix}.{code}", "BadInput", en, ru)
