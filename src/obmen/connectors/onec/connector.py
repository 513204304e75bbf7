"""The 1C connection: a door files come through, and the reading of those files."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from ipaddress import ip_network
from pathlib import Path
from typing import NamedTuple
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import msgspec
from aiohttp import web

from obmen.connectors.contract import (
    Connection,
    Envelope,
    Finding,
    Intake,
    Portion,
    Ports,
    Recall,
    Step,
    Traits,
    forget,
)
from obmen.connectors.onec.disk import Disk
from obmen.connectors.onec.door import Door
from obmen.connectors.onec.door.sale import ORDER, Papers
from obmen.connectors.onec.inbox import Inbox, notes_of
from obmen.connectors.onec.kinds import TABLES, dictionary
from obmen.connectors.onec.mapping import CURRENCIES, OnecCodec, folded
from obmen.connectors.onec.orders.codec import OrderCodec
from obmen.connectors.onec.orders.markup import version_of
from obmen.connectors.onec.orders.papers import SEPARATE, OrderPapers
from obmen.connectors.onec.orders.rates import Rates
from obmen.connectors.onec.orders.warehouses import Warehouses
from obmen.connectors.onec.passing import Passing
from obmen.connectors.onec.reading import Reading
from obmen.connectors.onec.references import Learnt, PictureIndex, References, ReferenceStore
from obmen.connectors.onec.settings import ROUTE, Settings
from obmen.connectors.onec.tables import Tables
from obmen.errors import BadInput, ConfigError
from obmen.formats.commerceml import Header, MalformedFile, open_document
from obmen.sync.mapping import Entry
from obmen.sync.shadow import Codec

WAIT_S = 20.0
"""How long a request of 1C may last; it gives up behind 30 s, and asks again after `progress`."""


class OnecConnector:
    """1C:Enterprise over the site exchange (CommerceML)."""

    vendor = "onec"
    settings: type[msgspec.Struct] = Settings
    EXAMPLE: Mapping[str, object] = {  # as in the sandbox
        "login": "${ERP_LOGIN:-1c}",
        "password": "1c-sandbox",
        "price_types": {"Розничная": "base", "Мелкооптовая": "wholesale"},
        "warehouses": {"Основной склад": "main", "Магазин на Ленина": "lenina"},
    }

    def open(self, name: str, settings: msgspec.Struct, ports: Ports) -> Connection:
        """Open the connection; 1C comes by itself."""
        if not isinstance(settings, Settings):
            raise TypeError(f"1C takes {Settings.__qualname__}, not {type(settings).__qualname__}")
        _check(name, settings)
        return Onec(name, settings, ports)


def _check(name: str, settings: Settings) -> None:
    """Refuse what has the right type and still cannot be; raises `ConfigError`."""
    try:
        ZoneInfo(settings.time_zone)
    except (ZoneInfoNotFoundError, ValueError, OSError) as exc:
        zone = settings.time_zone
        raise ConfigError(
            "onec.bad_time_zone",
            f"[connections.{name}] time_zone: there is no zone «{zone}»; write it like Europe/Moscow.",
            f"[connections.{name}] time_zone: пояса «{zone}» нет; пишите как Europe/Moscow.",
        ) from exc
    for network in settings.allow_from:
        try:
            ip_network(network.strip(), strict=False)
        except ValueError as exc:
            raise ConfigError(
                "onec.bad_network",
                f"[connections.{name}] allow_from: «{network}» is neither an address nor a network; write it like 10.0.0.0/8.",
                f"[connections.{name}] allow_from: «{network}» не адрес и не подсеть; пишите как 10.0.0.0/8.",
            ) from exc
    for route in settings.routes:
        if not route.startswith("/") or "{" in route:
            raise ConfigError(
                "onec.bad_route",
                f"[connections.{name}] routes: «{route}» cannot be an address; begin it with /, as in {ROUTE}.",
                f"[connections.{name}] routes: «{route}» не годится в адреса; начните его с /, как в {ROUTE}.",
            )


class _Today(NamedTuple):
    """The tables of one state of the references, and the codecs made of them."""

    tables: Tables
    codecs: dict[str, OnecCodec | OrderCodec]


class Onec:
    """One 1C: `Connection`, `Receiver` and `Unpacker`."""

    vendor = "onec"
    tables = TABLES
    visible_after_s = 0.0

    def __init__(
        self,
        name: str,
        settings: Settings,
        ports: Ports,
        *,
        papers: Papers | None = None,
        ids: Callable[[], str] | None = None,
        wait_s: float = WAIT_S,
    ) -> None:
        self.name = name
        self.base = self.settings = settings
        self.routes = settings.routes
        ports.spool.mkdir(parents=True, exist_ok=True)
        self._zone = ZoneInfo(settings.time_zone)
        self._references = ReferenceStore(ports.spool / "references.json")
        self._pictures = PictureIndex(ports.spool / "pictures.jsonl")
        self._today = _Today(Tables(settings, self._references.current), {})
        self._disk = Disk(name, settings, ports.spool, self._pictures)
        inbox = Inbox(settings, ports.spool, self._references, self._pictures)
        self._passing: Passing | None = None
        if settings.pass_to:
            self._passing = Passing(name, settings, ports, inbox, ids=ids or _new_id)
        self._own_papers: OrderPapers | None = None
        if papers is None and settings.orders:
            papers = self._own_papers = OrderPapers(
                connection=name,
                tables=settings.order,
                version=settings.orders_version,
                charset=settings.charset,
                now=lambda: datetime.fromtimestamp(ports.now(), self._zone),
                called=self.called,
                rates=Rates(settings.vat),
            )
        self._door = self._passing or Door(
            name, settings, ports, inbox, papers, ids=ids or _new_id, wait_s=wait_s
        )
        self.collects: tuple[str, ...] = (
            (ORDER,) if settings.orders and papers is not None and not settings.pass_to else ()
        )

    # --- Connection -----------------------------------------------------------------------------------------------

    def traits(self, entity: str) -> Traits:
        """1C takes orders, whole ones, and nothing of the catalogue."""
        return Traits(required=("number", "placed", "money"), whole=True) if entity == ORDER else Traits()

    def codec(self, entity: str) -> Codec:
        """Return the translation of an entity with today's settings and references."""
        tables, codecs = self._today_by(self._references.current)
        if entity not in codecs:
            codecs[entity] = (
                self._orders(tables)
                if entity == ORDER
                else OnecCodec(self.name, entity, tables, self._pictures.find)
            )
        return codecs[entity]

    def _orders(self, tables: Tables) -> OrderCodec:
        settings = self.settings
        warehouses = Warehouses(
            self.name,
            known=tables.references.warehouses,
            keys=tables.stock,
            chosen=settings.warehouses,
        )
        currencies = {**CURRENCIES, **folded(settings.currencies)}
        return OrderCodec(self.name, settings.order, self._zone, currencies, warehouses, Rates(settings.vat))

    def work_with(self, settings: msgspec.Struct) -> None:
        """Take other tables up; what is under way ends with those it began with."""
        if not isinstance(settings, Settings):
            raise TypeError(f"1C takes {Settings.__qualname__}, not {type(settings).__qualname__}")
        self.settings = settings
        self._today = _Today(Tables(settings, self._references.current), {})
        if self._own_papers is not None:
            self._own_papers.work_with(settings.order, Rates(settings.vat))

    async def dictionary(self, kind: str) -> Sequence[Entry]:
        """Return the codes of a kind that exports have shown; 1C itself cannot be asked."""
        return dictionary(self._references.current, kind)

    async def check(self) -> Sequence[Finding]:
        """Tell what is known of this 1C; it cannot be asked, it calls by itself."""
        found = findings(self.settings, self._today_by(self._references.current).tables)
        if self._passing is not None:
            found.append(await self._passing.check())
        return found

    async def tidy(self) -> None:
        """Clear expired sessions away, with what was uploaded in them and never imported."""
        await self._door.tidy()

    async def close(self) -> None:
        """Let running imports of the door end."""
        await self._door.close()

    # --- Door -----------------------------------------------------------------------------------------------------

    def called(self, step: Step) -> str:
        """Return the `Номер` of an order's document: 1C always gives it back, its `Ид` seldom."""
        return step.ref or str(step.whole["number"])

    # --- Receiver -------------------------------------------------------------------------------------------------

    async def receive(self, request: web.Request, intake: Intake) -> web.StreamResponse:
        """Answer 1C."""
        return await self._door.receive(request, intake)

    # --- Importer ---------------------------------------------------------------------------------------------------

    def envelopes(self, paths: Sequence[Path], session: str) -> Iterator[Envelope | BadInput]:
        """Read exports from disk, in the order they build on each other."""
        return self._disk.envelopes(paths, session)

    # --- Unpacker -------------------------------------------------------------------------------------------------

    def unpack(self, envelope: Envelope, position: int, *, recall: Recall = forget) -> Iterator[Portion]:
        """Read a file in portions of one entity each."""
        if envelope.kind != "file":
            return
        reading = Reading(
            connection=self.name,
            learn=self._learn,
            picture=self._pictures.find,
            alone=notes_of(envelope).alone,
            orders=self.settings.order,
            rates=Rates(self.settings.vat),
            recall=recall,
        )
        try:
            with open_document(Path(envelope.path), memory=reading) as document:
                yield from reading.portions(document, position, order=order_of(document.header, self._zone))
        except MalformedFile as exc:
            raise BadInput(
                f"onec.file.{exc.code}",
                f"File «{envelope.name}»: {exc.text('en')}",
                f"Файл «{envelope.name}»: {exc.text('ru')}",
            ) from exc

    def _learn(self, items: list[Learnt]) -> Tables:
        return self._today_by(self._references.learn(items)).tables

    def _today_by(self, references: References) -> _Today:
        """Return the tables by these references. Files are read in threads, so both change in one assignment."""
        today = self._today
        if today.tables.references is not references:
            today = self._today = _Today(Tables(self.settings, references), {})
        return today


