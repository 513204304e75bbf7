"""The simulated shop as a server: its doors, its operator, its counts."""

from collections.abc import Callable, Iterable, Mapping
from typing import ClassVar

from aiohttp import web

from obmen.connectors.bitrix.sandbox.exchange import DOOR as EXCHANGE
from obmen.connectors.bitrix.sandbox.exchange import ExchangeDoor
from obmen.connectors.bitrix.sandbox.operators import Operator, count
from obmen.connectors.bitrix.sandbox.rest import DOOR as REST
from obmen.connectors.bitrix.sandbox.rest import RestDoor
from obmen.connectors.bitrix.sandbox.sale.people import OrderDesk
from obmen.connectors.bitrix.sandbox.sale.totting import count_orders
from obmen.connectors.bitrix.sandbox.seed import furnish
from obmen.connectors.bitrix.sandbox.state import Setup, ShopState
from obmen.sandbox.app import Simulator
from obmen.sandbox.clock import Clock
from obmen.sandbox.faults import Faults

EXCHANGE_PATH = "/bitrix/admin/1c_exchange.php"


class Shop(Simulator):
    """A 1C-Bitrix shop on a loopback port."""

    name: ClassVar[str] = "bitrix"

    def __init__(
        self,
        setup: Setup | None = None,
        *,
        clock: Clock | None = None,
        faults: Faults | str = "",
        seed: int = 0,
    ) -> None:
        super().__init__(clock=clock, faults=faults, seed=seed)
        self.state = ShopState(
            setup=setup or Setup(), clock=self.clock, ledger=self.ledger, faults=self.faults
        )
        furnish(self.state)
        self.operator = Operator(self.state)
        self.desk = OrderDesk(self.state)
        self._rest = RestDoor(self.state)
        self.exchange = ExchangeDoor(self.state, seed=seed)

    @property
    def webhook(self) -> str:
        """The address of the inbound webhook, with its slash."""
        return f"{self.url}/rest/{self.state.setup.webhook_user}/{self.state.setup.webhook_secret}/"

    def routes(self) -> Iterable[web.AbstractRouteDef]:
        """List the shop's doors."""
        return [
            web.route("*", "/rest/{tail:.*}", self._rest.handle),
            web.route("*", EXCHANGE_PATH, self.exchange.handle),
        ]

    def credentials(self) -> dict[str, str]:
        """Return what the hub's settings ask for."""
        setup = self.state.setup
        return {
            "webhook": self.webhook,
            "exchange": self.url + EXCHANGE_PATH,
            "login": setup.login,
            "password": setup.password,
        }

    def actions(self) -> Mapping[str, Callable[..., object]]:
        """List the acts of managers, buyers and the bank."""
        return self.operator.actions() | self.desk.actions()

    def counts(self) -> dict[str, object]:
        """Count what the shop holds and who wrote it."""
        return count(self.state) | count_orders(self.state)

    def door_of(self, request: web.Request) -> tuple[str, str]:
        """Name a REST method without the webhook's secret, or the type and mode of an exchange."""
        if request.path == EXCHANGE_PATH:
            return EXCHANGE, f"{request.query.get('type', '')}:{request.query.get('mode', '')}"
        return REST, request.path.rsplit("/", 1)[-1].removesuffix(".json")

    def limited(self, request: web.Request) -> web.StreamResponse:  # noqa: ARG002 (all doors alike)
        """Answer as the shop's cloud sister does."""
        return self._rest.limited()

    async def settle(self) -> None:
        """Wait until every late effect has landed and the queue of events is empty."""
        await super().settle()
        await self.state.sale.events.settle()

    async def stop(self) -> None:
        """Stop listening; events still under way are dropped."""
        await self.state.sale.events.stop()
        await super().stop()

    def forget_sessions(self) -> None:
        """End the sessions of the exchange door; a webhook never expires."""
        self.exchange.forget_sessions()
