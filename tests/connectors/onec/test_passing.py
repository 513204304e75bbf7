"""The pass-through door: 1C, the hub in the middle, and the shop's own exchange script behind it."""

import asyncio
from contextlib import asynccontextmanager
from datetime import UTC, datetime

import msgspec
import pytest
from hub import Hub
from shop_script import Script

from obmen.connectors.bitrix.sandbox import Setup, Shop
from obmen.connectors.bitrix.sandbox.tables import Table
from obmen.connectors.onec.sandbox.exchange import Exchange
from obmen.connectors.onec.sandbox.export import Export, export
from obmen.connectors.onec.sandbox.manners import Account, Manners, Mischief
from obmen.connectors.onec.sandbox.request import send
from obmen.connectors.onec.sandbox.tricks import cut, repeated
from obmen.errors import ConfigError
from obmen.sandbox.clock import Clock
from obmen.sandbox.world import World

AT = datetime(2026, 11, 20, 9, 5, tzinfo=UTC)
WORLD = World.seeded(7, 14)


def files_of(**spec):
    return list(export(WORLD, Export(**spec), AT))


def xml(files):
    return {file.name: file.body for file in files if file.name.endswith(".xml")}


def a_shop(**setup):
    return Shop(Setup(**setup), clock=Clock(AT, frozen=True), seed=3)


@asynccontextmanager
async def passing(folder, shop, **settings):
    settings = {"pass_to": shop.credentials()["exchange"], **settings}
    async with Hub(folder, **settings) as hub:
        yield hub


async def visit(url, shop, files, *, deactivate=False, mischief=None, **manners):
    setup = shop.state.setup
    account = Account(url=url, login=setup.login, password=setup.password)
    exchange = Exchange(account, manners=Manners(**manners), mischief=mischief)
    return await exchange.send(files, deactivate=deactivate, archive="v8_3B8F_3e.zip")


def held_by(shop):
    return {
        name: [msgspec.to_builtins(row) for row in table]
        for name, table in vars(shop.state).items()
        if isinstance(table, Table)
    }


def told(outcome):
    """What 1C heard, without the address it called."""
    return outcome.verdict, outcome.attempts, outcome.breaks, outcome.replies, outcome.sentences[1:]


async def settled(hub):
    """Wait until the hub has copied and read everything: 1C is not kept waiting for that."""
    await asyncio.gather(*hub.connection._passing._copies._tasks)
    for number in range(1, len(hub.intake.envelopes) + 1):
        await hub.intake.progress(number, wait_s=5)


def troubles(hub):
    return [each.error for each in hub.log if each.error]


@pytest.mark.parametrize(
    ("generation", "setup"),
    [
        ("G1", {"zip": False}),
        ("G1-old", {}),
        ("G2", {"zip": False, "file_limit": 4000}),
        ("G2", {"file_limit": 1500}),
        ("G3", {}),
        ("G3", {"zip": False}),
    ],
)
async def test_the_shop_ends_as_without_the_hub_and_the_hub_has_the_files(tmp_path, generation, setup):
    files = files_of(generation=generation)
    async with a_shop(**setup) as alone, a_shop(**setup) as shop, passing(tmp_path, shop) as hub:
        direct = await visit(alone.credentials()["exchange"], alone, files)
        through = await visit(hub.url, shop, files)
        await settled(hub)

        assert "success" == direct.verdict
        assert told(direct) == told(through)
        assert alone.counts() == shop.counts()
        assert held_by(alone) == held_by(shop)
        assert xml(files) == hub.stored()
        assert [] == troubles(hub)


async def test_pictures_are_kept_as_from_the_ordinary_door(tmp_path):
    files = files_of(generation="G3")
    shown = {}
    async with a_shop() as shop, passing(tmp_path / "passing", shop) as hub:
        await visit(hub.url, shop, files)
        await settled(hub)
        shown["passing"] = hub.read("product")
    async with (
        a_shop() as shop,
        Hub(tmp_path / "plain", login="exchange", password="exchange-password") as hub,
    ):
        await visit(hub.url, shop, files)
        shown["plain"] = hub.read("product")

    assert shown["plain"] == shown["passing"]
    assert any(card["pictures"] for card in shown["passing"].values())


