"""The door of the simulated account: keys, scopes, shops, limits, and how it fails."""

import aiohttp
import pytest

from obmen.cli.sandbox import SIMULATORS, _simulator
from obmen.connectors.retailcrm.sandbox import API_KEY, SCOPES, Crm, Key
from obmen.sandbox.app import FAULT_HEADER
from obmen.sandbox.faults import Dials


async def _answer(http, crm, path, **request):
    async with http.get(f"{crm.url}{path}", **request) as answer:
        return answer.status, await answer.text()


async def test_a_key_is_taken_from_the_header_or_from_the_parameter(http, crm):
    by_header = await _answer(http, crm, "/api/v5/orders", headers={"X-API-KEY": API_KEY})
    by_parameter = await _answer(http, crm, f"/api/v5/orders?apiKey={API_KEY}")
    async with http.post(f"{crm.url}/api/v5/orders/create", data={"apiKey": API_KEY}) as answer:
        posted = await answer.json()

    assert (200, 200) == (by_header[0], by_parameter[0])
    assert "Parameter 'order' is missing" == posted["errorMsg"]


@pytest.mark.parametrize(
    ("headers", "status", "said"),
    [({}, 400, '"apiKey" is missing.'), ({"X-API-KEY": "guessed"}, 403, 'Wrong "apiKey" value.')],
)
async def test_without_the_right_key_nothing_is_told(api, headers, status, said):
    api.headers = headers
    body = await api.get("orders", expect=status)

    assert {"success": False, "errorMsg": said} == body


async def test_an_account_nobody_has_answers_in_html(http, crm):
    crm.act("configure", exists=False)
    status, text = await _answer(http, crm, "/api/v5/orders", headers={"X-API-KEY": API_KEY})

    assert 405 == status
    assert text.startswith("<")


async def test_methods_without_a_version_tell_versions_and_rights(http, open_crm):
    few = Key(key="few", scopes=("order_read",), sites=("kz",))
    crm = await open_crm(keys=(few,))
    headers = {"X-API-KEY": "few"}
    async with http.get(f"{crm.url}/api/credentials", headers=headers) as answer:
        rights = await answer.json()
    async with http.get(f"{crm.url}/api/api-versions", headers=headers) as answer:
        versions = await answer.json()

    assert (["order_read"], "access_selective", ["kz"]) == (
        rights["scopes"],
        rights["siteAccess"],
        rights["sitesAvailable"],
    )
    assert "5.0" in versions["versions"]


async def test_a_scope_the_key_lacks_is_refused(api_to, open_crm):
    crm = await open_crm(keys=(Key(key="reader", scopes=("order_read",)),))
    reader = api_to(crm, "reader")
    await reader.get("orders")

    assert "Access denied." == (await reader.get("customers", expect=403))["errorMsg"]
    assert "Access denied." == (await reader.post("orders/create", expect=403, order={}))["errorMsg"]


async def test_a_key_of_one_shop_sees_no_other(api_to, open_crm):
    keys = (Key(key="all", scopes=SCOPES), Key(key="kz", scopes=SCOPES, sites=("kz",)))
    crm = await open_crm(keys=keys)
    whole, part = api_to(crm, "all"), api_to(crm, "kz")
    made = await whole.order(externalId="1")
    await part.get(f"orders/{made['id']}", expect=404, by="id")
    await part.post("orders/create", expect=403, site="main", order={})
    own = await part.post("orders/create", expect=201, order={"externalId": "1"})

    assert ["kz"] == [order["site"] for order in (await part.get("orders"))["orders"]]
    assert "KZT" == own["order"]["currency"]
    assert {"kz"} == {record["order"]["site"] for record in await part.history()}


async def test_a_shop_must_be_named_where_the_key_sees_several(api):
    body = await api.post("orders/create", expect=400, order={"externalId": "1"})

    assert {"site": "This value should not be blank."} == body["errors"]


async def test_unknown_methods_and_wrong_verbs_are_told_apart(api):
    assert "API method not found" == (await api.get("orders/weather/today/now", expect=404))["errorMsg"]
    assert "Method Not Allowed" == (await api.post("orders", expect=405))["errorMsg"]


async def test_the_eleventh_request_of_a_second_is_refused_and_counted(api_to, open_crm, clock):
    crm = await open_crm(rate_limit=(10, 10.0))
    api = api_to(crm)
    for _ in range(10):
        await api.get("orders")
    refused = await api.get("orders", expect=503)
    clock.advance(0.1)
    await api.get("orders")

    assert refused["success"] is False
    assert 1 == crm.counts()["over_limit"]


