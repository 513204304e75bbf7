"""Plain fields of customers, and reading a whole customer from what a client sends."""

from collections.abc import Mapping
from typing import Any

from obmen.connectors.retailcrm.sandbox.errors import Problems, Unfit
from obmen.connectors.retailcrm.sandbox.field_calls import read_custom
from obmen.connectors.retailcrm.sandbox.fields import (
    ADDRESS,
    CONTRAGENT,
    SOURCE,
    Field,
    merged,
    read_fields,
    read_part,
    with_text,
)
from obmen.connectors.retailcrm.sandbox.rows import CORPORATE, Customer
from obmen.connectors.retailcrm.sandbox.state import CrmState
from obmen.connectors.retailcrm.sandbox.values import (
    NOT_VALID,
    choice,
    day,
    email,
    flag,
    is_empty,
    manager,
    moment,
    percent,
    text,
)

COMMON = (
    Field("createdAt", "created_at", moment),
    Field("managerId", "manager", manager, "id"),
    Field("vip", "vip", flag),
    Field("bad", "bad", flag),
    Field("personalDiscount", "personal_discount", percent),
    Field("discountCardNumber", "discount_card_number", text(255)),
)
OF_PERSON = (
    Field("lastName", "last_name", text(255)),
    Field("firstName", "first_name", text(255)),
    Field("patronymic", "patronymic", text(255)),
    Field("email", "email", email),
    Field("birthday", "birthday", day),
    Field("sex", "sex", choice("male", "female")),
)
OF_COMPANY = (Field("nickName", "nick_name", text(255)),)


def plain_fields(kind: str) -> tuple[Field, ...]:
    """Return the plain fields of a person or of a corporate customer."""
    return COMMON + (OF_COMPANY if kind == CORPORATE else OF_PERSON)


def read_customer(
    state: CrmState, given: Mapping[str, Any], problems: Problems, held: Customer
) -> dict[str, Any]:
    """Read the columns a client wants changed; absent ones are not in the answer."""
    columns: dict[str, Any] = {}
    plain = read_fields(state, plain_fields(held.type), given, problems)
    if "subscribed" in given:
        subscribed = flag(state, given["subscribed"])
        plain["emailMarketingUnsubscribedAt"] = None if subscribed else state.now()
    if plain:
        columns["plain"] = merged(held.plain, plain)
    if "phones" in given:
        columns["phones"] = _phones(state, given["phones"], problems)
    if given.get("address"):
        address = merged(held.address, read_part(state, ADDRESS, given, "address", problems))
        columns["address"] = with_text(address, given["address"])
    if given.get("contragent"):
        read = read_part(state, CONTRAGENT, given, "contragent", problems)
        columns["contragent"] = merged(held.contragent, read)
    if given.get("source"):
        columns["source"] = merged(held.source, read_part(state, SOURCE, given, "source", problems))
    if "customFields" in given:
        values = read_custom(state, held.type, given["customFields"], problems)
        columns["custom_fields"] = merged(held.custom_fields, values)
    if given.keys() & {"tags", "addTags", "removeTags"}:
        tags = _tags(given, "tags", problems) if "tags" in given else held.tags
        tags = [*dict.fromkeys([*tags, *_tags(given, "addTags", problems)])]
        removed = _tags(given, "removeTags", problems)
        columns["tags"] = [tag for tag in tags if tag not in removed]
    return columns


def _phones(state: CrmState, given: Any, problems: Problems) -> list[str]:
    if given and not isinstance(given, list):
        problems.say("phones", NOT_VALID)
        return []
    numbers: list[str] = []
    for place, raw in enumerate(given or []):
        try:
            if not isinstance(raw, Mapping) or is_empty(raw.get("number")):
                raise Unfit(NOT_VALID)  # noqa: TRY301 (said in one place)
            numbers.append(text(255)(state, raw["number"]))
        except Unfit as exc:
            problems.say(f"phones[{place}].number", str(exc))
    return [*dict.fromkeys(numbers)]


def _tags(given: Mapping[str, Any], name: str, problems: Problems) -> list[str]:
    """Read tags, each a text or an object with a name."""
    raw = given.get(name) or []
    tags = (
        [each.get("name") if isinstance(each, Mapping) else each for each in raw]
        if isinstance(raw, list)
        else [None]
    )
    if not all(isinstance(tag, str) for tag in tags):
        problems.say(name, NOT_VALID)
        return []
    return [str(tag) for tag in tags]
