"""Channels of alerts against servers on loopback: what arrives, what a refusal says, and that no secret is in it."""

from __future__ import annotations

import re
import time
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from listeners import CHAT, TOKEN, Hook, Mail, Proxy, Telegram
from obmen.cli.assemble import Unlimited
from obmen.connectors.contract import Ports
from obmen.engine.alerting import MailChannel, TelegramChannel, WebhookChannel, Words
from obmen.errors import AuthFailed, ConfigError, ObmenError, RateLimited, Transient
from obmen.ledger.alerts import Alert
from obmen.sync.alerting import Notice, Situation

NOW = 1_800_000_000.0
SECRET = "a-secret-of-the-hook"
WORDS = Words(language="ru", zone=ZoneInfo("Europe/Moscow"), name="Инструмент и дом")
PAUSED = Situation(kind="paused", connection="shop", since=NOW - 600, details=(("access", 1),))
LETTER = WORDS.letter(
    Alert(id=17, at=NOW, since=NOW, notices=(Notice(phase="begun", situation=PAUSED, at=NOW),))
)


@pytest.fixture
def ports(tmp_path):
    return Ports(budget=Unlimited(), log=lambda _: None, now=time.time, spool=tmp_path)


def telegram(ports, api, **given):
    settings = {"token": TOKEN, "chat": CHAT, "proxy": "", "ca_file": "", "timeout_s": 5.0, **given}
    return TelegramChannel(api=api, ports=ports, **settings)


def mail(port, **given):
    settings = {
        "host": "127.0.0.1",
        "port": port,
        "security": "none",
        "user": "",
        "password": "",
        "sender": "obmen@shop.test",
        "to": ("boss@shop.test", "night@shop.test"),
        "ca_file": "",
        "timeout_s": 5.0,
        "now": time.time,
    }
    return MailChannel(**{**settings, **given})


async def refusal(channel, kind):
    with pytest.raises(kind) as caught:
        await channel.send(LETTER)
    await channel.close()
    error = caught.value
    for secret in (TOKEN, SECRET, "proxy:secret"):
        assert secret not in f"{error.en} {error.ru} {error.detail} {error.__cause__} {error.__context__}"
    return error


# --- Telegram


async def test_a_message_reaches_the_chat_with_its_number_and_the_way_out(ports):
    async with Telegram() as server:
        channel = telegram(ports, server.url)
        await channel.check()
        await channel.send(LETTER)
        await channel.close()

        (text,) = server.texts

    assert text.startswith("Обмен «Инструмент и дом» (№ 17)")
    assert "⚠ shop: обмен приостановлен: доступ не дают; с 15.01.2027 10:50 → obmen issues" in text


async def test_a_message_goes_through_a_proxy_with_a_login(ports):
    async with Telegram() as server, Proxy() as proxy:
        way = proxy.url.replace("://", "://proxy:secret@")
        channel = telegram(ports, server.url, proxy=way)
        await channel.send(LETTER)
        await channel.close()

        assert len(server.texts) == len(proxy.asked) == 1


async def test_a_proxy_that_refuses_the_login_is_no_delivery_and_its_password_is_not_told(ports):
    async with Telegram() as server, Proxy("other:login") as proxy:
        way = proxy.url.replace("://", "://proxy:secret@")
        await refusal(telegram(ports, server.url, proxy=way), ObmenError)

        assert server.calls == 0


async def test_telegram_says_how_long_to_wait(ports):
    async with Telegram() as server:
        server.retry_after = 37
        error = await refusal(telegram(ports, server.url), RateLimited)

    assert error.retry_after_s == 37.0


@pytest.mark.parametrize(
    ("given", "said"), [({"token": "1:other"}, "mend token"), ({"chat": "-1"}, "add the bot to it")]
)
async def test_a_wrong_bot_and_a_wrong_chat_are_told_apart(ports, given, said):
    async with Telegram() as server:
        error = await refusal(telegram(ports, server.url, **given), (AuthFailed, ConfigError))

    assert said in error.en


async def test_a_group_that_has_moved_says_where_to(ports):
    async with Telegram() as server:
        server.moved_to = -1_009
        error = await refusal(telegram(ports, server.url), ConfigError)

    assert 'chat = "-1009"' in error.en