async def test_each_key_has_a_limit_of_its_own(api_to, open_crm):
    keys = (Key(key="one", scopes=SCOPES), Key(key="two", scopes=SCOPES))
    crm = await open_crm(rate_limit=(1, 1.0), keys=keys)
    await api_to(crm, "one").get("orders")
    await api_to(crm, "two").get("orders")
    await api_to(crm, "one").get("orders", expect=503)

    assert 1 == crm.counts()["over_limit"]


@pytest.mark.parametrize(("fault", "status"), [("error", 500), ("unavailable", 503)])
async def test_the_web_server_in_front_fails_in_html(http, crm, fault, status):
    answered = await _answer(http, crm, "/api/v5/orders", headers={FAULT_HEADER: fault})

    assert status == answered[0]
    assert answered[1].startswith("<")


async def test_an_answer_is_lost_after_the_order_is_made(api, crm):
    with pytest.raises(aiohttp.ClientError):
        await api.post(
            "orders/create", headers={FAULT_HEADER: "lost_answer"}, site="main", order={"externalId": "7"}
        )
    found = await api.get("orders/7", site="main")
    twice = await api.post("orders/create", expect=400, site="main", order={"externalId": "7"})

    assert "7" == found["order"]["externalId"]
    assert "Order already exists." == twice["errorMsg"]
    assert (1, {}) == (crm.counts()["orders"], crm.counts()["order_doubles"])


async def test_an_order_lands_after_its_gateway_time_out(http, api, crm):
    crm.faults.dials = Dials(late_s=0.01)
    url, form = f"{crm.url}/api/v5/orders/create", {"site": "main", "order": '{"externalId": "7"}'}
    async with http.post(url, data=form, headers=api.headers | {FAULT_HEADER: "late_effect"}) as answer:
        assert 504 == answer.status
        assert 0 == crm.counts()["orders"]
    await crm.settle()

    assert 1 == crm.counts()["orders"]


async def test_the_ledger_names_methods_and_neither_ids_nor_keys(api, crm):
    await api.order(externalId="secret-77")
    await api.get("orders/secret-77", site="main")
    await api.get("orders/unknown", expect=404)
    asked = [(each.what, each.ok, each.code) for each in crm.ledger.asked]

    assert [
        ("orders/create", True, ""),
        ("orders/{id}", True, ""),
        ("orders/{id}", False, "404"),
    ] == asked
    assert {"orders/create": 1, "orders/{id}": 2} == crm.counts()["requests"]


async def test_a_form_may_come_in_parts_and_external_ids_may_hold_a_slash(http, api, crm):
    form = aiohttp.FormData()
    form.add_field("order", '{"externalId": "17/А#3"}', content_type="text/plain")
    form.add_field("site", "main")
    async with http.post(f"{crm.url}/api/v5/orders/create", data=form, headers=api.headers) as answer:
        assert 201 == answer.status
    url = f"{crm.url}/api/v5/orders/17%2F%D0%90%233?site=main"
    async with http.get(aiohttp.client.URL(url, encoded=True), headers=api.headers) as answer:
        found = await answer.json()

    assert "17/А#3" == found["order"]["externalId"]


@pytest.mark.parametrize(
    ("sent", "said"),
    [
        ("{broken", "Parameter 'order' is not valid JSON"),
        ("null", "Expected array, but got NULL: null"),
        ('"text"', 'Expected array, but got str: "text"'),
    ],
)
async def test_a_malformed_part_is_refused_by_name(api, sent, said):
    assert said == (await api.post("orders/create", expect=400, site="main", order=sent))["errorMsg"]


async def test_settings_tell_the_time_zone_and_moments_are_in_it(api):
    settings = (await api.get("settings"))["settings"]
    made = await api.order(externalId="1")

    assert "Europe/Moscow" == settings["timezone"]["value"]
    assert "2026-02-01 00:30:00" == made["createdAt"]


async def test_staff_and_modules_are_told(api, crm):
    users = (await api.get("users", **{"filter[active]": "1"}))["users"]
    module = {"code": "obmen-1", "integrationCode": "obmen", "name": "Obmen", "clientId": "1"}
    await api.get("integration-modules/obmen-1", expect=404)
    made = await api.post("integration-modules/obmen-1/edit", integrationModule=module)
    read = await api.get("integration-modules/obmen-1")

    assert ["Кузьмина", "Рябов"] == [user["lastName"] for user in users]
    assert [] == made["info"]
    assert (True, "Obmen") == (read["integrationModule"]["active"], read["integrationModule"]["name"])


def test_the_command_line_starts_it():
    assert "retailcrm" in SIMULATORS
    assert isinstance(_simulator("retailcrm", 17, "lost_answer=0.1"), Crm)


async def test_a_simulator_says_what_a_client_needs(http, crm):
    async with http.get(f"{crm.url}/sandbox/ready") as answer:
        ready = await answer.json()

    assert {"name": "retailcrm", "url": crm.url, "api_key": API_KEY} == ready
