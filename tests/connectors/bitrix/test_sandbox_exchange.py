"""The exchange door: who is let in, how files come, how an import goes."""

import io
import zipfile

from shop_exchange_files import goods

EMPTY = goods()


async def test_checkauth_answers_five_lines(exchange):
    lines = (await exchange.call("checkauth")).split("\n")

    assert lines[:2] == ["success", "PHPSESSID"]
    assert len(lines[2]) == len(lines[3].removeprefix("sessid=")) == 32
    assert lines[4] == "timestamp=1769842800"


async def test_a_wrong_password_is_a_failure_with_http_200_in_cp1251(shop, exchange_to):
    told = await exchange_to(shop, password="wrong").call("checkauth")

    assert told.startswith("failure\nОшибка авторизации")


async def test_without_the_cookie_nothing_is_done(exchange):
    assert (await exchange.call("init")).startswith("failure\n")


async def test_an_unknown_type_is_an_unknown_command(exchange):
    assert await exchange.call("checkauth", kind="horoscope") == "failure\nUnknown command type."


async def test_an_unknown_mode_is_a_failure(exchange):
    await exchange.enter()

    assert (await exchange.call("dance", **exchange.proof())).startswith("failure\n")


async def test_init_says_zip_and_the_limit(exchange, open_shop, exchange_to):
    assert await exchange.enter() == "zip=yes\nfile_limit=204800\n"
    assert (
        await exchange_to(await open_shop(zip=False, file_limit=1000)).enter() == "zip=no\nfile_limit=1000\n"
    )


async def test_one_client_with_a_sessid_makes_all_send_it(shop, exchange, exchange_to):
    ancient = exchange_to(shop)
    assert (await ancient.enter(with_sessid=False)).startswith("zip=")
    await exchange.enter()

    assert "Обновите модуль обмена" in await ancient.enter(with_sessid=False)


async def test_rotating_sessions_make_checkauth_fail(open_shop, exchange_to):
    told = await exchange_to(await open_shop(rotates_sessions=True)).call("checkauth")

    assert "смена идентификатора сессий" in told


async def test_clocks_ten_minutes_apart_make_checkauth_fail(open_shop, exchange_to):
    assert (await exchange_to(await open_shop(database_clock_skew_s=601.0)).call("checkauth")).startswith(
        "failure\n"
    )
    assert (await exchange_to(await open_shop(database_clock_skew_s=599.0)).call("checkauth")).startswith(
        "success\n"
    )


async def test_an_expired_session_has_to_begin_anew(exchange):
    await exchange.enter()

    assert (await exchange.call("init", headers={"X-Sandbox-Fault": "expired"})).startswith("failure\n")


async def test_even_an_empty_file_takes_ten_answers_of_progress(exchange):
    told = await exchange.send(EMPTY)

    assert [answer.split("\n")[0] for answer in told[:-1]] >= ["progress"] * 10
    assert {"progress"} == {answer.split("\n")[0] for answer in told[:-1]}


async def test_many_goods_take_more_steps(open_shop, exchange_to):
    shop = await open_shop(elements_per_step=2)
    told = await exchange_to(shop).send(
        goods(*(f"<Товар><Ид>g{n}</Ид><Наименование>Т{n}</Наименование></Товар>" for n in range(5)))
    )

    assert [answer.split("\n")[1][:17] for answer in told if "Обработано" in answer] == [
        "Обработано 2 из 5",
        "Обработано 4 из 5",
        "Обработано 5 из 5",
    ]


async def test_after_zip_yes_plain_xml_is_a_damaged_archive(exchange):
    await exchange.enter()
    await exchange.upload("import.xml", EMPTY.encode())

    assert await exchange.step("import.xml") == "failure\nОшибка распаковки архива."


async def test_with_zip_off_plain_xml_is_imported(open_shop, exchange_to):
    exchange = exchange_to(await open_shop(zip=False))
    await exchange.enter()
    await exchange.upload("import.xml", EMPTY.encode())

    assert (await exchange.import_all("import.xml"))[-1].startswith("success")


