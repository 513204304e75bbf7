"""People and companies in the simulated account."""

import pytest

from obmen.connectors.retailcrm.sandbox import OTHER_KEY

PERSON = {"externalId": "77", "firstName": "Иван", "phones": [{"number": "+7 (903) 123-45-67"}]}
FIRM = {
    "externalId": "corp1",
    "nickName": "РемСтрой",
    "companies": [
        {"name": "ООО «РемСтрой-72»", "contragent": {"contragentType": "legal-entity", "INN": "7206012345"}}
    ],
    "addresses": [{"name": "Склад", "city": "Тобольск", "text": "ул. Знаменского, д. 5"}],
}


@pytest.fixture
async def person(api):
    return (await api.post("customers/create", expect=201, site="main", customer=PERSON))["id"]


@pytest.fixture
async def firm(api, person):
    sent = FIRM | {"customerContacts": [{"isMain": True, "customer": {"id": person}}]}
    return (await api.post("customers-corporate/create", expect=201, site="main", customerCorporate=sent))[
        "id"
    ]


async def test_a_person_is_made_read_and_changed(api, person):
    made = (await api.get("customers/77", site="main"))["customer"]
    await api.post("customers/77/edit", site="main", customer={"email": "i@example.test", "firstName": ""})
    read = (await api.get(f"customers/{person}", by="id"))["customer"]

    assert ("customer", [{"number": "+7 (903) 123-45-67"}], [], 0) == tuple(
        made[name] for name in ("type", "phones", "customFields", "ordersCount")
    )
    assert "i@example.test" == read["email"]
    assert "firstName" not in read


@pytest.mark.parametrize(
    ("fields", "path"),
    [
        ({"email": "not a mail"}, "email"),
        ({"sex": "unknown"}, "sex"),
        ({"birthday": "31.12.1980"}, "birthday"),
        ({"phones": ["+79031234567"]}, "phones[0].number"),
        ({"managerId": 404}, "managerId"),
    ],
)
async def test_what_makes_no_sense_is_refused_with_its_path(api, crm, fields, path):
    body = await api.post("customers/create", expect=400, site="main", customer=fields)

    assert ("Customer is not loaded", [path]) == (body["errorMsg"], list(body["errors"]))
    assert 0 == crm.counts()["customers"]


async def test_people_and_companies_share_external_ids(api, person):
    firm = await api.post(
        "customers-corporate/create", expect=400, site="main", customerCorporate={"externalId": "77"}
    )
    await api.post("customers/create", expect=201, site="kz", customer={"externalId": "77"})
    await api.get("customers-corporate/77", expect=404)

    assert "Customer already exists." == firm["errorMsg"]


async def test_a_batch_of_people_answers_460_with_a_map_of_errors(api, person):
    sent = [{"externalId": "1"}, {"externalId": "2", "managerId": 404}, {"externalId": "77"}]
    body = await api.post("customers/upload", expect=460, site="main", customers=sent)

    assert ["1"] == [row["externalId"] for row in body["uploadedCustomers"]]
    assert [{"externalId": "2"}, {"externalId": "77"}] == body["failedCustomers"]
    assert {"managerId", "externalId"} == set(body["errors"])
    assert "Customers are loaded with errors" == body["errorMsg"]


async def test_a_guest_is_known_by_phone_or_mail_else_made(api, crm, person):
    by_phone = await api.order(externalId="1", phone="8 903 123 45 67")
    stranger = await api.order(externalId="2", phone="89161234567", email="New@example.test")
    by_mail = await api.order(externalId="3", email="new@example.test")
    nobody = await api.order(externalId="4", firstName="Аноним")

    assert person == by_phone["customer"]["id"]
    assert stranger["customer"]["id"] == by_mail["customer"]["id"] != person
    assert "customer" not in nobody
    assert (2, {}) == (crm.counts()["customers"], crm.counts()["customer_doubles"])


async def test_doubles_are_taken_and_counted(api, crm, person):
    await api.post(
        "customers/create", expect=201, site="main", customer={"phones": [{"number": "89031234567"}]}
    )

    assert {"main 9031234567": [201, 202]} == crm.counts()["customer_doubles"]


