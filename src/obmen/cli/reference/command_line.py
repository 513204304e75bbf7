"""The page of the command line, from the commands as Typer knows them."""

from __future__ import annotations

from typer.core import TyperArgument, TyperGroup, TyperOption

from obmen.cli import cli
from obmen.cli.helps import commands, spoken
from obmen.cli.reference.markdown import table
from obmen.language import Language

_HEADS = {
    "en": ("Command line", "Option or argument", "Default", "Meaning", "required"),
    "ru": ("Командная строка", "Параметр", "По умолчанию", "Смысл", "обязателен"),
}
_CODES = {
    "en": "Exit codes: 0 all is well, 1 something needs a person, 2 the command could not work and says why. "
    "`OBMEN_LANG` chooses the language (`ru` or `en`), `OBMEN_DEBUG` adds the technical detail.",
    "ru": "Коды выхода: 0 — всё хорошо, 1 — нужен человек, 2 — команда не смогла работать и говорит почему. "
    "`OBMEN_LANG` выбирает язык (`ru` или `en`), `OBMEN_DEBUG` добавляет технические подробности.",
}


def command_line(language: Language) -> str:
    """Return a section for each command."""
    head, name, default, meaning, required = _HEADS[language]
    parts = [f"# {head}", _CODES[language]]
    for path, command in commands(spoken(cli, language)):
        if isinstance(command, TyperGroup):
            continue
        parts += [f"## obmen {path}", _paragraph(command.help or "")]
        rows = [
            (_name(one), required if one.required else _default(one), one.help or "")
            for one in command.params
            if isinstance(one, TyperOption | TyperArgument) and one.name != "help"
        ]
        if rows:
            parts.append(table((name, default, meaning), rows))
    return "\n\n".join(parts) + "\n"


def _name(parameter: TyperOption | TyperArgument) -> str:
    if isinstance(parameter, TyperArgument):
        return f"`{parameter.metavar or (parameter.name or '').upper()}`"
    return ", ".join(f"`{option}`" for option in (*parameter.opts, *parameter.secondary_opts))


def _default(parameter: TyperOption | TyperArgument) -> str:
    value = parameter.default
    return "" if value in {None, False, ""} else f"`{value}`"


def _paragraph(text: str) -> str:
    return "\n".join(line.strip() for line in text.strip().splitlines())