async def test_a_telegram_that_is_not_there_may_be_there_later(ports):
    await refusal(telegram(ports, "http://127.0.0.1:9"), Transient)


async def test_what_is_longer_than_a_message_may_be_is_cut(ports):
    many = tuple(
        Notice(phase="begun", situation=Situation(kind="lag", connection=f"shop_{number}", since=NOW), at=NOW)
        for number in range(200)
    )
    async with Telegram() as server:
        channel = telegram(ports, server.url)
        await channel.send(WORDS.letter(Alert(id=1, at=NOW, since=NOW, notices=many)))
        await channel.close()

        assert len(server.texts[0]) == 4096


# --- e-mail


async def test_a_letter_reaches_everybody_with_subject_and_a_lasting_id():
    async with Mail() as server:
        channel = mail(server.port)
        await channel.check()
        await channel.send(LETTER)
        await channel.send(LETTER)

        first, second = server.letters

    assert first["To"] == "boss@shop.test, night@shop.test"
    assert first["Subject"] == "Обмен «Инструмент и дом»: shop: обмен приостановлен (№ 17)"
    assert "доступ не дают" in first.get_content()
    assert first["Message-ID"] == second["Message-ID"]


async def test_a_wrong_password_is_told_without_it():
    async with Mail(login="robot:right") as server:
        error = await refusal(mail(server.port, user="robot", password=SECRET), AuthFailed)

    assert "mend user and password" in error.en


async def test_a_right_password_lets_in():
    async with Mail(login="robot:right") as server:
        await mail(server.port, user="robot", password="right").send(LETTER)

        assert len(server.letters) == 1


@pytest.mark.parametrize(
    ("answer", "kind"), [("450 4.2.1 later", Transient), ("550 5.1.1 nobody", ConfigError)]
)
async def test_later_and_never_are_told_apart(answer, kind):
    async with Mail(refuses=answer) as server:
        error = await refusal(mail(server.port), kind)

    assert "shop.test" not in error.en


async def test_a_server_without_encryption_is_never_spoken_to_without_it():
    async with Mail() as server:
        error = await refusal(mail(server.port, security="starttls"), ConfigError)

        assert server.letters == []

    assert "security" in error.en


async def test_a_mail_server_that_is_not_there_may_be_there_later():
    await refusal(mail(9), Transient)


# --- webhook


def webhook(ports, url):
    return WebhookChannel(url=url, secret=SECRET, proxy="", ca_file="", timeout_s=5.0, ports=ports)


@pytest.mark.parametrize("page", ["how-to/alerts.md", "ru/how-to/alerts.md"])
async def test_a_webhook_is_verified_by_the_very_code_of_the_docs(ports, page):
    text = (Path(__file__).parents[3] / "docs" / page).read_text(encoding="utf-8")
    (code,) = re.findall(r"```python\n(.*?)```", text, re.DOTALL)
    shown = {}
    exec(code, shown)  # noqa: S102 - our own docs
    async with Hook() as server:
        channel = webhook(ports, f"{server.url}/obmen?room=7")
        await channel.send(LETTER)
        await channel.close()
        ((path, headers, body),) = server.calls

    assert shown["is_genuine"](headers, body, SECRET)
    assert not shown["is_genuine"](headers, body + b" ", SECRET)
    assert not shown["is_genuine"]({**headers, "X-Obmen-Timestamp": "1800000000"}, body, SECRET)
    assert (path, headers["X-Obmen-Alert"]) == ("/obmen?room=7", "17")
    assert server.bodies[0]["notices"][0]["situation"]["kind"] == "paused"


async def test_a_receiver_may_ask_for_patience(ports):
    async with Hook() as server:
        server.status, server.headers = 503, {"Retry-After": "120"}
        error = await refusal(webhook(ports, server.url), Transient)

    assert error.retry_after_s == 120.0


async def test_a_receiver_that_refuses_needs_a_person(ports):
    async with Hook() as server:
        server.status = 403
        error = await refusal(webhook(ports, server.url), ConfigError)

    assert "HTTP 403" in error.en


@pytest.mark.parametrize("url", ["http://169.254.169.254/latest", "http://93.184.216.34/hook"])
def test_addresses_no_hub_should_call_are_refused(ports, url):
    with pytest.raises(ConfigError):
        webhook(ports, url)
