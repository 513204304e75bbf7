"""The exchange door, request by request, as an operator at 1C sees it."""

import io
import zipfile

import aiohttp
import msgspec
import pytest
from hub import Caller, FakeIntake, Hub

from obmen.connectors.onec.sentences import SENTENCES
from obmen.connectors.onec.settings import Settings

GOODS = """<?xml version="1.0" encoding="UTF-8"?>
<КоммерческаяИнформация ВерсияСхемы="2.08" ДатаФормирования="2026-11-20T10:00:00">
<Каталог СодержитТолькоИзменения="true"><Ид>c1</Ид><ИдКлассификатора>k1</ИдКлассификатора><Товары>{}</Товары></Каталог>
</КоммерческаяИнформация>"""
PNG = bytes.fromhex("89504e470d0a1a0a0000000d49484452000000100000001008020000009091683600000000")


def goods(*names: str, picture: str = "") -> bytes:
    shown = f"<Картинка>{picture}</Картинка>" if picture else ""
    return GOODS.format(
        "".join(f"<Товар><Ид>{name}</Ид><Наименование>{name}</Наименование>{shown}</Товар>" for name in names)
    ).encode()


def zipped(files: dict[str, bytes]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, body in files.items():
            archive.writestr(name, body)
    return buffer.getvalue()


@pytest.fixture
async def hub(tmp_path):
    async with Hub(tmp_path) as hub:
        yield hub


@pytest.fixture
async def caller(hub):
    caller = Caller(hub)
    await caller.login()
    await caller.ask("init")
    return caller


# --- login and session ------------------------------------------------------------------------------------------------


async def test_login_answers_cookie_token_and_server_time(hub):
    answer = await Caller(hub).login()

    verdict, name, value, token, timestamp, rest = answer.split("\n")
    assert (verdict, name, rest) == ("success", "PHPSESSID", "")
    assert value
    assert token.startswith("sessid=")
    assert timestamp == "timestamp=1800000000"


async def test_answers_are_windows_1251_with_an_exact_length_and_nothing_before_the_verdict(hub):
    async with (
        aiohttp.ClientSession() as session,
        session.get(f"{hub.url}?type=catalog&mode=checkauth") as answer,
    ):
        body = await answer.read()

    assert answer.headers["Content-Type"] == "text/html; charset=windows-1251"
    assert str(len(body)) == answer.headers["Content-Length"]
    assert body.startswith(b"failure\n")
    assert "пароль" in body.decode("windows-1251")


async def test_answers_may_be_utf_8_and_english(tmp_path):
    async with (
        Hub(tmp_path, charset="utf-8", answers_in="en") as hub,
        aiohttp.ClientSession() as session,
        session.get(f"{hub.url}?type=catalog&mode=checkauth") as answer,
    ):
        assert (
            await answer.text("utf-8")
            == "failure\nWrong user name or password: check them in the exchange settings of 1C."
        )


@pytest.mark.parametrize("charset", ["utf-8", "windows-1251"])
async def test_a_russian_password_is_known_in_either_encoding(hub, charset):
    header = aiohttp.encode_basic_auth("обмен", "секрет", encoding=charset)
    async with (
        aiohttp.ClientSession(headers={"Authorization": header}) as session,
        session.get(f"{hub.url}?type=catalog&mode=checkauth") as answer,
    ):
        assert (await answer.text("windows-1251")).startswith("success\n")


async def test_a_wrong_password_beside_a_good_cookie_is_refused(caller):
    caller_headers = {
        "Cookie": caller.cookie,
        "Authorization": aiohttp.encode_basic_auth("обмен", "нет", "utf-8"),
    }
    async with (
        aiohttp.ClientSession(headers=caller_headers) as session,
        session.get(f"{caller.hub.url}?type=catalog&mode=init") as answer,
    ):
        assert (await answer.text("windows-1251")).startswith("failure\nНеверное имя пользователя или пароль")


@pytest.mark.parametrize("mode", ["init", "file", "import", "deactivate", "complete"])
async def test_without_a_cookie_every_step_says_so(hub, mode):
    answer = await Caller(hub).ask(mode, b"x", filename="a.xml")

    assert (
        answer
        == "failure\nВ запросе нет cookie «PHPSESSID»: начните обмен заново, с авторизации (mode=checkauth)."
    )


async def test_a_session_lives_six_hours_of_silence_and_no_longer(caller):
    caller.hub.clock.now += 6 * 3600
    assert (await caller.ask("init")).startswith("zip=")

    caller.hub.clock.now += 6 * 3600 + 1
    assert (
        await caller.ask("init")
        == "failure\nСеанс обмена неизвестен или истёк (тишина дольше 6 ч): начните обмен заново."
    )


async def test_the_token_is_optional_unless_demanded(tmp_path):
    async with Hub(tmp_path, csrf=True) as hub:
        caller = Caller(hub)
        await caller.login()

        assert (await caller.ask("init")).startswith("failure\nВ запросе нет sessid")
        assert (await caller.ask("init", sessid=caller.token)).startswith("zip=yes")


async def test_init_tells_archive_and_limit_and_more_when_a_version_was_asked(caller):
    assert await caller.ask("init") == "zip=yes\nfile_limit=2097152"
    assert f"zip=yes\nfile_limit=2097152\nsessid={caller.token}\nversion=3.1" == await caller.ask(
        "init", version="3.1"
    )


async def test_every_step_works_by_post_as_well(hub):
    caller = Caller(hub)
    assert (await caller.ask("checkauth", method="POST", auth=True)).startswith("success\n")
    await caller.login()
    assert (await caller.ask("init", method="POST")).startswith("zip=")
    await caller.upload("import.xml", goods("a"))
    assert (await caller.ask("import", method="POST", filename="import.xml")).startswith("success\n")


async def test_unknown_types_and_modes_are_named_with_the_known_ones(caller):
    assert (
        await caller.ask("impotr")
        == "failure\nНеизвестный режим обмена «impotr»; известны: checkauth, init, file, import, deactivate, complete."
    )
    assert (await caller.ask("init", type="shop")).startswith("failure\nНеизвестный вид обмена «shop»")


async def test_orders_are_not_switched_on_yet_and_say_so(hub):
    answer = await Caller(hub).ask("checkauth", auth=True, type="sale")

    assert answer.startswith("failure\nОбмен «sale» здесь ещё не включён")


# --- uploads ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("size", [7, 100, 1 << 20])
async def test_pieces_of_any_size_make_the_same_file(caller, size):
    body = goods("товар")
    await caller.upload("import.xml", body, size)

    assert (
        await caller.ask("import", filename="import.xml")
        == "success\nФайл «import.xml»: принято элементов: 1."
    )
    assert {"import.xml": body} == caller.hub.stored()


async def test_an_archive_gives_the_same_file_as_pieces(caller):
    body = goods("товар")
    await caller.upload("v8_3B8F_3e.zip", zipped({"import.xml": body}), 50)

    assert (await caller.ask("import", filename="import.xml")).startswith("success\n")
    assert {"import.xml": body} == caller.hub.stored()


async def test_init_begins_with_an_empty_folder(caller):
    await caller.upload("import.xml", b"<half")
    await caller.ask("init")

    assert (await caller.bring("import.xml", goods("a"))).startswith("success\n")


async def test_a_file_can_come_again_after_it_was_imported(caller):
    await caller.bring("import.xml", goods("a"))

    assert (await caller.bring("import.xml", goods("b"))).startswith("success\n")
    assert [look.ref for look in caller.hub.looks("product")] == ["a", "b"]


async def test_a_file_can_come_again_after_it_was_refused(caller):
    assert (await caller.bring("import.xml", goods("a")[:-30])).startswith("failure\n")
    assert (await caller.bring("import.xml", goods("a"))).startswith("success\n")


async def test_a_piece_repeated_although_answered_is_recognised_by_the_file_being_whole(caller):
    body = goods("a", "b", "c")
    half = len(body) // 2
    for piece in (body[:half], body[half:], body[half:]):
        await caller.ask("file", piece, filename="import.xml")

    assert (await caller.ask("import", filename="import.xml")).startswith("success\n")
    assert {"import.xml": body} == caller.hub.stored()


async def test_two_equal_pieces_that_belong_to_the_file_are_both_kept(caller):
    body = goods("a").replace("<Товары>".encode(), ("<Товары><!--" + "x" * 64 + "-->").encode())
    start = body.index(b"x" * 64)
    for piece in (body[:start], body[start : start + 32], body[start + 32 : start + 64], body[start + 64 :]):
        await caller.ask("file", piece, filename="import.xml")

    assert (await caller.ask("import", filename="import.xml")).startswith("success\n")
    assert {"import.xml": body} == caller.hub.stored()


async def test_files_need_post_a_name_and_a_body(caller):
    assert (await caller.ask("file", filename="a.xml")).startswith(
        "failure\nФайл нужно передавать методом POST"
    )
    assert (await caller.ask("file", b"x")).startswith("failure\nВ запросе не указано имя файла")
    assert (await caller.ask("file", b"", method="POST", filename="a.xml")).startswith(
        "failure\nФайл «a.xml» пришёл пустым"
    )


@pytest.mark.parametrize(
    "name",
    [
        "..\\..\\x.php",
        "../../bitrix/init.xml",
        "/etc/cron.d/a.xml",
        "C:\\Windows\\a.xml",
        "shell.php",
        "a\x00.xml",
    ],
)
async def test_hostile_names_are_refused_and_the_session_goes_on(caller, name):
    answer = await caller.ask("file", b"x", filename=name)

    assert answer.startswith("failure\n")
    assert answer.count("\n") == 1
    assert (await caller.bring("import.xml", goods("a"))).startswith("success\n")
    assert not list(caller.hub.spool.parent.glob("*.xml"))


async def test_leaked_paths_of_a_linux_1c_are_cut_off(caller):
    await caller.upload("/opt/v8_AB_1/webdata/import.xml", goods("a"))

    assert (await caller.ask("import", filename="import.xml")).startswith("success\n")


async def test_limits_are_named(tmp_path):
    async with Hub(tmp_path, max_file=2000, max_session=3000, max_files=2) as hub:
        caller = Caller(hub)
        await caller.login()

        assert (await caller.ask("file", b"x" * 2001, filename="a.jpg")).startswith(
            "failure\nФайл «a.jpg» больше 2000"
        )
        assert await caller.ask("file", b"x" * 2000, filename="a.jpg") == "success\n"
        assert (await caller.ask("file", b"x", filename="a.jpg")).startswith(
            "failure\nФайл «a.jpg» больше 2000"
        )
        assert (await caller.ask("file", b"x" * 1500, filename="b.jpg")).startswith(
            "failure\nВ обмене больше 3000"
        )
        assert await caller.ask("file", b"x", filename="b.jpg") == "success\n"
        assert (await caller.ask("file", b"x", filename="c.jpg")).startswith(
            "failure\nВ обмене больше 2 файлов"
        )


# --- what cannot be used ----------------------------------------------------------------------------------------------

DEEP = (
    "<КоммерческаяИнформация>".encode()
    + b"<a>" * 5000
    + b"</a>" * 5000
    + "</КоммерческаяИнформация>".encode()
)
DOCTYPE = b'<?xml version="1.0"?><!DOCTYPE a [<!ENTITY x "y">]>' + goods("a").partition(b"?>")[2]


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (goods("a")[: goods("a").index("</Товар>".encode())], "обрывается"),
        (DOCTYPE, "DOCTYPE"),
        (DEEP, "вложены"),
        (b"<html></html>", "Корневой элемент <html>"),
        (b"\x00\x01garbage", "XML"),
    ],
    ids=["cut", "doctype", "deep", "foreign", "garbage"],
)
async def test_a_bad_file_is_one_failure_with_a_sentence_and_the_session_goes_on(caller, body, words):
    await caller.upload("offers.xml", body)
    answer = await caller.ask("import", filename="offers.xml")

    assert answer.startswith("failure\nФайл «offers.xml»: ")
    assert answer.count("\n") == 1
    assert words in answer
    assert caller.hub.intake.envelopes == []
    assert (await caller.bring("import.xml", goods("a"))).startswith("success\n")


