"""Hostile and broken input at the exchange door: one sentence, nothing half-applied, the session goes on."""

import asyncio
import io
import struct
import zipfile
import zlib
from itertools import pairwise

import pytest
from exports_stage import AT, Caller, Export, World, export, stage

from obmen.sandbox.world.pictures import png

SMALL = World.seeded(7, 14)
FILES = {file.kind: file for file in export(SMALL, Export(generation="G1", encoding="utf-8"), AT)}
GOODS, OFFERS = FILES["goods"], FILES["offers"]
FRAME = '<?xml version="1.0" encoding="UTF-8"?>\n<КоммерческаяИнформация ВерсияСхемы="2.07" ДатаФормирования="2026-11-20T10:00:00">{}</КоммерческаяИнформация>'


def catalog(*products):
    return FRAME.format(
        f'<Каталог СодержитТолькоИзменения="true"><Ид>c</Ид><Товары>{"".join(products)}</Товары></Каталог>'
    ).encode()


def package(*offers, types=""):
    return FRAME.format(
        '<ПакетПредложений СодержитТолькоИзменения="true"><Ид>c#</Ид><ИдКаталога>c</ИдКаталога>'
        f"{types}<Предложения>{''.join(offers)}</Предложения></ПакетПредложений>"
    ).encode()


def product(ref, more="", name="Дрель"):
    return f"<Товар><Ид>{ref}</Ид><Артикул>A-{ref}</Артикул><Наименование>{name}</Наименование>{more}</Товар>"


def offer(ref, more):
    return f"<Предложение><Ид>{ref}</Ид><Наименование>Дрель</Наименование>{more}</Предложение>"


def deep(levels):
    return (FRAME.split("{}", maxsplit=1)[0] + "<а>" * levels).encode()


def deep_in_offer(levels):
    body = "<а>" * levels + "</а>" * levels
    return package(offer("1", body))


DOCTYPE = '<?xml version="1.0" encoding="UTF-8"?><!DOCTYPE к [{}]><КоммерческаяИнформация>&x;</КоммерческаяИнформация>'

