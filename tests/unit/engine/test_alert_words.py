"""What people read of each kind of trouble, in both languages."""

from __future__ import annotations

from zoneinfo import ZoneInfo

import pytest

from obmen.engine.alerting import Words
from obmen.ledger.alerts import Alert
from obmen.sync.alerting import Kind, Notice, Situation

AT = 1_800_000_000.0
LINES = {
    Kind.PAUSED: (
        Situation(kind="paused", connection="shop", since=AT, details=(("access", 1),)),
        "⚠ shop: обмен приостановлен: доступ не дают; с 15.01.2027 11:00 → obmen issues",
        "⚠ shop: the exchange is paused: access is refused; since 15 Jan 2027 11:00 → obmen issues",
    ),
    Kind.SILENT: (
        Situation(kind="silent", connection="erp", since=AT, details=(("silent", 1),)),
        "⚠ erp: не выходит на обмен: с 15.01.2027 11:00 → obmen log erp",
        "⚠ erp: does not call any more: since 15 Jan 2027 11:00 → obmen log erp",
    ),
    Kind.ERRORS: (
        Situation(
            kind="errors", connection="shop", since=AT, count=12, details=(("HTTP 503", 9), ("no_answer", 3))
        ),
        "⚠ shop: серия ошибок: 12: HTTP 503 ×9, нет ответа ×3; с 15.01.2027 11:00 → obmen log shop --errors",
        "⚠ shop: a series of errors: 12: HTTP 503 ×9, no answer ×3; since 15 Jan 2027 11:00 → obmen log shop --errors",
    ),
    Kind.UNPAIRED: (
        Situation(
            kind="unpaired",
            connection="erp",
            since=AT,
            count=3,
            details=(("to_be_taken", 2), ("rejected", 1)),
            numbers=("A-1", "A-2"),
        ),
        (
            "⚠ erp: заказы туда не попали: 3 (A-1, A-2 …), ждёт, пока 1С заберёт ×2, система отклонила запись; "
            "с 15.01.2027 11:00 → obmen orders --unpaired"
        ),
        (
            "⚠ erp: orders have not arrived there: 3 (A-1, A-2 …), waits to be collected ×2, the system refused the record; "
            "since 15 Jan 2027 11:00 → obmen orders --unpaired"
        ),
    ),
    Kind.HELD: (
        Situation(kind="held", connection="erp", since=AT, details=(("held_guard", 1),)),
        "⚠ erp: массовое изменение придержано и ждёт решения: с 15.01.2027 11:00 → obmen issues",
        "⚠ erp: a mass change is held and waits for a decision: since 15 Jan 2027 11:00 → obmen issues",
    ),
    Kind.ATTENTION: (
        Situation(kind="attention", connection="crm", since=AT, count=2, details=(("tug_of_war", 2),)),
        (
            "⚠ crm: требует внимания: перетягивание: другая сторона возвращает своё значение ×2; "
            "с 15.01.2027 11:00 → obmen issues"
        ),
        "⚠ crm: needs attention: the other side keeps putting its value back ×2; since 15 Jan 2027 11:00 → obmen issues",
    ),
    Kind.LAG: (
        Situation(kind="lag", connection="shop", since=AT, count=40, details=(("outbox", 40),)),
        "⚠ shop: обмен отстаёт: ждут записи ×40; с 15.01.2027 11:00 → obmen log shop",
        "⚠ shop: the exchange lags behind: wait to be written ×40; since 15 Jan 2027 11:00 → obmen log shop",
    ),
    Kind.UNTOLD: (
        Situation(kind="untold", connection="", since=AT),
        "⚠ сообщения о неполадках не доходили: с 15.01.2027 11:00 → obmen alerts",
        "⚠ alerts did not get through: since 15 Jan 2027 11:00 → obmen alerts",
    ),
}


def test_every_kind_has_its_line():
    assert list(Kind) == list(LINES)


@pytest.mark.parametrize("kind", Kind)
def test_a_line_says_what_where_how_much_since_when_and_what_to_do(kind):
    situation, ru, en = LINES[kind]
    notice = Notice(phase="begun", situation=situation, at=AT)

    assert ru == Words(language="ru", zone=ZoneInfo("Europe/Moscow")).line(notice)
    assert en == Words(language="en", zone=ZoneInfo("Europe/Moscow")).line(notice)


def test_an_end_says_from_when_to_when_and_a_repeat_that_it_lasts():
    situation, _, _ = LINES[Kind.SILENT]
    words = Words(language="ru", zone=ZoneInfo("Europe/Moscow"))

    over = words.line(Notice(phase="settled", situation=situation, at=AT + 3600))
    still = words.line(Notice(phase="again", situation=situation, at=AT))
    assert over == "✅ erp: не выходит на обмен — прошло: с 15.01.2027 11:00 до 15.01.2027 12:00"
    assert still.startswith("⚠ erp: не выходит на обмен (всё ещё): с ")


def test_a_subject_names_the_first_and_counts_the_rest():
    notices = tuple(
        Notice(phase="begun", situation=LINES[kind][0], at=AT) for kind in (Kind.PAUSED, Kind.SILENT)
    )
    letter = Words(language="en", zone=ZoneInfo("UTC"), name="Tools").letter(
        Alert(id=5, at=AT, since=AT, notices=notices)
    )

    assert letter.subject == "Obmen «Tools»: shop: the exchange is paused, and 1 more (№ 5)"
