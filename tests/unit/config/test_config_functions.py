"""An integrator's own function inside a mapping: found, checked, called, and told about when it fails."""

from pathlib import Path

import msgspec
import pytest

from obmen.config import FaultyConfig, parse_config
from obmen.connectors import SHIPPED
from obmen.sync.functions import Adjusted
from obmen.sync.shadow import Blocked

RULES = """
def vat_for(value, wire):
    return "22" if value == "20" else value or "none"


def with_markup(value, wire):
    amount, currency = wire.split(" ")
    return f"{float(amount) * 1.1:.2f} {currency}"


def broken(value, wire):
    return 1 / 0


def wrong(value, wire):
    return 1.5
"""

TEXT = """
[connections.erp]
type = "onec"
login = "1c"
password = "${{PASSWORD}}"

[connections.erp.functions]
{functions}

[connections.shop]
type = "bitrix"
url = "https://shop.example"
user = 1
secret = "${{SECRET}}"

[sync.product]
creators = ["erp"]
owners = {{ default = "erp" }}
readers = ["shop"]
"""


class Plain:
    """A codec that changes nothing and cannot read `?`."""

    form = 1

    def carries(self, atom):
        return True

    def decode(self, atom, wire):
        return Blocked("map:erp:vat:?") if wire == "?" else wire

    def encode(self, atom, value):
        return value


def functions_of(folder: Path, functions: str):
    (folder / "rules.py").write_text(RULES, encoding="utf-8")
    config = parse_config(
        TEXT.format(functions=functions),
        path=folder / "obmen.toml",
        connectors=SHIPPED,
        env={"PASSWORD": "p", "SECRET": "s"},
    )
    return Adjusted("erp", Plain(), config.connections["erp"].functions("product"))


def test_a_function_has_the_last_word_on_what_is_read(tmp_path):
    codec = functions_of(tmp_path, '"product.vat" = { read = "rules:vat_for" }')

    assert codec.decode("vat", "20") == "22"
    assert codec.decode("name", "20") == "20"


def test_a_function_may_read_what_the_table_cannot(tmp_path):
    codec = functions_of(tmp_path, '"product.vat" = { read = "rules:vat_for" }')

    assert codec.decode("vat", "?") == "none"


def test_a_function_of_a_family_speaks_for_its_members(tmp_path):
    codec = functions_of(tmp_path, '"product.properties" = { write = "rules:with_markup" }')

    assert codec.encode("properties.price", "100.00 RUB") == "110.00 RUB"


@pytest.mark.parametrize(("function", "said"), [("broken", "rules.py, line"), ("wrong", "returned float")])
def test_a_function_that_fails_blocks_the_field_and_says_where(tmp_path, function, said):
    codec = functions_of(tmp_path, f'"product.vat" = {{ read = "rules:{function}" }}')

    blocked = codec.decode("vat", "20")
    assert isinstance(blocked, Blocked)
    assert blocked.wakes_on == "map:erp:function:vat"
    assert said in blocked.what


@pytest.mark.parametrize(
    ("functions", "place"),
    [
        ('"product.vat" = { read = "rules:vat_of" }', "vat_for"),
        ('"product.colour" = { read = "rules:vat_for" }', "properties"),
        ('"produkt.vat" = { read = "rules:vat_for" }', "product"),
        ('"product.vat" = { reed = "rules:vat_for" }', "read"),
    ],
)
def test_a_slip_is_told_with_what_is_known(tmp_path, functions, place):
    with pytest.raises(FaultyConfig) as raised:
        functions_of(tmp_path, functions)

    assert place in raised.value.en


def test_without_functions_nothing_stands_between(tmp_path):
    (tmp_path / "rules.py").write_text(RULES, encoding="utf-8")
    config = parse_config(
        TEXT.format(functions=""),
        path=tmp_path / "obmen.toml",
        connectors=SHIPPED,
        env=msgspec.to_builtins({"PASSWORD": "p", "SECRET": "s"}),
    )

    assert config.connections["erp"].functions("product") is None
