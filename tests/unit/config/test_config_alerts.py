"""`[alerts]`: what is set up, what is refused in both languages, and the example that works when switched on."""

from __future__ import annotations

import re
from datetime import datetime
from zoneinfo import ZoneInfo

import pytest
from configured import Desk, Stall

from obmen.config import example_config
from obmen.sync.alerting import Kind

MOSCOW = ZoneInfo("Europe/Moscow")
ENV = {"ERP_PASSWORD": "sesame", "TOKEN": "1:AA", "SECRET": "0123456789abcdef"}
TELEGRAM = '[alerts.telegram]\ntoken = "${TOKEN}"\nchat = "-100"\n'
MAIL = '[alerts.mail]\nhost = "smtp.test"\nsender = "a@b.ru"\nto = ["c@d.ru"]\n'
WEBHOOK = '[alerts.webhook]\nurl = "https://hooks.test/x"\nsecret = "${SECRET}"\n'


def test_without_channels_nobody_is_told(read):
    assert read().alerts.order() == ()


def test_what_is_set_up_is_tried_in_the_order_of_the_reference_unless_said_otherwise(read):
    every = MAIL + WEBHOOK + TELEGRAM

    assert read(every, env=ENV).alerts.order() == ("telegram", "mail", "webhook")
    chosen = read('[alerts]\nchannels = ["mail", "telegram"]\n' + every, env=ENV).alerts
    assert chosen.order() == ("mail", "telegram")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('[alerts]\nchannels = ["mail"]\n', "there is no [alerts.mail]"),
        ('[alerts]\nquiet_hours = ["night"]\n', "a window is written like"),
        ('[alerts]\nrepeat_every = "often"\n', "a duration is written like"),
        ('[alerts]\nurgent = ["all"]\n', "one of: attention, errors"),
        ('[alerts]\nname = "x\\nBcc: all@shop.test"\n', "name is one line"),
        ('[alerts.telegram]\ntoken = "1/../x"\nchat = "-1"\n', "token is not one of a bot"),
        (TELEGRAM + 'proxy = "ftp://x"\n', "a proxy is written http://… or socks5://…"),
        (MAIL.replace("c@d.ru", "c@d.ru, e@f.ru"), "is not an e-mail address"),
        (MAIL.replace('["c@d.ru"]', "[]"), "to names nobody"),
        (MAIL + 'security = "none"\nuser = "u"\npassword = "${TOKEN}"\n', "is not sent unencrypted"),
        (WEBHOOK.replace("https://hooks.test/x", "hooks.test"), "url is not an address"),
        (WEBHOOK.replace("${SECRET}", "short"), "secret"),
    ],
)
def test_what_cannot_work_is_refused_when_the_file_is_read(refuse, text, said):
    (fault,) = refuse(text, env=ENV)

    assert said in fault


def test_a_faulty_secret_is_not_shown(refuse):
    (fault,) = refuse(
        '[alerts.telegram]\ntoken = "${TOKEN}"\nchat = "-1"\n', env={**ENV, "TOKEN": "hush/hush"}
    )

    assert "hush" not in fault


def test_a_secret_in_the_file_is_a_warning(read):
    config = read(TELEGRAM.replace("${TOKEN}", "1:AA"))

    assert ["config.secret.literal"] == [finding.code for finding in config.findings]


def at(text):
    return datetime.fromisoformat(text).replace(tzinfo=MOSCOW)


def test_quiet_hours_silence_all_that_is_not_urgent(read):
    alerts = read('[alerts]\nquiet_hours = ["22:00-08:00"]\nurgent = ["paused"]\n').alerts

    assert alerts.silent_kinds(at("2026-11-20T12:00"), MOSCOW) == frozenset()
    assert alerts.silent_kinds(at("2026-11-20T23:00"), MOSCOW) == {one.code for one in Kind} - {"paused"}


def test_orders_without_a_pair_are_told_in_working_hours_only(read):
    alerts = read('[alerts]\nwork_hours = ["пн-пт 09:00-19:00"]\n').alerts

    assert alerts.silent_kinds(at("2026-11-20T12:00"), MOSCOW) == frozenset()
    assert alerts.silent_kinds(at("2026-11-21T12:00"), MOSCOW) == {"unpaired"}


@pytest.mark.parametrize("language", ["ru", "en"])
def test_the_example_of_alerts_loads_when_it_is_switched_on(read, language):
    text = example_config(language, erp=Desk(), shop=Stall())
    start, end = text.index("# [alerts]"), text.index("[guards]")
    block = re.sub(r"^# ((?:\[alerts|\w+ = ).*)$", r"\1", text[start:end], flags=re.MULTILINE)
    env = {"SHOP_HOOK": "h", "TELEGRAM_TOKEN": "1:AA", "ALERTS_SECRET": "0123456789abcdef"}
    config = read(base=text[:start] + block + text[end:], env=env)

    assert config.alerts.order() == ("telegram", "mail", "webhook")
    assert config.alerts.mail.port == 587
    assert config.findings == ()
