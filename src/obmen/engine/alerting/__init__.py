"""Alerts: what is wrong now, told to people by channels that fail, once each."""

from obmen.engine.alerting.channel import Channel, Letter
from obmen.engine.alerting.gathering import Watched, situations, unpaired
from obmen.engine.alerting.mail import MailChannel
from obmen.engine.alerting.telegram import TelegramChannel
from obmen.engine.alerting.telling import Telling, attempt, tell
from obmen.engine.alerting.webhook import WebhookChannel
from obmen.engine.alerting.wording import Words

__all__ = [
    "Channel",
    "Letter",
    "MailChannel",
    "TelegramChannel",
    "Telling",
    "Watched",
    "WebhookChannel",
    "Words",
    "attempt",
    "situations",
    "tell",
    "unpaired",
]
