"""How the demo says fields, values and sums, in both languages at once: a scene is played before a language is chosen."""

from __future__ import annotations

from datetime import UTC
from decimal import Decimal

from obmen.cli.speech import Speech
from obmen.language import Language, money
from obmen.model import Money

RU = Speech("ru", UTC)
EN = Speech("en", UTC)


def rub(amount: Decimal | str, language: Language) -> str:
    """Print a sum in roubles."""
    return money(Money(Decimal(amount), "RUB"), language)
