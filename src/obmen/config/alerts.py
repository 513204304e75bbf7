"""`[alerts]`: who is told of trouble, by which channel, when, and of what."""

from __future__ import annotations

from datetime import datetime, tzinfo
from typing import Annotated, Literal, TypeAlias, get_args
from urllib.parse import urlsplit

import msgspec
from msgspec import Meta

from obmen.config.faults import Complaint
from obmen.config.schedule import is_open, parse_every, parse_window
from obmen.setting import said
from obmen.sync.alerting import Kind, Rules, Series

ChannelName: TypeAlias = Literal["telegram", "mail", "webhook"]
KindName: TypeAlias = Literal["paused", "silent", "errors", "unpaired", "held", "attention", "lag", "untold"]
Port: TypeAlias = Annotated[int, Meta(ge=1, le=65535)]
Count: TypeAlias = Annotated[int, Meta(ge=2, le=200)]
Positive: TypeAlias = Annotated[float, Meta(gt=0, le=120)]

CHANNELS: tuple[ChannelName, ...] = get_args(ChannelName)
_SHORTEST_SECRET = 16
_LONGEST_NAME = 60


class Telegram(msgspec.Struct, frozen=True, kw_only=True):
    """A bot that writes into a chat."""

    token: Annotated[
        str, said("Token of the bot, from @BotFather.", "Токен бота от @BotFather.", secret=True)
    ]
    chat: Annotated[
        str,
        Meta(min_length=1),
        said("Chat, group or channel: its id or @name.", "Чат, группа или канал: его id или @имя."),
    ]
    proxy: Annotated[
        str,
        said(
            "http:// or socks5:// proxy to Telegram; it may carry user:password.",
            "Прокси до Telegram: http:// или socks5://, можно с именем:паролем.",
        ),
    ] = ""
    api: Annotated[
        str, said("Address of the Bot API, or of a server of your own.", "Адрес Bot API или своего сервера.")
    ] = "https://api.telegram.org"
    ca_file: Annotated[
        str, said("Certificates to trust beside the system's.", "Каким сертификатам верить кроме системных.")
    ] = ""
    timeout_s: Annotated[
        Positive, said("Longest wait for an answer, seconds.", "Сколько секунд ждать ответа.")
    ] = 15.0

    def __post_init__(self) -> None:
        """Refuse what is no token before it becomes part of an address."""
        if not self.token or not all(part.isalnum() or part in ":_-" for part in self.token):
            raise Complaint("token is not one of a bot", "token не похож на токен бота")
        _check_proxy(self.proxy)


class Mail(msgspec.Struct, frozen=True, kw_only=True):
    """A mailbox that writes to others."""

    host: Annotated[str, Meta(min_length=1), said("SMTP server.", "Сервер SMTP.")]
    sender: Annotated[str, said("Address it comes from.", "Адрес отправителя.")]
    to: Annotated[tuple[str, ...], said("Addresses it goes to.", "Адреса получателей.")]
    port: Annotated[Port, said("Port of the server.", "Порт сервера.")] = 587
    security: Annotated[
        Literal["starttls", "tls", "none"],
        said(
            "How it is encrypted; none only inside your own network and without a password.",
            "Шифрование; none — только внутри своей сети и без пароля.",
        ),
    ] = "starttls"
    user: Annotated[str, said("Login; empty where none is asked.", "Логин; пусто, если не нужен.")] = ""
    password: Annotated[str, said("Password.", "Пароль.", secret=True)] = ""
    ca_file: Annotated[
        str, said("Certificates to trust beside the system's.", "Каким сертификатам верить кроме системных.")
    ] = ""
    timeout_s: Annotated[
        Positive, said("Longest wait for an answer, seconds.", "Сколько секунд ждать ответа.")
    ] = 20.0

    def __post_init__(self) -> None:
        """Refuse what is no address, and a password that would go unencrypted."""
        for address in (self.sender, *self.to):
            name, at, domain = address.partition("@")
            if not (name and at and domain) or any(mark in address for mark in "\r\n,;<> "):
                raise Complaint(f"«{address}» is not an e-mail address", f"«{address}» — не адрес почты")
        if not self.to:
            raise Complaint("to names nobody", "to: некому отправлять")
        if self.security == "none" and self.password:
            raise Complaint(
                "a password is not sent unencrypted: set security to starttls or tls",
                "пароль без шифрования не отправляется: задайте security = starttls или tls",
            )


