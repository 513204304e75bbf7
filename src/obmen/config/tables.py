"""The tables of `obmen.toml` that belong to no vendor, each setting with its help in both languages."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from ipaddress import ip_network
from pathlib import Path
from typing import Annotated, Any, Literal, TypeAlias
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import msgspec
from msgspec import Meta

from obmen.config.faults import Complaint
from obmen.config.functions import PythonRule
from obmen.model import plain
from obmen.setting import said
from obmen.sync.derived import Selling
from obmen.sync.guard import Limits

Port: TypeAlias = Annotated[int, Meta(ge=1, le=65535)]
Days: TypeAlias = Annotated[int, Meta(ge=1)]
Share: TypeAlias = Annotated[float, Meta(ge=0, le=1)]
Factor: TypeAlias = Annotated[int, Meta(ge=2)]
Seconds: TypeAlias = Annotated[float, Meta(ge=0)]


class Hub(msgspec.Struct, frozen=True, kw_only=True):
    """The hub itself."""

    ledger: Annotated[
        str,
        said(
            "Database of the hub: sqlite:///file or postgresql://user:password@host/base.",
            "База обмена: sqlite:///файл или postgresql://имя:пароль@узел/база.",
        ),
    ] = "sqlite:///obmen.db"
    host: Annotated[
        str,
        said(
            "Address to listen on; 0.0.0.0 lets other machines in.",
            "Адрес, на котором слушать; 0.0.0.0 — доступно с других машин.",
        ),
    ] = "127.0.0.1"
    port: Annotated[Port, said("Port to listen on.", "Порт, на котором слушать.")] = 8017
    trusted_proxies: Annotated[
        tuple[str, ...],
        said(
            "Addresses of proxies in front of the hub, such as nginx: who they say is calling is believed (X-Forwarded-For).",
            "Адреса прокси перед хабом, например nginx: им верим, кто обращается на самом деле (X-Forwarded-For).",
        ),
    ] = ()
    language: Annotated[
        Literal["auto", "ru", "en"],
        said(
            "Language of the operator's texts; auto follows the system.",
            "Язык текстов; auto — как в системе.",
        ),
    ] = "auto"
    time_zone: Annotated[
        str,
        said(
            "Zone of schedules, write windows and printed times.",
            "Часовой пояс расписаний, окон записи и времени на экране.",
        ),
    ] = "Europe/Moscow"
    spool: Annotated[
        Path,
        said(
            "Folder for files on their way, beside this file unless absolute.",
            "Папка для принятых файлов; рядом с этим файлом, если путь не полный.",
        ),
    ] = Path("spool")
    keep_exchanges_days: Annotated[
        Days,
        said(
            "Days to keep requests, answers and received files.",
            "Сколько дней хранить запросы, ответы и принятые файлы.",
        ),
    ] = 14
    keep_journal_days: Annotated[
        Days, said("Days to keep the journal of decisions.", "Сколько дней хранить журнал обмена.")
    ] = 365

    def __post_init__(self) -> None:
        """Refuse a database or a zone nobody knows."""
        if self.ledger.partition("://")[0].partition("+")[0] not in {"sqlite", "postgresql"}:
            raise Complaint(
                "ledger is none of: sqlite:///file, postgresql://user:password@host/base",
                "ledger — не sqlite:///файл и не postgresql://имя:пароль@узел/база",
            )
        for network in self.trusted_proxies:
            try:
                ip_network(network, strict=False)
            except ValueError:
                raise Complaint(
                    f"trusted_proxies: «{network}» is neither an address nor a network; write it like 127.0.0.1",
                    f"trusted_proxies: «{network}» не адрес и не подсеть; пишите как 127.0.0.1",
                ) from None
        try:
            ZoneInfo(self.time_zone)
        except (ZoneInfoNotFoundError, ValueError, OSError):
            raise Complaint(
                f"no such time zone as «{self.time_zone}»; known are names like Europe/Moscow, Asia/Yekaterinburg",
                f"нет часового пояса «{self.time_zone}»; нужно имя вроде Europe/Moscow, Asia/Yekaterinburg",
            ) from None


class Guards(msgspec.Struct, frozen=True, kw_only=True):
    """Mass changes that are held and asked about first."""

    zero: Annotated[
        Share,
        said(
            "Share of the catalogue whose stock or price falls to zero.",
            "Доля каталога, у которой остаток или цена падает до нуля.",
        ),
    ] = 0.20
    jump: Annotated[
        Share,
        said(
            "Share of the catalogue whose price jumps; 0 holds every single one.",
            "Доля каталога, у которой цена прыгает; 0 — придержать даже одну.",
        ),
    ] = 0.0
    jump_factor: Annotated[
        Factor, said("How many times up or down is a jump.", "Во сколько раз вверх или вниз — уже прыжок.")
    ] = 3
    disappearance: Annotated[
        Share,
        said(
            "Share of the catalogue that is gone from a complete export.",
            "Доля каталога, пропавшая из полной выгрузки.",
        ),
    ] = 0.10
    quiet_s: Annotated[
        Seconds,
        said(
            "Seconds without news after which an exchange is over and its shares are counted.",
            "Через сколько секунд тишины обмен считается законченным и доли подсчитываются.",
        ),
    ] = 30.0

    def limits(self) -> Limits:
        """Return the limits as the merge knows them."""
        return Limits(
            zero=self.zero, jump=self.jump, jump_factor=self.jump_factor, disappearance=self.disappearance
        )


class Offer(msgspec.Struct, frozen=True, kw_only=True):
    """What may be sold."""

    selling_warehouses: Annotated[
        tuple[str, ...],
        said(
            "Warehouses whose stock is sold; none named means all.",
            "Склады, с которых продаём; пусто — со всех.",
        ),
    ] = ()
    safety_stock: Annotated[
        Decimal,
        said("Pieces of each offer kept back from sale.", "Сколько единиц каждого предложения не продавать."),
    ] = Decimal(0)
    owner_reserves: Annotated[
        bool,
        said(
            "The stock of its owner already leaves out what he has taken as ordered. If not, an order keeps its goods until they are shipped.",
            "Остаток учётной системы уже не включает товар в принятых ею заказах. Если включает, заказ держит товар до отгрузки.",
        ),
    ] = True
    release_unpaid_after_h: Annotated[
        Seconds,
        said(
            "Hours after which an order that is to be paid in advance, and is not, keeps nothing any more.",
            "Через сколько часов неоплаченный заказ с предоплатой перестаёт держать товар.",
        ),
    ] = 72.0

    def __post_init__(self) -> None:
        """Refuse a negative reserve."""
        if self.safety_stock < 0:
            raise Complaint("safety_stock cannot be below 0", "safety_stock не может быть меньше 0")

    def selling(self) -> Selling:
        """Return the same as the merge knows it."""
        return Selling(
            warehouses=self.selling_warehouses,
            safety=plain(self.safety_stock),
            owner_reserves=self.owner_reserves,
            unpaid_s=self.release_unpaid_after_h * 3600.0,
        )


class ConnectionTable(msgspec.Struct, frozen=True, kw_only=True):
    """What every connection has beside the settings of its type; described here, read by `connections`."""

    type: Annotated[str, said("Which system it is.", "Что это за система.")]
    match: Annotated[
        list[str] | dict[str, list[str]],
        said(
            'Keys an unknown object is recognised by, in order: ["xml_id", "sku"], or by entity; "phones+name" are both '
            "at once.",
            'По чему узнавать неизвестное, по порядку: ["xml_id", "sku"], или отдельно для сущностей; "phones+name" — '
            "сразу по обоим.",
        ),
    ] = []
    keyed_by: Annotated[
        str | None,
        said(
            "The connection whose ids this system keeps as its external code.",
            "Подключение, коды которого эта система хранит как внешний код.",
        ),
    ] = None
    silent_after: Annotated[
        str,
        said(
            "A system that calls by itself and is not heard of for so long is reported: 45m, 2h, 1d.",
            "Если система, которая обращается сама, молчит дольше, об этом сообщается: 45m, 2h, 1d.",
        ),
    ] = "45m"
    schedule: Annotated[
        dict[str, Any], said("When to ask and to write, below.", "Когда опрашивать и записывать, см. ниже.")
    ] = {}
    functions: Annotated[
        dict[str, Any],
        said(
            'Own Python where a table is not enough: "product.vat" = { read = "rules:vat_for" }.',
            'Своя функция на Python, где таблицы мало: "product.vat" = { read = "rules:vat_for" }.',
        ),
    ] = {}


class FunctionPair(msgspec.Struct, frozen=True, kw_only=True):
    """The functions of one field; both are called with the canonical value and the value in the system's form."""

    read: Annotated[
        PythonRule | None, said("Makes our value of theirs.", "Делает наше значение из их значения.")
    ] = None
    write: Annotated[
        PythonRule | None, said("Makes their value of ours.", "Делает их значение из нашего.")
    ] = None


