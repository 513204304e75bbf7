"""What passes through the hub, byte by byte: requests towards the shop, answers towards 1C."""

import asyncio
import gzip
import tracemalloc
import zlib

import pytest
from hub import Hub
from shop_script import Script

from obmen.connectors.onec.sandbox.request import LineBroken, send

HEADERS = {
    "Authorization": "Basic 0L7QsdC80LXQvTpzM2NyM3Q=",
    "Cookie": "PHPSESSID=abc; BITRIX_SM_GUEST=1",
    "Content-Type": "application/x-www-form-urlencoded",
    "User-Agent": "1C+Enterprise/8.2",
    "Accept-Encoding": "deflate",
}
LOGIN = b"success\nPHPSESSID\nabc\nsessid=0123456789\ntimestamp=1800000000\n"


def http(body, *headers, status="200 OK"):
    lines = ["HTTP/1.1 " + status, "Date: now", "Server: shop", *headers, f"Content-Length: {len(body)}"]
    return "\r\n".join(lines).encode("latin1") + b"\r\n\r\n" + body


async def ask(hub, query, body=b"", *, method=""):
    return await send(
        method or ("POST" if body else "GET"), f"{hub.url}?{query}", HEADERS, body, timeout_s=10
    )


async def test_the_query_the_headers_and_the_body_reach_the_shop_unchanged(tmp_path):
    query = "type=catalog&mode=file&&filename=import_files%5Cab%2f%EF%f0.jpg&x=a+b;'|&sessid="
    body = bytes(range(256)) * 3000
    async with Script() as script, Hub(tmp_path, pass_to=script.url) as hub:
        await ask(hub, query, body)
        (seen,) = script.seen

        assert f"POST /bitrix/admin/1c_exchange.php?{query} HTTP/1.1" == seen.line
        assert body == seen.body
        assert {**HEADERS, "Host": script.url.split("/")[2], "Content-Length": str(len(body))} == dict(
            seen.headers
        )
        assert len(seen.headers) == len(dict(seen.headers))


async def test_a_get_gains_no_header_on_its_way(tmp_path):
    async with Script() as script, Hub(tmp_path, pass_to=script.url) as hub:
        await send("GET", f"{hub.url}?type=sale&mode=query", {}, timeout_s=10)

        assert [("Host", script.url.split("/")[2])] == script.seen[0].headers


@pytest.mark.parametrize("kind", ["catalog", "sale", "reference", "get_catalog", "crm", "horoscope", ""])
@pytest.mark.parametrize("mode", ["checkauth", "init", "query", "info", "import", "dance"])
async def test_every_kind_of_exchange_passes_and_the_answer_is_the_shops_to_the_byte(tmp_path, kind, mode):
    page = "<КоммерческаяИнформация/>".encode("cp1251") * 9000
    async with Script() as script, Hub(tmp_path, pass_to=script.url) as hub:
        script.answer = http(
            page,
            "Content-Type: application/xml; charset=windows-1251",
            "Set-Cookie: PHPSESSID=abc; path=/; HttpOnly",
            "Set-Cookie: BITRIX_SM_LOGIN=x",
            status="201 Well Done",
        )
        answer = await ask(hub, f"type={kind}&mode={mode}", method="POST")

        assert (201, page) == (answer.status, answer.body)
        assert "application/xml; charset=windows-1251" == answer.headers["content-type"]
        assert ("shop", "now") == (answer.headers["server"], answer.headers["date"])
        assert [f"POST /bitrix/admin/1c_exchange.php?type={kind}&mode={mode} HTTP/1.1"] == [
            each.line for each in script.seen
        ]


async def test_every_cookie_of_the_shop_comes_back_by_itself(tmp_path):
    async with Script() as script, Hub(tmp_path, pass_to=script.url) as hub:
        script.answer = http(b"success\n", "Set-Cookie: a=1; path=/", "Set-Cookie: b=2")
        host, port = hub.url.split("/")[2].split(":")
        reader, writer = await asyncio.open_connection(host, int(port))
        path = hub.url.partition(hub.url.split("/")[2])[2]
        writer.write(f"GET {path}?type=catalog HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n".encode())
        told = await reader.read()
        writer.close()

        assert [b"Set-Cookie: a=1; path=/", b"Set-Cookie: b=2"] == [
            line for line in told.split(b"\r\n") if line.startswith(b"Set-Cookie")
        ]


