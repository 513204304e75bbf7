"""The pages of fields, reasons and laws, from the enumerations themselves."""

from __future__ import annotations

from obmen.cli.reference.markdown import table
from obmen.language import Language
from obmen.model import ENTITIES
from obmen.model.entities import Atom
from obmen.sync.laws import Law
from obmen.sync.reasons import Reason

_REASONS = {
    "en": (
        "# Reasons",
        "Every decision has one of these reasons. They stand in the journal, in plans and in issues.",
        ("Code", "Meaning"),
    ),
    "ru": (
        "# Причины",
        "У каждого решения есть причина из этого списка. Они стоят в журнале обмена, в планах и в списке «требует внимания».",
        ("Код", "Что значит"),
    ),
}
_FIELDS = {
    "en": (
        "# Fields",
        (
            "What a record may hold. These names stand in `owners`, in `only` and in schedules. "
            "A name with `.*` is a family: `prices.*` holds `prices.base` and `prices.b2b`, each decided by itself."
        ),
        ("Field", "Meaning", "Notes"),
    ),
    "ru": (
        "# Поля",
        (
            "Что может быть в карточке. Эти имена пишутся в `owners`, в `only` и в расписаниях. "
            "Имя с `.*` — семейство: в `prices.*` лежат `prices.base` и `prices.b2b`, по каждому решают отдельно."
        ),
        ("Поле", "Что значит", "Особенности"),
    ),
}


def reasons(language: Language) -> str:
    """Return every reason with its sentence."""
    title, lead, head = _REASONS[language]
    rows = [(f"`{reason.code}`", reason.text(language)) for reason in Reason]
    return f"{title}\n\n{lead}\n\n{table(head, rows)}\n"


def laws() -> str:
    """Return the laws of the merge; for developers, in English."""
    rows = [(f"`{law.name}`", law.value) for law in Law]
    return (
        "# Laws of the merge\n\n"
        "The referee switches each of them off and must notice; see [how it works](../architecture.md).\n\n"
        f"{table(('Law', 'What it demands'), rows)}\n"
    )


def atoms(language: Language) -> str:
    """Return every entity with its atoms."""
    title, lead, head = _FIELDS[language]
    parts = [title, lead]
    for entity in ENTITIES.values():
        rows = [
            (f"`{atom.name}`", atom.ru if language == "ru" else atom.doc, _notes(atom, language))
            for atom in entity.atoms
        ]
        parts += [f"## {entity.name}", table(head, rows)]
    return "\n\n".join(parts) + "\n"


def _notes(atom: Atom, language: Language) -> str:
    ru = language == "ru"
    notes = []
    if atom.partner is not None:
        notes.append(f"связь с {atom.partner}" if ru else f"links to {atom.partner}")
    if atom.derived:
        notes.append("вычисляется" if ru else "computed")
    if atom.volatile:
        notes.append("в магазине убывает само" if ru else "falls by itself in a shop")
    return ", ".join(notes)
