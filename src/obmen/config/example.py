"""A configuration to start from: 1C fills a shop. Helps and defaults come from the settings themselves."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping
from typing import NamedTuple, Protocol, runtime_checkable

import msgspec
from msgspec import inspect

from obmen.config.alerts import Alerts, Mail, Telegram, Webhook
from obmen.config.faults import toml
from obmen.config.reading import default_of, described, is_secret
from obmen.config.shapes import tables_in
from obmen.config.tables import Guards, Hub, Offer
from obmen.connectors.contract import Connector
from obmen.language import Language

_WIDTH = 100


@runtime_checkable
class Exemplary(Protocol):
    """A connector that knows settings which work, those of its sandbox for example."""

    EXAMPLE: Mapping[str, object]


class _Piece(NamedTuple):
    """Some lines of the file and what they mean."""

    ru: str
    en: str
    text: str = ""
    is_optional: bool = False
    """Stands in comments until it is wanted."""

    def written(self, language: Language) -> str:
        text = textwrap.indent(self.text, "# ") if self.is_optional else self.text
        return "\n".join(part for part in (_comment(self.ru if language == "ru" else self.en), text) if part)


def example_config(language: Language, *, erp: Connector, shop: Connector) -> str:
    """Return a complete configuration with every setting explained; it loads as it stands.

    What a connector's `EXAMPLE` does not name stands in comments with its default. A secret, or a required setting
    without an example, is asked of the environment: `SHOP_SECRET` for `secret` of `shop`.
    """
    sections = [
        _HEAD.written(language),
        _section("hub", Hub, language),
        _connection(_ERP, "erp", erp, language),
        _written(_ERP_SCHEDULE, language),
        _connection(_SHOP, "shop", shop, language),
        _written(_SHOP_SCHEDULE, language),
        *(piece.written(language) for piece in _TOPOLOGY),
        *_alerts(language),
        _GUARDS.written(language) + "\n" + _section("guards", Guards, language),
        _section("offer", Offer, language),
    ]
    return "\n\n".join(sections) + "\n"


def _written(pieces: tuple[_Piece, ...], language: Language) -> str:
    return "\n".join(piece.written(language) for piece in pieces)


def _connection(head: _Piece, name: str, connector: Connector, language: Language) -> str:
    example = connector.EXAMPLE if isinstance(connector, Exemplary) else {}
    settings = _settings(connector.settings, language, owner=name, example=example)
    lines = [
        _comment(head.ru if language == "ru" else head.en),
        f"[connections.{name}]",
        f'type = "{connector.vendor}"',
        head.text,
        settings,
    ]
    below = [
        f"# [connections.{name}.{key}]\n{_settings(kind, language, owner=name, example={})}"
        for key, kind in tables_in(connector.settings)
        if "." not in key
    ]
    return "\n\n".join(["\n".join(line for line in lines if line), *below])


def _section(name: str, kind: type[msgspec.Struct], language: Language) -> str:
    return f"[{name}]\n{_settings(kind, language, owner=name, example={})}"


def _alerts(language: Language) -> list[str]:
    """Return the sections of alerts, all in comments: without the `# ` of headers and settings they are in force."""
    return ["\n".join((piece.written(language), _commented(kind, language))) for kind, piece in _ALERTS]


def _commented(kind: type[msgspec.Struct], language: Language) -> str:
    """Return the optional settings of an optional section; what is required stands in the block above them."""
    lines: list[str] = []
    for field in msgspec.structs.fields(kind):
        if field.required or default_of(field) is None:
            continue
        en, ru = described(field)
        lines += [
            _comment(ru if language == "ru" else en),
            f"# {field.encode_name} = {toml(default_of(field))}",
        ]
    return "\n".join(lines)


def _settings(
    kind: type[msgspec.Struct], language: Language, *, owner: str, example: Mapping[str, object]
) -> str:
    lines: list[str] = []
    inside = {key for key, _ in tables_in(kind)}
    for field in msgspec.structs.fields(kind):
        key = field.encode_name
        if key in inside:
            continue
        en, ru = described(field)
        lines.append(_comment(ru if language == "ru" else en))
        if key in example or field.required:
            lines.append(f"{key} = {_value(field, example.get(key), owner)}")
        else:
            default = default_of(field)
            lines.append(f"# {key} =" if default is None else f"# {key} = {toml(default)}")
    return "\n".join(line for line in lines if line)


def _value(field: msgspec.structs.FieldInfo, value: object, owner: str) -> str:
    variable = f"{owner}_{field.encode_name}".upper()
    if value is None:
        return toml(f"${{{variable}}}")
    if isinstance(value, str) and is_secret(inspect.type_info(field.type), field.encode_name, value):
        return toml(f"${{{variable}:-{value}}}")
    return toml(value)


def _comment(text: str) -> str:
    lines = [line for part in text.splitlines() for line in textwrap.wrap(part, _WIDTH)]
    return "\n".join(f"# {line}" for line in lines)


_HEAD = _Piece(
    "Настройки обмена. Строки с # — пояснения и значения по умолчанию.\n"
    "Секреты держите в окружении: ${ИМЯ} или ${ИМЯ:-значение}, имя латиницей.",
    "Settings of the exchange. Lines with # explain and show defaults.\n"
    "Keep secrets in the environment: ${NAME} or ${NAME:-default}.",
)
_ERP = _Piece(
    "1С: приходит сама, приносит каталог, цены и остатки.",
    "1C: comes by itself and brings the catalogue, prices and stock.",
)
_ERP_SCHEDULE = (
    _Piece(
        "Расписание обмена задано в самой 1С, здесь его нет.",
        "The schedule of the exchange is set in 1C itself, there is none here.",
        "[connections.erp.schedule]",
    ),
)
_SHOP = _Piece(
    "Интернет-магазин: получает товары, цены и остатки.\n"
    "keyed_by: внешний код (XML_ID) в магазине — это код из того подключения.\n"
    "match: по чему узнавать товары, которые в магазине уже есть, по порядку.",
    "The shop: receives goods, prices and stock.\n"
    "keyed_by: the external code in the shop is the id of that connection.\n"
    "match: how goods that are already in the shop are recognised, in this order.",
    'keyed_by = "erp"\nmatch = ["xml_id", "sku"]',
)
_SHOP_SCHEDULE = (
    _Piece("", "", "[connections.shop.schedule]"),
    _Piece(
        "Как часто спрашивать магазин, что в нём изменилось.",
        "How often the shop is asked what changed there.",
        'every = "15m"',
    ),
    _Piece(
        "plan — записывать только после просмотра и применения плана; live — сразу.",
        "plan writes only after a plan was seen and applied; live writes at once.",
        'deliver = "plan"',
    ),
    _Piece(
        "Сверка целиком, каждую ночь.",
        "Reconciliation in full, every night.",
        'reconcile = { cron = "0 4 * * *" }',
    ),
    _Piece(
        "Цены — только вне рабочих часов.",
        "Prices only outside working hours.",
        'offer.prices = { write = ["18:00-10:00"] }',
        is_optional=True,
    ),
)
_TOPOLOGY = (
    _Piece(
        "Кто заводит карточки (creators), кто главный по полю (owners), кто получатель (readers).\n"
        "once: заполняется при создании, дальше поле магазина — обмен его не трогает.",
        "Who brings new records (creators), who decides a field (owners), who receives (readers).\n"
        "once: filled at creation, afterwards the shop's own and never touched.",
        '[sync.category]\ncreators = ["erp"]\nreaders = ["shop"]\n\n'
        '[sync.category.owners]\ndefault = "erp"\nslug = { rule = "once", by = "shop" }\n'
        'sort = { rule = "once", by = "shop" }\ndescription = { rule = "once", by = "shop" }',
    ),
    _Piece(
        "Товары.",
        "Products.",
        '[sync.product]\ncreators = ["erp"]\nreaders = ["shop"]\n\n'
        '[sync.product.owners]\ndefault = "erp"\nslug = { rule = "once", by = "shop" }\n'
        'summary = { rule = "once", by = "shop" }\ndescription = { rule = "once", by = "shop" }',
    ),
    _Piece(
        "Торговые предложения: цены и остатки.",
        "Offers: prices and stock.",
        '[sync.offer]\ncreators = ["erp"]\nowners = { default = "erp" }\nreaders = ["shop"]',
    ),
    _Piece(
        "Заказы из магазина в 1С и обратно: предоплаченные — после оплаты, остальные — после подтверждения.\n"
        "Чтобы включить, уберите # здесь и у [connections.shop.orders] и задайте orders = true в [connections.erp].",
        "Orders from the shop to 1C and back: prepaid ones after payment, the others after confirmation.\n"
        "To switch them on, remove the # here and at [connections.shop.orders], and set orders = true in [connections.erp].",
        '[sync.order]\ncreators = ["shop"]\nmatch = ["number"]\n'
        'readers = ["shop", { to = "erp", when = "confirmed and (prepaid implies paid)" }]\n\n'
        '[sync.order.owners]\ndefault = "origin"\n'
        'money = { rule = "review", any = ["shop", "erp"] }\n'
        'stage = { rule = "forward", any = ["shop", "erp"] }\n'
        'cancelled = { rule = "review", any = ["shop", "erp"] }\n'
        'note = { rule = "review", any = ["shop", "erp"] }\n'
        'payments = "each"\nshipments = "each"\nreturns = "each"\nnumbers = "each"',
        is_optional=True,
    ),
)
_GUARDS = _Piece(
    "Массовые изменения: от этой доли каталога — придержать и спросить.",
    "Mass changes: from this share of the catalogue on they are held and asked about.",
)
_ALERTS: tuple[tuple[type[msgspec.Struct], _Piece], ...] = (
    (
        Alerts,
        _Piece(
            "Сообщения о неполадках: серия ошибок, приостановка, 1С молчит, заказ без пары. Личных данных в них нет.\n"
            "Уберите # у [alerts] и у одного из каналов ниже, чтобы включить; проверка: obmen alerts test.",
            "Alerts: a series of errors, a paused connection, a silent 1C, an order without a pair. No personal data is in them.\n"
            "Remove the # of [alerts] and of one of the channels below to switch them on; try: obmen alerts test.",
            "[alerts]",
            is_optional=True,
        ),
    ),
    (
        Telegram,
        _Piece(
            "Бот Telegram и чат; если Telegram недоступен — через proxy.",
            "A Telegram bot and a chat; through a proxy where Telegram is not reached.",
            '[alerts.telegram]\ntoken = "${TELEGRAM_TOKEN}"\nchat = "-1001234567890"',
            is_optional=True,
        ),
    ),
    (
        Mail,
        _Piece(
            "Почта: следующий канал, если первый не доставил.",
            "E-mail: the next channel where the first one does not deliver.",
            '[alerts.mail]\nhost = "smtp.example.ru"\nsender = "obmen@example.ru"\nto = ["boss@example.ru"]',
            is_optional=True,
        ),
    ),
    (
        Webhook,
        _Piece(
            "Свой адрес: JSON с подписью HMAC-SHA256.",
            "An address of your own: JSON, signed with HMAC-SHA256.",
            '[alerts.webhook]\nurl = "https://hooks.example.ru/obmen"\nsecret = "${ALERTS_SECRET}"',
            is_optional=True,
        ),
    ),
)