class Timing(msgspec.Struct, frozen=True, kw_only=True):
    """When a connection is asked and when it may be written to; by entity, by job, or for all of the connection."""

    every: Annotated[
        str, said("How often to ask, such as 15m or 1h30m.", "Как часто опрашивать: 15m, 1h30m.")
    ] = ""
    cron: Annotated[
        str,
        said(
            "When to ask, as a cron line; instead of every.", "Когда опрашивать, строкой cron; вместо every."
        ),
    ] = ""
    write: Annotated[
        tuple[str, ...] | None,
        said(
            "When writing is allowed, such as 18:00-10:00 or mon-fri 18:00-10:00; none named means always.",
            "Когда можно записывать: 18:00-10:00, пн-пт 18:00-10:00; пусто — всегда.",
        ),
    ] = None
    deliver: Annotated[
        Literal["live", "plan"] | None,
        said(
            "live writes at once, plan waits until a plan is applied.",
            "live — записывать сразу, plan — только после применения плана.",
        ),
    ] = None


class Sync(msgspec.Struct, frozen=True, kw_only=True):
    """One entity: who creates it, who decides its fields, who receives it."""

    creators: Annotated[
        tuple[str, ...],
        said("Connections that may bring new records.", "Подключения, которые заводят новые карточки."),
    ] = ()
    owners: Annotated[
        dict[str, Any],
        said(
            "Who decides each field; `default` is for all others.",
            "Кто главный по полю; default — по остальным.",
        ),
    ] = {}
    readers: Annotated[tuple[Any, ...], said("Connections that receive the entity.", "Получатели.")] = ()
    match: Annotated[
        tuple[str, ...],
        said(
            "Keys an unknown object is recognised by, in order.",
            "По чему опознавать неизвестное, по порядку.",
        ),
    ] = ()
    begins: Annotated[
        date | None,
        said(
            "Day the exchange begins with: what was placed before it is read and bound, and never written anywhere.",
            "Дата начала обмена: что оформлено раньше, читается и связывается, но никуда не записывается.",
        ),
    ] = None