@pytest.mark.parametrize("pack", ["gzip", "deflate", "bare", "unknown"])
async def test_a_packed_answer_stays_packed_and_is_understood(tmp_path, pack):
    bare = zlib.compressobj(wbits=-15)
    packed = {
        "gzip": gzip.compress(LOGIN),
        "deflate": zlib.compress(LOGIN),
        "bare": bare.compress(LOGIN) + bare.flush(),
        "unknown": b"\x1b\x02secret",
    }[pack]
    coding = {"bare": "deflate", "unknown": "br"}.get(pack, pack)
    async with Script() as script, Hub(tmp_path, pass_to=script.url) as hub:
        script.answer = http(packed, f"Content-Encoding: {coding}")
        answer = await ask(hub, "type=catalog&mode=checkauth")
        known = list((tmp_path / "onec").glob("sessions/*/session.json"))

        assert (packed, coding) == (answer.body, answer.headers["content-encoding"])
        assert (0 if pack == "unknown" else 1) == len(known)


async def test_an_answer_that_breaks_off_is_broken_for_1c_too(tmp_path):
    async with Script() as script, Hub(tmp_path, pass_to=script.url, pass_timeout_s=0.2) as hub:
        page = b"<x/>" * 100_000
        script.answer = http(page)[:-1000]

        with pytest.raises(LineBroken):
            await ask(hub, "type=sale&mode=query")


async def test_orders_leave_only_their_mode_and_the_verdict_in_the_log(tmp_path):
    person = "Иванов, +7 900 000-00-00".encode("cp1251")
    async with Script() as script, Hub(tmp_path, pass_to=script.url) as hub:
        for words in (b"success\n" + person, b"<doc>" + person, person):
            script.answer = http(words)
            await ask(hub, "type=sale&mode=query&sessid=0123456789&phone=900")

        assert [("sale.query", "GET sale.query", 200)] * 3 == [
            (each.what, each.request, each.status) for each in hub.log
        ]
        assert ["success", "(29 bytes)", "(24 bytes)"] == [each.answer for each in hub.log]


async def test_no_secret_reaches_the_log(tmp_path, caplog):
    caplog.set_level("DEBUG")
    async with Script() as script, Hub(tmp_path, pass_to=script.url) as hub:
        script.answer = http(LOGIN)
        await ask(hub, "type=catalog&mode=checkauth")
        script.answer = http(b"zip=no\nfile_limit=1000\nsessid=0123456789\n")
        await ask(hub, "type=catalog&mode=init&sessid=0123456789")
        script.answer = http(b"success\n")
        await ask(hub, "type=catalog&mode=file&filename=../x.xml&sessid=0123456789", b"<x/>")
        shown = caplog.text + repr(hub.log)

        assert ["catalog.checkauth", "catalog.init", "copy.file ../x.xml", "catalog.file ../x.xml"] == [
            each.what for each in hub.log
        ]
        assert [] == [
            secret for secret in ("abc", "0123456789", HEADERS["Authorization"][6:]) if secret in shown
        ]


async def test_a_name_that_leads_outside_is_the_shops_business_and_writes_nothing_here(tmp_path):
    async with Script() as script, Hub(tmp_path / "inside", pass_to=script.url) as hub:
        script.answer = http(LOGIN)
        await ask(hub, "type=catalog&mode=checkauth")
        script.answer = http(b"success\n")
        await ask(hub, "type=catalog&mode=file&filename=../../../outside.xml", b"<x/>")
        answer = await ask(hub, "type=catalog&mode=import&filename=../../../outside.xml")

        assert b"success\n" == answer.body
        assert ["session.json"] == [path.name for path in tmp_path.rglob("*") if path.is_file()]
        assert [] == hub.intake.envelopes


