"""How an order reads to the operator."""

from __future__ import annotations

from io import StringIO
from zoneinfo import ZoneInfo

import pytest
from rich.console import Console

from obmen.cli.order_speech import lines
from obmen.cli.speech import Speech

RU = Speech("ru", ZoneInfo("Europe/Moscow"))
EN = Speech("en", ZoneInfo("Europe/Moscow"))

MONEY = {
    "currency": "RUB",
    "lines": [
        {
            "offer": 7,
            "name": "Сапоги «Урал»",
            "quantity": "3",
            "unit": "796",
            "sum": "100.00 RUB",
            "vat": "22",
        },
        {"offer": 8, "name": "Хлеб", "quantity": "0.35", "unit": "166", "sum": "35.00 RUB", "vat": "none"},
    ],
    "delivery": {"sum": "350.00 RUB", "vat": "22"},
    "total": "485.00 RUB",
}


@pytest.mark.parametrize(
    ("atom", "value", "ru", "en"),
    [
        ("stage", "delivery", "в доставке", "in delivery"),
        ("money", MONEY, "2 позиции, итого 485,00 ₽", "2 lines, total ₽485.00"),
        (
            "payments.shop-5",
            {"sum": "485.00 RUB", "method": "card", "paid": True, "at": "2026-11-20T11:02:00Z"},
            "485,00 ₽, картой, оплачено 20.11.2026 14:02",
            "₽485.00, by card, paid 20 Nov 2026 14:02",
        ),
        ("payments.shop-5", {"sum": "1.00 RUB", "paid": False}, "1,00 ₽, не оплачено", "₽1.00, not paid"),
        (  # as a system itself shows it: in its own codes
            "payments.shop-5",
            {"sum": "1.00 RUB", "type": "bank-card", "status": "paid"},
            "1,00 ₽, bank-card, paid",
            "₽1.00, bank-card, paid",
        ),
        (
            "payments.shop-6",
            {"sum": "1.00 RUB", "paid": True, "refund": True},
            "1,00 ₽, возвращено",
            "₽1.00, given back",
        ),
        (
            "shipments.erp-1",
            {"state": "shipped", "lines": [{"offer": 7, "quantity": "2"}], "tracking": "RB123"},
            "отгружено, 1 позиция, количество 2, трек RB123",
            "shipped, 1 line, quantity 2, tracking RB123",
        ),
        (
            "shipments.erp-2",
            {
                "state": "waiting",
                "lines": [{"offer": 7, "quantity": "1", "codes": ["010460123456789321ABC"]}],
            },
            "ждёт отгрузки, 1 позиция, количество 1, кодов маркировки: 1",
            "waits, 1 line, quantity 1, marking codes: 1",
        ),
        (
            "payments.shop-7",
            {"sum": "6099.5", "currency": "RUB", "method": "bonus", "paid": False},
            "6 099,50 ₽, бонусами, не оплачено",
            "₽6,099.50, by bonuses, not paid",
        ),
        (
            "returns.erp-1",
            {"lines": [{"offer": 7, "quantity": "1"}], "sum": "33.33 RUB", "reason": "не подошло"},
            "1 позиция, количество 1, 33,33 ₽, не подошло",
            "1 line, quantity 1, ₽33.33, не подошло",
        ),
        (
            "contact",
            {"kind": "person", "name": "ИП Соколова", "phone": "+79031234567"},
            "ИП Соколова, +79031234567",
            "ИП Соколова, +79031234567",
        ),
        ("delivery", {"service": "cdek", "pickup": {"code": "TUM7"}}, "cdek, TUM7", "cdek, TUM7"),
    ],
)
def test_a_piece_of_an_order_reads_in_words(atom, value, ru, en):
    said = [speech.value(atom, value).replace("\u202f", " ").replace("\xa0", " ") for speech in (RU, EN)]

    assert said == [ru, en]


def test_an_unknown_stage_is_shown_as_it_is():
    assert RU.value("stage", "на складе") == "на складе"


def test_the_lines_of_an_order_end_with_delivery_and_total():
    console = Console(width=120, record=True, file=StringIO())
    console.print(lines(MONEY, RU))
    text = console.export_text().replace("\xa0", " ").replace("\u202f", " ")
    rows = [" ".join(row.split()) for row in text.splitlines()]

    assert rows[1] == "Сапоги «Урал» 3 шт ≈ 33,33 ₽ 100,00 ₽ 22 %"
    assert rows[2] == "Хлеб 0,35 кг 100,00 ₽ 35,00 ₽ без НДС"
    assert rows[3:5] == ["Доставка 350,00 ₽ 22 %", "Итого 485,00 ₽"]
