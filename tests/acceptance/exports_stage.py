"""A real hub behind its real door, with a 1C that visits it; the shop is there only where a test asks for it."""

from __future__ import annotations

import asyncio
from collections import Counter
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import UTC, datetime
from io import BytesIO
from pathlib import Path
from urllib.parse import quote

import aiohttp
from typer.testing import CliRunner

from obmen.cli import cli
from obmen.cli.assemble import gateway_of, open_hub, runner_of
from obmen.config import parse_config
from obmen.connectors import SHIPPED
from obmen.connectors.bitrix.sandbox import Shop
from obmen.connectors.onec.sandbox.export import Export, export
from obmen.connectors.onec.sandbox.manners import Account, Manners, Mischief
from obmen.connectors.onec.sandbox.server import ExchangeOrder, Infobase, Spoiling
from obmen.ledger.contract import LEASED, READY
from obmen.ledger.sql import SqlLedger
from obmen.model import ENTITIES
from obmen.sandbox.world import World

AT = datetime(2026, 11, 20, 9, 5, tzinfo=UTC)
ENTITY_NAMES = ("category", "product", "offer")
NOWHERE = ("http://127.0.0.1:9", 1, "none")
PASSWORD = "пароль"
ROUTE = "/bitrix/admin/1c_exchange.php"

SETTINGS = """
[hub]
ledger = "sqlite:///hub.db"

[connections.erp]
type = "onec"
login = "1c"
password = "пароль"
price_types = {{ "Розничная" = "base", "Мелкооптовая" = "wholesale", "Закупочная" = "purchase" }}
warehouses = {{ "Основной склад" = "main", "Магазин на Ленина" = "lenina" }}
{onec}

[connections.shop]
type = "bitrix"
keyed_by = "erp"
match = ["xml_id", "sku"]
url = "{url}"
user = {user}
secret = "{secret}"
prices = {{ base = 1 }}
rate_per_s = 1000
parallel = 2
{more}

[connections.shop.schedule]
every = "{poll}"
deliver = "{deliver}"

[sync.category]
creators = ["erp"]
owners = {{ default = "erp", slug = {{ rule = "once", by = "shop" }} }}
readers = ["shop"]

[sync.product]
creators = ["erp"]
owners = {{ default = "erp", slug = {{ rule = "once", by = "shop" }} }}
readers = ["shop"]

[sync.offer]
creators = ["erp"]
owners = {{ default = "erp" }}
readers = ["shop"]

[guards]
quiet_s = 0.3
"""


def write_config(
    folder: Path,
    *,
    shop: tuple[str, int, str] = NOWHERE,
    onec: str = "",
    poll: str = "1h",
    more: str = "",
    deliver: str = "live",
) -> Path:
    url, user, secret = shop
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / "obmen.toml"
    text = SETTINGS.format(
        onec=onec, url=url, user=user, secret=secret, poll=poll, more=more, deliver=deliver
    )
    path.write_text(text, encoding="utf-8")
    return path


