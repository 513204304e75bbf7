"""Telegram: a bot writes into a chat, through a proxy where Telegram is not reached otherwise.

Facts of the Bot API (core.telegram.org/bots/api): `sendMessage` takes up to 4096 characters; an error answers
`{"ok": false, "error_code", "description", "parameters": {"retry_after", "migrate_to_chat_id"}}`.
"""

from __future__ import annotations

from collections.abc import Callable

import msgspec

from obmen.connectors.contract import Ports
from obmen.connectors.transport import Spoken, Transport
from obmen.engine.alerting.channel import Letter
from obmen.errors import AuthFailed, ConfigError, ObmenError, RateLimited, Transient

LONGEST = 4096
_RETRY_S = 30.0
"""Where Telegram asks for patience and does not say for how long."""


class _Parameters(msgspec.Struct):
    retry_after: float | None = None
    migrate_to_chat_id: int | None = None


class _Answer(msgspec.Struct):
    ok: bool = False
    description: str = ""
    parameters: _Parameters = msgspec.field(default_factory=_Parameters)


class TelegramChannel:
    """One bot and one chat."""

    name = "telegram"

    def __init__(
        self, *, token: str, chat: str, api: str, proxy: str, ca_file: str, timeout_s: float, ports: Ports
    ) -> None:
        self._path = f"/bot{token}"
        self._chat = chat
        self._transport = Transport(
            ports=ports,
            connection=self.name,
            base=api,
            secrets=(token,),
            proxy=proxy,
            ca_file=ca_file,
            timeout_s=timeout_s,
            connect_s=timeout_s,
            pool=1,
            spoken=Spoken(base="alerts.telegram.api", ca_file="alerts.telegram.ca_file"),
        )

    async def send(self, letter: Letter) -> None:
        """Write into the chat; what is longer than a message may be is cut."""
        text = letter.text if len(letter.text) <= LONGEST else f"{letter.text[: LONGEST - 1]}…"
        await self._call("sendMessage", {"chat_id": self._chat, "text": text})

    async def check(self) -> None:
        """See that the bot is let in and may see the chat."""
        await self._call("getChat", {"chat_id": self._chat})

    async def close(self) -> None:
        """Let go of the socket."""
        await self._transport.close()

    async def _call(self, method: str, body: dict[str, str]) -> None:
        answer = await self._transport.send(
            "POST",
            f"{self._path}/{method}",
            what=method,
            body=msgspec.json.encode(body),
            headers={"Content-Type": "application/json"},
        )
        said = _read(answer.body)
        if answer.status == 200 and said.ok:
            return
        raise _error(answer.status, said, self._transport.mask)


def _read(body: bytes) -> _Answer:
    try:
        return msgspec.json.decode(body, type=_Answer)
    except msgspec.MsgspecError:
        return _Answer()  # a proxy's own page


def _error(status: int, said: _Answer, mask: Callable[[str], str]) -> ObmenError:
    detail = mask(f"HTTP {status}: {said.description}")
    if status == 429:
        wait_s = said.parameters.retry_after or _RETRY_S
        return RateLimited(
            "alerts.telegram.too_many",
            f"Telegram asks to wait {wait_s:.0f} s.",
            f"Telegram просит подождать {wait_s:.0f} с.",
            detail=detail,
            retry_after_s=wait_s,
        )
    if status in {401, 404}:
        return AuthFailed(
            "alerts.telegram.token",
            "Telegram does not know this bot: mend token in [alerts.telegram].",
            "Telegram не знает такого бота: исправьте token в [alerts.telegram].",
            detail=detail,
        )
    if said.parameters.migrate_to_chat_id is not None:
        new = said.parameters.migrate_to_chat_id
        return ConfigError(
            "alerts.telegram.moved",
            f'The group has become a supergroup: write chat = "{new}" into [alerts.telegram].',
            f'Группа стала супергруппой: впишите chat = "{new}" в [alerts.telegram].',
            detail=detail,
        )
    if status in {400, 403}:
        return ConfigError(
            "alerts.telegram.chat",
            "Telegram does not let the bot write into this chat: add the bot to it, and mend chat in [alerts.telegram].",
            "Telegram не даёт боту писать в этот чат: добавьте туда бота и проверьте chat в [alerts.telegram].",
            detail=detail,
        )
    return Transient(
        "alerts.telegram.down",
        f"Telegram, or the proxy to it, answers HTTP {status}.",
        f"Telegram или прокси до него отвечает HTTP {status}.",
        detail=detail,
    )
