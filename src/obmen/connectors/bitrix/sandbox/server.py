"""The simulated shop as a server: its doors, its operator, its counts."""

from collections.abc import Callable, Iterable, Mapping
from typing import ClassVar

from aiohttp import web

from obmen.connectors.bitrix.sandbox.operators import Operator, count
from obmen.connectors.bitrix.sandbox.rest import DOOR as REST
from obmen.connectors.bitrix.sandbox.rest import RestDoor
from obmen.connectors.bitrix.sandbox.seed import furnish
from obmen.connectors.bitrix.sandbox.state import Setup, ShopState
from obmen.sandbox.app import Simulator
from obmen.sandbox.clock import Clock
from obmen.sandbox.faults import Faults


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
        self._rest = RestDoor(self.state)

    @property
    def webhook(self) -> str:
        """The address of the inbound webhook, with its slash."""
        return f"{self.url}/rest/{self.state.setup.webhook_user}/{self.state.setup.webhook_secret}/"

    def routes(self) -> Iterable[web.AbstractRouteDef]:
        """List the shop's doors."""
        return [web.route("*", "/rest/{tail:.*}", self._rest.handle)]

    def credentials(self) -> dict[str, str]:
        """Return what the hub's settings ask for."""
        return {"webhook": self.webhook}

    def actions(self) -> Mapping[str, Callable[..., object]]:
        """List the operator's acts."""
        return self.operator.actions()

    def counts(self) -> dict[str, object]:
        """Count what the shop holds and who wrote it."""
        return count(self.state)

    def door_of(self, request: web.Request) -> tuple[str, str]:
        """Name a REST method without the webhook's secret."""
        return REST, request.path.rsplit("/", 1)[-1].removesuffix(".json")

    def limited(self, request: web.Request) -> web.StreamResponse:  # noqa: ARG002 (all doors alike)
        """Answer as the shop's cloud sister does."""
        return self._rest.limited()
