import asyncio
import ssl

import pytest
from aiohttp import web
from open_shop import FreeBudget, ScriptedFaults, make_step, opened

from obmen.connectors.bitrix.client import BATCH, Command, Reply, Rest, command_line, error_of, portions
from obmen.connectors.bitrix.sandbox import Setup
from obmen.connectors.bitrix.sandbox.params import from_query
from obmen.connectors.contract import Ports
from obmen.connectors.transport import Transport
from obmen.errors import (
    AuthFailed,
    ConfigError,
    RateLimited,
    Rejected,
    Transient,
    UnknownOutcome,
)

SECRET = "c4n4ry-in-the-path"


@pytest.fixture
async def world(tmp_path):
    async with opened(tmp_path) as world:
        yield world


@pytest.fixture
def rest(world):
    return world.connection._rest


@pytest.fixture
async def serve(tmp_path):
    """Serve one handler on a loopback port and return a REST client of it with its log."""
    runners, transports = [], []

    async def start(handler, **options):
        app = web.Application()
        app.router.add_route("*", "/{tail:.*}", handler)
        runner = web.AppRunner(app, shutdown_timeout=0.1)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        runners.append(runner)
        log = []
        ports = Ports(budget=FreeBudget(), log=log.append, now=lambda: 0.0, spool=tmp_path)
        base = f"http://127.0.0.1:{runner.addresses[0][1]}"
        transport = Transport(ports=ports, connection="shop", base=base, secrets=(SECRET,), **options)
        transports.append(transport)
        return Rest(transport=transport, ports=ports, user=7, secret=SECRET), log, ports

    yield start
    for transport in transports:
        await transport.close()
    for runner in runners:
        await runner.cleanup()


def test_a_command_line_survives_the_journey_through_php():
    params = {"id": 5, "fields": {"name": "Болт & «гайка» 50% + #1", "property12": [{"value": "а=б"}]}}

    assert from_query(command_line(Command("x", params)).partition("?")[2]) == {
        "id": "5",
        "fields": {"name": "Болт & «гайка» 50% + #1", "property12": [{"value": "а=б"}]},
    }


def test_writes_are_cut_by_number_and_by_size():
    small = [Command("x", {"n": n}) for n in range(7)]
    large = [Command("x", {"text": "я" * 200_000}) for _ in range(3)]

    assert [len(portion) for portion in portions(small, lambda one: one, count=3)] == [3, 3, 1]
    assert [len(portion) for portion in portions(large, lambda one: one, count=50)] == [1, 1, 1]


async def test_each_command_of_a_batch_gets_its_own_end(rest):
    replies = await rest.batch(
        [
            Command("catalog.section.add", {"fields": {"iblockId": 14, "name": "Обувь"}}),
            Command("catalog.section.add", {"fields": {"iblockId": 14}}),
            Command("catalog.no.such", {}),
            Command("catalog.section.list", {"filter": {"iblockId": 999}}),
        ],
        writes=True,
    )

    assert [Reply, Rejected, ConfigError, Reply] == [type(reply) for reply in replies]
    assert replies[3].rows == []


async def test_more_than_fifty_commands_are_never_sent_in_one_batch(world, rest):
    with pytest.raises(ValueError, match="50"):
        await rest.batch([Command("server.time", {})] * (BATCH + 1))

    assert world.budget.calls == 0


async def test_lists_longer_than_a_page_are_completed(world, rest):
    for start in (0, 50, 100):
        steps = [make_step("product", record=n, name=f"Болт М{n}") for n in range(start, start + 50)]
        await world.connection.push(steps)
    (reply,) = await rest.read(
        [Command("catalog.product.list", {"select": ["id", "iblockId"], "filter": {"iblockId": 14}})]
    )

    assert len({row["id"] for row in reply.rows}) == 150


