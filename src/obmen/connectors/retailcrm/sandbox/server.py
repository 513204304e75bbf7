"""The simulated account as a server: its API, its staff, its counts."""

import ssl
from collections.abc import Callable, Iterable, Mapping
from typing import ClassVar

from aiohttp import web

from obmen.connectors.retailcrm.sandbox.door import DOOR, ApiDoor, name_of
from obmen.connectors.retailcrm.sandbox.modules import Modules
from obmen.connectors.retailcrm.sandbox.setup import API_KEY, Setup
from obmen.connectors.retailcrm.sandbox.staff import OrderDesk
from obmen.connectors.retailcrm.sandbox.stage import Office, furnish
from obmen.connectors.retailcrm.sandbox.state import CrmState
from obmen.connectors.retailcrm.sandbox.store.loading import FeedLoader
from obmen.connectors.retailcrm.sandbox.totting import count
from obmen.sandbox.app import Simulator
from obmen.sandbox.clock import Clock
from obmen.sandbox.faults import Faults


class Crm(Simulator):
    """A RetailCRM account on a loopback port."""

    name: ClassVar[str] = "retailcrm"

    def __init__(
        self,
        setup: Setup | None = None,
        *,
        clock: Clock | None = None,
        faults: Faults | str = "",
        seed: int = 0,
    ) -> None:
        super().__init__(clock=clock, faults=faults, seed=seed)
        self.state = CrmState(
            setup=setup or Setup(), clock=self.clock, ledger=self.ledger, faults=self.faults, seed=seed
        )
        furnish(self.state)
        self.feeds = FeedLoader(self.state)
        self.desk = OrderDesk(self.state)
        self.office = Office(self.state, self.feeds)
        self.modules = Modules(self.state, self.desk)
        self._door = ApiDoor(self.state)

    def routes(self) -> Iterable[web.AbstractRouteDef]:
        """List the account's doors."""
        return [web.route("*", "/api/{tail:.*}", self._door.handle)]

    def credentials(self) -> dict[str, str]:
        """Return what the hub's settings ask for."""
        return {"api_key": self.state.setup.keys[0].key if self.state.setup.keys else API_KEY}

    def actions(self) -> Mapping[str, Callable[..., object]]:
        """List the acts of managers, of the account's administrator and of other programs."""
        return self.desk.actions() | self.office.actions() | self.modules.actions()

    def counts(self) -> dict[str, object]:
        """Count what the account holds and who wrote it."""
        return count(self.state)

    def door_of(self, request: web.Request) -> tuple[str, str]:
        """Name a method with its arguments in braces: neither ids nor keys are told."""
        return DOOR, name_of(request)

    def limited(self, request: web.Request) -> web.StreamResponse:  # noqa: ARG002 (all methods alike)
        """Answer as the vendor does to a client that is too quick."""
        return self._door.limited()

    async def start(
        self, host: str = "127.0.0.1", port: int = 0, *, tls: ssl.SSLContext | None = None
    ) -> str:
        """Listen and begin to load feeds on schedule."""
        address = await super().start(host, port, tls=tls)
        self.feeds.start()
        return address

    async def settle(self) -> None:
        """Wait until late effects have landed, feeds are loaded and triggers have called."""
        await super().settle()
        await self.feeds.settle()
        await self.state.triggers.settle()

    async def stop(self) -> None:
        """Stop listening; loads and calls under way are dropped."""
        await self.feeds.stop()
        await self.state.triggers.stop()
        await super().stop()