async def test_combined_people_leave_their_orders_to_the_one_that_stays(api, crm, person):
    double = (
        await api.post(
            "customers/create", expect=201, site="main", customer={"phones": [{"number": "89161112233"}]}
        )
    )["id"]
    order = await api.order(externalId="1", customer={"id": double})
    since = crm.state.journal.last_id("customer"), crm.state.journal.last_id("order")
    await api.post("customers/combine", customers=[{"id": double}], resultCustomer={"id": person})
    told = await api.history(since[0], kind="customers")
    of_order = await api.history(since[1])
    stays = (await api.get(f"customers/{person}", by="id"))["customer"]

    assert person == (await api.read(order["id"]))["customer"]["id"]
    assert (1, 2) == (stays["ordersCount"], len(stays["phones"]))
    assert [("combine", "phones"), ("combine", "id")] == [(each["source"], each["field"]) for each in told]
    assert {"id": person, "externalId": "77", "site": "main"} == told[-1]["combinedTo"]
    assert {"contact", "customer"} == {record["field"] for record in of_order}
    await api.get(f"customers/{double}", expect=404, by="id")


async def test_a_manager_deletes_a_customer_and_the_orders_stay(api, crm, person):
    order = await api.order(externalId="1", customer={"id": person})
    last = crm.state.journal.last_id("customer")
    crm.act("delete_customer", customer=person)
    (told,) = await api.history(last, kind="customers")

    assert ("id", True, "user", person) == (
        told["field"],
        told["deleted"],
        told["source"],
        told["customer"]["id"],
    )
    assert "combinedTo" not in told
    assert "customer" not in await api.read(order["id"])
    await api.get(f"customers/{person}", expect=404, by="id")


async def test_staff_and_other_programs_leave_their_own_traces_in_the_history_of_a_person(
    api, api_to, crm, person
):
    last = crm.state.journal.last_id("customer")
    crm.act("edit_customer", customer=person, user=20, lastName="Гусев", managerId=19)
    crm.act("module_customer", module="bitrix", customer=person, email="gusev@example.ru")
    born = crm.act("module_customer", module="1c", lastName="Новый", externalId="guid-1")
    await api.post(f"customers/{person}/edit", by="id", customer={"phones": [{"number": "89991234567"}]})
    told = await api.history(last, kind="customers")
    other = await api_to(crm, OTHER_KEY).history(last, kind="customers")

    assert [
        ("last_name", "user", None),
        ("manager", "user", None),
        ("email", "api", False),
        ("id", "api", False),
        ("phones", "api", True),
        ("phones", "api", True),
    ] == [(each["field"], each["source"], each.get("apiKey", {}).get("current")) for each in told]
    assert {"id": 20} == told[0]["user"]
    assert (True, born, "Новый") == (
        told[3]["created"],
        told[3]["customer"]["id"],
        told[3]["customer"]["lastName"],
    )
    assert [False] * 4 == [each["apiKey"]["current"] for each in other if "apiKey" in each]


async def test_somebody_who_calls_is_written_down_as_they_say(api, crm):
    born = crm.act("new_customer", firstName="Ольга", phones=[{"number": "8 999 123-45-67"}])
    read = (await api.get(f"customers/{born}", by="id"))["customer"]
    (told,) = await api.history(kind="customers")

    assert ("Ольга", [{"number": "8 999 123-45-67"}]) == (read["firstName"], read["phones"])
    assert ("id", None, born, True) == tuple(
        told[name] for name in ("field", "oldValue", "newValue", "created")
    )


async def test_segments_come_and_go_by_themselves(api, crm, person):
    last = crm.state.journal.last_id("customer")
    crm.act("noise", count=4)
    told = await api.history(last, kind="customers")

    assert {("segments", "code")} == {(each["field"], each["source"]) for each in told}


async def test_a_manager_splits_a_customer_and_gives_the_twin_some_orders(api, crm, person):
    first = await api.order(externalId="1", customer={"id": person})
    second = await api.order(externalId="2", customer={"externalId": "77"})
    twin = crm.act("split_customer", customer=person, orders=[second["id"]])

    assert person == (await api.read(first["id"]))["customer"]["id"]
    assert twin == (await api.read(second["id"]))["customer"]["id"]