@pytest.mark.parametrize(
    ("setup", "expected"),
    [
        (Setup(https_required=True), ConfigError),
        (Setup(scopes=()), AuthFailed),
        (Setup(catalog_right="D"), AuthFailed),
        (Setup(rate_limit=(0, 0.001)), RateLimited),
    ],
)
async def test_refusals_of_the_whole_call_are_told_apart(tmp_path, setup, expected):
    async with opened(tmp_path, setup) as world:
        with pytest.raises(expected):
            await world.connection._rest.call("catalog.catalog.list")


async def test_a_request_to_slow_down_freezes_the_budget(tmp_path):
    async with opened(tmp_path, Setup(rate_limit=(0, 0.001))) as world:
        with pytest.raises(RateLimited):
            await world.connection._rest.call("catalog.catalog.list")

        assert world.budget.frozen == [2.0]


async def test_a_wrong_secret_is_an_access_error_without_the_secret(tmp_path):
    async with opened(tmp_path) as world:
        world.shop.state.setup = Setup(webhook_secret="changed")
        with pytest.raises(AuthFailed) as caught:
            await world.connection._rest.call("scope")

    assert "s4ndb0xw3bh00k00" not in f"{caught.value} {caught.value.detail}"


@pytest.mark.parametrize("fault", ["error", "lost_answer", "late_effect"])
async def test_a_write_without_an_answer_is_unknown_and_a_read_is_asked_again(world, rest, fault):
    world.shop.faults = ScriptedFaults([fault, fault])
    with pytest.raises(UnknownOutcome):
        await rest.call("catalog.section.add", {"fields": {"iblockId": 14, "name": "Обувь"}}, writes=True)
    with pytest.raises(Transient):
        await rest.call("catalog.section.list")
    await world.shop.stop()


async def test_the_proxy_in_front_saying_503_did_nothing(world, rest):
    world.shop.faults = ScriptedFaults(["unavailable"])
    with pytest.raises(RateLimited):
        await rest.call("catalog.section.add", {"fields": {"iblockId": 14, "name": "Обувь"}}, writes=True)


async def test_an_answer_that_never_comes_is_given_up(serve):
    async def sleep(_):
        await asyncio.sleep(5)

    rest, log, _ = await serve(sleep, timeout_s=0.1)
    with pytest.raises(UnknownOutcome) as caught:
        await rest.call("catalog.product.add", writes=True)

    assert log[0].error == "network.no_answer"
    assert SECRET not in repr(caught.value) + caught.value.detail + str(log)


async def test_redirects_are_not_followed_and_named(serve):
    async def move(_):
        raise web.HTTPFound("https://www.shop.example/rest/7/secret/scope")

    rest, _, _ = await serve(move)
    with pytest.raises(ConfigError, match=r"https://www\.shop\.example") as caught:
        await rest.call("scope")

    assert "/rest/" not in str(caught.value)


async def test_a_page_of_php_instead_of_data_is_not_taken_for_success(serve):
    async def warn(_):
        return web.Response(text="<br />\n<b>Warning</b>: mysqli_query()", content_type="text/html")

    rest, _, _ = await serve(warn)
    with pytest.raises(UnknownOutcome):
        await rest.call("catalog.product.add", writes=True)


async def test_a_command_the_batch_is_silent_about_is_unknown(serve):
    async def answer(_):
        return web.json_response({"result": {"result": [], "result_error": []}})

    rest, _, _ = await serve(answer)

    assert [UnknownOutcome] == [type(one) for one in await rest.batch([Command("catalog.price.add", {})])]


async def test_the_exchange_log_shows_the_call_and_never_the_secret(serve):
    async def answer(request):
        return web.json_response({"result": {"path": request.path, "password": SECRET}})

    rest, log, ports = await serve(answer)
    await rest.call("scope", {"hello": SECRET})

    assert (log[0].direction, log[0].what, log[0].status) == ("out", "scope", 200)
    assert SECRET not in str(log)
    assert ports.budget.calls == 1


