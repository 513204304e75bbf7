"""A sheet of mapping tables comes back from Excel as it was written, whatever the codes look like."""

from __future__ import annotations

import csv
import io
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from obmen.cli.mapping.sheet import NEEDED, Line, read, write
from obmen.errors import BadInput

_FORMULA = ("=", "+", "-", "@", "\t", "\r")
_NUMBER = re.compile(r"\s*[+-]?\d+([.,]\d+)?(e[+-]?\d+)?\s*%?", re.IGNORECASE)
_DAY = re.compile(r"\d{1,4}[-./]\d{1,2}([-./]\d{1,4})?|\d{1,2}:\d{2}(:\d{2})?")
_MONTH = re.compile(
    r"(янв|фев|мар|апр|май|июн|июл|авг|сен|окт|ноя|дек|jan|mar|dec)\w*[ .-]*\d+", re.IGNORECASE
)
_TRUTHS = {"true", "false", "истина", "ложь"}


def excel(body: bytes, *, encoding: str = "utf-8-sig") -> bytes:
    """Open a sheet and save it again, as a Russian Excel does."""
    text = body.decode("utf-8-sig")
    rows = list(csv.reader(io.StringIO(text, newline=""), delimiter=";"))
    out = io.StringIO(newline="")
    csv.writer(out, delimiter=";", lineterminator="\r\n").writerows(
        [_cell(cell) for cell in row] for row in rows
    )
    return out.getvalue().encode(encoding)


def _cell(cell: str) -> str:
    if cell.startswith(_FORMULA):
        return "#ИМЯ?"
    if _NUMBER.fullmatch(cell):
        number = float(cell.strip().rstrip("%").replace(",", "."))
        return f"{number:.5e}".replace(".", ",") if number >= 1e11 else f"{number:g}".replace(".", ",")
    if _DAY.fullmatch(cell) or _MONTH.fullmatch(cell):
        return "20.11.2026"
    if cell.casefold() in _TRUTHS:
        return cell.upper()
    return cell


TRICKY = st.sampled_from(
    [
        "007",
        "=SUM(A1)",
        "+7",
        "-",
        "@x",
        "1-2",
        "01.02",
        "янв 5",
        "MAR1",
        "1e5",
        "12345678901234",
        "'x",
        "''",
        "true",
        "ИСТИНА",
        "a;b",
        'a"b',
        "1,50",
        " x",
        "x ",
        "12:30",
    ]
)
TEXTS = st.one_of(
    TRICKY,
    st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1, max_size=20).filter(str.strip),
    st.from_regex(r"[0-9=+@.,/:' -]{1,8}", fullmatch=True).filter(str.strip),
)
ROWS = st.lists(
    st.fixed_dictionaries(
        dict.fromkeys(NEEDED, TEXTS), optional={"direction": st.just("read"), "name": TEXTS}
    ),
    max_size=8,
)


def lines(rows):
    return [
        Line(number, row["connection"], row["kind"], row["code"], row["value"], row.get("direction", ""))
        for number, row in enumerate(rows, 2)
    ]


@given(ROWS, st.booleans())
def test_every_row_comes_back_from_excel_as_it_was(rows, russian):
    assert read(excel(write(rows, russian=russian))) == lines(rows)


@given(ROWS)
def test_no_cell_is_a_formula(rows):
    text = write(rows, russian=True).decode("utf-8-sig")
    for row in csv.reader(io.StringIO(text, newline=""), delimiter=";"):
        assert not any(cell.startswith(_FORMULA) for cell in row)


def test_what_excel_saves_in_its_own_russian_encoding_is_read():
    rows = [{"connection": "erp", "kind": "order_state", "code": "Готов к отгрузке", "value": "stage:done"}]
    assert read(excel(write(rows, russian=True), encoding="windows-1251")) == lines(rows)


def test_ordinary_codes_bear_no_apostrophe_and_the_file_is_for_a_russian_excel():
    rows = [
        {
            "connection": "crm",
            "kind": "payment_type",
            "code": "bank-card",
            "name": "Карта",
            "value": "card prepaid",
        }
    ]
    body = write(rows, russian=True)
    assert body.startswith(b"\xef\xbb\xbf")
    assert body.decode("utf-8-sig").splitlines() == [
        "подключение;таблица;код;название;значение;направление;откуда",
        "crm;payment_type;bank-card;Карта;card prepaid;;",
    ]
    assert b"\r\n" in body


def test_columns_may_stand_in_another_order_and_be_fewer_and_empty_lines_do_not_count():
    body = b"value,code,table,connection\r\n,,,\r\nstage:new,N,order_status,shop\r\n"
    assert read(body) == [Line(3, "shop", "order_status", "N", "stage:new", "")]


def test_a_sheet_without_headings_is_refused_by_name():
    with pytest.raises(BadInput, match="there is no table, value"):
        read("подключение;код\r\nshop;N\r\n".encode())
