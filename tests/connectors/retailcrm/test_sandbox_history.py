"""The histories of the simulated account: what is told of every write, to whom, and in which order."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from obmen.connectors.retailcrm.sandbox import OTHER_KEY, Crm
from obmen.connectors.retailcrm.sandbox.orders.recording import snapshot

LINE = {"offer": {"externalId": "202"}, "quantity": 1, "externalIds": [{"code": "b", "value": "1"}]}


@pytest.fixture(autouse=True)
def _stocked(goods):
    """Every test has goods to order."""


@pytest.fixture
async def order(api):
    return await api.order(
        externalId="17", items=[LINE], payments=[{"type": "cash", "externalId": "17-1"}], managerId=20
    )


def _told(records):
    return [(record["source"], record["field"], record["oldValue"], record["newValue"]) for record in records]


async def test_a_new_order_is_told_in_full_and_its_payments_ids_after_it(api, order):
    first, second = await api.history()

    assert (True, "api", {"current": True}) == (first["created"], first["source"], first["apiKey"])
    assert ("status", None, {"code": "new"}) == (first["field"], first["oldValue"], first["newValue"])
    assert (order["items"], 20) == (first["order"]["items"], first["order"]["managerId"])
    assert order["payments"] == first["order"]["payments"]  # a list here, as recorded answers have it
    assert ("payments.external_id", None, "17-1") == (
        second["field"],
        second["oldValue"],
        second["newValue"],
    )
    assert {
        "id": order["id"],
        "externalId": "17",
        "managerId": 20,
        "site": "main",
        "status": "new",
    } == second["order"]
    assert {"id", "type", "externalId"} == set(second["payment"])


async def test_a_key_knows_its_own_echo_and_not_that_of_others(api, api_to, crm, order):
    other = api_to(crm, OTHER_KEY)

    assert {True} == {record["apiKey"]["current"] for record in await api.history()}
    assert {False} == {record["apiKey"]["current"] for record in await other.history()}


async def test_every_field_of_a_save_is_told_the_status_first(api, crm, order):
    last = crm.state.journal.last_id("order")
    await api.edit(
        order["id"],
        status="client-confirmed",
        managerComment="позвонить",
        delivery={"code": "courier", "cost": 350, "time": {"from": "09:00", "to": "13:00"}},
        items=[LINE | {"quantity": 4}],
    )
    records = await api.history(last)

    assert [
        ("api", "status", {"code": "new"}, {"code": "client-confirmed"}),
        ("api", "delivery_cost", None, 350),
        ("api", "delivery_time", None, {"from": "09:00", "to": "13:00"}),
        ("api", "delivery_type", None, {"code": "courier"}),
        ("api", "manager_comment", None, "позвонить"),
        ("api", "order_product.quantity", 1, 4),
        ("api", "order_product.summ", 100, 400),
    ] == _told(records)
    assert {"id", "offer", "externalIds"} == set(records[-1]["item"])
    assert {"client-confirmed"} == {record["order"]["status"] for record in records}


async def test_a_save_that_changes_nothing_is_not_told(api, crm, order):
    last = crm.state.journal.last_id("order")
    await api.edit(order["id"], status="new", items=[LINE])

    assert [] == await api.history(last)


async def test_lines_and_payments_that_come_and_go_are_one_record_each(api, crm, order):
    last = crm.state.journal.last_id("order")
    boots = {"offer": {"externalId": "201"}, "quantity": 2}
    crm.act("edit_lines", order=order["id"], add=[{"offer": "201", "quantity": 2}])
    crm.act("edit_lines", order=order["id"], remove=[order["items"][0]["id"]])
    crm.act("delete_payment", payment=order["payments"][0]["id"])
    came, went, unpaid = await api.history(last)

    assert ("order_product", None, boots["offer"]["externalId"], 2) == (
        came["field"],
        came["oldValue"],
        came["newValue"]["offer"]["externalId"],
        came["item"]["quantity"],
    )
    assert ("order_product", None, order["items"][0]["id"]) == (
        went["field"],
        went["newValue"],
        went["oldValue"]["id"],
    )
    assert ("payments", None, "cash") == (unpaid["field"], unpaid["newValue"], unpaid["oldValue"]["type"])


async def test_a_payment_is_told_field_by_field(api, crm, order):
    last = crm.state.journal.last_id("order")
    crm.act("pay", order=order["id"], user=20)
    records = await api.history(last)

    assert [
        ("user", "full_paid_at", None, "2026-02-01 00:30:00"),
        ("user", "payments.paid_at", None, "2026-02-01 00:30:00"),
        ("user", "payments.status", {"code": "not-paid"}, {"code": "paid"}),
    ] == _told(records)
    assert {20} == {record["user"]["id"] for record in records}
    assert all("apiKey" not in record for record in records)


async def test_a_combined_order_is_told_as_deleted_into_the_other_and_bears_no_key(api, crm, order):
    other = await api.order(externalId="18")
    last = crm.state.journal.last_id("order")
    await api.post(
        "orders/combine", technique="summ", order={"id": other["id"]}, resultOrder={"id": order["id"]}
    )
    records = await api.history(last)

    assert {"combine"} == {record["source"] for record in records}
    gone = records[-1]
    assert (True, {"id": order["id"], "externalId": "17", "site": "main"}) == (
        gone["deleted"],
        gone["combinedTo"],
    )
    assert "18" == gone["order"]["externalId"]


async def test_a_split_order_names_its_ancestor(api, crm, order):
    crm.act("edit_lines", order=order["id"], change=[{"line": order["items"][0]["id"], "quantity": 3}])
    last = crm.state.journal.last_id("order")
    twin = crm.act("split_order", order=order["id"], pieces={str(order["items"][0]["id"]): "2"})
    born = next(record for record in await api.history(last) if record.get("created"))

    assert ({"id": order["id"], "externalId": "17"}, twin, "split") == (
        born["ancestor"],
        born["order"]["id"],
        born["source"],
    )
    assert 200 == (await api.read(twin))["totalSumm"]
    assert 100 == (await api.read(order["id"]))["totalSumm"]


async def test_rules_of_the_account_write_without_a_key(api_to, open_crm):
    crm = await open_crm(assigns_managers=True)
    api = api_to(crm)
    await api.order(externalId="1", phone="+79001234567")
    by_rules = [record for record in await api.history() if record["source"] == "code"]

    assert ["contact", "customer", "manager"] == [record["field"] for record in by_rules]
    assert all("apiKey" not in record and "user" not in record for record in by_rules)


async def test_lines_follow_their_order_where_the_account_does_that(api_to, open_crm):
    crm = await open_crm(moves_items=True)
    api = api_to(crm)
    made = await api.order(externalId="1", items=[{"productName": "Заточка", "initialPrice": 5}])
    last = crm.state.journal.last_id("order")
    crm.act("change_status", order=made["id"], status="client-confirmed")

    assert ["status", "order_product.status"] == [record["field"] for record in await api.history(last)]


async def test_a_cursor_moves_by_since_id_alone(api, crm):
    for number in range(7):
        await api.order(externalId=str(number))
    seen, since = [], 0
    while records := (await api.history(since, limit="50"))[:3]:
        seen += records
        since = records[-1]["id"]
    refused = await api.get("orders/history", expect=400, page="1", **{"filter[sinceId]": "0"})

    assert list(range(7001, 7008)) == [record["id"] for record in seen]
    assert ["page"] == list(refused["errors"])


async def test_pages_are_walked_by_dates_only(api, clock):
    await api.order(externalId="1")
    clock.advance(3600)
    await api.order(externalId="2")
    await api.order(externalId="3")
    since = {"filter[startDate]": "2026-02-01 01:00:00", "limit": "20"}
    body = await api.get("orders/history", page="1", **since)
    early = await api.get("orders/history", **{"filter[endDate]": "2026-02-01 00:59:59"})

    assert ["2", "3"] == [record["order"]["externalId"] for record in body["history"]]
    assert ["1"] == [record["order"]["externalId"] for record in early["history"]]
    assert {"limit": 20, "totalCount": 2, "currentPage": 1, "totalPageCount": 1} == body["pagination"]


@pytest.mark.parametrize(
    "asked", [{"filter[sinceId]": "x"}, {"filter[startDate]": "today"}, {"filter[from]": "1"}]
)
async def test_a_cursor_that_makes_no_sense_is_refused(api, asked):
    assert (
        "Errors in the input parameters" == (await api.get("orders/history", expect=400, **asked))["errorMsg"]
    )


async def test_histories_of_orders_people_and_companies_are_numbered_apart(api):
    await api.order(externalId="1")
    await api.post("customers/create", expect=201, site="main", customer={"externalId": "1"})
    await api.post(
        "customers-corporate/create", expect=201, site="main", customerCorporate={"externalId": "c1"}
    )
    ids = [(await api.history(kind=kind))[0]["id"] for kind in ("orders", "customers", "customers-corporate")]

    assert 3 == len(set(ids))
    assert [1, 1, 1] == [
        len(await api.history(kind=kind)) for kind in ("orders", "customers", "customers-corporate")
    ]


async def test_a_change_of_a_custom_field_is_told_by_its_code(api, crm, order):
    crm.act("add_custom_field", entity="order", code="coupon")
    last = crm.state.journal.last_id("order")
    await api.edit(order["id"], customFields={"coupon": "SALE10"})

    assert [("api", "custom_coupon", None, "SALE10")] == _told(await api.history(last))


async def test_noise_is_told_by_nobody_anybody_waits_for(api, crm, order):
    await api.order(externalId="1", phone="+79001234567")
    orders, customers = crm.state.journal.last_id("order"), crm.state.journal.last_id("customer")
    written = crm.act("noise", count=20)
    of_orders = await api.history(orders)
    of_customers = await api.history(customers, kind="customers")

    assert written == len(of_orders) + len(of_customers) == 20
    assert {"code"} == {record["source"] for record in [*of_orders, *of_customers]}
    assert {"segments"} == {record["field"] for record in of_customers}


STATUSES = ("new", "client-confirmed", "delivering", "complete", "cancel-other")
ACTS = st.one_of(
    st.tuples(st.just("change_status"), st.fixed_dictionaries({"status": st.sampled_from(STATUSES)})),
    st.tuples(st.just("set_discount"), st.fixed_dictionaries({"percent": st.integers(0, 50)})),
    st.tuples(st.just("set_manager"), st.fixed_dictionaries({"manager": st.integers(19, 21)})),
    st.tuples(st.just("pay"), st.fixed_dictionaries({"amount": st.integers(1, 9000)})),
    st.tuples(st.just("ship"), st.fixed_dictionaries({"tracking": st.sampled_from(["", "1", "2"])})),
    st.tuples(
        st.just("edit_order"), st.fixed_dictionaries({"managerComment": st.sampled_from([None, "а", "б"])})
    ),
    st.tuples(
        st.just("edit_lines"), st.fixed_dictionaries({"add": st.just([{"offer": "10001", "quantity": 2}])})
    ),
    st.tuples(st.just("line"), st.fixed_dictionaries({"quantity": st.integers(0, 5)})),
)


@settings(deadline=None)
@given(acts=st.lists(ACTS, max_size=12))
def test_records_form_a_chain_that_ends_in_what_is_held(acts):
    crm = Crm()
    crm.act("seed_catalogue")
    order = crm.act("new_order", lines=[{"offer": "10001"}, {"offer": "10003"}])
    held = crm.state.orders.get(order)
    lines, since = {item.id for item in crm.state.items_of(held)}, crm.state.journal.last_id("order")
    head = _head(crm, held)
    for act, arguments in acts:
        if act == "line":
            line = crm.state.items_of(held)[-1].id
            change = {"line": line} | arguments
            edit = {"change": [change]} if arguments["quantity"] else {"remove": [line]}
            if len(crm.state.items_of(held)) > 1:
                crm.act("edit_lines", order=order, **edit)
        else:
            crm.act(act, order=order, **arguments)
    for record in crm.state.journal.after("order", since):
        if record.field == "order_product":
            lines ^= {record.about["item"]["id"]}
        elif not record.about:
            assert head[record.field] == record.old
            head[record.field] = record.new

    assert _head(crm, held) == head
    assert lines == {item.id for item in crm.state.items_of(held)}


def _head(crm, order):
    return {
        field: value for (field, part), value in snapshot(crm.state, order).values.items() if part is None
    }
