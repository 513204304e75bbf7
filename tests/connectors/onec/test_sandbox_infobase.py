"""The simulated 1C as an operator and a test bed use it: over its control routes."""

import aiohttp
import pytest
from stub_door import StubDoor

from obmen.connectors.onec.sandbox import tricks
from obmen.connectors.onec.sandbox.export import Export
from obmen.connectors.onec.sandbox.manners import Account, Manners, Mischief
from obmen.connectors.onec.sandbox.server import ExchangeOrder, Infobase, Spoiling
from obmen.sandbox.world import World


def account(door):
    return Account(url=door.url, login="обмен", password="секрет")


def order(door, **parts):
    return ExchangeOrder(account=account(door), **parts)


@pytest.fixture
def infobase():
    return Infobase(World.seeded(7, 12))


async def test_an_exchange_is_started_and_accounted_over_http(infobase):
    async with StubDoor() as door, infobase, aiohttp.ClientSession(infobase.url) as http:
        body = {
            "account": {"url": door.url, "login": "обмен", "password": "секрет"},
            "export": {"generation": "G2", "encoding": "windows-1251", "portion": 5},
        }
        async with http.post("/sandbox/exchange", json=body) as answer:
            outcomes = await answer.json()
        async with http.get("/sandbox/ledger?since=0") as answer:
            ledger = await answer.json()
        async with http.get("/sandbox/outcomes") as answer:
            kept = await answer.json()

        assert [each["verdict"] for each in outcomes] == ["success"]
        assert outcomes == kept
        assert ledger["summary"]["writes"] == {"exchange:session:success": 1}
        assert ledger["effects"][0]["after"]["said"] == "Выгрузка товаров завершена."
        assert "секрет" not in str(ledger) + str(kept)
        assert door.deactivated


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ({}, "account"),
        ({"account": {"url": "http://x", "login": "a", "password": "b"}, "colour": 1}, "colour"),
        (
            {
                "account": {"url": "http://x", "login": "a", "password": "b"},
                "export": {"price_types": ["Тайная"]},
            },
            "Розничная, Мелкооптовая, Закупочная",
        ),
    ],
)
async def test_an_order_that_is_not_understood_is_refused_with_a_reason(infobase, body, said):
    async with (
        infobase,
        aiohttp.ClientSession(infobase.url) as http,
        http.post("/sandbox/exchange", json=body) as answer,
    ):
        status, reason = answer.status, await answer.json()

    assert status == 400
    assert said in reason["error"]


async def test_after_a_success_only_later_changes_are_changes(infobase):
    async with StubDoor() as door:
        await infobase.exchange(order(door))
        infobase.act("price", offer="MOL-500", price_type="Розничная", amount="650,50")
        infobase.act("rename", product="DU-13/780", name="Дрель ударная")
        await infobase.exchange(order(door, export=Export(content="changes")))
        changed = dict(door.files)
        await infobase.exchange(order(door, export=Export(content="changes")))

        assert sorted(name for name in changed if name.endswith(".xml")) == ["import0_1.xml", "offers0_1.xml"]
        assert "<ЦенаЗаЕдиницу>650.5<" in changed["offers0_1.xml"].decode()
        assert changed["import0_1.xml"].decode().count("<Товар>") == 1
        assert door.files == {}


async def test_a_failed_exchange_leaves_its_changes_to_the_next_one(infobase):
    async with StubDoor(refuse="import0_1.xml") as refusing, StubDoor() as door:
        await infobase.exchange(order(refusing))
        await infobase.exchange(order(door, export=Export(content="changes", pictures=False)))

        assert door.files["import0_1.xml"].decode().count("<Товар>") == 12


async def test_two_exchanges_of_one_login_run_side_by_side_in_sessions_of_their_own(infobase):
    async with StubDoor(limit=20_000, progress=5) as door:
        outcomes = await infobase.exchange(order(door, side_by_side=2))

        assert [each.verdict for each in outcomes] == ["success", "success"]
        first, second = door.sessions.values()
        assert first == second