class ReaderTable(msgspec.Struct, frozen=True, kw_only=True):
    """A reader with conditions."""

    to: Annotated[str, said("The connection.", "Подключение.")]
    when: Annotated[
        str,
        said("What must hold before the first delivery.", "Что должно выполняться перед первой отправкой."),
    ] = ""
    only: Annotated[
        tuple[str, ...],
        said("The only fields it receives; none named means all.", "Только эти поля; пусто — все."),
    ] = ()


class RuleTable(msgspec.Struct, frozen=True, kw_only=True):
    """A rule written as a table, or one phase of several."""

    owner: Annotated[str, said("A connection, origin or each.", "Подключение, origin или each.")] = ""
    rule: Annotated[
        str,
        said("once, forward, priority, review or latest.", "once, forward, priority, review или latest."),
    ] = ""
    by: Annotated[
        str,
        said("once: whose the field is after the creation.", "once: чьё поле после создания."),
    ] = ""
    source: Annotated[
        str, said("once: who fills it at the creation.", "once: кто заполняет при создании.")
    ] = ""
    any: Annotated[
        tuple[str, ...],
        said("Who takes part; none named means everybody.", "Кто участвует; пусто — все."),
    ] = ()
    order: Annotated[
        tuple[str, ...], said("priority: the most important first.", "priority: важнейший — первым.")
    ] = ()
    until: Annotated[
        str, said("A phase: in force until this holds.", "Фаза: действует, пока это не выполнено.")
    ] = ""