class Webhook(msgspec.Struct, frozen=True, kw_only=True):
    """An address of your own that takes signed messages."""

    url: Annotated[
        str,
        said(
            "Address that takes them, https; plain http only inside your own network.",
            "Куда отправлять, https; http — только внутри своей сети.",
        ),
    ]
    secret: Annotated[
        str,
        Meta(min_length=_SHORTEST_SECRET),
        said("Secret of the signature, 16 characters or more.", "Секрет подписи, от 16 знаков.", secret=True),
    ]
    proxy: Annotated[str, said("http:// or socks5:// proxy.", "Прокси: http:// или socks5://.")] = ""
    ca_file: Annotated[
        str, said("Certificates to trust beside the system's.", "Каким сертификатам верить кроме системных.")
    ] = ""
    timeout_s: Annotated[
        Positive, said("Longest wait for an answer, seconds.", "Сколько секунд ждать ответа.")
    ] = 15.0

    def __post_init__(self) -> None:
        """Refuse what is no address."""
        parts = urlsplit(self.url)
        if parts.scheme not in {"http", "https"} or not parts.hostname or parts.username or parts.fragment:
            raise Complaint(
                "url is not an address like https://hooks.example.ru/obmen, without a login in it",
                "url — не адрес вида https://hooks.example.ru/obmen, без логина в нём",
            )
        _check_proxy(self.proxy)


