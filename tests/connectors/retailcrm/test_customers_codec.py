"""Customers between their canonical values and what the account takes."""

from __future__ import annotations

import string
from datetime import UTC, date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from obmen.connectors.retailcrm.account import Account
from obmen.connectors.retailcrm.customers.codec import CustomerCodec
from obmen.connectors.retailcrm.customers.contacts import one_email, one_phone
from obmen.connectors.retailcrm.customers.rows import acts_in, customer_look, matters, unfit_contacts
from obmen.connectors.retailcrm.customers.settings import CustomerSettings
from obmen.connectors.retailcrm.records import CUSTOMERS, in_shops
from obmen.errors import ConfigError
from obmen.sync.shadow import Blocked, Withheld

MANAGERS = {"19": "ivanova", "Manager@shop.example": "ryabov"}
SETTINGS = CustomerSettings(fields={"card": "properties.card"})
CODEC = CustomerCodec(connection="crm", settings=SETTINGS, managers=MANAGERS)
ACCOUNT = Account(zone=UTC, emails={"20": "manager@shop.example"})

LETTERS = "абвёАБВЁabcXYZ-"
WORDS = st.text(LETTERS, min_size=1, max_size=8)
NAMES = st.lists(WORDS, min_size=1, max_size=5).map(" ".join)
PHONES = st.one_of(
    st.integers(9_000_000_000, 9_999_999_999).map(lambda number: f"+7{number}"),
    st.integers(100_000_000, 999_999_999_999).map(lambda number: f"+3{number}"),
)
EMAILS = st.from_regex(r"[a-z0-9.]{1,20}@[a-z]{1,10}\.(ru|com|рф)", fullmatch=True)


def look(row, **more):
    known = {"settings": SETTINGS, "managers": MANAGERS, "account": ACCOUNT} | more
    return customer_look({"id": 7, **row}, **known)


def back_and_forth(atom, value):
    return CODEC.decode(atom, CODEC.encode(atom, value))


@given(NAMES)
def test_a_name_comes_back_as_it_was_and_is_parted_as_people_are_listed(name):
    assert back_and_forth("name", name) == name
    parts = CODEC.encode("name", name)
    assert set(parts) == (
        {"firstName"} if " " not in name else {"lastName", "firstName", "patronymic"} & set(parts)
    )


@given(st.lists(PHONES, min_size=1, max_size=5, unique=True))
def test_phones_come_back_sorted_whatever_order_the_card_keeps_them_in(phones):
    assert back_and_forth("phones", sorted(phones)) == sorted(phones)
    assert CODEC.decode("phones", phones) == sorted(phones)


@given(st.lists(EMAILS, min_size=1, max_size=4, unique=True))
def test_a_card_takes_the_first_address_in_small_letters(emails):
    kept = sorted(emails)
    assert back_and_forth("emails", kept) == [kept[0]]
    assert CODEC.decode("emails", kept[0].upper()) == [kept[0]]


@given(st.dates())
def test_a_birthday_comes_back(day):
    assert back_and_forth("birthday", day.isoformat()) == day.isoformat()


@settings(max_examples=300)
@given(st.text(string.digits + "+-() доб.", max_size=24))
def test_a_phone_has_one_spelling_or_is_none(text):
    spelt = one_phone(text)
    assert spelt is None or one_phone(spelt) == spelt


@pytest.mark.parametrize(
    "text", ["+7 (999) 123-45-67", "8 999 123 45 67", "79991234567", "9991234567", "8(999)1234567"]
)
def test_however_a_phone_is_typed_it_is_the_same(text):
    assert CODEC.decode("phones", [text]) == ["+79991234567"]


@pytest.mark.parametrize("text", ["нет", "не звонить", "123", "+79991234567, +79161234567", ""])
def test_what_is_no_phone_is_not_passed_on_and_the_others_are(text):
    assert CODEC.decode("phones", [text, "89991234567"]) == ["+79991234567"]
    assert CODEC.decode("phones", [text]) is None
    assert CODEC.encode("phones", [text]) == Withheld("unfit_contact")


@pytest.mark.parametrize("text", ["нет", "ivan@", "a b@c.ru", f"{'a' * 100}@example.ru"])
def test_what_is_no_address_is_not_passed_on(text):
    assert one_email(text) is None
    assert CODEC.decode("emails", text) is None
    assert CODEC.encode("emails", [text]) == Withheld("unfit_contact")
    assert CODEC.encode("emails", [text, "ivan@example.ru"]) == "ivan@example.ru"


@given(atom=st.sampled_from(["name", "phones", "emails", "birthday", "properties.card"]))
def test_what_is_empty_stays_empty_both_ways(atom):
    assert CODEC.decode(atom, None) is None
    assert CODEC.encode(atom, None) is None


def test_a_manager_goes_by_id_or_by_email_and_an_unknown_one_waits():
    assert CODEC.decode("responsible", "19") == "ivanova"
    assert CODEC.decode("responsible", "manager@shop.example") == "ryabov"
    assert CODEC.encode("responsible", "ryabov") == "manager@shop.example"
    assert CODEC.decode("responsible", "77") == Blocked("map:crm:manager:77", "77")
    assert CODEC.encode("responsible", "petrova") == Blocked("map:crm:manager:petrova", "petrova")
    assert look({"managerId": 20}).fields["responsible"] == "manager@shop.example"


def test_only_what_the_settings_name_is_carried():
    bare = CustomerCodec(connection="crm", settings=CustomerSettings(), managers={})
    assert [bare.carries(atom) for atom in ("name", "phones", "emails", "birthday")] == [True] * 4
    assert not any(bare.carries(atom) for atom in ("responsible", "properties.card", "properties.x"))
    assert CODEC.carries("properties.card")
    assert CODEC.carries("responsible")


