"""The reference shelf of the docs, written by the program about itself: `python -m obmen.cli.reference docs`."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from obmen.cli.reference.command_line import command_line
from obmen.cli.reference.errors import errors
from obmen.cli.reference.words import atoms, laws, reasons
from obmen.config import settings_reference
from obmen.connectors import SHIPPED
from obmen.language import Language

SHELVES: Mapping[Language, str] = {"en": "reference", "ru": "ru/reference"}
_NOTICES: Mapping[Language, str] = {
    "en": "<!-- Written by `make docs` from the program itself; change it there. -->",
    "ru": "<!-- Страницу пишет `make docs` по самой программе; правьте там. -->",
}


def pages() -> dict[str, str]:
    """Return every generated page by its path inside `docs/`."""
    found: dict[str, str] = {}
    for language, shelf in SHELVES.items():
        texts = {
            "cli": command_line(language),
            "settings": settings_reference(SHIPPED, language),
            "fields": atoms(language),
            "reasons": reasons(language),
            "errors": errors(language),
        }
        found |= {f"{shelf}/{name}.md": _noticed(text, language) for name, text in texts.items()}
    return {**found, f"{SHELVES['en']}/laws.md": _noticed(laws(), "en")}


def write(folder: Path) -> list[Path]:
    """Write the pages that differ from what stands in the folder, and return them."""
    changed = []
    for name, text in pages().items():
        path = folder / name
        if not path.is_file() or path.read_text(encoding="utf-8") != text:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
            changed.append(path)
    return changed


def _noticed(text: str, language: Language) -> str:
    return f"{_NOTICES[language]}\n\n{text}"
