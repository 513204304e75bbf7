"""Stories of alerts on SQLite and PostgreSQL: told once, by whoever delivers, and told again by nobody's restart."""

from __future__ import annotations

import pytest
from alert_stage import HOUR, MINUTE, Stage

from listeners import Mail, Telegram, listening
from obmen.engine.alerting.telling import judge
from obmen.ledger.contract import Issue
from obmen.sync.alerting import Kind


@pytest.fixture
async def stage(sql_ledger, tmp_path):
    async with listening(Telegram(), Mail()) as (telegram, mail):
        yield Stage(sql_ledger, tmp_path, telegram, mail)


async def test_a_paused_connection_is_told_once_and_its_end_once(stage):
    stage.pauses()
    await stage.look()
    await stage.passes(2 * HOUR)
    stage.resumes()
    await stage.passes(HOUR)

    begun, settled = stage.telegram.texts
    assert (
        "⚠ shop: the exchange is paused: access is refused; since 15 Jan 2027 08:00 → obmen issues" in begun
    )
    assert "✅ shop: the exchange is paused — over: from 15 Jan 2027 08:00 to 15 Jan 2027 10:01" in settled
    assert stage.mail.letters == []


async def test_telegram_is_not_reached_and_the_mail_arrives_once(stage):
    await stage.telegram.down()
    stage.pauses()
    await stage.look()
    await stage.passes(HOUR)
    await stage.telegram.up()
    await stage.passes(HOUR)

    (text,) = stage.mail.texts
    assert "shop: the exchange is paused" in text
    assert stage.telegram.texts == []
    assert stage.tries() == [("telegram", False), ("mail", True)]


async def test_a_restart_tells_nothing_twice(stage):
    stage.pauses()
    await stage.look()
    for _ in range(3):
        stage.again()
        await stage.passes(10 * MINUTE)

    assert len(stage.telegram.texts) == 1


async def test_a_crash_before_sending_loses_nothing(stage):
    stage.pauses()
    with stage.ledger.begin() as tx:
        judge(tx, stage.hub, stage.telling)
    stage.again()
    await stage.look()

    assert len(stage.telegram.texts) == 1


async def test_a_crash_between_sending_and_noting_sends_the_same_number_again(stage):
    stage.pauses()
    with stage.ledger.begin() as tx:
        number = judge(tx, stage.hub, stage.telling)
        (alert,) = tx.due_alerts()
    await stage.telling.channels[0].send(stage.telling.words.letter(alert))
    await stage.telling.channels[0].close()
    stage.again()
    await stage.look()
    await stage.passes(HOUR)

    first, second = stage.telegram.texts
    assert first == second
    assert f"(№ {number})" in first


async def test_a_connection_down_for_an_hour_is_one_message_and_one_about_its_end(stage):
    def fails():
        stage.exchange(status=0, error="network.unreachable")

    stage.exchange()
    await stage.passes(HOUR, also=fails)
    await stage.passes(30 * MINUTE, also=stage.exchange)

    begun, settled = stage.telegram.texts
    assert "⚠ shop: a series of errors: network.unreachable ×10" in begun
    assert "✅ shop: a series of errors — over" in settled


async def test_several_troubles_at_once_are_one_message(stage):
    stage.pauses("shop")
    stage.opens(
        *(
            Issue(
                key=f"refused:{n}",
                code="rejected",
                connection="erp",
                en="no",
                ru="нет",
                entity="order",
                record=n,
            )
            for n in range(40)
        )
    )
    await stage.look()

    (text,) = stage.telegram.texts
    assert "shop: the exchange is paused" in text
    assert "⚠ erp: needs attention: the system refused the record ×40" in text


async def test_more_of_the_same_is_told_after_half_an_hour(stage):
    def issue(number):
        return Issue(key=f"doubt:{number}", code="doubt", connection="erp", en="", ru="", record=number)

    stage.opens(issue(1))
    await stage.look()
    stage.opens(issue(2), issue(3))
    await stage.passes(29 * MINUTE)
    assert len(stage.telegram.texts) == 1

    await stage.passes(2 * MINUTE)
    assert "×3" in stage.telegram.texts[1]
    await stage.passes(HOUR)
    assert len(stage.telegram.texts) == 2


async def test_what_lasts_is_repeated_every_four_hours(stage):
    stage.pauses()
    await stage.look()
    await stage.passes(9 * HOUR, step=5 * MINUTE)

    assert len(stage.telegram.texts) == 3
    assert "shop: the exchange is paused (still)" in stage.telegram.texts[2]