class Stage:
    """A hub that can be stopped and started again, and whatever stands around it."""

    def __init__(self, config_path: Path, erp: Infobase, shop: Shop | None) -> None:
        self.config_path = config_path
        self.erp = erp
        self.shop = shop
        self._stack = AsyncExitStack()
        self._port = 0

    async def start(self) -> None:
        text = self.config_path.read_text(encoding="utf-8")
        config = parse_config(text, path=self.config_path, connectors=SHIPPED, env={})
        self._stack = AsyncExitStack()
        self.hub = self._stack.enter_context(open_hub(config, exclusive=True))
        if self.shop is None:
            with self.hub.ledger.begin() as tx:
                tx.put_state("shop", "paused", "no shop on this stage")
        runner = runner_of(config, self.hub, idle_s=0.05)
        gateway = gateway_of(config, self.hub, runner)
        # Started again, it is found where it was.
        self._port = await gateway.start("127.0.0.1", self._port)
        self.url = f"http://127.0.0.1:{self._port}{ROUTE}"
        work = asyncio.create_task(runner.run())

        async def stop() -> None:
            runner.stop()
            await work
            await gateway.stop()
            for connection in self.hub.connections.values():
                await connection.close()

        self._stack.push_async_callback(stop)

    async def stop(self) -> None:
        await self._stack.aclose()

    async def visit(
        self,
        export: Export | None = None,
        *,
        manners: Manners | None = None,
        mischief: Mischief | None = None,
        spoiling: Spoiling | None = None,
        side_by_side: int = 1,
    ):
        """Let 1C come once; return what came of it."""
        outcomes = await self.erp.exchange(
            ExchangeOrder(
                account=Account(url=self.url, login="1c", password=PASSWORD),
                export=export or Export(),
                manners=manners or Manners(),
                mischief=mischief or Mischief(),
                spoiling=spoiling or Spoiling(),
                side_by_side=side_by_side,
            )
        )
        await self.rest()
        return outcomes[0] if side_by_side == 1 else outcomes

    async def visit_over_restarts(self, export: Export, manners: Manners):
        """The same for a hub that is not there all the time: nobody waits for it to rest."""
        account = Account(url=self.url, login="1c", password=PASSWORD)
        (outcome,) = await self.erp.exchange(ExchangeOrder(account=account, export=export, manners=manners))
        return outcome

    async def rest(self, *, at_most_s: float = 120.0) -> None:
        """Wait until nothing is to be unpacked or delivered, and the guards have had their look."""
        await until(self._is_calm, at_most_s=at_most_s)

    def _is_calm(self) -> bool:
        with self.hub.ledger.begin() as tx:
            if tx.waiting_envelopes() or any(danger.state == "pending" for danger in tx.dangers("erp")):
                return False
            if self.shop is None:
                return True
            busy = any(row.state in {READY, LEASED} for row in tx.outbox("shop"))
            return not busy and not tx.due_attempts("shop", now=self.hub.now() + 3600, limit=1)

    # --- what the hub holds

    def records(self):
        return records_of(self.hub.ledger)

    def footprint(self):
        return footprint(self.hub.ledger)

    def issues(self) -> list[str]:
        with self.hub.ledger.begin() as tx:
            return [item.issue.code for item in tx.issues()]

    def files_done(self) -> int:
        with self.hub.ledger.begin() as tx:
            return sum(envelope.state == "done" for envelope in tx.envelopes())

    def counters(self) -> Counter[str]:
        """Return the counters of all files together."""
        total: Counter[str] = Counter()
        with self.hub.ledger.begin() as tx:
            for envelope in tx.envelopes():
                total.update(envelope.counters)
        return total


@asynccontextmanager
async def stage(folder: Path, world: World, *, shop: Shop | None = None, **said: str):
    """Start a hub (and the shop given) around a 1C that holds a world."""
    async with AsyncExitStack() as stack:
        where = NOWHERE
        if shop is not None:
            await stack.enter_async_context(shop)
            setup = shop.state.setup
            where = (shop.url, setup.webhook_user, setup.webhook_secret)
        erp = await stack.enter_async_context(Infobase(world, seed=world.seed))
        live = Stage(write_config(folder, shop=where, **said), erp, shop)
        await live.start()
        try:
            yield live
        finally:
            await live.stop()


async def until(holds, *, at_most_s: float = 60.0) -> None:
    deadline = asyncio.get_running_loop().time() + at_most_s
    while not holds():
        assert asyncio.get_running_loop().time() < deadline, f"did not come true in {at_most_s} s"
        await asyncio.sleep(0.03)


