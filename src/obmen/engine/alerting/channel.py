"""What every way of telling people offers."""

from __future__ import annotations

from typing import Protocol

import msgspec

from obmen.ledger.alerts import Alert


class Letter(msgspec.Struct, frozen=True, kw_only=True):
    """A message in words. Sent twice it has the same number."""

    alert: Alert
    subject: str
    text: str

    @property
    def number(self) -> int:
        """The number whoever reads it sees."""
        return self.alert.id


class Channel(Protocol):
    """One way to people.

    `send` and `check` raise an error of ours with a sentence that names what to mend: `Transient` (its `retry_after_s`
    is honoured) where it may work later, anything else where a person must act. Nothing raised shows a secret.
    """

    name: str

    async def send(self, letter: Letter) -> None:
        """Deliver a letter, or raise."""

    async def check(self) -> None:
        """See that letters could be sent, as far as that can be seen without sending one."""

    async def close(self) -> None:
        """Let go of sockets."""
