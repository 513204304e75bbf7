"""How fields, values and reasons are said to the operator."""

from __future__ import annotations

from zoneinfo import ZoneInfo

import pytest

from obmen.cli.speech import Speech

RU = Speech("ru", ZoneInfo("Europe/Moscow"), {7: "Дрель"})
EN = Speech("en", ZoneInfo("Europe/Moscow"), {7: "Drill"})


@pytest.mark.parametrize(
    ("atom", "value", "russian", "english"),
    [
        ("prices.base", "4289.90 RUB", "4\u00a0289,90\u00a0₽", "₽4,289.90"),
        ("stock.main", "0.35", "0,35", "0.35"),
        ("vat", "none", "без НДС", "no VAT"),
        ("unit", "796", "шт", "pcs"),
        ("active", False, "нет", "no"),
        ("pictures", ["a" * 64, "b" * 64], "2 шт.", "2"),
        ("product", 7, "«Дрель»", "«Drill»"),
        ("product", 8, "№ 8", "№ 8"),
        ("characteristics", [["Цвет", "белый"]], "Цвет: белый", "Цвет: белый"),
        ("sku", "", "—", "—"),
        ("description", "<p>Раз</p><p>два</p>", "Раз два", "Раз два"),
    ],
)
def test_values_are_written_as_people_write_them(
    atom: str, value: object, russian: str, english: str
) -> None:
    assert (RU.value(atom, value), EN.value(atom, value)) == (russian, english)


def test_a_long_text_is_cut_unless_asked_whole() -> None:
    text = "слово " * 40

    assert RU.value("description", text).endswith("…")
    assert len(RU.value("description", text)) <= 80
    assert Speech("ru", RU.zone, whole=True).value("description", text) == text.strip()


@pytest.mark.parametrize(
    ("key", "russian"),
    [
        ("map:shop:manufacturer:Зубр", "shop: нет соответствия, производитель «Зубр»"),
        ("bind:erp:product:a#b", "erp: ещё не приходил товар a#b"),
        ("bound:shop:7", "в shop ещё нет: «Дрель»"),
    ],
)
def test_what_is_waited_for_has_a_name(key: str, russian: str) -> None:
    assert RU.wakes_on(key) == russian


def test_a_reason_names_the_owner_and_an_unknown_one_stays_readable() -> None:
    assert RU.reason("not_owner", "erp") == "не записано: по этому полю главный erp"
    assert EN.reason("of_a_later_version") == "of_a_later_version"