async def test_a_piece_the_shop_doubted_is_kept_once(tmp_path):
    whole = "<КоммерческаяИнформация ВерсияСхемы='2.09'/>".encode()
    async with Script() as script, Hub(tmp_path, pass_to=script.url) as hub:
        script.answer = http(LOGIN)
        await ask(hub, "type=catalog&mode=checkauth")
        for words in (b"failure\nno", b"success\n"):
            script.answer = http(words)
            await ask(hub, "type=catalog&mode=file&filename=import.xml", whole)
        for words in (b"progress\n1", b"progress\n2", b"success\n", b"success\n"):
            assert {} == hub.stored() or words == b"success\n"
            script.answer = http(words)
            await ask(hub, "type=catalog&mode=import&filename=import.xml")

        assert {"import.xml": whole} == hub.stored()


async def test_a_file_with_a_hole_is_not_kept_until_the_exchange_begins_anew(tmp_path):
    pieces = (b"<a>", b"1", b"2", b"</a>")
    async with Script() as script, Hub(tmp_path, pass_to=script.url) as hub:
        script.answer = http(LOGIN)
        await ask(hub, "type=catalog&mode=checkauth")
        (session,) = (tmp_path / "onec" / "sessions").iterdir()
        script.answer = http(b"success\n")
        for number, piece in enumerate(pieces):
            if number == 1:
                (session / "parts").rmdir()
                (session / "parts").write_bytes(b"the disk is gone")
            if number == 2:
                (session / "parts").unlink()
            await ask(hub, "type=catalog&mode=file&filename=a.xml", piece)
        kept = list(session.rglob("a.xml"))
        await ask(hub, "type=catalog&mode=import&filename=a.xml")

        script.answer = http(b"zip=no\nfile_limit=9\n")
        await ask(hub, "type=catalog&mode=init")
        script.answer = http(b"success\n")
        for piece in pieces:
            await ask(hub, "type=catalog&mode=file&filename=a.xml", piece)

        assert [] == kept
        assert 2 == len([each for each in hub.log if each.error])
        assert [b"".join(pieces)] == [path.read_bytes() for path in session.rglob("a.xml")]


async def test_copies_of_exchanges_long_over_are_cleared_away(tmp_path):
    async with Script() as script, Hub(tmp_path, pass_to=script.url) as hub:
        script.answer = http(LOGIN)
        await ask(hub, "type=catalog&mode=checkauth")
        script.answer = http(b"success\n")
        await ask(hub, "type=catalog&mode=file&filename=import.xml", b"<x/>")
        kept = list(tmp_path.rglob("import.xml"))
        hub.clock.now += 7 * 3600
        await hub.connection.tidy()

        assert 1 == len(kept)
        assert [] == [path for path in tmp_path.rglob("*") if path.is_file()]


async def test_memory_stays_small_while_a_large_body_passes(tmp_path):
    size = 48 * 1024 * 1024
    got = 0

    async def swallow(reader, writer):
        nonlocal got
        await reader.readuntil(b"\r\n\r\n")
        while got < size:
            got += len(await reader.read(1 << 16))
        writer.write(http(b"success\n"))
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(swallow, "127.0.0.1", 0)
    address = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/x.php"
    async with server, Hub(tmp_path, pass_to=address) as hub:
        host, port = hub.url.split("/")[2].split(":")
        reader, writer = await asyncio.open_connection(host, int(port))
        writer.write(
            f"POST /bitrix/admin/1c_exchange.php?type=catalog&mode=file&filename=a HTTP/1.1\r\n"
            f"Host: x\r\nContent-Length: {size}\r\nConnection: close\r\n\r\n".encode()
        )
        block = bytes(1 << 16)
        tracemalloc.start()
        try:
            for _ in range(size // len(block)):
                writer.write(block)
                await writer.drain()
            told = await reader.read()
            _, peak = tracemalloc.get_traced_memory()
        finally:
            tracemalloc.stop()
            writer.close()

    assert told.endswith(b"success\n")
    assert size == got
    assert peak < 8 * 1024 * 1024
