"""Triggers: calls to an address somebody typed in, after a change set is saved. Nothing is signed, nothing is promised.

The account's queue loses, repeats, swaps and delays calls as the account's options say. What an address answers is
looked at by nobody.
"""

import asyncio
import random
import re
from collections.abc import Mapping
from typing import Any, Literal, NamedTuple

import aiohttp
import msgspec

from obmen.connectors.retailcrm.sandbox.setup import Setup
from obmen.sandbox.ledger import Ledger

_TEMPLATE = re.compile(r"\{\{\s*([^{}]+?)\s*\}\}")
_TIMEOUT_S = 10.0
# What integrators type in most often.
USUAL_PARAMS = {
    "id": "{{order.getId()}}",
    "externalId": "{{order.getExternalId()}}",
    "status": "{{order.getStatus().getCode()}}",
}


class Trigger(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One trigger with the action "HTTP request"."""

    url: str
    code: str = "obmen"
    event: Literal["order", "customer"] = "order"
    # History fields of which one must have changed; none means any change.
    fields: tuple[str, ...] = ()
    method: Literal["GET", "POST"] = "POST"
    params: Mapping[str, str] = msgspec.field(default_factory=lambda: dict(USUAL_PARAMS))


class _Call(NamedTuple):
    trigger: Trigger
    thing_id: int
    form: dict[str, str]


class TriggerQueue:
    """The triggers of an account, what the present change set touched, and calls under way."""

    def __init__(self, seed: int) -> None:
        self.triggers: list[Trigger] = []
        self.sent = 0
        self.lost = 0
        self.refused = 0  # the address did not answer, or not with success: nobody tries again
        self._random = random.Random(f"triggers:{seed}")
        self._touched: dict[tuple[str, int], tuple[dict[str, Any], set[str]]] = {}
        self._queue: list[_Call] = []
        self._task: asyncio.Task[None] | None = None

    def touch(self, event: str, thing_id: int, values: dict[str, Any], fields: set[str]) -> None:
        """Note that a thing changed in this change set; `values` are what templates may name."""
        if self.triggers:
            _, before = self._touched.get((event, thing_id), ({}, set()))
            self._touched[event, thing_id] = values, before | fields

    def commit(self, setup: Setup, ledger: Ledger) -> None:
        """Queue the calls of this change set, with the mishaps of the way, and start calling."""
        for (event, thing_id), (values, fields) in self._touched.items():
            for trigger in self.triggers:
                if trigger.event != event or (trigger.fields and not fields & set(trigger.fields)):
                    continue
                call = _Call(
                    trigger, thing_id, {name: _filled(raw, values) for name, raw in trigger.params.items()}
                )
                if self._random.random() < setup.trigger_loss:
                    self.lost += 1
                    _note(ledger, call, "lost")
                    continue
                self._queue.append(call)
                if self._random.random() < setup.trigger_repeat:
                    self._queue.append(call)
                if len(self._queue) > 1 and self._random.random() < setup.trigger_reorder:
                    self._queue[-1], self._queue[-2] = self._queue[-2], self._queue[-1]
        self._touched.clear()
        if self._queue and (self._task is None or self._task.done()):
            self._start(setup, ledger)

    async def settle(self) -> None:
        """Wait until the queue is empty."""
        if self._task is not None:
            await self._task

    async def stop(self) -> None:
        """Drop what is under way."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
            self._task = None

    def _start(self, setup: Setup, ledger: Ledger) -> None:
        try:
            loop = asyncio.get_running_loop()
        except RuntimeError:
            return  # nobody serves yet: the queue waits for the next change set
        self._task = loop.create_task(self._call_all(setup, ledger))

    async def _call_all(self, setup: Setup, ledger: Ledger) -> None:
        async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=_TIMEOUT_S)) as http:
            while self._queue:
                if setup.trigger_delay_s:
                    await asyncio.sleep(setup.trigger_delay_s)
                call = self._queue.pop(0)
                went = await _send(http, call)
                self.sent += went
                self.refused += not went
                _note(ledger, call, "sent" if went else "refused")


async def _send(http: aiohttp.ClientSession, call: _Call) -> bool:
    where: dict[str, Any] = {"params" if call.trigger.method == "GET" else "data": call.form}
    try:
        async with http.request(call.trigger.method, call.trigger.url, **where) as answer:
            return answer.status < 300
    except (aiohttp.ClientError, TimeoutError):
        return False


def _note(ledger: Ledger, call: _Call, outcome: str) -> None:
    ledger.record_effect(
        by="trigger", entity="trigger_call", id=f"{call.trigger.event} {call.thing_id}", action=outcome
    )


def _filled(template: str, values: Mapping[str, Any]) -> str:
    """Put values in the place of expressions; an unknown expression is empty."""

    def value(found: re.Match[str]) -> str:
        known = values.get(found[1].replace("()", ""))
        return "" if known is None else str(known)

    return _TEMPLATE.sub(value, template)