@pytest.mark.parametrize(
    ("archive", "words"),
    [
        (zipped({"import.xml": b"0" * 60_000_000}), "сжат"),
        (zipped({"../import.xml": b"x"}), "за пределы"),
        (b"PK\x03\x04 nothing", "повреждён"),
    ],
    ids=["bomb", "traversal", "damaged"],
)
async def test_a_bad_archive_is_one_failure_and_the_next_exchange_works(caller, archive, words):
    await caller.upload("v8.zip", archive)
    answer = await caller.ask("import", filename="import.xml")

    assert answer.startswith("failure\nАрхив «v8.zip»: ")
    assert words in answer
    await caller.ask("init")
    assert (await caller.bring("import.xml", goods("a"))).startswith("success\n")


async def test_a_file_never_uploaded_is_named_beside_those_that_were(caller):
    await caller.upload("offers.xml", goods("a"))

    assert (
        await caller.ask("import", filename="import.xml")
        == "failure\nФайл «import.xml» в этом обмене не передавался; переданы: offers.xml."
    )


# --- imports ----------------------------------------------------------------------------------------------------------


async def test_import_tells_progress_until_the_hub_has_done(tmp_path):
    async with Hub(tmp_path, wait_s=0.05) as hub:
        hub.intake.paused = True
        caller = Caller(hub)
        await caller.login()
        await caller.upload("import.xml", goods("a", "b"))

        answer = await caller.ask("import", filename="import.xml")
        assert answer.startswith("progress\nФайл «import.xml»")
        hub.intake.paused = False
        while (answer := await caller.ask("import", filename="import.xml")).startswith("progress"):
            pass
        assert answer == "success\nФайл «import.xml»: принято элементов: 2."