class Alerts(msgspec.Struct, frozen=True, kw_only=True):
    """Who is told of trouble. Without a channel nobody is."""

    name: Annotated[
        str,
        said(
            "What this hub is called in messages, for whoever has several.",
            "Как называть этот обмен в сообщениях, если их несколько.",
        ),
    ] = ""
    channels: Annotated[
        tuple[ChannelName, ...],
        said(
            "Channels in order: the next one is taken where one does not deliver. Empty takes all that are set up.",
            "Каналы по порядку: следующий — если предыдущий не доставил. Пусто — все настроенные.",
        ),
    ] = ()
    everywhere: Annotated[
        bool,
        said(
            "Send through every channel and not only through the first that delivers.",
            "Отправлять во все каналы, а не в первый, который доставил.",
        ),
    ] = False
    quiet_hours: Annotated[
        tuple[str, ...],
        said(
            "When only urgent kinds are told, such as 23:00-08:00; the rest is told afterwards.",
            "Когда сообщать только о срочном: 23:00-08:00; об остальном — потом.",
        ),
    ] = ()
    urgent: Annotated[
        tuple[KindName, ...],
        said("Kinds that are told in quiet hours as well.", "О чём сообщать и в тихие часы."),
    ] = ("paused", "errors")
    muted: Annotated[tuple[KindName, ...], said("Kinds never told.", "О чём не сообщать никогда.")] = ()
    work_hours: Annotated[
        tuple[str, ...],
        said(
            "When orders without a pair are told, such as mon-fri 09:00-19:00; none named means always.",
            "Когда сообщать о заказах без пары: пн-пт 09:00-19:00; пусто — всегда.",
        ),
    ] = ()
    unpaired_after: Annotated[
        str,
        said(
            "An order that a system should have and has not got for so long is told.",
            "Через сколько сообщать, что заказа всё ещё нет в системе.",
        ),
    ] = "30m"
    lag_after: Annotated[
        str,
        said(
            "Writes and files that wait for so long are told.",
            "Через сколько сообщать об отставании записи и разбора файлов.",
        ),
    ] = "30m"
    errors: Annotated[
        Count,
        said(
            "So many errors in a row are a series; or so many, and half of all, within errors_within.",
            "Столько ошибок подряд — серия; или столько, и не меньше половины, за errors_within.",
        ),
    ] = 10
    errors_within: Annotated[str, said("Span errors are counted over.", "За какое время считать ошибки.")] = (
        "15m"
    )
    calm_after: Annotated[
        str,
        said(
            "How long trouble must be away to be told as settled.",
            "Сколько не должно быть неполадки, чтобы сообщить, что она прошла.",
        ),
    ] = "5m"
    repeat_every: Annotated[
        str, said("What lasts is told again after so long.", "Как часто повторять о том, что не прошло.")
    ] = "4h"
    grown_every: Annotated[
        str,
        said(
            "What has grown is told again no sooner than this.",
            "Не чаще чего сообщать, что стало больше.",
        ),
    ] = "30m"
    watchdog_after: Annotated[
        str,
        said(
            "A message no channel has delivered for so long is itself an issue.",
            "Если сообщение не доставлено столько времени, это видно в obmen issues и obmen check.",
        ),
    ] = "15m"
    telegram: Annotated[Telegram | None, said("A Telegram bot, below.", "Бот Telegram, см. ниже.")] = None
    mail: Annotated[Mail | None, said("E-mail, below.", "Почта, см. ниже.")] = None
    webhook: Annotated[Webhook | None, said("An address of your own, below.", "Свой адрес, см. ниже.")] = None

    def __post_init__(self) -> None:
        """Refuse hours and spans nobody can read, and channels that are not set up."""
        if not self.name.isprintable() or len(self.name) > _LONGEST_NAME:
            raise Complaint(
                f"name is one line of {_LONGEST_NAME} characters at most",
                f"name — одна строка, не длиннее {_LONGEST_NAME} знаков",
            )
        for window in (*self.quiet_hours, *self.work_hours):
            parse_window(window)
        for text in (
            self.unpaired_after,
            self.lag_after,
            self.errors_within,
            self.calm_after,
            self.repeat_every,
            self.grown_every,
            self.watchdog_after,
        ):
            parse_every(text)
        absent = [name for name in self.channels if getattr(self, name) is None]
        if absent:
            raise Complaint(
                f"channels names {', '.join(absent)}, and there is no [alerts.{absent[0]}]",
                f"в channels есть {', '.join(absent)}, а раздела [alerts.{absent[0]}] нет",
            )

    def order(self) -> tuple[ChannelName, ...]:
        """Return the channels that are set up, in the order they are tried."""
        return self.channels or tuple(name for name in CHANNELS if getattr(self, name) is not None)

    def rules(self) -> Rules:
        """Return when to speak."""
        return Rules(
            repeat_s=_seconds(self.repeat_every),
            grown_s=_seconds(self.grown_every),
            calm_s=_seconds(self.calm_after),
            muted=frozenset(self.muted),
        )

    def series(self) -> Series:
        """Return when errors are a series."""
        return Series(
            errors=self.errors, within_s=_seconds(self.errors_within), calm_s=_seconds(self.calm_after)
        )

    @property
    def unpaired_after_s(self) -> float:
        """How long an order may be without a pair."""
        return _seconds(self.unpaired_after)

    @property
    def lag_after_s(self) -> float:
        """How long work may wait."""
        return _seconds(self.lag_after)

    @property
    def watchdog_after_s(self) -> float:
        """How long a message may stay undelivered."""
        return _seconds(self.watchdog_after)

    def silent_kinds(self, now: datetime, zone: tzinfo) -> frozenset[str]:
        """Return the kinds that are not told at this hour."""
        silent: set[str] = set()
        quiet = tuple(map(parse_window, self.quiet_hours))
        if quiet and is_open(quiet, now, zone):
            silent |= {kind.code for kind in Kind} - set(self.urgent)
        if not is_open(map(parse_window, self.work_hours), now, zone):
            silent.add(Kind.UNPAIRED.code)
        return frozenset(silent)


def _seconds(text: str) -> float:
    return float(parse_every(text).seconds)


def _check_proxy(proxy: str) -> None:
    if proxy and urlsplit(proxy).scheme not in {"http", "socks4", "socks5"}:
        raise Complaint("a proxy is written http://… or socks5://…", "прокси пишется http://… или socks5://…")