async def test_a_person_is_told_field_by_field(api, crm, person):
    last = crm.state.journal.last_id("customer")
    await api.post(
        f"customers/{person}/edit",
        by="id",
        customer={"vip": True, "phones": [{"number": "1"}], "address": {"city": "Тюмень"}},
    )
    told = await api.history(last, kind="customers")

    assert [
        ("address.city", None, "Тюмень"),
        ("vip", None, True),
        ("phones", "+7 (903) 123-45-67", None),
        ("phones", None, "1"),
    ] == [(each["field"], each["oldValue"], each["newValue"]) for each in told]
    assert {"id": person, "externalId": "77", "site": "main"} == told[0]["customer"]


async def test_lists_are_filtered(api, person):
    await api.post(
        "customers/create",
        expect=201,
        site="main",
        customer={"lastName": "Петров", "email": "p@example.test"},
    )
    for asked, expected in (
        ({"filter[name]": "петр"}, ["Петров"]),
        ({"filter[name]": "9031234567"}, [None]),
        ({"filter[email]": "P@EXAMPLE"}, ["Петров"]),
        ({"filter[externalIds][]": "77"}, [None]),
        ({"filter[sites][]": "kz"}, []),
    ):
        found = (await api.get("customers", **asked))["customers"]
        assert expected == [each.get("lastName") for each in found]
    await api.get("customers", expect=400, **{"filter[shoe]": "42"})


async def test_ids_of_another_system_are_given_to_people_born_here(api, crm):
    born = crm.act("new_customer", who="smirnova")
    await api.post("customers/fix-external-ids", customers=[{"id": born, "externalId": "5"}])
    told = await api.history(kind="customers")

    assert born == (await api.get("customers/5", site="main"))["customer"]["id"]
    assert ("external_id", None, "5") == (told[-1]["field"], told[-1]["oldValue"], told[-1]["newValue"])


async def test_a_company_has_legal_entities_addresses_and_people(api, firm, person):
    made = (await api.get("customers-corporate/corp1", site="main"))["customerCorporate"]
    companies = (await api.get(f"customers-corporate/{firm}/companies", by="id"))["companies"]
    contacts = (await api.get(f"customers-corporate/{firm}/contacts", by="id"))["contacts"]
    addresses = (await api.get(f"customers-corporate/{firm}/addresses", by="id"))["addresses"]

    assert ("customer_corporate", "ООО «РемСтрой-72»") == (made["type"], made["mainCompany"]["name"])
    assert (True, "7206012345") == (companies[0]["isMain"], companies[0]["contragent"]["INN"])
    assert person == contacts[0]["customer"]["id"]
    assert (True, "Тобольск") == (addresses[0]["isMain"], addresses[0]["city"])


async def test_parts_of_a_company_are_added_changed_and_told(api, crm, firm):
    last = crm.state.journal.last_id("corporate")
    path = f"customers-corporate/{firm}/companies"
    second = {"name": "ИП Гусев", "externalId": "c2", "isMain": True}
    made = await api.post(f"{path}/create", expect=201, by="id", company=second)
    await api.post(
        f"{path}/c2/edit", by="id", entityBy="externalId", company={"contragent": {"INN": "720300123407"}}
    )
    told = [(each["field"], each["newValue"]) for each in await api.history(last, kind="customers-corporate")]

    assert [
        ("company", {"id": made["id"], "name": "ИП Гусев"}),
        ("main_company", {"id": made["id"], "name": "ИП Гусев"}),
        ("company.contragent.i_n_n", "720300123407"),
    ] == told
    await api.post(f"{path}/404/edit", expect=404, by="id", company={})


async def test_an_order_of_a_company_names_the_person_and_the_legal_entity(api, firm, person):
    company = (await api.get(f"customers-corporate/{firm}/companies", by="id"))["companies"][0]["id"]
    made = await api.order(
        externalId="1",
        orderType="eshop-legal",
        customer={"type": "customer_corporate", "externalId": "corp1"},
        contact={"externalId": "77"},
        company={"id": company},
    )
    refused = await api.post(
        "orders/create", expect=400, site="main", order={"customer": {"id": firm}, "company": {"id": 404}}
    )

    assert ("customer_corporate", person, "7206012345") == (
        made["customer"]["type"],
        made["contact"]["id"],
        made["company"]["contragent"]["INN"],
    )
    assert ["company"] == list(refused["errors"])