def test_a_birthday_that_is_no_day_cannot_be_read():
    assert isinstance(CODEC.decode("birthday", "17.05.1980"), Blocked)
    assert CODEC.decode("birthday", date(1980, 5, 17).isoformat()) == "1980-05-17"


def test_a_card_says_whom_it_may_be_recognised_as():
    shown = look(
        {
            "externalId": "77",
            "lastName": "Петров",
            "firstName": "Илья",
            "email": "I.Petrov@Example.RU",
            "phones": [{"number": "8 (904) 490-11-22"}, {"number": "нет"}],
        }
    )
    assert shown.keys == {
        "xml_id": "77",
        "name": "Петров Илья",
        "phones": ("+79044901122",),
        "emails": "i.petrov@example.ru",
    }
    assert (shown.title, shown.mark, shown.elsewhere) == ("Петров Илья", None, False)


def test_our_mark_is_no_id_of_a_shop():
    marked = look({"externalId": "obmen:17", "firstName": "Илья"})
    assert (marked.mark, marked.keys) == (17, {"name": "Илья"})
    own = CustomerSettings(creates="own")
    assert [
        look(row, settings=own).elsewhere
        for row in ({}, {"externalId": "obmen:17"}, {"externalId": "77"}, {"externalId": []})
    ] == [False, False, True, True]


@pytest.mark.parametrize(
    ("row", "atom", "how"),
    [
        ({"phones": {"number": "+79991234567"}}, "phones", "phones = {…}"),
        ({"phones": "+79991234567"}, "phones", "phones = «…»"),
        ({"phones": ["+79991234567"]}, "phones", "phones[0] = «…»"),
        ({"email": ["i@example.ru"]}, "emails", "email = […]"),
        ({"lastName": {"ru": "Петров"}}, "name", "lastName = {…}"),
        ({"birthday": []}, "birthday", "birthday = […]"),
        ({"managerId": "Иванова"}, "responsible", "managerId = «…»"),
        ({"customFields": ["card"]}, "properties.card", "customFields = […]"),
    ],
)
def test_a_piece_of_another_shape_is_named_and_the_rest_is_read(row, atom, how):
    shown = look({"firstName": "Илья", "phones": [], **row})
    value = CODEC.decode(atom, shown.fields[atom])

    assert isinstance(value, Blocked)
    assert value.what == how
    others = {name: CODEC.decode(name, wire) for name, wire in shown.fields.items() if name != atom}
    assert not any(isinstance(each, Blocked) for each in others.values())


def test_phones_keyed_by_anything_are_rows_all_the_same():
    shown = look({"phones": {"0": {"number": "89991234567"}, "2": {"number": "89161234567"}}})
    assert CODEC.decode("phones", shown.fields["phones"]) == ["+79161234567", "+79991234567"]


def test_only_records_about_what_is_exchanged_are_worth_a_card():
    def is_worth(field, **more):
        return matters({"field": field, **more}, SETTINGS, {})

    assert all(
        map(is_worth, ("phones", "email", "last_name", "birthday", "custom_card", "something_new", "", None))
    )
    assert not any(
        map(is_worth, ("segments", "vip", "address.city", "contragent.i_n_n", "custom_shoe", "manager"))
    )
    assert is_worth("segments", created=True)
    assert is_worth("id", deleted=True)
    assert matters({"field": "manager"}, SETTINGS, MANAGERS)


def test_a_place_nobody_knows_is_refused():
    with pytest.raises(ConfigError, match="no such place as «numbers"):
        CustomerSettings(fields={"card": "numbers.card"})


ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.decimals(allow_nan=False) | st.text(max_size=12),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["id", "code", "number", "x"]), inner, max_size=3)
    ),
    max_leaves=6,
)
ROW = {
    "externalId": "77",
    "lastName": "Петров",
    "email": "i@example.ru",
    "phones": [{"number": "89991234567"}],
    "birthday": "1980-05-17",
    "managerId": 19,
    "customFields": {"card": "777"},
}
RECORD = {
    "id": 2601,
    "createdAt": "2026-01-31 21:30:43",
    "source": "user",
    "user": {"id": 19},
    "field": "phones",
    "oldValue": None,
    "newValue": "+79991234567",
    "customer": {"id": 7, "site": "main"},
}


@settings(max_examples=300)
@given(name=st.sampled_from([*ROW]), value=ANYTHING)
def test_whatever_stands_in_a_card_the_rest_of_it_is_read_and_nothing_breaks(name, value):
    shown = look({**ROW, name: value})
    read = {atom: CODEC.decode(atom, wire) for atom, wire in shown.fields.items()}
    whole = {atom: CODEC.decode(atom, wire) for atom, wire in look(ROW).fields.items()}

    differing = {atom for atom in whole if read.get(atom) != whole[atom]}
    assert len(differing) <= 1
    assert all(isinstance(value, str | tuple) for value in shown.keys.values())
    unfit_contacts([{"id": 7, **ROW, name: value}])


@settings(max_examples=300)
@given(name=st.sampled_from([*RECORD]), value=ANYTHING)
def test_whatever_stands_in_a_record_of_the_history_nothing_breaks_and_the_others_are_told(name, value):
    other = {**RECORD, "id": 2602, "field": "email"}
    records = in_shops([{**RECORD, name: value}, other], {"main"}, CUSTOMERS)
    acts = list(acts_in(records, SETTINGS, MANAGERS, UTC, {}))

    assert "2602" in {act.name for act in acts}
    assert all(isinstance(matters(each, SETTINGS, MANAGERS), bool) for each in records)