async def test_in_quiet_hours_only_what_is_urgent_is_told_and_the_rest_afterwards(sql_ledger, tmp_path):
    quiet = {kind.code for kind in Kind} - {"paused"}
    async with listening(Telegram(), Mail()) as (telegram, mail):
        stage = Stage(sql_ledger, tmp_path, telegram, mail)
        stage._telling["silent_kinds"] = lambda now: quiet if now < night_ends else ()
        night_ends = stage.now + 8 * HOUR
        stage.again()
        stage.opens(Issue(key="doubt:1", code="doubt", connection="erp", en="", ru="", record=1))
        await stage.look()
        stage.pauses("shop")
        await stage.look()
        assert [text.count("⚠") for text in telegram.texts] == [1]
        assert "paused" in telegram.texts[0]

        stage.now = night_ends
        await stage.look()
        assert any("erp: needs attention" in text for text in telegram.texts[1:])


async def test_who_asks_for_patience_is_not_asked_before_and_the_next_channel_delivers(stage):
    stage.telegram.retry_after = 20 * 60
    stage.pauses()
    await stage.look()
    assert len(stage.mail.letters) == 1

    stage.again()
    stage.pauses("erp")
    await stage.passes(10 * MINUTE)
    assert stage.telegram.calls == 1
    assert len(stage.mail.letters) == 2

    stage.telegram.retry_after = 0
    await stage.passes(11 * MINUTE)
    stage.resumes("erp")
    await stage.passes(10 * MINUTE)
    assert "erp: the exchange is paused — over" in stage.telegram.texts[0]


async def test_when_nothing_delivers_it_is_an_issue_until_something_does(stage):
    await stage.telegram.down()
    await stage.mail.down()
    stage.pauses()
    await stage.passes(14 * MINUTE)
    assert [one.code for one in stage.issues()] == ["paused"]

    await stage.passes(2 * MINUTE)
    (told,) = [one for one in stage.issues() if one.code == "untold"]
    assert "telegram: 127.0.0.1 cannot be reached" in told.en
    assert "mail: 127.0.0.1:" in told.ru

    await stage.mail.up()
    await stage.passes(20 * MINUTE)
    assert [one.code for one in stage.issues()] == ["paused"]
    assert "alerts did not get through" in stage.mail.texts[0]
    assert "shop: the exchange is paused: access is refused" in stage.mail.texts[0]


async def test_two_days_without_a_channel_end_in_one_message_and_not_in_twelve(stage):
    await stage.telegram.down()
    await stage.mail.down()
    stage.pauses()
    await stage.passes(48 * HOUR, step=30 * MINUTE)
    await stage.telegram.up()
    await stage.passes(30 * MINUTE)

    first = stage.telegram.texts[0]
    assert "⚠ shop: the exchange is paused: access is refused; since 15 Jan 2027 08:00" in first
    assert "alerts did not get through — over" in stage.telegram.texts[1]
    assert len(stage.telegram.texts) == 2


async def test_everywhere_means_every_channel_once(sql_ledger, tmp_path):
    async with listening(Telegram(), Mail()) as (telegram, mail):
        stage = Stage(sql_ledger, tmp_path, telegram, mail, everywhere=True)
        await mail.down()
        stage.pauses()
        await stage.passes(10 * MINUTE)
        await mail.up()
        await stage.passes(HOUR)

        assert (len(telegram.texts), len(mail.letters)) == (1, 1)


async def test_a_pause_by_hand_is_told_only_when_it_has_been_forgotten(stage):
    with stage.ledger.begin() as tx:
        tx.put_state("shop", "paused", "by hand")
    await stage.passes(59 * MINUTE)
    assert stage.telegram.texts == []

    await stage.passes(5 * MINUTE)
    assert "shop: the exchange is paused: by hand" in stage.telegram.texts[0]


async def test_a_channel_that_breaks_in_an_unexpected_way_does_not_stop_the_next(stage):
    class Broken:
        name = "telegram"

        async def send(self, letter):
            raise ZeroDivisionError

        async def check(self):
            pass

        async def close(self):
            pass

    stage.telling = type(stage.telling)(
        **{
            **{name: getattr(stage.telling, name) for name in stage.telling.__struct_fields__},
            "channels": (Broken(), stage.telling.channels[1]),
        }
    )
    stage.pauses()
    await stage.look()

    assert len(stage.mail.letters) == 1