@pytest.mark.parametrize("setup", [{}, {"zip": False, "file_limit": 4000}])
async def test_back_at_the_ordinary_door_the_same_files_change_nothing(tmp_path, setup):
    files = files_of(generation="G2")
    entities = ("category", "product", "offer")
    async with a_shop(**setup) as shop:
        async with passing(tmp_path, shop) as hub:
            await visit(hub.url, shop, files)
            await settled(hub)
            before = {entity: hub.held(entity) for entity in entities}
            intake, seen = hub.intake, list(hub.portions)
        async with Hub(tmp_path, intake, login="exchange", password="exchange-password") as hub:
            hub.portions += seen
            outcome = await visit(hub.url, shop, files)

            assert "success" == outcome.verdict
            assert 2 * len(xml(files)) == len(intake.of("file"))
            assert before == {entity: hub.held(entity) for entity in entities}


@pytest.mark.parametrize("how", ["midway", "unheard", "answered"])
@pytest.mark.parametrize("setup", [{}, {"zip": False, "file_limit": 4000}])
async def test_a_line_that_breaks_leaves_the_hub_with_whole_files_once_the_shop_has_them(
    tmp_path, how, setup
):
    files = files_of(generation="G2")
    async with a_shop(**setup) as shop, passing(tmp_path, shop) as hub:
        outcome = await visit(
            hub.url, shop, files, mischief=Mischief(break_every=5, break_how=how, break_times=3), attempts=9
        )
        await settled(hub)

        assert "success" == outcome.verdict
        assert xml(files) == hub.stored()


async def test_a_repeated_piece_spoils_the_file_in_the_shop_as_ever_and_is_not_taken_here(tmp_path):
    files = files_of(generation="G2", pictures=False)
    again = repeated(files, files[0].name)
    async with a_shop(zip=False) as alone, a_shop(zip=False) as shop, passing(tmp_path, shop) as hub:
        direct = await visit(alone.credentials()["exchange"], alone, again)
        through = await visit(hub.url, shop, again)
        await settled(hub)

        assert "failure" == direct.verdict
        assert told(direct) == told(through)
        assert held_by(alone) == held_by(shop)
        assert {} == hub.stored()


async def test_a_file_the_shop_refuses_is_not_taken_and_the_others_are(tmp_path):
    files = files_of(generation="G2")
    spoilt = next(file.name for file in files if file.kind == "goods")
    async with a_shop() as shop, passing(tmp_path, shop) as hub:
        outcome = await visit(hub.url, shop, cut(files, spoilt), stop_at_failure=False)
        await settled(hub)

        assert "failure" == outcome.verdict
        assert set(xml(files)) - {spoilt} == set(hub.stored())


@pytest.mark.parametrize("session_per_file", [False, True])
async def test_deactivate_tells_the_hub_what_the_exchange_did_not_show(tmp_path, session_per_file):
    async with a_shop() as shop, passing(tmp_path, shop) as hub:
        outcome = await visit(
            hub.url, shop, files_of(generation="G3"), deactivate=True, session_per_file=session_per_file
        )
        await settled(hub)

        assert "success" == outcome.verdict
        assert [(1_800_000_000.5, WORLD.catalog)] == [(e.since, e.scope) for e in hub.intake.of("absence")]


async def test_a_hub_that_is_paused_holds_nobody_up_and_calls_nothing_absent_when_stopped(tmp_path):
    async with a_shop() as shop, passing(tmp_path, shop) as hub:
        hub.intake.paused = True
        outcome = await visit(hub.url, shop, files_of(generation="G3"), deactivate=True)
        await hub.connection.close()

        assert "success" == outcome.verdict
        assert xml(files_of(generation="G3")) == hub.stored()
        assert [] == hub.intake.of("absence")
        assert ["The exchange server was stopped before the files had been processed."] == troubles(hub)


async def test_a_wrong_password_is_the_shops_answer(tmp_path):
    async with a_shop() as alone, a_shop() as shop, passing(tmp_path, shop) as hub:
        wrong = Mischief(wrong_password=True)
        direct = await visit(alone.credentials()["exchange"], alone, [], mischief=wrong)
        through = await visit(hub.url, shop, [], mischief=wrong)

        assert told(direct) == told(through)
        assert "Ошибка авторизации" in through.sentences[-1]


