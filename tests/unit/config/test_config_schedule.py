from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from obmen.config.faults import Complaint
from obmen.config.schedule import Every, Window, is_open, parse_cron, parse_every, parse_window

MOSCOW = ZoneInfo("Europe/Moscow")
BERLIN = ZoneInfo("Europe/Berlin")
NOW = datetime(2026, 11, 20, 9, 0, tzinfo=UTC)  # Friday, noon in Moscow
moments = st.datetimes(datetime(2020, 1, 1), datetime(2030, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001 - bounds of hypothesis are naive


def moscow(day, hour, minute=0):
    return datetime(2026, 11, day, hour, minute, tzinfo=MOSCOW)


@pytest.mark.parametrize(
    ("text", "seconds"), [("30s", 30), ("15m", 900), ("1h30m", 5400), ("1d", 86400), (" 2h ", 7200)]
)
def test_durations_are_read(text, seconds):
    assert Every(seconds) == parse_every(text)


@pytest.mark.parametrize(
    "text", ["", "15", "0m", "15 min", "m", "-5m", "1m1h", "400d", "1.5h", "9" * 5000 + "m"]
)
def test_what_is_no_duration_is_refused_with_examples(text):
    with pytest.raises(Complaint, match="15m, 1h30m"):
        parse_every(text)


def test_a_beat_follows_the_last_run():
    assert parse_every("15m").next_after(NOW, NOW, MOSCOW) == NOW + timedelta(minutes=15)


def test_the_first_beat_is_at_once():
    assert parse_every("15m").next_after(None, NOW, MOSCOW) == NOW


def test_a_clock_set_back_does_not_stop_the_beat():
    future = NOW + timedelta(days=30)

    assert parse_every("15m").next_after(future, NOW, MOSCOW) == NOW + timedelta(minutes=15)


def test_cron_is_read_in_the_zone_of_the_hub():
    assert moscow(21, 4) == parse_cron("0 4 * * *").next_after(None, NOW, MOSCOW)


def test_a_cron_run_that_was_missed_is_due():
    two_days_ago = NOW - timedelta(days=2)

    assert parse_cron("0 4 * * *").next_after(two_days_ago, NOW, MOSCOW) < NOW


def test_a_nightly_run_happens_once_where_the_hour_is_repeated():
    before = datetime(2026, 10, 24, 12, tzinfo=UTC)
    cron = parse_cron("30 2 * * *")
    first = cron.next_after(before, before, BERLIN)
    second = cron.next_after(first, first, BERLIN)

    assert [moment.astimezone(BERLIN).day for moment in (first, second)] == [25, 26]


@pytest.mark.parametrize(
    "text",
    [
        "",
        "* * * *",
        "0 0 30 2 *",
        "61 * * * *",
        "0 * * * * *",
        "@daily",
        "a b c d e",
        "0 0 * * 1#2/2",
    ],
)
def test_what_is_no_cron_line_is_refused_with_examples(text):
    with pytest.raises(Complaint, match="not a cron line"):
        parse_cron(text)


@pytest.mark.parametrize(
    ("text", "inside", "outside"),
    [
        ("10:00-18:00", moscow(20, 10), moscow(20, 18)),
        ("18:00-10:00", moscow(20, 9, 59), moscow(20, 10)),
        ("18:00-10:00", moscow(20, 18), moscow(20, 17, 59)),
        ("mon-fri 18:00-10:00", moscow(21, 9, 59), moscow(21, 18)),  # Saturday morning belongs to Friday
        ("mon-fri 18:00-10:00", moscow(20, 23), moscow(23, 9)),  # Monday morning would belong to Sunday
        ("пн-пт 18:00-10:00", moscow(20, 23), moscow(22, 23)),
        ("sat,sun", moscow(22, 23, 59), moscow(20, 12)),
        ("fri-mon 00:00-24:00", moscow(23, 12), moscow(24, 12)),
        ("ПН 9:00-10:00", moscow(23, 9), moscow(24, 9)),
    ],
)
def test_a_window_is_open_inside_and_shut_outside(text, inside, outside):
    window = parse_window(text)

    assert is_open([window], inside.astimezone(UTC), MOSCOW)
    assert not is_open([window], outside.astimezone(UTC), MOSCOW)


def test_without_windows_it_is_always_open():
    assert is_open([], NOW, MOSCOW)


def test_several_windows_are_open_together():
    windows = [parse_window("sat,sun"), parse_window("18:00-10:00")]

    assert [is_open(windows, at, MOSCOW) for at in (moscow(21, 12), moscow(20, 20), NOW)] == [
        True,
        True,
        False,
    ]


@pytest.mark.parametrize(
    "text",
    [
        "",
        "18-10",
        "25:00-10:00",
        "10:60-11:00",
        "10:00-24:30",
        "xyz 10:00-11:00",
        "10:00-10:00",
        "24:00-10:00",
    ],
)
def test_what_is_no_window_is_refused(text):
    with pytest.raises(Complaint):
        parse_window(text)


@given(st.text(alphabet="monfripят,-: 0123456789", max_size=24))
def test_any_text_is_either_a_window_or_a_complaint(text):
    try:
        window = parse_window(text)
    except Complaint:
        return
    assert window.days <= frozenset(range(7))
    assert 0 <= window.start < 1440
    assert 0 <= window.end <= 1440


@given(start=st.integers(0, 1439), end=st.integers(0, 1439), now=moments)
def test_a_daily_window_and_its_complement_never_agree(start, end, now):
    if start == end:
        return
    every_day = frozenset(range(7))

    assert is_open([Window(every_day, start, end)], now, MOSCOW) != is_open(
        [Window(every_day, end, start)], now, MOSCOW
    )


@given(last=moments, now=moments, text=st.sampled_from(["*/15 * * * *", "0 4 * * *", "30 2 * * SUN"]))
def test_a_run_never_falls_before_the_one_it_follows(last, now, text):
    due = parse_cron(text).next_after(last, now, BERLIN)

    assert due > min(last, now)


@given(st.lists(st.text(alphabet="*/,-#L0123MON", min_size=1, max_size=5), min_size=5, max_size=5))
def test_any_five_words_are_either_a_cron_line_or_a_complaint(words):
    try:
        cron = parse_cron(" ".join(words))
    except Complaint:
        return
    assert cron.next_after(None, NOW, MOSCOW) > NOW
