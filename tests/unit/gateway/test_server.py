"""The gateway: paths, addresses, health; nothing of a vendor."""

import asyncio
import io
import logging
import socket
from contextlib import asynccontextmanager

import aiohttp
import pytest
from aiohttp import web

from obmen.errors import ConfigError
from obmen.gateway import Entrance, Gateway, networks


class Echo:
    def __init__(self, *routes):
        self.routes = routes or ("/door",)

    async def receive(self, request, intake):
        size = 0
        async for block in request.content.iter_any():
            size += len(block)
        return web.Response(text=f"{self.routes[0]} {request.method} {size} {intake}")


@asynccontextmanager
async def running(*entrances, **options):
    gateway = Gateway(entrances, "intake", **options)
    port = await gateway.start("127.0.0.1", 0)
    try:
        yield f"http://127.0.0.1:{port}"
    finally:
        await gateway.stop()


async def ask(url, method="GET", **options):
    async with aiohttp.ClientSession() as session, session.request(method, url, **options) as answer:
        return answer.status, await answer.text()


def entrance(receiver=None, *, name="erp", allow=()):
    return Entrance(connection=name, receiver=receiver or Echo(), allow_from=networks(allow))


async def test_each_path_leads_to_its_connection_by_any_method():
    one, two = entrance(Echo("/one", "/uno"), name="one"), entrance(Echo("/two"), name="two")
    async with running(one, two) as url:
        assert await ask(f"{url}/uno?x=1") == (200, "/one GET 0 intake")
        assert await ask(f"{url}/two", "POST", data=b"body") == (200, "/two POST 4 intake")
        assert (await ask(f"{url}/three"))[0] == 404


@pytest.mark.parametrize("turns", range(3, 7))
async def test_a_line_that_is_just_being_accepted_does_not_hold_up_the_stop(turns):
    """Otherwise aiohttp waits out its whole time for a line that comes between its last looks (turn 3 on CPython 3.11)."""
    gateway = Gateway([entrance()], "intake")
    port = await gateway.start("127.0.0.1", 0)
    with socket.create_connection(("127.0.0.1", port)):
        for _ in range(turns):
            await asyncio.sleep(0)
        async with asyncio.timeout(20):  # it is 30 s that would be waited
            await gateway.stop()


async def test_a_body_of_any_size_is_a_stream():
    async with running(entrance()) as url:
        assert await ask(f"{url}/door", "POST", data=io.BytesIO(b"x" * 5_000_000)) == (
            200,
            "/door POST 5000000 intake",
        )


async def test_health_needs_no_connection():
    async with running() as url:
        assert await ask(f"{url}/health") == (200, '{"status": "ok"}')


async def test_a_foreign_address_is_turned_away_with_a_sentence_in_both_languages():
    async with running(entrance(allow=["10.0.0.0/8"])) as url:
        status, text = await ask(f"{url}/door")

        assert status == 403
        assert "127.0.0.1: this address may not call here." in text
        assert "Этому адресу сюда обращаться нельзя." in text


async def test_an_allowed_address_comes_in():
    async with running(entrance(allow=["127.0.0.1"])) as url:
        assert (await ask(f"{url}/door"))[0] == 200


FORWARDED = {"X-Forwarded-For": "10.1.1.1"}


async def test_forwarded_addresses_are_believed_from_trusted_proxies_only():
    door = entrance(allow=["10.0.0.0/8"])
    async with running(door) as url:
        assert (await ask(f"{url}/door", headers=FORWARDED))[0] == 403
    async with running(door, trusted_proxies=networks(["127.0.0.1"])) as url:
        assert (await ask(f"{url}/door", headers=FORWARDED))[0] == 200


async def test_a_caller_cannot_forge_an_address_in_front_of_the_proxy():
    forged = {"X-Forwarded-For": "10.1.1.1, 203.0.113.9"}
    async with running(entrance(allow=["10.0.0.0/8"]), trusted_proxies=networks(["127.0.0.1"])) as url:
        status, text = await ask(f"{url}/door", headers=forged)

    assert status == 403
    assert text.startswith("203.0.113.9")


async def test_an_unreadable_forwarded_address_is_nobody():
    async with running(entrance(allow=["10.0.0.0/8"]), trusted_proxies=networks(["127.0.0.1"])) as url:
        assert (await ask(f"{url}/door", headers={"X-Forwarded-For": "unknown"}))[0] == 403


async def test_a_body_that_announces_too_much_is_turned_away_before_it_is_sent():
    async with running(entrance()) as url:
        reader, writer = await asyncio.open_connection("127.0.0.1", int(url.rpartition(":")[2]))
        writer.write(b"POST /door HTTP/1.1\r\nHost: a\r\nContent-Length: 9999999999999\r\n\r\n")
        line = await reader.readline()
        writer.close()

    assert line.startswith(b"HTTP/1.1 413 ")


async def test_the_log_holds_paths_and_no_queries(caplog):
    caplog.set_level(logging.INFO, "obmen.gateway")
    async with running(entrance()) as url:
        await ask(f"{url}/door?sessid=secret")

    (line,) = caplog.records
    assert "127.0.0.1 GET /door 200" in line.getMessage()
    assert "secret" not in line.getMessage()
    assert line.connection == "erp"


def test_two_connections_at_one_path_are_refused_by_name():
    with pytest.raises(ConfigError) as caught:
        Gateway([entrance(name="one"), entrance(name="two")], None)

    assert caught.value.code == "gateway.same_path"
    assert "one" in caught.value.ru
    assert "two" in caught.value.ru


@pytest.mark.parametrize("path", ["/health", "door", "/a/{b}"])
def test_unusable_paths_are_refused(path):
    with pytest.raises(ConfigError):
        Gateway([entrance(Echo(path))], None)


def test_networks_are_written_as_people_write_them():
    assert [str(each) for each in networks(["10.0.0.5", "10.1.2.3/8", "::1"])] == [
        "10.0.0.5/32",
        "10.0.0.0/8",
        "::1/128",
    ]
    with pytest.raises(ConfigError) as caught:
        networks(["10.0.0.300"])
    assert "10.0.0.300" in caught.value.en