def order_of(header: Header, zone: ZoneInfo) -> str:
    """Return the moment a file was formed at, UTC, comparable as text; empty where the file names none."""
    formed = header.formed_at
    if formed is None:
        return ""
    if formed.tzinfo is None:
        formed = formed.replace(tzinfo=zone)
    return formed.astimezone(UTC).isoformat(timespec="microseconds")


def findings(settings: Settings, tables: Tables) -> list[Finding]:
    """Tell what is odd about settings and references."""
    found = [
        Finding(
            ok=True,
            code="onec.waits",
            en=f"1C calls by itself, at {', '.join(settings.routes)}.",
            ru=f"1С обращается сама, по адресу {', '.join(settings.routes)}.",
        )
    ]
    if not settings.allow_from:
        found.append(
            Finding(
                ok=False,
                warning=True,
                code="onec.open_to_all",
                en="Any address may try the password: name 1C's addresses in allow_from.",
                ru="Пробовать пароль может любой адрес: укажите адреса 1С в allow_from.",
            )
        )
    if settings.orders and version_of(settings.orders_version) < SEPARATE:
        found.append(
            Finding(
                ok=True,
                code="onec.orders.whole",
                en=f"Orders go in CommerceML {settings.orders_version}: 1C tells only that an order is paid and shipped, as a "
                "whole; shipments in parts and returns need orders_version 2.10 or 3.1.",
                ru=f"Заказы передаются в CommerceML {settings.orders_version}: 1С сообщает только, что заказ оплачен и отгружен, "
                "весь сразу; для частичных отгрузок и возвратов нужна orders_version 2.10 или 3.1.",
            )
        )
    for naming, setting, en, ru in (
        (tables.prices, "price_types", "price types", "типов цен"),
        (tables.stock, "warehouses", "warehouses", "складов"),
    ):
        told = (
            ("same_name", naming.shared, "are called", "называются"),
            ("same_key", sorted(naming.clashing), "become", "становятся"),
        )
        for code, names, verb, verb_ru in told:
            if names:
                listed = ", ".join(f"«{name}»" for name in names)
                found.append(
                    Finding(
                        ok=False,
                        warning=True,
                        code=f"onec.{code}.{setting}",
                        en=f"Several {en} {verb} {listed}; they go by their ids: map the ids in {setting}.",
                        ru=f"Несколько {ru} {verb_ru} {listed}; они различаются по Ид: укажите Ид в {setting}.",
                    )
                )
    return found


def _new_id() -> str:
    return secrets.token_hex(16)