def test_the_secret_goes_nowhere_when_the_shop_is_down(tmp_path):
    async def ask():
        ports = Ports(budget=FreeBudget(), log=print, now=lambda: 0.0, spool=tmp_path)
        transport = Transport(ports=ports, connection="shop", base="http://127.0.0.1:9", secrets=(SECRET,))
        try:
            with pytest.raises(Transient) as caught:
                await Rest(transport=transport, ports=ports, user=7, secret=SECRET).call("x", writes=True)
        finally:
            await transport.close()
        return caught.value

    error = asyncio.run(ask())
    assert error.__cause__ is None
    assert SECRET not in f"{error} {error.detail}"


@pytest.mark.parametrize(
    "address",
    [
        "http://169.254.169.254",
        "https://[fe80::1]",
        "https://100.100.100.200",
        "https://metadata.google.internal",
        "http://8.8.8.8",
        "ftp://shop.example",
        "https://user:password@shop.example",
        "shop.example",
    ],
)
def test_addresses_no_shop_lives_at_are_refused_before_anything_is_sent(tmp_path, address):
    ports = Ports(budget=FreeBudget(), log=print, now=lambda: 0.0, spool=tmp_path)
    with pytest.raises(ConfigError) as caught:
        Transport(ports=ports, connection="shop", base=address)

    assert "password" not in str(caught.value)


async def test_a_proxy_carries_the_calls(tmp_path):
    seen = []

    async def carry(request):
        seen.append(request.url.host or request.raw_path)
        return web.json_response({"result": ["catalog"]})

    server = web.ServerRunner(web.Server(carry), shutdown_timeout=0.1)
    await server.setup()
    await web.TCPSite(server, "127.0.0.1", 0).start()
    ports = Ports(budget=FreeBudget(), log=lambda _: None, now=lambda: 0.0, spool=tmp_path)
    proxy = f"http://127.0.0.1:{server.addresses[0][1]}"
    transport = Transport(ports=ports, connection="shop", base="http://10.0.0.7", proxy=proxy)
    try:
        reply = await Rest(transport=transport, ports=ports, user=7, secret=SECRET).call("scope")
    finally:
        await transport.close()
        await server.cleanup()

    assert (reply.result, seen) == (["catalog"], ["10.0.0.7"])


@pytest.mark.parametrize("scheme", ["http", "socks5"])
async def test_a_proxy_that_is_down_means_nothing_was_sent(tmp_path, scheme):
    ports = Ports(budget=FreeBudget(), log=lambda _: None, now=lambda: 0.0, spool=tmp_path)
    proxy = f"{scheme}://127.0.0.1:9"
    transport = Transport(ports=ports, connection="shop", base="http://10.0.0.7", proxy=proxy)
    try:
        with pytest.raises(Transient):
            await transport.send("POST", "/rest/", what="x")
    finally:
        await transport.close()


async def test_certificates_are_verified_and_an_own_authority_is_read_from_a_file(tmp_path):
    ports = Ports(budget=FreeBudget(), log=print, now=lambda: 0.0, spool=tmp_path)
    transport = Transport(
        ports=ports, connection="shop", base="https://127.0.0.1:9", ca_file=str(tmp_path / "absent.pem")
    )
    with pytest.raises(ConfigError, match=r"absent\.pem"):
        await transport.send("GET", "/", what="x")
    await transport.close()

    assert ssl.create_default_context().verify_mode == ssl.CERT_REQUIRED


@pytest.mark.parametrize(
    ("code", "status", "expected"),
    [
        (0, 400, Rejected),
        ("0", 400, Rejected),
        (200040300010, 400, AuthFailed),
        (200040300040, 400, AuthFailed),
        (200040500010, 400, Rejected),
        ("OPERATION_TIME_LIMIT", 429, RateLimited),
        ("OVERLOAD_LIMIT", 503, RateLimited),
        ("PORTAL_DELETED", 500, Transient),
        ("INTERNAL_SERVER_ERROR", 500, UnknownOutcome),
        ("insufficient_scope", 403, AuthFailed),
    ],
)
def test_every_code_of_the_shop_has_its_consequence(code, status, expected):
    error = error_of("catalog.product.add", {"error": code, "error_description": "said"}, status)

    assert isinstance(error, expected)
    assert error.en
    assert error.ru