async def test_a_shop_that_is_down_is_named_in_a_sentence_1c_can_read(tmp_path):
    async with a_shop() as shop:
        address = shop.credentials()["exchange"]
    async with Hub(tmp_path, pass_to=address) as hub:
        answer = await send("GET", f"{hub.url}?type=catalog&mode=checkauth", {}, timeout_s=10)

        assert (200, "text/html; charset=windows-1251") == (answer.status, answer.headers["content-type"])
        assert (
            "failure\nСервер обмена работает, но магазин 127.0.0.1 недоступен: "
            "проверьте сайт и повторите обмен."
        ).encode("cp1251") == answer.body
        assert [] == hub.intake.envelopes
        assert not next(each for each in await hub.connection.check() if each.code.startswith("network")).ok


async def test_a_shop_that_falls_silent_is_named_too(tmp_path):
    async with Script() as script, Hub(tmp_path, pass_to=script.url, pass_timeout_s=0.2) as hub:
        script.silent = True
        answer = await send("GET", f"{hub.url}?type=sale&mode=query", {}, timeout_s=10)

        assert "оборвал связь или не ответил" in answer.body.decode("cp1251")
        assert 1 == len(script.seen)


async def test_a_shop_that_hangs_up_is_asked_once(tmp_path):
    async with Script() as script, Hub(tmp_path, pass_to=script.url) as hub:
        await send("GET", f"{hub.url}?type=sale&mode=init", {}, timeout_s=10)
        script.hangs_up = True
        answer = await send("GET", f"{hub.url}?type=sale&mode=query", {}, timeout_s=10)

        assert answer.body.startswith(b"failure\n")
        assert 2 == len(script.seen)


async def test_a_disk_the_hub_cannot_write_to_is_not_felt_by_the_exchange(tmp_path, caplog):
    files = files_of(generation="G2")
    (tmp_path / "onec").mkdir()
    (tmp_path / "onec" / "sessions").write_bytes(b"no folder can be made here")
    async with a_shop() as alone, a_shop() as shop, passing(tmp_path, shop) as hub:
        direct = await visit(alone.credentials()["exchange"], alone, files)
        through = await visit(hub.url, shop, files)
        await settled(hub)

        assert direct.replies == through.replies
        assert {} == hub.stored()
        assert "the hub's copy has not" in caplog.text
        assert any("cannot write" in error for error in troubles(hub))


async def test_what_is_too_large_for_the_hub_passes_and_is_told_once_per_file(tmp_path):
    files = files_of(generation="G2", pictures=False)
    large = max(xml(files), key=lambda name: len(xml(files)[name]))
    small = len(xml(files)[large]) - 1
    setup = {"zip": False, "file_limit": 1500}
    async with a_shop(**setup) as shop, passing(tmp_path, shop, max_file=small) as hub:
        outcome = await visit(hub.url, shop, files, deactivate=True)
        await settled(hub)

        assert "success" == outcome.verdict
        assert set(xml(files)) - {large} == set(hub.stored())
        assert [] == hub.intake.of("absence")
        assert ["File", "File", "Nothing"] == [error.split()[0] for error in troubles(hub)]


async def test_a_stranger_the_shop_does_not_know_leaves_nothing_on_the_disk(tmp_path):
    async with a_shop() as shop, passing(tmp_path, shop) as hub:
        query = "type=catalog&mode=file&filename=import.xml"
        answer = await send(
            "POST", f"{hub.url}?{query}", {"Cookie": "PHPSESSID=guess"}, b"x" * 100_000, timeout_s=10
        )

        assert answer.body.startswith(b"failure")
        assert [] == [path for path in tmp_path.rglob("*") if path.is_file()]


async def test_only_the_addresses_named_may_pass(tmp_path):
    async with a_shop() as shop, passing(tmp_path, shop, allow_from=("10.8.0.0/24",)) as hub:
        answer = await send("GET", f"{hub.url}?type=catalog&mode=checkauth", {}, timeout_s=10)

        assert 403 == answer.status
        assert [] == shop.ledger.asked


@pytest.mark.parametrize("address", ["http://8.8.8.8/x.php", "ftp://shop/x.php", "https://169.254.169.254/"])
async def test_an_address_that_must_not_be_called_is_refused_at_the_start(tmp_path, address):
    with pytest.raises(ConfigError):
        async with Hub(tmp_path, pass_to=address):
            pass
