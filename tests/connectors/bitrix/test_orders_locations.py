"""Location codes of orders become towns, by the settings or a file; what nobody can name stays a code and is told."""

from __future__ import annotations

import logging

import pytest
from open_shop import opened
from stocked_shop import place, stock

from obmen.connectors.bitrix.orders.codec import OrderCodec
from obmen.connectors.bitrix.orders.locations import Place, load_locations
from obmen.connectors.bitrix.orders.settings import OrderSettings, PaySystem
from obmen.errors import ConfigError

EXPORT = """CODE;PARENT_CODE;TYPE_CODE;NAME.RU.NAME;EXT.ZIP.0
0000028023;;REGION;Тюменская область;
0000029007;0000028023;SUBREGION;Тобольский район;
0000073738;;REGION;Москва;101000
0000032487;0000029007;CITY;Тобольск;626150
0000000009;0000000010;CITY;Круг;
0000000010;0000000009;SUBREGION;Кольцо;
"""


def written(tmp_path, text, charset="utf-8"):
    path = tmp_path / "locations.csv"
    path.write_bytes(text.encode(charset))
    return str(path)


@pytest.mark.parametrize("charset", ["utf-8", "utf-8-sig", "cp1251"])
def test_the_shops_own_export_names_towns_and_their_regions(tmp_path, charset):
    found = load_locations({}, written(tmp_path, EXPORT, charset))

    assert found.find("0000032487") == Place("Тобольск", "Тюменская область")
    assert found.find("0000073738") == Place("Москва")
    assert found.find("0000000009") == Place("Круг")
    assert found.find("1") is None


@pytest.mark.parametrize(
    "text", ["0000073738,Москва\n", "0000073738;Москва\n", "код\tгород\n0000073738\tМосква\n"]
)
def test_two_columns_are_enough_and_the_settings_count_more(tmp_path, text):
    file = written(tmp_path, text)
    assert load_locations({}, file).find("0000073738") == Place("Москва")
    assert load_locations({"0000073738": "Москва и область"}, file).find("0000073738") == Place(
        "Москва и область"
    )


def test_a_file_that_cannot_be_read_is_named(tmp_path):
    with pytest.raises(ConfigError, match=r"nowhere\.csv cannot be read"):
        load_locations({}, str(tmp_path / "nowhere.csv"))


def test_a_town_finds_its_code_unless_two_have_its_name():
    found = load_locations({"1": "Тобольск", "2": "Мирный", "3": "Мирный"}, "")

    assert (found.code_of("тобольск "), found.code_of("Мирный"), found.code_of("Нигде")) == ("1", None, None)


async def test_an_order_shows_its_town_and_an_unknown_code_stays_and_is_told_once(tmp_path, caplog):
    orders = OrderSettings(
        pay_systems={"2": PaySystem(method="card")}, locations_file=written(tmp_path, EXPORT)
    )
    async with opened(tmp_path, orders=orders) as world:
        stock(world.shop)
        refs = [str(place(world.shop, location=code)) for code in ("0000032487", "0000099999", "0000099999")]
        with caplog.at_level(logging.WARNING, logger="obmen.bitrix"):
            looks = await world.connection.look("order", refs)
        codec = world.connection.codec("order")
        addresses = [codec.decode("address", {**look.fields["address"], "city": None}) for look in looks]
        findings = {finding.code: finding for finding in await world.connection.check()}

    assert (addresses[0]["city"], addresses[0]["region"]) == ("Тобольск", "Тюменская область")
    assert addresses[0]["location"] == "0000032487"
    assert "city" not in addresses[1]
    assert addresses[1]["location"] == "0000099999"
    assert [record.getMessage().count("0000099999") for record in caplog.records] == [1]
    assert "0000099999" in findings["bitrix.orders.location"].en
    assert "0000032487" not in findings["bitrix.orders.location"].en


def test_a_town_without_a_code_is_written_with_the_one_it_has_here():
    codec = OrderCodec(connection="shop", settings=OrderSettings(locations={"0000073738": "Москва"}))

    assert codec.encode("address", {"city": "Москва", "text": "Тверская, 1"}) == {
        "city": "Москва",
        "text": "Тверская, 1",
        "location": "0000073738",
    }
