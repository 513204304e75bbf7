"""Outgoing webhooks: events of saved orders, posted as forms with a constant token, by a queue that promises nothing.

The box hands its queue to the vendor's cloud, which calls the handler. Here the queue loses, repeats, delays and
swaps events as the shop's options say. Several saves in one request make one event.
"""

import asyncio
import random
from collections.abc import Iterable, Mapping
from typing import NamedTuple

import aiohttp

from obmen.connectors.bitrix.sandbox.sale.options import SaleOptions

ORDER_SAVED = "OnSaleOrderSaved"
PAYMENT_SAVED = "OnPaymentEntitySaved"
SHIPMENT_SAVED = "OnShipmentEntitySaved"
PROPERTY_SAVED = "OnPropertyValueEntitySaved"
ORDER_DELETED = "OnOrderDeleted"
PAYMENT_DELETED = "OnPaymentDeleted"
SHIPMENT_DELETED = "OnShipmentDeleted"
PROPERTY_DELETED = "OnPropertyValueDeleted"
KNOWN = (
    ORDER_SAVED,
    PAYMENT_SAVED,
    SHIPMENT_SAVED,
    PROPERTY_SAVED,
    ORDER_DELETED,
    PAYMENT_DELETED,
    SHIPMENT_DELETED,
    PROPERTY_DELETED,
)
_POST_TIMEOUT_S = 10


class Event(NamedTuple):
    """Something saved: only ids are told."""

    name: str
    id: int
    xml_id: str = ""


class Handler(NamedTuple):
    """A registered address."""

    id: int
    event: str
    url: str


class EventQueue:
    """Events of the request at hand, handlers, and posts under way."""

    def __init__(self) -> None:
        self.handlers: list[Handler] = []
        self.lost = 0
        self.posted = 0
        self.refused = 0  # the handler did not answer, or not with success: nobody tries again
        self._hit: dict[Event, None] = {}
        self._queue: list[tuple[Handler, Event]] = []
        self._tasks: set[asyncio.Task[None]] = set()

    def bind(self, url: str, events: Iterable[str]) -> list[int]:
        """Register an address for events; return the ids of the handlers."""
        wanted = {name.lower() for name in events}
        unknown = wanted - {name.lower() for name in KNOWN}
        if unknown:
            raise ValueError(f"No such event: {', '.join(sorted(unknown))}; known: {', '.join(KNOWN)}.")
        made = [
            Handler(len(self.handlers) + number, name, url)
            for number, name in enumerate((name for name in KNOWN if name.lower() in wanted), 1)
        ]
        self.handlers += made
        return [handler.id for handler in made]

    def raise_event(self, name: str, row_id: int, xml_id: str = "") -> None:
        """Note that something was saved in this request."""
        if self.handlers:
            self._hit[Event(name, row_id, xml_id)] = None

    def end_hit(self, options: SaleOptions, source: random.Random, *, domain: str, at: int) -> None:
        """Queue what this request saved, with the mishaps of the way, and start posting."""
        for event in self._hit:
            for handler in self.handlers:
                if handler.event != event.name:
                    continue
                if source.random() < options.event_loss:
                    self.lost += 1
                    continue
                self._queue.append((handler, event))
                if source.random() < options.event_repeat:
                    self._queue.append((handler, event))
                if len(self._queue) > 1 and source.random() < options.event_reorder:
                    self._queue[-1], self._queue[-2] = self._queue[-2], self._queue[-1]
        self._hit.clear()
        if self._queue and not self._tasks:
            self._start(options, domain=domain, at=at)

    def _start(self, options: SaleOptions, *, domain: str, at: int) -> None:
        try:
            loop = asyncio.get_running_loop()
        except RuntimeError:
            return  # nobody serves yet: the queue waits for the next request
        task = loop.create_task(self._post_all(options, domain=domain, at=at))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def settle(self) -> None:
        """Wait until the queue is empty."""
        while self._tasks:
            await asyncio.gather(*self._tasks)

    async def stop(self) -> None:
        """Drop what is under way."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _post_all(self, options: SaleOptions, *, domain: str, at: int) -> None:
        timeout = aiohttp.ClientTimeout(total=_POST_TIMEOUT_S)
        async with aiohttp.ClientSession(timeout=timeout) as http:
            while self._queue:
                if options.event_delay_s:
                    await asyncio.sleep(options.event_delay_s)
                handler, event = self._queue.pop(0)
                form = _form(handler, event, options.application_token, domain=domain, at=at)
                try:
                    async with http.post(handler.url, data=form) as answer:
                        self.refused += answer.status >= 300
                        self.posted += answer.status < 300
                except (aiohttp.ClientError, TimeoutError):
                    self.refused += 1


def _form(handler: Handler, event: Event, token: str, *, domain: str, at: int) -> Mapping[str, str]:
    form = {
        "event": event.name.upper(),
        "event_handler_id": str(handler.id),
        "data[FIELDS][ID]": str(event.id),
        "ts": str(at),
        "auth[domain]": domain,
        "auth[client_endpoint]": f"https://{domain}/rest/",
        "auth[server_endpoint]": "https://oauth.example/rest/",
        "auth[member_id]": "a223c6b3710f85df22e9377d6c4f7553",
        "auth[application_token]": token,
    }
    if event.name in (ORDER_SAVED, ORDER_DELETED):
        action = "save" if event.name == ORDER_SAVED else "delete"
        form |= {"data[FIELDS][XML_ID]": event.xml_id, "data[FIELDS][ACTION]": action}
    return form
