"""Orders at the door: taken by 1C, confirmed by `success` or by the next `query`, lost by nobody."""

import asyncio

import aiohttp
import pytest
from hub import Caller
from orders_hub import Clerk, OrdersHub, names

from obmen.connectors.onec.door.sale import SHOWN


@pytest.fixture
async def hub(tmp_path):
    async with OrdersHub(tmp_path) as hub:
        yield hub


@pytest.fixture
async def clerk(hub):
    return await Clerk(hub).begin(version="2.09")


# --- the session ------------------------------------------------------------------------------------------------------


async def test_login_for_orders_tells_no_server_time(hub):
    answer = await Clerk(hub).login()

    verdict, name, value, token, rest = answer.split("\n")
    assert ("success", "PHPSESSID", "") == (verdict, name, rest)
    assert token.startswith("sessid=")
    assert value


@pytest.mark.parametrize(
    ("asked", "told"), [({}, ["zip=yes", "file_limit=2097152"]), ({"version": "3.1"}, ["version=2.09"])]
)
async def test_init_tells_the_version_only_to_1c_that_named_one(hub, asked, told):
    clerk = Clerk(hub)
    await clerk.login()

    lines = (await clerk.ask("init", **asked)).split("\n")
    assert told == lines[-len(told) :]
    assert (f"sessid={clerk.token}" in lines) == bool(asked)


async def test_no_orders_are_a_document_without_orders(hub, clerk):
    answer = await clerk.ask("query")

    assert answer.startswith('<?xml version="1.0" encoding="windows-1251"?>')
    assert [] == names(answer)


async def test_orders_are_asked_for_page_by_page_until_none_is_left(tmp_path):
    async with OrdersHub(tmp_path, orders_at_once=2) as hub:
        await hub.orders(5)
        clerk = await Clerk(hub).begin()

        assert [2, 2, 1, 0] == [len(await clerk.query()) for _ in range(4)]
        assert ["N0", "N1", "N2", "N3", "N4"] == hub.confirmed()


async def test_the_answer_has_the_length_and_the_encoding_it_says(hub, clerk):
    await hub.order("N1", comment="позвонить ☎")
    async with (
        aiohttp.ClientSession() as session,
        session.get(f"{hub.url}?type=sale&mode=query", headers={"Cookie": clerk.cookie}) as answer,
    ):
        body = await answer.read()

        assert "application/xml; charset=windows-1251" == answer.headers["Content-Type"]
        assert len(body) == int(answer.headers["Content-Length"])
        assert "позвонить &#9742;" in body.decode("windows-1251")


async def test_orders_may_go_out_while_they_are_written(tmp_path):
    async with OrdersHub(tmp_path, orders_in_chunks=True) as hub:
        await hub.order("N1")
        clerk = await Clerk(hub).begin()
        async with (
            aiohttp.ClientSession() as session,
            session.get(f"{hub.url}?type=sale&mode=query", headers={"Cookie": clerk.cookie}) as answer,
        ):
            body = await answer.read()

            assert "chunked" == answer.headers["Transfer-Encoding"]
            assert ["N1"] == names(body.decode("windows-1251"))
        assert "success\n" == await clerk.ask("success")
        assert ["N1"] == hub.confirmed()
        assert ["(1 orders)"] == hub.logged("sale.query")


async def test_an_answer_that_takes_too_long_ends_early_and_the_rest_comes_next(tmp_path):
    async with OrdersHub(tmp_path, wait_s=0) as hub:
        await hub.orders(300)
        clerk = await Clerk(hub).begin()

        first, second = await clerk.query(), await clerk.query()
        assert 0 < len(first) < 300
        assert 300 == len(first) + len(second)


# --- what was taken ---------------------------------------------------------------------------------------------------


async def test_success_confirms_what_was_taken(hub, clerk):
    await hub.order("N1")

    assert ["N1"] == await clerk.query()
    assert [] == hub.confirmed()
    assert "success\n" == await clerk.ask("success")
    assert ["N1"] == hub.confirmed()
    assert {} == hub.rows()


