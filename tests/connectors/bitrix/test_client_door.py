import asyncio

import pytest
from open_shop import ScriptedFaults, make_step, opened

from obmen.connectors.bitrix.sandbox import Setup
from obmen.connectors.contract import Done, Unknown, Unlanded
from obmen.errors import AuthFailed, Transient

DOOR = {
    "exchange_login": "exchange",
    "exchange_password": "exchange-password",
    "catalog_xml_id": "FUTURE-1C-CATALOG",
    "offers_xml_id": "FUTURE-1C-CATALOG#",
    "stores": {"main": "1"},
}


@pytest.fixture
async def world(tmp_path):
    async with opened(tmp_path, **DOOR) as world:
        yield world


@pytest.fixture
def door(world):
    return world.connection._door


async def stocked(world, amount):
    ref = await world.create("product", record=9, xml_id="guid-9", name="Кабель")
    return make_step("offer", ref=ref, stock__main=amount)


async def test_the_session_carries_cookie_and_sessid(world, door):
    session = await door.checkauth()

    assert session.cookie.startswith("PHPSESSID=")
    assert len(session.sessid) == 32


async def test_a_refused_login_says_so_in_the_doors_own_words(tmp_path):
    async with opened(tmp_path, **{**DOOR, "exchange_password": "wrong-one"}) as world:
        with pytest.raises(AuthFailed, match="Ошибка авторизации") as caught:
            await world.connection._door.checkauth()

    assert "wrong-one" not in f"{caught.value.detail}{caught.value}{world.log}"


async def test_the_password_is_nowhere_in_the_exchange_log(world, door):
    await door.checkauth()

    assert "exchange-password" not in str(world.log)
    assert "ZXhjaGFuZ2U6" not in str(world.log)


async def test_a_failure_of_the_door_blames_no_record(world):
    step = await stocked(world, "5")
    world.shop.act("configure", post_max_size=10)
    (outcome,) = await world.connection.push([step])

    assert isinstance(outcome, Unlanded)
    assert "post_max_size" in outcome.text
    assert outcome.retry_after_s == 60.0


async def test_an_import_without_an_answer_is_unknown(world):
    step = await stocked(world, "5")
    # Read, checkauth, init, file, import; a lost GET is asked once more by the HTTP library itself.
    world.shop.faults = ScriptedFaults(["", "", "", "", "", "lost_answer", "lost_answer"])
    (outcome,) = await world.connection.push([step])

    assert isinstance(outcome, Unknown)


async def test_an_upload_without_an_answer_is_begun_anew(world, door):
    world.shop.faults = ScriptedFaults(["", "", "lost_answer"])
    with pytest.raises(Transient):
        await door.import_catalog("rests.xml", b"<x/>")
    (outcome,) = await world.connection.push([await stocked(world, "5")])

    assert isinstance(outcome, Done)
    assert outcome.returned["stock.main"] == "5"


async def test_exchanges_wait_for_each_other(world):
    products = [await world.create("product", record=n, xml_id=f"g{n}", name=f"Болт М{n}") for n in (1, 2, 3)]
    pushes = [
        world.connection.push([make_step("offer", record=n, ref=ref, stock__main=str(n))])
        for n, ref in enumerate(products, 1)
    ]
    outcomes = [outcome for (outcome,) in await asyncio.gather(*pushes)]

    assert [outcome.returned["stock.main"] for outcome in outcomes] == ["1", "2", "3"]


async def test_a_site_that_rotates_sessions_pauses_the_connection(tmp_path):
    async with opened(tmp_path, Setup(rotates_sessions=True), **DOOR) as world:
        step = await stocked(world, "5")
        with pytest.raises(AuthFailed, match="смена идентификатора"):
            await world.connection.push([step])
