from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from obmen.language import counted, language, moment, money, plural, quantity
from obmen.model import Money

MOSCOW = ZoneInfo("Europe/Moscow")
WORDS = ("запись", "записи", "записей")


@pytest.mark.parametrize(
    ("env", "setting", "expected"),
    [
        ({}, "auto", "en"),
        ({"LANG": "ru_RU.UTF-8"}, "auto", "ru"),
        ({"LANG": "ru_RU.UTF-8", "LC_ALL": "C"}, "auto", "en"),
        ({"LANG": "C.UTF-8", "LC_MESSAGES": "ru_RU"}, "auto", "ru"),
        ({"LC_ALL": "", "LANG": "ru"}, "auto", "ru"),
        ({"LANG": "Russian_Russia.1251"}, "auto", "ru"),
        ({"LANG": "rundi"}, "auto", "en"),
        ({"LANG": "ru_RU.UTF-8"}, "en", "en"),
        ({"LANG": "C"}, "ru", "ru"),
        ({"LANG": "C", "OBMEN_LANG": "ru"}, "en", "ru"),
        ({"LANG": "ru_RU", "OBMEN_LANG": "en"}, "ru", "en"),
    ],
)
def test_the_language_is_the_runs_own_then_the_settings_then_the_locales(env, setting, expected):
    assert expected == language(env, setting)


@pytest.mark.parametrize(
    ("count", "form"),
    [(0, 2), (1, 0), (2, 1), (4, 1), (5, 2), (11, 2), (12, 2), (14, 2), (21, 0), (22, 1), (111, 2), (121, 0)],
)
def test_russian_counts_take_their_three_forms(count, form):
    assert WORDS[form] == plural(count, *WORDS)


def test_a_count_is_printed_with_its_noun():
    en = ("record", "records")

    assert counted(1, "ru", ru=WORDS, en=en) == "1\u00a0запись"
    assert counted(40_000, "ru", ru=WORDS, en=en) == "40\u00a0000\u00a0записей"
    assert counted(1, "en", ru=WORDS, en=en) == "1\u00a0record"
    assert counted(40_000, "en", ru=WORDS, en=en) == "40,000\u00a0records"


def test_moments_are_printed_in_the_zone_asked_for():
    at = datetime(2026, 11, 20, 11, 5, tzinfo=UTC)

    assert moment(at, MOSCOW, "ru") == "20.11.2026 14:05"
    assert moment(at, MOSCOW, "en") == "20 Nov 2026 14:05"


def test_a_moment_without_a_zone_is_refused():
    with pytest.raises(ValueError, match="no time zone"):
        moment(datetime(2026, 11, 20, 11, 5), MOSCOW, "ru")  # noqa: DTZ001 - the naive one is the point


@pytest.mark.parametrize(
    ("text", "ru", "en"),
    [
        ("1234.50 RUB", "1 234,50 ₽", "₽1,234.50"),
        ("1234567 RUB", "1 234 567,00 ₽", "₽1,234,567.00"),
        ("0.005 RUB", "0,005 ₽", "₽0.005"),
        ("-0.5 RUB", "-0,50 ₽", "-₽0.50"),
        ("10 UZS", "10,00 UZS", "10.00 UZS"),
    ],
)
def test_money_reads_as_each_language_writes_it(text, ru, en):
    amount = Money.parse(text)

    assert ru == money(amount, "ru").replace("\u00a0", " ")
    assert en == money(amount, "en").replace("\u00a0", " ")


def test_quantities_keep_their_decimals():
    assert quantity("0.350", "ru") == "0,35"
    assert quantity("12.0", "ru") == "12"
    assert quantity("-0.5", "en") == "-0.5"