async def test_the_next_query_of_the_session_confirms_where_success_is_never_said(hub, clerk):
    await hub.order("N1")
    await clerk.query()
    await hub.order("N2")

    assert ["N2"] == await clerk.query()
    assert ["N1"] == hub.confirmed()


async def test_the_first_query_confirms_nothing(hub, clerk):
    await hub.order("N1")
    await clerk.query()
    other = await Clerk(hub).begin()

    assert ["N1"] == await other.query()
    assert [] == hub.confirmed()


async def test_success_without_a_query_is_no_error(hub, clerk):
    await hub.order("N1")

    assert "success\n" == await clerk.ask("success")
    assert [] == hub.confirmed()


async def test_success_said_twice_is_said_once(hub, clerk):
    await hub.order("N1")
    await clerk.query()
    await clerk.ask("success")

    assert "success\n" == await clerk.ask("success")
    assert ["N1"] == hub.confirmed()


async def test_a_change_after_the_query_comes_with_the_next_exchange(hub, clerk):
    thing = await hub.order("N1")
    await clerk.query()
    await hub.edit(thing, "comment", "передумал")
    await clerk.ask("success")
    later = await Clerk(hub).begin()

    assert "передумал" in await later.ask("query")
    await later.ask("success")
    assert {} == hub.rows()


async def test_an_order_without_words_waits_with_an_issue_and_the_rest_goes_on(hub, clerk):
    await hub.order("N1", comment="непечатное")
    await hub.order("N2")

    assert ["N2"] == await clerk.query()
    await clerk.ask("success")
    assert {"N1": ("waiting", "rejected")} == hub.rows()


async def test_a_mistake_of_ours_in_one_order_keeps_no_other_from_1c(hub, clerk, caplog):
    await hub.order("N1", comment="ошибка")
    await hub.order("N2")

    assert ["N2"] == await clerk.query()
    assert {"N1": ("waiting", "rejected")} == {name: row for name, row in hub.rows().items() if name == "N1"}
    assert "could not be written down" in caplog.text


# --- what breaks off --------------------------------------------------------------------------------------------------


async def test_an_answer_that_broke_off_was_not_taken_whatever_is_asked_next(tmp_path):
    async with OrdersHub(tmp_path) as hub:
        await hub.orders(200, comment="x" * 40_000)
        clerk = await Clerk(hub).begin()
        reader, writer = await asyncio.open_connection("127.0.0.1", int(hub.url.split(":")[2].split("/")[0]))
        asked = f"GET /bitrix/admin/1c_exchange.php?type=sale&mode=query HTTP/1.1\r\nHost: x\r\nCookie: {clerk.cookie}\r\n\r\n"
        writer.write(asked.encode())
        await reader.readuntil(b"\r\n\r\n")
        writer.transport.abort()
        while not any(line.what == "sale.query" for line in hub.log):  # noqa: ASYNC110 - the door tells nobody
            await asyncio.sleep(0.02)

        assert "" != next(line.error for line in hub.log if line.what == "sale.query")
        assert "success\n" == await clerk.ask("success")  # of what came before
        assert [] == hub.confirmed()
        assert 200 == len(await clerk.query())
        assert [] == hub.confirmed()
        await clerk.ask("success")
        assert 200 == len(hub.confirmed())


async def test_a_restart_between_query_and_success_loses_nothing(hub, clerk):
    await hub.order("N1")
    await clerk.query()
    await hub.restart()

    assert "success\n" == await clerk.ask("success")
    assert ["N1"] == hub.confirmed()


async def test_a_restart_between_two_queries_offers_nothing_twice(hub, clerk):
    await hub.order("N1")
    await clerk.query()
    await hub.restart()

    assert [] == await clerk.query()
    assert ["N1"] == hub.confirmed()


