"""Alerts as people get them: `obmen run` tells by what delivers, `obmen alerts` says what was told, `check` warns."""

from __future__ import annotations

import asyncio
from contextlib import ExitStack, asynccontextmanager

from hub_process import free_port, obmen, running, settled

from listeners import CHAT, TOKEN, Mail, Telegram, listening
from obmen.connectors.bitrix.sandbox import Shop

ALERTS = """
[alerts]
name = "Инструмент и дом"

[alerts.telegram]
token = "${{TOKEN:-{token}}}"
chat = "{chat}"
api = "{api}"

[alerts.mail]
host = "127.0.0.1"
port = {port}
security = "none"
sender = "obmen@shop.test"
to = ["boss@shop.test"]
"""


KEY = "not-the-key-of-the-shop"
LOOKS_S = 2.0


@asynccontextmanager
async def hub_of(config):
    """A hub in a process of its own, started and stopped without keeping the listeners waiting."""
    with ExitStack() as stack:
        hub = await asyncio.to_thread(stack.enter_context, running(config))
        yield hub
        await asyncio.to_thread(hub.stop)


def alerts(telegram, mail):
    return ALERTS.format(token=TOKEN, chat=CHAT, api=telegram.url, port=mail.port)


async def until(holds, *, at_most_s=60.0):
    for _ in range(int(at_most_s * 10)):
        if holds():
            return
        await asyncio.sleep(0.1)


async def test_a_shop_that_refuses_the_key_is_told_by_mail_while_telegram_is_away_and_once(tmp_path):
    async with listening(Telegram(), Mail()) as (telegram, mail), Shop() as shop:
        await telegram.down()
        config = settled(tmp_path, url=shop.url, key=KEY, port=free_port(), more=alerts(telegram, mail))

        async with hub_of(config):
            await until(lambda: mail.letters)
        (text,) = mail.texts
        assert "⚠ shop: the exchange is paused: access is refused" in text

        await telegram.up()
        async with hub_of(config):
            await asyncio.sleep(LOOKS_S)  # it looks at once, and is to say nothing
        assert (len(mail.letters), telegram.texts) == (1, [])

        listed = await asyncio.to_thread(obmen, "alerts", "-c", config)
        assert "shop: the exchange is paused" in listed.stdout
        assert "→ mail" in listed.stdout
        assert "✗ telegram: 127.0.0.1 cannot be reached" in listed.stdout
        for secret in (TOKEN, KEY):
            assert secret not in listed.stdout + listed.stderr + (tmp_path / "run.log").read_text("utf-8")


async def test_a_test_goes_through_every_channel_and_says_what_became_of_each(tmp_path):
    async with listening(Telegram(), Mail()) as (telegram, mail):
        config = settled(tmp_path, more=alerts(telegram, mail))
        well = await asyncio.to_thread(obmen, "alerts", "test", "-c", config)
        telegram.moved_to = -1_009
        ill = await asyncio.to_thread(obmen, "alerts", "test", "-c", config)
        checked = await asyncio.to_thread(obmen, "check", "-c", config)

    assert (well.returncode, ill.returncode) == (0, 1)
    assert "✓ telegram: delivered\n✓ mail: delivered" in well.stdout
    assert '✗ telegram: The group has become a supergroup: write chat = "-1009"' in ill.stdout
    assert "✓ mail: delivered" in ill.stdout
    assert [len(telegram.texts), len(mail.letters)] == [1, 2]
    assert "! alerts: telegram: The group has become a supergroup" in checked.stdout
    assert "✓ alerts: mail: nothing stands in the way" in checked.stdout


def test_without_a_channel_the_test_says_what_to_add(tmp_path):
    said = obmen("alerts", "test", "-c", settled(tmp_path))

    assert said.returncode == 2
    assert "No channel is set up: add [alerts.telegram]" in said.stderr
