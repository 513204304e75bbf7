"""Helps of the command line in the operator's language.

An option or argument carries both in one text, `English · Русский`. A command's English is its docstring; the Russian
stands here.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import typer
from typer.core import TyperArgument, TyperCommand, TyperGroup, TyperOption

from obmen.language import Language

MARK = " · "

SUMMARY = "Держит магазин на 1С-Битрикс в согласии с 1С и другими системами."

RUSSIAN: Mapping[str, str] = {
    "check": "Спросить каждую систему, всё ли нужное на месте; никуда ничего не записывается.\n\n"
    "✓ в порядке, ! работает, но стоит поправить, ✗ нет нужного: тогда код выхода 1.",
    "run": "Запустить обмен; по остановке начатое доводится до конца.",
    "import": "Загрузить выгрузки с диска. Другие системы при этом могут быть недоступны.",
    "adopt": "Прочитать всё, что уже есть в системе, опознать и связать; никуда ничего не записывается.",
    "plan": "Показать, что будет записано, с причинами; никуда ничего не записывается.",
    "apply": "Применить план: записать из него то, что с тех пор не изменилось.",
    "show": "Показать карточку целиком: коды, значения, кто главный, история, что ждёт отправки.",
    "issues": "Показать, что требует внимания, и принять решение.",
    "orders": "Показать, где заказы: по умолчанию те, у которых где-то нет пары или расходится сумма.\n\n"
    "Если такие есть, код выхода 1.",
    "alerts": "Показать, о чём, когда и каким каналом сообщали; alerts test отправляет проверку во все каналы.\n\n"
    "Код выхода проверки 1, если какой-то канал не доставил.",
    "log": "Показать журнал обмена: что отправлено, что ответили и чем кончилось; новое внизу.",
    "bind": "Связать объект системы с карточкой.",
    "unbind": "Снять связь: объект системы — не эта карточка; обмен его больше не трогает.",
    "merge": "Объединить две карточки: значения первой остаются, недостающее берётся из второй.",
    "split": "Отделить объект системы в собственную карточку.",
    "choose": "Сказать, в какой системе верно, когда они разошлись; остальные получат это обычным путём.",
    "hold": "Придержать запись в систему: все карточки или одну; читается она по-прежнему.",
    "release": "Отпустить то, что придержано командой hold или снятием связи.",
    "mapping": "Соответствия: что значат коды каждой системы — статусы, оплаты, доставки, цены, склады.",
    "mapping list": "Показать таблицы как они есть: чьё слово каждая строка и какие коды ещё без соответствия.",
    "mapping suggest": "Предложить, что значат коды без соответствия, с причинами; ничего не записывается.",
    "mapping set": "Сказать, что значит код системы: ждавшие его продолжат, остальные следствия ждут плана.",
    "mapping clear": "Убрать из обмена слово о коде: снова действуют настройки.",
    "mapping export": "Выгрузить таблицы в CSV для Excel вместе с кодами без соответствия.",
    "mapping import": "Загрузить таблицы из CSV: весь файл или, если строка неверна, ничего. Пустые значения ничего не меняют.",
    "audit": "Сверить базу обмена саму с собой и со счётчиками принятого.",
    "reconcile": "Прочитать систему целиком, сравнить и назвать расхождения; исправления уходят обычным путём.",
    "pause": "Приостановить обмен с одной системой; за это время ничего не теряется.",
    "resume": "Возобновить обмен с одной системой.",
    "trust": "Подтвердить, что система переехала и новый адрес подключения верен.",
    "epoch": "База, восстановленная из копии.",
    "epoch raise": "Придержать всё после восстановления PostgreSQL: до сверки, плана и resume. SQLite видит это сам.",
    "example-config": "Напечатать полные настройки с пояснениями: obmen example-config > obmen.toml.",
    "inspect": "Сказать, что в записанных файлах: итоги по всем вместе и что в них странного.",
    "sandbox": "Запустить симулятор на этом компьютере; готовность — строка JSON с адресом и доступом.",
    "demo": "Показать главное на симуляторах: 1С наполняет магазин, ничего не теряется и не двоится.",
}


def half(text: str, language: Language) -> str:
    """Return the half of `English · Русский` that is asked for; a text without halves is for both."""
    en, mark, ru = text.partition(MARK)
    return f"{ru[:1].upper()}{ru[1:]}" if mark and language == "ru" else en


def spoken(app: typer.Typer, language: Language) -> TyperGroup:
    """Return the command line with its helps in one language."""
    group = typer.main.get_command(app)
    if not isinstance(group, TyperGroup):
        raise TypeError("the command line has commands")
    if language == "ru":
        group.help = SUMMARY
    for path, command in commands(group):
        if language == "ru":
            command.help = RUSSIAN.get(path, command.help)
        for parameter in command.params:
            if isinstance(parameter, TyperOption | TyperArgument) and parameter.help:
                parameter.help = half(parameter.help, language)
    return group


def commands(group: TyperGroup, above: str = "") -> Iterator[tuple[str, TyperCommand | TyperGroup]]:
    """Yield every command with its path: `check`, `issues confirm`."""
    for name, command in group.commands.items():
        path = f"{above} {name}".lstrip()
        if isinstance(command, TyperGroup):
            yield path, command
            yield from commands(command, path)
        elif isinstance(command, TyperCommand):
            yield path, command
