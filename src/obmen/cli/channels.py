"""From `[alerts]` to the channels people are told by, and the chore that tells them."""

from __future__ import annotations

import os
from datetime import UTC, datetime

from obmen.config import Alerts, Config
from obmen.connectors.contract import Ports
from obmen.engine.alerting import (
    Channel,
    MailChannel,
    TelegramChannel,
    Telling,
    Watched,
    WebhookChannel,
    Words,
)
from obmen.language import language


def telling_of(config: Config, ports: Ports) -> Telling:
    """Return who is told by which way, and when; nothing is sent until it is used."""
    alerts = config.alerts
    return Telling(
        channels=channels_of(alerts, ports),
        words=Words(language=language(os.environ, config.hub.language), zone=config.zone, name=alerts.name),
        everywhere=alerts.everywhere,
        watched=Watched(
            unpaired_after_s=alerts.unpaired_after_s, lag_after_s=alerts.lag_after_s, series=alerts.series()
        ),
        rules=alerts.rules(),
        silent_kinds=lambda now: alerts.silent_kinds(datetime.fromtimestamp(now, UTC), config.zone),
        watchdog_s=alerts.watchdog_after_s,
    )


def channels_of(alerts: Alerts, ports: Ports) -> tuple[Channel, ...]:
    """Return the channels that are set up, in the order they are tried."""
    made: dict[str, Channel] = {}
    if (bot := alerts.telegram) is not None:
        made["telegram"] = TelegramChannel(
            token=bot.token,
            chat=bot.chat,
            api=bot.api,
            proxy=bot.proxy,
            ca_file=bot.ca_file,
            timeout_s=bot.timeout_s,
            ports=ports,
        )
    if (mail := alerts.mail) is not None:
        made["mail"] = MailChannel(
            host=mail.host,
            port=mail.port,
            security=mail.security,
            user=mail.user,
            password=mail.password,
            sender=mail.sender,
            to=mail.to,
            ca_file=mail.ca_file,
            timeout_s=mail.timeout_s,
            now=ports.now,
        )
    if (hook := alerts.webhook) is not None:
        made["webhook"] = WebhookChannel(
            url=hook.url,
            secret=hook.secret,
            proxy=hook.proxy,
            ca_file=hook.ca_file,
            timeout_s=hook.timeout_s,
            ports=ports,
        )
    return tuple(made[name] for name in alerts.order())