async def test_portions_are_appended_and_a_repeated_one_spoils_the_file(open_shop, exchange_to):
    exchange = exchange_to(await open_shop(zip=False))
    data = EMPTY.encode()
    await exchange.enter()
    for portion in (data[:100], data[100:]):
        assert await exchange.upload("import.xml", portion) == "success\n"
    assert (await exchange.import_all("import.xml"))[-1].startswith("success")

    await exchange.enter()
    for portion in (data[:100], data[:100], data[100:]):
        await exchange.upload("import.xml", portion)
    assert (await exchange.import_all("import.xml"))[-1].startswith("failure\nОшибка разбора XML")


async def test_init_of_another_session_wipes_the_files_of_the_first(open_shop, exchange_to):
    shop = await open_shop(zip=False)
    first, second = exchange_to(shop), exchange_to(shop)
    await first.enter()
    await first.upload("import.xml", EMPTY.encode())
    await second.enter()

    assert (await first.step("import.xml")).startswith("failure\nОшибка открытия файла")


async def test_two_imports_at_once_collide_in_the_temporary_tables(open_shop, exchange_to):
    shop = await open_shop(zip=False)
    first, second = exchange_to(shop), exchange_to(shop)
    await first.enter()
    await second.enter()
    await first.upload("import.xml", EMPTY.encode())
    assert (await first.step("import.xml")).startswith("progress")
    assert (await second.step("import.xml")).startswith("progress")

    assert (await first.step("import.xml")).startswith("failure\nВременные таблицы заняты")
    assert (await second.import_all("import.xml"))[-1].startswith("success")


async def test_names_that_lead_outside_are_refused(exchange):
    await exchange.enter()

    for name in ("../import.xml", "a/../../b.xml", "C:\\import.xml", "shell.php", ""):
        assert (await exchange.upload(name, b"x")).startswith("failure\n"), name


async def test_a_body_beyond_post_max_size_arrives_empty(open_shop, exchange_to):
    exchange = exchange_to(await open_shop(post_max_size=10))
    await exchange.enter()

    assert (await exchange.upload("import.xml", b"x" * 11)).startswith("failure\n")


async def test_a_doctype_is_refused(open_shop, exchange_to):
    exchange = exchange_to(await open_shop(zip=False))
    await exchange.enter()
    await exchange.upload("import.xml", b'<?xml version="1.0"?><!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>')

    assert "DOCTYPE" in (await exchange.import_all("import.xml"))[-1]


async def test_a_bomb_is_not_unpacked(exchange):
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as zipped:
        zipped.writestr("import.xml", b" " * 50_000_000)
    await exchange.enter()
    await exchange.upload("import.zip", archive.getvalue())

    assert await exchange.step("import.xml") == "failure\nОшибка распаковки архива."


async def test_windows_1251_is_read_as_its_declaration_says(exchange, rest):
    xml = goods("<Товар><Ид>g1</Ид><Наименование>Дрель</Наименование></Товар>").replace(
        "UTF-8", "windows-1251"
    )
    await exchange.send(xml.encode("windows-1251"))

    assert (await rest.get(1001))["name"] == "Дрель"


async def test_deactivate_switches_off_what_was_not_touched(exchange, rest, clock):
    await exchange.send(
        goods(
            "<Товар><Ид>g1</Ид><Наименование>Дрель</Наименование></Товар>",
            "<Товар><Ид>g2</Ид><Наименование>Пила</Наименование></Товар>",
            changes=True,
        )
    )
    clock.advance(3600)
    await exchange.send(goods("<Товар><Ид>g1</Ид><Наименование>Дрель</Наименование></Товар>", changes=True))
    told = await exchange.call("deactivate", timestamp=exchange.timestamp, **exchange.proof())

    assert told.startswith("success")
    assert ((await rest.get(1001))["active"], (await rest.get(1002))["active"]) == ("Y", "N")
    assert await exchange.call("complete", **exchange.proof()) == "success\n"


async def test_requests_and_writes_are_in_the_ledger_under_the_door(exchange, shop):
    await exchange.send(goods("<Товар><Ид>g1</Ид><Наименование>Дрель</Наименование></Товар>"))

    assert shop.ledger.requests(door="exchange", what="catalog:file") == 1
    assert shop.ledger.writes(by="exchange", entity="product", action="add") == 1
    assert shop.state.setup.password not in repr(shop.ledger.asked)