async def test_a_session_that_died_leaves_its_orders_to_the_next(hub, clerk):
    await hub.order("N1")
    await clerk.query()
    later = await Clerk(hub).begin()

    assert ["N1"] == await later.query()
    assert "success\n" == await later.ask("success")
    assert ["N1"] == hub.confirmed()


async def test_an_expired_session_is_told_so(hub, clerk):
    await hub.order("N1")
    await clerk.query()
    hub.world.pass_time(7 * 3600)

    answer = await clerk.ask("success")
    assert answer.startswith("error\nСеанс обмена неизвестен или истёк")
    assert (await clerk.ask("query")).startswith("failure\n")
    assert [] == hub.confirmed()


async def test_success_with_a_strange_cookie_is_an_error_and_confirms_nothing(hub, clerk):
    await hub.order("N1")
    await clerk.query()
    clerk.cookie = "PHPSESSID=somebody-else"

    assert (await clerk.ask("success")).startswith("error\n")
    assert [] == hub.confirmed()


async def test_a_stranger_who_says_success_is_logged_as_a_failure(hub):
    await Clerk(hub).ask("success")

    assert all(line.error for line in hub.log)


# --- two at once ------------------------------------------------------------------------------------------------------


async def test_two_1c_at_once_do_not_confirm_each_others_orders(hub, clerk):
    await hub.order("N1")
    assert ["N1"] == await clerk.query()
    other = await Clerk(hub).begin()
    assert ["N1"] == await other.query()

    answer = await clerk.ask("success")
    assert answer.startswith("error\nЭти заказы уже отданы другому обмену")
    assert [] == hub.confirmed()
    assert "success\n" == await other.ask("success")
    assert ["N1"] == hub.confirmed()


async def test_an_exchange_of_goods_beside_it_does_not_touch_the_orders(hub, clerk):
    await hub.order("N1")
    await clerk.query()
    goods = Caller(hub)
    await goods.login()
    await goods.ask("init")

    assert "success\n" == await clerk.ask("success")
    assert ["N1"] == hub.confirmed()


async def test_two_queries_of_one_session_at_once_lose_nothing(tmp_path):
    async with OrdersHub(tmp_path) as hub:
        await hub.orders(600)
        clerk = await Clerk(hub).begin()

        one, two = await asyncio.gather(clerk.query(), clerk.query())
        await clerk.ask("success")
        brought = {*one, *two}
        assert set(hub.confirmed()) <= brought
        later = await Clerk(hub).begin()
        while page := await later.query():
            brought.update(page)
        assert 600 == len(brought) == len(hub.confirmed())


# --- changes in -------------------------------------------------------------------------------------------------------

DOCUMENTS = '<?xml version="1.0" encoding="UTF-8"?><КоммерческаяИнформация ВерсияСхемы="2.09"><Документ><Номер>N1</Номер></Документ></КоммерческаяИнформация>'.encode()


async def test_a_file_without_a_version_is_taken_in_at_once(hub):
    clerk = await Clerk(hub).begin()

    assert (await clerk.ask("file", DOCUMENTS, filename="orders.xml")).startswith("success\nпрочитано")


async def test_a_file_with_a_version_is_stored_and_then_imported(hub, clerk):
    assert "success\n" == await clerk.ask("file", DOCUMENTS, filename="orders.xml")
    assert (await clerk.ask("import", filename="orders.xml")).startswith("success\n")


async def test_a_damaged_file_without_a_version_is_refused_with_its_place(hub):
    clerk = await Clerk(hub).begin()

    assert "строка 1" in await clerk.ask("file", DOCUMENTS[:-9], filename="orders.xml")
    assert (await clerk.ask("file", DOCUMENTS, filename="orders.xml")).startswith("success\n")


async def test_a_file_in_pieces_without_a_version_waits_for_its_last_piece(tmp_path):
    async with OrdersHub(tmp_path, file_limit=1024) as hub:
        clerk = await Clerk(hub).begin()
        body = DOCUMENTS.replace(b"</", b" " * 1500 + b"</", 1)

        first = await clerk.ask("file", body[:1024], filename="orders.xml")
        assert first.startswith("success\n")
        assert "ждём остальное" in first
        assert "прочитано" in await clerk.ask("file", body[1024:], filename="orders.xml")


