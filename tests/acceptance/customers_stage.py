"""Two accounts of one merchant and a real hub between their customers, read only when a story says so."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager, suppress

import msgspec
from retail_stage import is_calm

from obmen.cli.assemble import open_hub, runner_of
from obmen.config import parse_config
from obmen.connectors import SHIPPED
from obmen.connectors.retailcrm.sandbox import Crm, Setup
from obmen.engine.pulling import pull
from obmen.errors import Transient
from obmen.model import phone

ACCOUNT = """
[connections.{name}]
type = "retailcrm"
url = "{url}"
api_key = "{key}"
rate_per_s = 1000
visible_after_s = 0.2
schedule = {{ every = "24h", deliver = "live" }}
[connections.{name}.customers]
"""
SYNC = """
[hub]
ledger = "sqlite:///hub.db"
[sync.customer]
creators = ["main", "branch"]
owners = { default = "origin" }
readers = ["main", "branch"]
"""


class Stage:
    """Two accounts of one merchant, and a hub between their customers."""

    def __init__(self, main, branch):
        self.main, self.branch = main, branch
        self.hub = self.runner = None

    async def seen(self, times=2):
        """Let the hub read both accounts and write what follows."""
        for _ in range(times):
            for name in ("main", "branch"):
                with suppress(Transient):  # the runner would come again
                    await pull(self.hub, name, "customer")
            self.runner.nudge()
            await self.rest()

    async def rest(self):
        calm = 0
        while calm < 3:
            calm = calm + 1 if await self._is_calm() else 0
            await asyncio.sleep(0.05)

    async def _is_calm(self):
        return await self.hub.ledger.run(lambda tx: is_calm(tx, self.hub, ("main", "branch")))

    def people(self, account):
        """What an account holds: names, phones and e-mails."""
        return sorted(
            (
                " ".join(
                    each.plain.get(name, "") for name in ("lastName", "firstName", "patronymic")
                ).strip(),
                *map(phone, each.phones),
                each.plain.get("email", "").lower(),
            )
            for each in account.state.customers
        )

    def twin(self, customer):
        """The card of the branch that is the same person as one of the main account."""
        with self.hub.ledger.begin() as tx:
            record = tx.bound("main", "customer", [str(customer)])[str(customer)]
            return int(tx.refs_of("branch", [record])[record])

    def issues(self):
        with self.hub.ledger.begin() as tx:
            return sorted(one.issue.code for one in tx.issues())

    def journal(self, customer):
        with self.hub.ledger.begin() as tx:
            record = tx.bound("main", "customer", [str(customer)])[str(customer)]
            return [told.line for told in tx.history(record, limit=100)]

    def writes(self):
        return self.main.ledger.writes(by="api"), self.branch.ledger.writes(by="api")

    def again(self):
        """Forget how far the histories have been read."""
        with self.hub.ledger.begin() as tx:
            for name in ("main", "branch"):
                tx.put_cursor(name, "customer", '{"since":0}')


@asynccontextmanager
async def two_accounts(folder):
    setup = Setup(rate_limit=None)
    async with Crm(setup, seed=1) as main, Crm(setup, seed=2) as branch:
        stage = Stage(main, branch)
        text = SYNC + "".join(
            ACCOUNT.format(name=name, url=account.url, key=account.credentials()["api_key"])
            for name, account in (("main", main), ("branch", branch))
        )
        path = folder / "obmen.toml"
        path.write_text(text, encoding="utf-8")
        config = parse_config(text, path=path, connectors=SHIPPED, env={})
        with open_hub(config, exclusive=True) as hub:
            stage.hub = hub = msgspec.structs.replace(hub, lease_s=0.5)  # noqa: PLW2901 (a lost answer is looked up soon)
            stage.runner = runner = runner_of(config, hub, idle_s=0.02)
            work = asyncio.create_task(runner.run())
            try:
                yield stage
            finally:
                runner.stop()
                await work
                for connection in hub.connections.values():
                    await connection.close()
