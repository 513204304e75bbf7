"""The reference page of all settings, generated from the settings themselves."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec
from msgspec import NODEFAULT, inspect

from obmen.config.alerts import Alerts, Mail, Telegram, Webhook
from obmen.config.faults import toml
from obmen.config.reading import default_of, described
from obmen.config.shapes import shape, tables_in
from obmen.config.tables import ConnectionTable, Guards, Hub, Offer, ReaderTable, RuleTable, Sync, Timing
from obmen.connectors.contract import Connector
from obmen.language import Language

_OURS: tuple[tuple[str, type[msgspec.Struct], str, str], ...] = (
    ("[hub]", Hub, "The hub itself.", "Сам обмен."),
    (
        "[connections.<name>]",
        ConnectionTable,
        "Settings every connection has; those of its type follow below.",
        "Настройки, общие для всех подключений; настройки каждого типа — ниже.",
    ),
    (
        "[connections.<name>.schedule]",
        Timing,
        "For the connection, or for an entity (`product = { … }`), a field (`offer.prices = { write = … }`), `reconcile`.",
        "Для подключения или для сущности (`product = { … }`), поля (`offer.prices = { write = … }`), `reconcile`.",
    ),
    (
        "[sync.<entity>]",
        Sync,
        "Who creates, decides and receives.",
        "Кто заводит, кто главный, кто получатель.",
    ),
    (
        "owners",
        RuleTable,
        "A rule written as a table; a list of such tables with `until` is a rule by phases.",
        "Правило таблицей; список таких таблиц с `until` — правило по фазам.",
    ),
    ("readers", ReaderTable, "A reader written as a table.", "Получатель таблицей."),
    (
        "[guards]",
        Guards,
        "Mass changes that are held and asked about.",
        "Массовые изменения, которые придерживаются.",
    ),
    ("[offer]", Offer, "What may be sold.", "Что можно продавать."),
    (
        "[alerts]",
        Alerts,
        "Who is told of trouble; without a channel nobody is.",
        "Кому и как сообщать о неполадках; без канала не сообщается никому.",
    ),
    ("[alerts.telegram]", Telegram, "A bot that writes into a chat.", "Бот, который пишет в чат."),
    ("[alerts.mail]", Mail, "E-mail by SMTP.", "Почта по SMTP."),
    (
        "[alerts.webhook]",
        Webhook,
        "A signed message to your own address.",
        "Подписанное сообщение на свой адрес.",
    ),
)
_HEADS = {
    "en": ("Settings", "Setting", "Form", "Default", "Meaning", "required", "Connection of type"),
    "ru": ("Настройки", "Настройка", "Вид", "По умолчанию", "Смысл", "обязательна", "Подключение типа"),
}


def settings_reference(connectors: Sequence[Connector], language: Language = "en") -> str:
    """Return a markdown page of every section and every type of connection."""
    head, *_, of_type = _HEADS[language]
    parts = [f"# {head}"]
    for title, kind, en, ru in _OURS:
        parts += [f"## `{title}`", ru if language == "ru" else en, _table(kind, language)]
    for connector in connectors:
        parts += [f"## {of_type} `{connector.vendor}`", _table(connector.settings, language)]
        for name, inner in tables_in(connector.settings):
            parts += [f"### `[connections.<name>.{name}]`", _table(inner, language)]
    return "\n\n".join(parts) + "\n"


def _table(kind: type[msgspec.Struct], language: Language) -> str:
    _, name, form, default, meaning, required, _ = _HEADS[language]
    rows = [f"| {name} | {form} | {default} | {meaning} |", "|---|---|---|---|"]
    for field in msgspec.structs.fields(kind):
        en, ru = described(field)
        value = default_of(field)
        is_plain = value is not None and not isinstance(value, msgspec.Struct)
        stands = required if value is NODEFAULT else f"`{toml(value)}`" if is_plain else ""
        cells = [
            f"`{field.encode_name}`",
            shape(inspect.type_info(field.type), language),
            stands,
            ru if language == "ru" else en,
        ]
        rows.append("| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |")
    return "\n".join(rows)