def records_of(ledger) -> dict[str, dict[str, dict]]:
    """Return the canonical atoms of everything 1C brought, by its refs; partners are named by their refs."""
    found: dict[str, dict[str, dict]] = {}
    with ledger.begin() as tx:
        refs = {name: tx.bound_in_scope("erp", name, "") for name in ENTITY_NAMES}
        named = {number: ref for bound in refs.values() for number, ref in bound.items()}
        for name, bound in refs.items():
            partners = {atom.name for atom in ENTITIES[name].atoms if atom.partner}
            found[name] = {
                bound[number]: {
                    atom: _named(value, named) if atom in partners else value
                    for atom, value in record.atoms.items()
                }
                for number, record in tx.records(bound).items()
            }
    return found


def _named(value, named):
    if isinstance(value, list):
        return [_named(each, named) for each in value]
    return named.get(value, value)


def footprint(ledger) -> dict[str, object]:
    """Count everything an exchange could leave behind: versions of records, bindings, what is to be sent."""
    with ledger.begin() as tx:
        bound = {name: tx.bound_in_scope("erp", name, "") for name in ENTITY_NAMES}
        return {
            "bound": {name: len(refs) for name, refs in bound.items()},
            "versions": sum(
                record.version for refs in bound.values() for record in tx.records(refs).values()
            ),
            "outbox": sorted((row.record, row.state, row.since) for row in tx.outbox("shop")),
            "dangers": len(tx.dangers("erp")),
        }


class Caller:
    """1C by hand, one request at a time."""

    def __init__(self, live: Stage, password=PASSWORD):
        self._live = live
        self._password = password
        self.cookie = ""
        self.timestamp = ""

    async def ask(self, mode: str, body: bytes | None = None, *, kind: str = "catalog", **query: str) -> str:
        """Return the answer as the person at 1C reads it; its encoding and status are checked on the way."""
        pairs = {"type": kind, "mode": mode, **query}
        url = self._live.url + "?" + "&".join(f"{key}={quote(value)}" for key, value in pairs.items())
        headers = {"Cookie": self.cookie} if self.cookie else {}
        if mode == "checkauth":
            headers["Authorization"] = aiohttp.encode_basic_auth("1c", self._password, encoding="utf-8")
        method = "POST" if body is not None else "GET"
        async with (
            aiohttp.ClientSession(cookie_jar=aiohttp.DummyCookieJar()) as session,
            session.request(method, url, data=body and BytesIO(body), headers=headers) as answer,
        ):
            assert answer.status == 200
            assert answer.charset == "windows-1251"
            return (await answer.read()).decode("windows-1251")

    async def login(self) -> str:
        answer = await self.ask("checkauth")
        lines = answer.split("\n")
        self.cookie = f"{lines[1]}={lines[2]}"
        self.timestamp = lines[4].partition("=")[2]
        await self.ask("init")
        return answer

    async def upload(self, name: str, body: bytes) -> str:
        return await self.ask("file", body, filename=name)

    async def take(self, name: str) -> str:
        """Ask for the import until it is over."""
        while (answer := await self.ask("import", filename=name)).startswith("progress"):
            pass
        return answer

    async def bring(self, name: str, body: bytes) -> str:
        answer = await self.upload(name, body)
        return answer if answer.startswith("failure") else await self.take(name)


def obmen(*arguments: str, language: str = "ru", env: dict[str, str] | None = None):
    """Run a command of the terminal; return its result."""
    return CliRunner().invoke(
        cli,
        list(arguments),
        env={"OBMEN_LANG": language, "LC_ALL": "", "LANGUAGE": "", "LANG": "", **(env or {})},
        catch_exceptions=False,
    )


def lay_down(folder: Path, world: World, spec: Export) -> Path:
    """Write an export to disk, as 1C leaves it in its folder of exchange."""
    for file in export(world, spec, AT):
        path = folder / "webdata" / file.name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(file.body)
    return folder / "webdata"


def open_ledger(folder: Path) -> SqlLedger:
    return SqlLedger.open(f"sqlite:///{folder / 'hub.db'}", exclusive=False)
