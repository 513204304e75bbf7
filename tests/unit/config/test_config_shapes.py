from datetime import date, datetime, time
from decimal import Decimal
from enum import Enum
from pathlib import Path
from typing import Annotated, Literal

import pytest
from msgspec import Meta, inspect

from obmen.config.shapes import shape


class Colour(Enum):
    RED = "red"
    BLUE = "blue"


@pytest.mark.parametrize(
    ("kind", "en", "ru"),
    [
        (bool, "true or false", "true или false"),
        (Annotated[int, Meta(gt=0)], "a whole number above 0", "целое число больше 0"),
        (Annotated[int, Meta(ge=1, lt=9)], "a whole number not below 1 below 9", "целое число не меньше 1 меньше 9"),
        (Annotated[float, Meta(le=1.5)] | None, "a number not above 1.5", "число не больше 1.5"),
        (Decimal, "a number", "число"),
        (Annotated[str, Meta(min_length=1)], 'a text in "", not empty', 'непустой текст в ""'),
        (Annotated[str, Meta(pattern="^[a-z]$")], 'a text in "" of the form ^[a-z]$', 'текст в "" вида ^[a-z]$'),
        (Literal["a", "b"], "one of: a, b", "одно из: a, b"),
        (Colour, "one of: red, blue", "одно из: red, blue"),
        (tuple[int, ...], "a list [a whole number, …]", "список [целое число, …]"),
        (str | list[str], 'a text in "" or a list [a text in "", …]', 'текст в "" или список [текст в "", …]'),
        (dict[str, str], "a table", "таблица"),
        (Path, 'a path in ""', 'путь в ""'),
        (date, "a date like 2026-11-20", "дата вида 2026-11-20"),
        (time, "a time like 14:05:00", "время вида 14:05:00"),
        (datetime, "a moment like 2026-11-20T14:05:00+03:00", "момент вида 2026-11-20T14:05:00+03:00"),
        (bytes, "another value", "другое значение"),
    ],
)  # fmt: skip
def test_a_type_is_said_in_words(kind, en, ru):
    declared = inspect.type_info(kind)

    assert (shape(declared, "en"), shape(declared, "ru")) == (en, ru)