async def test_an_import_asked_again_has_no_effect(caller):
    first = await caller.bring("import.xml", goods("a"))
    again = await caller.ask("import", filename="import.xml")

    assert first == again
    assert len(caller.hub.intake.envelopes) == 1


async def test_the_same_file_in_a_new_session_is_handed_on_again(hub):
    for _ in range(2):
        caller = Caller(hub)
        await caller.login()
        await caller.ask("init")
        await caller.bring("import.xml", goods("a"))

    one, two = hub.intake.envelopes
    assert one.key != two.key
    assert one.path == two.path


async def test_two_1c_with_one_login_do_not_mix(hub):
    one, two = Caller(hub), Caller(hub)
    for caller, name in ((one, "a"), (two, "b")):
        await caller.login()
        await caller.ask("init")
        await caller.ask("file", goods(name)[:100], filename="import.xml")
    for caller, name in ((two, "b"), (one, "a")):
        await caller.ask("file", goods(name)[100:], filename="import.xml")
        assert (await caller.ask("import", filename="import.xml")).startswith("success\n")

    assert [look.ref for look in hub.looks("product")] == ["b", "a"]


async def test_files_go_to_the_inbox_in_the_order_1c_asks_for(caller):
    for name in ("b.xml", "a.xml"):
        await caller.upload(name, goods(name))
    for name in ("b.xml", "a.xml"):
        await caller.ask("import", filename=name)

    assert [envelope.name for envelope in caller.hub.intake.envelopes] == ["b.xml", "a.xml"]


