"""A signed message to an address of one's own: JSON, with HMAC-SHA256 over the moment and the body."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Callable
from urllib.parse import urlsplit

import msgspec

from obmen.connectors.contract import Ports
from obmen.connectors.transport import Spoken, Transport
from obmen.engine.alerting.channel import Letter
from obmen.errors import ConfigError, ObmenError, Transient

TIMESTAMP = "X-Obmen-Timestamp"
SIGNATURE = "X-Obmen-Signature"
NUMBER = "X-Obmen-Alert"


def signature(secret: str, timestamp: str, body: bytes) -> str:
    """Return what stands in the header: `sha256=` and HMAC-SHA256 of `<timestamp>.<body>` in hex."""
    digest = hmac.new(secret.encode(), timestamp.encode() + b"." + body, hashlib.sha256)
    return f"sha256={digest.hexdigest()}"


class WebhookChannel:
    """One address."""

    name = "webhook"

    def __init__(
        self, *, url: str, secret: str, proxy: str, ca_file: str, timeout_s: float, ports: Ports
    ) -> None:
        parts = urlsplit(url)
        self._path = parts.path + (f"?{parts.query}" if parts.query else "")
        self._secret = secret
        self._now: Callable[[], float] = ports.now
        self._transport = Transport(
            ports=ports,
            connection=self.name,
            base=f"{parts.scheme}://{parts.netloc}",
            secrets=(secret, self._path if len(self._path) > 1 else ""),
            proxy=proxy,
            ca_file=ca_file,
            timeout_s=timeout_s,
            connect_s=timeout_s,
            pool=1,
            spoken=Spoken(base="alerts.webhook.url", ca_file="alerts.webhook.ca_file"),
        )

    async def send(self, letter: Letter) -> None:
        """Post the letter; any 2xx is delivered."""
        body = msgspec.json.encode(
            {
                "alert": letter.number,
                "at": letter.alert.at,
                "subject": letter.subject,
                "text": letter.text,
                "notices": letter.alert.notices,
            }
        )
        timestamp = str(int(self._now()))
        answer = await self._transport.send(
            "POST",
            self._path,
            what="alert",
            body=body,
            headers={
                "Content-Type": "application/json",
                NUMBER: str(letter.number),
                TIMESTAMP: timestamp,
                SIGNATURE: signature(self._secret, timestamp, body),
            },
        )
        if not 200 <= answer.status < 300:
            raise _error(self._transport.host, answer.status, answer.headers.get("Retry-After", ""))

    async def check(self) -> None:
        """Nothing can be seen here without sending."""

    async def close(self) -> None:
        """Let go of the socket."""
        await self._transport.close()


def _error(host: str, status: int, retry_after: str) -> ObmenError:
    if status in {408, 425, 429} or status >= 500:
        return Transient(
            "alerts.webhook.down",
            f"{host} answers HTTP {status}.",
            f"{host} отвечает HTTP {status}.",
            retry_after_s=float(retry_after) if retry_after.isdecimal() else None,
        )
    return ConfigError(
        "alerts.webhook.refused",
        f"{host} refuses alerts with HTTP {status}: mend url and secret in [alerts.webhook], or the receiver.",
        f"{host} не принимает сообщения, HTTP {status}: проверьте url и secret в [alerts.webhook] или приёмник.",
    )