async def test_hostile_files_are_refused(hub, clerk):
    bomb = b'<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a "b">]><x>&a;</x>'
    await clerk.ask("file", bomb, filename="orders.xml")

    assert (await clerk.ask("import", filename="orders.xml")).startswith("failure\n")
    assert (await clerk.ask("file", b"x", filename="../../etc/passwd")).startswith("failure\n")
    assert (await clerk.ask("file", b"", filename="orders.xml")).startswith("failure\n")


# --- the rest ---------------------------------------------------------------------------------------------------------


async def test_info_tells_the_dictionary_with_its_latin_letter(hub, clerk):
    assert "<Справочник><Cтатусы/>" in await clerk.ask("info")


async def test_an_unknown_mode_is_told_the_known_ones(hub, clerk):
    answer = await clerk.ask("deactivate")

    assert answer.startswith("failure\n")
    assert "checkauth, init, query, success, file, import, info" in answer


@pytest.mark.parametrize("kind", ["get_catalog", "listen", "crm"])
async def test_what_a_hub_does_not_do_is_refused_in_a_sentence(hub, kind):
    answer = await Clerk(hub).ask("checkauth", auth=True, type=kind)

    assert answer.startswith(f"failure\nОбмен «{kind}» здесь не поддерживается")


async def test_directories_are_taken_politely_and_not_kept(hub):
    clerk = Clerk(hub)
    await clerk.login()

    assert "zip=no" in await clerk.ask("init", type="reference")
    assert "success\n" == await clerk.ask("file", b"<x/>", type="reference", filename="r.xml")
    assert (await clerk.ask("import", type="reference", filename="r.xml")).startswith(
        "success\nФайл «r.xml» получен"
    )
    assert ["success\n(4 bytes, not kept)"] == hub.logged("reference.file r.xml")


async def test_orders_switched_off_are_refused_in_a_sentence(tmp_path):
    async with OrdersHub(tmp_path, orders=False) as hub:
        await hub.order("N1")

        assert "ещё не включён" in await Clerk(hub).ask("checkauth", auth=True)
        assert () == hub.connection.collects


async def test_the_log_tells_how_many_orders_went_and_shows_each_as_it_went(hub, clerk):
    await hub.order("N1", comment="Иванов 89161234567")
    await clerk.query()
    await clerk.ask("success")

    assert ["(1 orders)"] == hub.logged("sale.query")
    assert ["success\n(1 orders)"] == hub.logged("sale.success")
    (shown,) = hub.logged("sale.order")
    assert shown.startswith("<Документ>")
    assert "Иванов" in shown


async def test_of_many_orders_at_once_the_log_shows_the_first(hub, clerk):
    for number in range(SHOWN + 2):
        await hub.order(f"N{number}")
    await clerk.query()

    assert len(hub.logged("sale.order")) == SHOWN
    assert hub.logged("sale.query")[-1] == f"({SHOWN + 2} orders)"


async def test_the_token_is_demanded_of_orders_as_well(tmp_path):
    async with OrdersHub(tmp_path, csrf=True) as hub:
        clerk = Clerk(hub)
        await clerk.login()

        assert (await clerk.ask("query")).startswith("failure\nВ запросе нет sessid")
        assert [] == names(await clerk.ask("query", sessid=clerk.token))


async def test_orders_that_pass_on_to_the_shop_are_not_collected_here(tmp_path):
    async with OrdersHub(tmp_path, pass_to="http://127.0.0.1:9/1c_exchange.php") as hub:
        await hub.order("N1")

        assert (await Clerk(hub).ask("query")).startswith("failure\nСервер обмена работает, но магазин")
        assert () == hub.connection.collects
        assert {"N1": ("ready", "")} == hub.rows()