async def test_a_restart_in_the_middle_of_an_upload_loses_nothing(tmp_path):
    body = goods("a", "b")
    async with Hub(tmp_path) as hub:
        caller = Caller(hub)
        await caller.login()
        await caller.ask("init")
        await caller.ask("file", body[:300], filename="import.xml")
    async with Hub(tmp_path) as hub:
        caller.hub = hub
        await caller.ask("file", body[300:], filename="import.xml")

        assert (await caller.ask("import", filename="import.xml")).startswith("success\n")
        assert {"import.xml": body} == hub.stored()


async def test_a_restart_in_the_middle_of_an_import_goes_on(tmp_path):
    intake = FakeIntake()
    intake.paused = True
    async with Hub(tmp_path, intake, wait_s=0.05) as hub:
        caller = Caller(hub)
        await caller.login()
        await caller.upload("import.xml", goods("a"))
        while not intake.envelopes:
            assert (await caller.ask("import", filename="import.xml")).startswith("progress")
    intake.paused = False
    async with Hub(tmp_path, intake) as hub:
        caller.hub = hub

        assert (await caller.ask("import", filename="import.xml")).startswith("success\n")
        assert len(intake.envelopes) == 1


async def test_the_spool_holds_no_cookie(caller):
    value = caller.cookie.partition("=")[2]
    texts = [path.read_text("latin-1") for path in caller.hub.spool.rglob("*") if path.is_file()]

    assert texts
    assert not any(value in text for text in texts)
    assert value not in repr(caller.hub.log)
    assert "секрет" not in repr(caller.hub.log)


# --- pictures ---------------------------------------------------------------------------------------------------------


async def test_pictures_become_blobs_and_goods_name_them_by_hash(caller):
    await caller.upload("import_files/ab/x.png", PNG)
    await caller.bring("import.xml", goods("a", picture="import_files/ab/x.png"))

    (digest,) = caller.hub.read("product")["a"]["pictures"]
    assert (caller.hub.spool / "blobs" / digest[:2] / digest).read_bytes() == PNG


async def test_a_picture_is_remembered_over_sessions_and_restarts(tmp_path):
    async with Hub(tmp_path) as hub:
        caller = Caller(hub)
        await caller.login()
        # Schema 3.1 uploads below goods/, and names the picture without it.
        await caller.upload("goods/import_files/ab/x.png", PNG)
        await caller.ask("complete")
    async with Hub(tmp_path) as hub:
        caller = Caller(hub)
        await caller.login()
        await caller.bring("import.xml", goods("a", picture="import_files/ab/x.png"))

        assert len(hub.read("product")["a"]["pictures"][0]) == 64