BAD_FILES = {
    "not xml": (b"PHP Warning: cannot connect to the database in line 14", "XML"),
    "empty": (b"  \r\n", "пуст"),
    "cut": (GOODS.body[: len(GOODS.body) // 2], "обрывается"),
    "cut in a letter": (GOODS.body[: GOODS.body.index("Дрель".encode()) + 1], "обрывается"),
    "cut in utf-16": (
        next(iter(export(SMALL, Export(encoding="utf-16le"), AT))).body[:30001],
        "обрывается",
    ),
    "xxe": (DOCTYPE.format('<!ENTITY x SYSTEM "file:///etc/passwd">').encode(), "DOCTYPE"),
    "bomb": (
        DOCTYPE.format(
            '<!ENTITY a "ха">' + "".join(f'<!ENTITY {b} "{f"&{a};" * 10}">' for a, b in pairwise("abcdefgx"))
        ).encode(),
        "DOCTYPE",
    ),
    "doctype in utf-16": (
        b"\xff\xfe" + DOCTYPE.format('<!ENTITY x "y">').replace("UTF-8", "UTF-16").encode("utf-16-le"),
        "DOCTYPE",
    ),
    "deep": (deep(200_000), "вложены"),
    "deep in an offer": (deep_in_offer(200_000), "вложены"),
    "html": (b"<html><body>502 Bad Gateway</body></html>", "html"),
    "mismatched": (GOODS.body.replace(b"</", b"<", 1), "XML"),
    "second root": (GOODS.body + GOODS.body[GOODS.body.index(b"?>") + 2 :], "XML"),
    "json": (b'{"products": []}', "XML"),
}


@pytest.mark.parametrize("case", BAD_FILES)
async def test_a_bad_file_is_refused_with_a_sentence_and_the_rest_of_the_session_works(tmp_path, case):
    body, word = BAD_FILES[case]
    async with stage(tmp_path, SMALL) as live:
        caller = Caller(live)
        await caller.login()
        assert (await caller.bring(OFFERS.name, OFFERS.body)).startswith("success")
        before = live.footprint()
        answer = await caller.bring("import0_1.xml", body)
        failed(answer, word)
        assert before == live.footprint()

        assert (await caller.bring("import0_1.xml", GOODS.body)).startswith("success")
        assert len(SMALL.products) == len(live.records()["product"])


def failed(answer, word):
    verdict, _, text = answer.partition("\n")
    assert "failure" == verdict
    assert word in text
    assert 20 < len(text) < 500
    assert 1 == len(text.splitlines())
    assert "Traceback" not in text
    assert any("а" <= letter <= "я" for letter in text)


def zipped(*entries, method=zipfile.ZIP_DEFLATED):
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", method) as archive:
        for name, body in entries:
            info = zipfile.ZipInfo("x")
            info.filename = name
            info.compress_type = method
            archive.writestr(info, body)
    return buffer.getvalue()


def zeros(size):
    """Return a small zip with one XML file of so many zeros, made of one block again and again."""
    packer = zlib.compressobj(9, zlib.DEFLATED, -15)
    block = packer.compress(bytes(1 << 20)) + packer.flush(zlib.Z_FULL_FLUSH)
    packed = block * (size >> 20) + packer.flush()
    name = b"import0_1.xml"
    long = struct.pack("<HHQ", 1, 8, size)
    head = struct.pack("<HHHHHIIIHH", 45, 0, 8, 0, 33, 0, len(packed), 0xFFFFFFFF, len(name), len(long))
    local = b"PK\x03\x04" + head + name + long + packed
    central = b"PK\x01\x02" + struct.pack("<H", 45) + head + bytes(14) + name + long
    return local + central + b"PK\x05\x06" + struct.pack("<HHHHIIH", 0, 0, 1, 1, len(central), len(local), 0)


BAD_ARCHIVES = {
    "zeros": (lambda: zeros(10 << 30), "сжат"),
    "backslashes out": (lambda: zipped(("..\\..\\x.xml", b"x")), "за пределы"),
    "slashes out": (lambda: zipped((GOODS.name, GOODS.body), ("../../x.xml", b"x")), "за пределы"),
    "absolute": (lambda: zipped(("/etc/cron.d/x.xml", b"x")), "за пределы"),
    "drive": (lambda: zipped(("C:\\Windows\\x.xml", b"x")), "за пределы"),
    "script": (lambda: zipped(("import_files/shell.php", b"<?php")), "скрипт"),
    "damaged": (lambda: zipped((GOODS.name, GOODS.body))[:-40], "повреждён"),
    "turned bits": (
        lambda: bytes(
            255 - byte if 900 < at < 1500 else byte
            for at, byte in enumerate(zipped((GOODS.name, GOODS.body)))
        ),
        "повреждён",
    ),
    "file and folder": (
        lambda: zipped(("import0_1.xml/a.xml", b"x"), ("import0_1.xml", GOODS.body)),
        "повреждён",
    ),
}


@pytest.mark.parametrize("case", BAD_ARCHIVES)
async def test_a_bad_archive_is_refused_with_a_sentence_and_the_rest_of_the_session_works(tmp_path, case):
    make, word = BAD_ARCHIVES[case]
    async with stage(tmp_path / "inside", SMALL) as live:
        caller = Caller(live)
        await caller.login()
        before = live.footprint()
        await caller.upload("v8_1.zip", make())
        failed(await caller.take("import0_1.xml"), word)
        assert before == live.footprint()
        assert ["inside"] == [path.name for path in tmp_path.iterdir()]
        assert [] == [path for path in tmp_path.rglob("*") if path.suffix == ".php"]

        await caller.upload("v8_2.zip", zipped((GOODS.name, GOODS.body), (OFFERS.name, OFFERS.body)))
        assert (await caller.take(GOODS.name)).startswith("success")
        assert (await caller.take(OFFERS.name)).startswith("success")
        assert len(SMALL.products) == len(live.records()["product"])


@pytest.mark.parametrize(
    "name",
    [
        "..\\..\\import.xml",
        "../../bitrix/php_interface/init.php",
        "/etc/cron.d/obmen.xml",
        "C:\\import.xml",
        "\\\\server\\share\\import.xml",
        "import0_1.xml\0.jpg",
        "a" * 300 + ".xml",
        "shell.php",
        ".",
        "import0_1.xml\n",
    ],
)
async def test_a_bad_name_is_refused_with_a_sentence(tmp_path, name):
    async with stage(tmp_path / "inside", SMALL) as live:
        caller = Caller(live)
        await caller.login()
        failed(await caller.upload(name, GOODS.body), "")
        failed(await caller.ask("import", filename=name), "")
        assert ["inside"] == [path.name for path in tmp_path.iterdir()]
        assert (await caller.bring(GOODS.name, GOODS.body)).startswith("success")


async def test_a_name_that_is_a_folder_of_another_is_refused_with_a_sentence(tmp_path):
    async with stage(tmp_path, SMALL) as live:
        caller = Caller(live)
        await caller.login()
        assert (await caller.upload("goods", png(3))).startswith("success")
        failed(await caller.upload("goods/import0_1.xml", GOODS.body), "")
        assert (await caller.bring(GOODS.name, GOODS.body)).startswith("success")


async def test_strangers_are_told_what_is_wrong(tmp_path):
    async with stage(tmp_path, SMALL) as live:
        before = live.footprint()
        failed(await Caller(live, "не тот").ask("checkauth"), "пароль")
        nobody = Caller(live)
        failed(await nobody.ask("init"), "cookie")
        failed(await nobody.ask("file", b"x", filename="import.xml"), "cookie")
        nobody.cookie = "PHPSESSID=0123456789abcdef"
        failed(await nobody.ask("import", filename="import.xml"), "истёк")
        caller = Caller(live)
        await caller.login()
        failed(await caller.ask("importer"), "importer")
        failed(await caller.ask("init", kind="katalog"), "katalog")
        failed(await caller.ask("init", kind="sale"), "sale")
        failed(await caller.ask("file", filename="import.xml"), "POST")
        failed(await caller.ask("file", b"x"), "filename")
        failed(await caller.ask("import"), "filename")
        failed(await caller.ask("import", filename="nothing.xml"), "nothing.xml")
        failed(await caller.ask("file", b"", filename="import.xml"), "пустым")
        failed(await caller.ask("deactivate", timestamp="12345"), "12345")
        failed(await caller.ask("deactivate"), "")
        failed(await caller.ask("\0<script>\n"), "режим")
        assert before == live.footprint()

        assert (await caller.bring(GOODS.name, GOODS.body)).startswith("success")


async def test_a_session_that_expired_is_told_to_begin_anew(tmp_path):
    async with stage(tmp_path, SMALL, onec="session_hours = 0.00001") as live:
        caller = Caller(live)
        await caller.ask("checkauth")
        answer = await caller.ask("checkauth")
        lines = answer.split("\n")
        caller.cookie = f"{lines[1]}={lines[2]}"
        await asyncio.sleep(0.1)
        failed(await caller.ask("init"), "заново")


async def test_limits_of_the_connection_are_told_and_nothing_is_kept(tmp_path):
    limits = "max_file = 2048\nmax_session = 5000\nmax_files = 3"
    async with stage(tmp_path, SMALL, onec=limits) as live:
        caller = Caller(live)
        await caller.login()
        failed(await caller.upload("import.xml", b"x" * 3000), "max_file")
        for number in range(2):
            assert (await caller.upload(f"{number}.xml", b"x" * 2000)).startswith("success")
        failed(await caller.upload("big.xml", b"x" * 2000), "max_session")
        assert (await caller.upload("small.xml", b"x")).startswith("success")
        failed(await caller.upload("more.xml", b"x"), "max_files")
        await caller.ask("init")
        assert (await caller.upload("again.xml", b"x")).startswith("success")


async def test_bad_pictures_are_left_out_and_told_and_the_goods_arrive(tmp_path):
    drill = SMALL.products[0]
    async with stage(tmp_path, SMALL, onec="max_picture = 2000\nmax_pixels = 1000") as live:
        caller = Caller(live)
        await caller.login()
        await caller.upload(drill.pictures[0].path, b"<html>not found</html>")
        await caller.upload("import_files/large.png", png(7, side=64))
        await caller.upload("import_files/heavy.png", png(7) + b"x" * 3000)
        answer = await caller.bring(GOODS.name, GOODS.body)

        assert answer.startswith("success")
        assert "Пропущено файлов: 3" in answer
        assert len(SMALL.products) == len(live.records()["product"])
        assert [] == list((tmp_path / "spool").rglob("blobs/*/*"))


PRICE = "<Цены><Цена><ИдТипаЦены>{}</ИдТипаЦены><ЦенаЗаЕдиницу>{}</ЦенаЗаЕдиницу><Валюта>{}</Валюта></Цена></Цены>"


async def answered(live, *files):
    caller = Caller(live)
    await caller.login()
    return [await caller.bring(f"{number}.xml", body) for number, body in enumerate(files)]


@pytest.mark.parametrize(
    ("row", "word"),
    [
        (PRICE.format("base", "-5", "RUB"), "-5"),
        (PRICE.format("base", "5", ""), "prices.base"),
        (PRICE.format("base", "5", "тугрик"), "тугрик"),
        (PRICE.format("base", "1e9999", "RUB"), ""),
        (PRICE.format("base", "пять", "RUB"), ""),
    ],
    ids=["negative", "no currency", "unknown currency", "huge", "not a number"],
)
async def test_a_price_that_cannot_be_read_is_not_taken_and_somebody_is_told(tmp_path, row, word):
    good = offer("2", PRICE.format("base", "7", "руб."))
    async with stage(tmp_path, SMALL) as live:
        answers = await answered(live, catalog(product("1"), product("2")), package(offer("1", row), good))
        offers = live.records()["offer"]

        assert ["success", "success"] == [answer.split("\n")[0] for answer in answers]
        assert offers["1"].get("prices.base") is None
        assert "7.00 RUB" == offers["2"]["prices.base"]
        with live.hub.ledger.begin() as tx:
            (issue,) = [item.issue for item in tx.issues()]
        assert word in issue.ru


async def test_values_nobody_knows_wait_with_a_sentence_and_the_rest_is_taken(tmp_path):
    rate = "<СтавкиНалогов><СтавкаНалога><Наименование>НДС</Наименование><Ставка>{}</Ставка></СтавкаНалога></СтавкиНалогов>"
    async with stage(tmp_path, SMALL) as live:
        answers = await answered(
            live,
            catalog(
                product("1", rate.format("двадцать")),
                product("2", rate.format("22")),
                product("3", "<БазоваяЕдиница>бочка</БазоваяЕдиница><Вес>тяжёлый</Вес>"),
            ),
        )
        products = live.records()["product"]
        with live.hub.ledger.begin() as tx:
            told = " ".join(item.issue.ru for item in tx.issues())

        assert answers[0].startswith("success")
        assert {"1": None, "2": "22", "3": None} == {ref: each.get("vat") for ref, each in products.items()}
        assert products["3"].get("unit") is None
        assert "двадцать" in told
        assert "бочка" in told


async def test_the_last_of_equal_refs_in_a_file_counts_and_none_is_doubled(tmp_path):
    async with stage(tmp_path, SMALL) as live:
        twice = catalog(product("1", name="Старая"), product("2"), product("1", name="Новая"))
        answers = await answered(
            live, twice, package(offer("1", ""), offer("1", "<Количество>3</Количество>"))
        )

        assert ["success", "success"] == [answer.split("\n")[0] for answer in answers]
        assert {"1": "Новая", "2": "Дрель"} == {
            ref: each["name"] for ref, each in live.records()["product"].items()
        }
        assert {"1": "3"} == {ref: each["stock.main"] for ref, each in live.records()["offer"].items()}


async def test_an_element_without_an_id_is_passed_over(tmp_path):
    async with stage(tmp_path, SMALL) as live:
        answers = await answered(
            live, catalog(product(""), product("  "), product("2")), package(offer("", ""), offer("2", ""))
        )

        assert ["success", "success"] == [answer.split("\n")[0] for answer in answers]
        assert ["2"] == list(live.records()["product"])
        assert ["2"] == list(live.records()["offer"])


async def test_a_name_of_a_megabyte_and_control_characters_are_survived(tmp_path):
    async with stage(tmp_path, SMALL) as live:
        answers = await answered(
            live,
            catalog(product("1", name="ы" * 1_000_000), product("2", name="а\x0bб&#x1;в\x00г"), product("3")),
            package(offer("2", "<Артикул>\x1fx&#31;</Артикул>"), offer("3", "")),
        )
        products = live.records()["product"]

        assert ["success", "success"] == [answer.split("\n")[0] for answer in answers]
        assert "абвг" == products["2"]["name"]
        assert "x" == live.records()["offer"]["2"]["sku"]
        assert {"1", "2", "3"} == set(products)


@pytest.mark.parametrize(
    ("real", "declared"),
    [
        ("cp1251", "UTF-8"),
        ("utf-8", "windows-1251"),
        ("utf-8", "UTF-16"),
        ("cp1251", "koi8-x"),
        ("utf-8", ""),
    ],
)
async def test_a_wrong_declaration_of_the_encoding_is_seen_through(tmp_path, real, declared):
    body = catalog(product("1", name="Шуруповёрт"))
    said = f' encoding="{declared}"'.encode() if declared else b""
    body = body.decode().encode(real).replace(b' encoding="UTF-8"', said)
    async with stage(tmp_path, SMALL) as live:
        answers = await answered(live, body)

        assert answers[0].startswith("success")
        assert "Шуруповёрт" == live.records()["product"]["1"]["name"]


async def test_what_third_party_generators_write_is_understood(tmp_path):
    # The catalogue inside the classifier, a price type nobody defines, bare numbers of stock, a unit as a code.
    body = FRAME.format(
        "<Классификатор><Ид>k</Ид><Наименование>К</Наименование>"
        "<Группы><Группа><Ид>g</Ид><Наименование>Группа</Наименование></Группа></Группы>"
        '<Каталог СодержитТолькоИзменения="true"><Ид>c</Ид><Товары>'
        + product("1", "<БазоваяЕдиница>796 </БазоваяЕдиница><Группы><Ид>g</Ид></Группы><ЗначенияСвойств/>")
        + "</Товары></Каталог></Классификатор>"
    )
    stocked = package(
        offer("1", "<Остатки><Остаток>12,5</Остаток></Остатки>" + PRICE.format("BASE", "1 234,5", "руб"))
    )
    async with stage(tmp_path, SMALL) as live:
        answers = await answered(live, body.encode("cp1251").replace(b"UTF-8", b"windows-1251"), stocked)
        records = live.records()

        assert ["success", "success"] == [answer.split("\n")[0] for answer in answers]
        assert ("796", ["g"]) == (records["product"]["1"]["unit"], records["product"]["1"]["categories"])
        assert "1234.50 RUB" == records["offer"]["1"]["prices.base"]
        assert "12.5" == records["offer"]["1"]["stock.main"]


async def test_numbers_keys_and_currencies_are_read_as_1c_writes_them(tmp_path):
    guid = "3D1F0E2A-0000-4D5E-8F57-0BDE0C1A2E11"
    types = "<ТипыЦен><ТипЦены><Ид>r</Ид><Наименование>Розничная</Наименование><Валюта>643</Валюта></ТипЦены></ТипыЦен>"
    async with stage(tmp_path, SMALL) as live:
        await answered(
            live,
            catalog(product("{" + guid + "}"), product("2")),
            package(
                offer(
                    f" {guid} ",
                    PRICE.format("r", "14\u00a0240,5", "") + "<Количество>-1\u202f000,250</Количество>",
                ),
                offer("2", PRICE.format("r", "0.005", "") + "<Количество>1.0000</Количество>"),
                types=types,
            ),
        )
        offers = live.records()["offer"]

        assert guid.lower() in live.records()["product"]
        assert ("14240.50 RUB", "-1000.25") == (
            offers[guid.lower()]["prices.base"],
            offers[guid.lower()]["stock.main"],
        )
        assert ("0.005 RUB", "1") == (offers["2"]["prices.base"], offers["2"]["stock.main"])
        assert "0" == offers[guid.lower()]["available"]
