"""A hub without vendors on a clock of the test's own, and channels on loopback: where stories of alerts are played."""

from __future__ import annotations

from random import Random
from zoneinfo import ZoneInfo

from listeners import CHAT, TOKEN
from obmen.cli.assemble import Unlimited
from obmen.connectors.contract import Ports
from obmen.engine.alerting import Telling, Watched, Words, tell
from obmen.engine.alerting.mail import MailChannel
from obmen.engine.alerting.telegram import TelegramChannel
from obmen.engine.hub import Hub
from obmen.engine.issues import paused, paused_key
from obmen.errors import AuthFailed
from obmen.ledger.journal import LoggedExchange
from obmen.sync.alerting import Rules

START = 1_800_000_000.0
MINUTE = 60.0
HOUR = 3600.0


class Stage:
    """One hub and those who hear it; `again` is what is left after a restart: the ledger."""

    def __init__(self, ledger, folder, telegram, mail, **telling):
        self.ledger, self.folder, self.telegram, self.mail = ledger, folder, telegram, mail
        self.now = START
        self._telling = telling
        self.again()

    def again(self):
        """Begin anew, as after a crash: nothing is left in memory."""
        self.hub = Hub(
            ledger=self.ledger,
            connections={"shop": object(), "erp": object()},
            topologies={},
            now=lambda: self.now,
            rng=Random(1),
        )
        ports = Ports(budget=Unlimited(), log=lambda _: None, now=lambda: self.now, spool=self.folder)
        channels = (
            TelegramChannel(
                token=TOKEN,
                chat=CHAT,
                api=self.telegram.url,
                proxy="",
                ca_file="",
                timeout_s=5.0,
                ports=ports,
            ),
            MailChannel(
                host="127.0.0.1",
                port=self.mail.port,
                security="none",
                user="",
                password="",
                sender="obmen@shop.test",
                to=("boss@shop.test",),
                ca_file="",
                timeout_s=5.0,
                now=lambda: self.now,
            ),
        )
        given = {
            "words": Words(language="en", zone=ZoneInfo("UTC")),
            "rules": Rules(),
            "watched": Watched(),
            **self._telling,
        }
        self.telling = Telling(channels=channels, **given)

    async def look(self):
        await tell(self.hub, self.ledger, self.telling)

    async def passes(self, seconds, *, step=MINUTE, also=lambda: None):
        """Let time pass, looking every minute."""
        until = self.now + seconds
        while self.now < until:
            self.now = min(until, self.now + step)
            also()
            await self.look()

    # --- what goes wrong

    def pauses(self, connection="shop", why="Access is refused."):
        with self.ledger.begin() as tx:
            tx.put_state(connection, "paused", why)
            tx.open_issues([paused(connection, AuthFailed("x.auth", why, why))], at=self.now)

    def resumes(self, connection="shop"):
        with self.ledger.begin() as tx:
            tx.put_state(connection, "active", "")
            tx.close_issues([paused_key(connection)], at=self.now)

    def exchange(self, connection="shop", *, status=200, error=""):
        with self.ledger.begin() as tx:
            tx.log_exchanges(
                [
                    LoggedExchange(
                        connection=connection,
                        at=self.now,
                        direction="out",
                        what="order.list",
                        request="",
                        answer="",
                        status=status,
                        took_s=0.1,
                        error=error,
                    )
                ]
            )

    def opens(self, *issues):
        with self.ledger.begin() as tx:
            tx.open_issues(issues, at=self.now)

    # --- what is known of it

    def issues(self):
        with self.ledger.begin() as tx:
            return [one.issue for one in tx.issues()]

    def alerts(self):
        """Number, state, and phase and key of every line, oldest first."""
        with self.ledger.begin() as tx:
            return [
                (one.state, [(line.phase, line.situation.key) for line in one.notices])
                for one in reversed(tx.alerts())
            ]

    def tries(self):
        with self.ledger.begin() as tx:
            return [
                (one.channel, one.error_en == "") for one in tx.tries([alert.id for alert in tx.alerts()])
            ]