async def test_what_is_no_picture_is_left_out_and_named(caller):
    await caller.upload("import_files/ab/x.png", b"MZ not a picture")
    answer = await caller.bring("import.xml", goods("a", picture="import_files/ab/x.png"))

    assert answer.startswith("success\n")
    assert "Пропущено файлов: 1 (например, «import_files/ab/x.png»)." in answer
    assert caller.hub.read("product")["a"]["pictures"].wakes_on == "map:onec:picture:import_files/ab/x.png"


async def test_too_large_a_picture_is_left_out(tmp_path):
    async with Hub(tmp_path, max_pixels=100) as hub:
        caller = Caller(hub)
        await caller.login()
        await caller.upload("import_files/ab/x.png", PNG)

        assert "Пропущено файлов: 1" in await caller.bring("import.xml", goods("a"))
        assert not (hub.spool / "blobs").exists()


# --- deactivate and complete ------------------------------------------------------------------------------------------


async def test_deactivate_hands_on_the_absence_since_login_for_each_catalogue(caller):
    await caller.bring("import.xml", goods("a"))

    assert (await caller.ask("deactivate", timestamp=caller.timestamp)).startswith("success\n")
    assert (await caller.ask("deactivate", timestamp=caller.timestamp)).startswith("success\n")
    (absence,) = caller.hub.intake.of("absence")
    assert (absence.since, absence.scope) == (1_800_000_000.5, "c1")


async def test_deactivate_is_refused_while_a_file_failed(caller):
    await caller.bring("import.xml", goods("a"))
    await caller.bring("offers.xml", goods("a")[:-40])

    assert (
        await caller.ask("deactivate", timestamp=caller.timestamp)
        == "failure\nНичего не отключено: эти файлы обработаны не до конца: offers.xml."
    )
    assert caller.hub.intake.of("absence") == []


async def test_deactivate_is_refused_while_a_file_was_uploaded_and_not_imported(caller):
    await caller.bring("import.xml", goods("a"))
    await caller.upload("offers.xml", goods("a"))

    assert (await caller.ask("deactivate", timestamp=caller.timestamp)).startswith(
        "failure\nНичего не отключено"
    )


async def test_deactivate_spans_the_sessions_of_one_exchange(hub):
    first = Caller(hub)
    await first.login()
    await first.bring("import.xml", goods("a"))
    hub.clock.now += 60
    second = Caller(hub)
    await second.login()
    await second.bring("broken.xml", b"<")

    assert (await second.ask("deactivate", timestamp=first.timestamp)).endswith("broken.xml.")
    await second.bring("broken.xml", goods("b"))
    assert (await second.ask("deactivate", timestamp=first.timestamp)).startswith("success\n")
    assert hub.intake.of("absence")[0].since == 1_800_000_000.5


@pytest.mark.parametrize("timestamp", ["", "yesterday", "1900000000", "0"])
async def test_a_time_mark_that_was_never_given_out_switches_nothing_off(caller, timestamp):
    await caller.bring("import.xml", goods("a"))

    assert (await caller.ask("deactivate", timestamp=timestamp)).startswith("failure\nОтметка времени")


async def test_deactivate_can_be_switched_off(tmp_path):
    async with Hub(tmp_path, full_export="nothing") as hub:
        caller = Caller(hub)
        await caller.login()
        await caller.bring("import.xml", goods("a"))

        assert (await caller.ask("deactivate", timestamp=caller.timestamp)).startswith(
            "success\nОтсутствующие товары остаются"
        )
        assert hub.intake.of("absence") == []


async def test_complete_may_come_any_number_of_times(caller):
    assert [await caller.ask("complete") for _ in range(2)] == ["success\nОбмен завершён."] * 2


async def test_the_exchange_log_names_mode_and_file(caller):
    await caller.bring("import.xml", goods("a"))

    assert [line.what for line in caller.hub.log] == [
        "catalog.checkauth",
        "catalog.init",
        "catalog.file import.xml",
        "catalog.import import.xml",
    ]


def test_settings_say_which_field_is_secret():
    fields = msgspec.json.schema(Settings)["$defs"]["Settings"]["properties"]
    assert [name for name, field in fields.items() if field.get("secret")] == ["password"]
    assert [name for name, field in fields.items() if not field.get("description")] == []


def test_every_sentence_exists_in_both_languages():
    for code, (en, ru) in SENTENCES.items():
        assert en, code
        assert ru, code
        assert {part.split("}")[0] for part in en.split("{")[1:]} == {
            part.split("}")[0] for part in ru.split("{")[1:]
        }