async def test_files_are_spoilt_as_ordered(infobase):
    spoiling = Spoiling(prices_first=True, lose="rests", repeat="prices", cut="goods", hostile=True)
    spec = Export(generation="G3", pictures=False)
    async with StubDoor() as door:
        outcomes = await infobase.exchange(
            order(door, export=spec, spoiling=spoiling, manners=Manners(deactivate=False))
        )

        kinds = [name.partition("/")[0] for name in door.imported]
        assert outcomes[0].verdict == "success"
        assert kinds[:3] == ["prices", "prices", "offers"]
        assert "rests" not in kinds
        assert "..\\..\\x.php" in door.files
        goods = next(body for name, body in door.files.items() if name.startswith("goods/"))
        assert "</КоммерческаяИнформация>".encode() not in goods


async def test_hostile_names_travel_inside_an_archive_too(infobase):
    async with StubDoor(zipped=True) as door:
        await infobase.exchange(order(door, spoiling=Spoiling(hostile=True)))

        archive = next(body for name, body in door.files.items() if name.startswith("v8_"))
        assert all(name.encode() in archive for name in tricks.HOSTILE_NAMES)


async def test_a_broken_line_and_its_cure_are_in_the_ledger(infobase):
    async with StubDoor() as door:
        await infobase.exchange(
            order(door, mischief=Mischief(break_every=3, break_times=1), manners=Manners(attempts=2))
        )

        effect = infobase.ledger.effects[-1]
        assert (effect.action, effect.after["attempts"], effect.after["breaks"]) == ("success", 2, 1)


async def test_each_action_of_the_operator_changes_the_world_and_is_noted(infobase):
    infobase.act("price", offer="MOL-500", price_type="Розничная", amount=650.5)
    infobase.act("remove_price", offer="MOL-500", price_type="Мелкооптовая")
    infobase.act("multiply_prices", factor="1.1")
    infobase.act("stock", offer="MOL-500", warehouse="Основной склад", quantity="3")
    infobase.act("zero_stock")
    infobase.act("rename", product="MOL-500", name="Молоток")
    infobase.act("vat", rate="20", instead_of="22")
    infobase.act("move", product="MOL-500", group="Хранение")
    infobase.act("delete", product="MOL-500")
    again = infobase.act("recreate", product="MOL-500")
    added = infobase.act("add", article="MOL-800", name="Молоток 800 г", like="MOL-500")
    infobase.act("erase", product="RUL-5x25")

    assert infobase.world.revision == 13
    assert infobase.ledger.writes(by="operator") == 12
    assert {again, added} <= {card.id for card in infobase.world.products}
    assert infobase.counts() == {
        "revision": 13, "products": 13, "deleted": 1, "offers": 13, "groups": 24,
        "orders": 0, "order_documents": 0, "orders_sum": 0, "order_faults": [],
        "counterparties": 0, "reserved": 0,
    }  # fmt: skip
    assert set(infobase.actions()) == {
        "price", "remove_price", "multiply_prices", "stock", "zero_stock", "rename", "vat", "move", "delete",
        "recreate", "add", "erase", "post_order", "set_state", "cancel_order", "pay_order", "ship_order",
        "return_goods", "change_line", "delete_order", "delete_payment", "comment_order",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("action", "arguments"),
    [
        ("price", {"offer": "MOL-500", "price_type": "Розничная", "amount": "дорого"}),
        ("price", {"offer": "MOL-500", "price_type": "Розничная", "amount": "NaN"}),
        ("vat", {"rate": "21"}),
        ("stock", {"offer": "нет", "warehouse": "Основной склад", "quantity": "1"}),
        ("fire_everyone", {}),
    ],
)
async def test_a_senseless_action_is_refused_and_changes_nothing(infobase, action, arguments):
    async with (
        infobase,
        aiohttp.ClientSession(infobase.url) as http,
        http.post(f"/sandbox/act/{action}", json=arguments) as answer,
    ):
        assert answer.status == 400

    assert infobase.world.revision == 1
    assert infobase.ledger.effects == []


async def test_the_world_is_shown(infobase):
    async with (
        infobase,
        aiohttp.ClientSession(infobase.url) as http,
        http.get("/sandbox/world") as answer,
    ):
        cards = await answer.json()

    assert [card["article"] for card in cards] == [card.article for card in infobase.world.products]
