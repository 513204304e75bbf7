"""Custom fields and their dictionaries, and reading their values."""

from collections.abc import Mapping
from typing import Any

from obmen.connectors.retailcrm.sandbox.calls import Answer, Ask, Method, paged
from obmen.connectors.retailcrm.sandbox.errors import ENTITY, ApiError, Problems, Unfit, not_found
from obmen.connectors.retailcrm.sandbox.state import CrmState
from obmen.connectors.retailcrm.sandbox.values import (
    NOT_VALID,
    Read,
    day,
    email,
    flag,
    is_empty,
    moment,
    text,
    whole,
)
from obmen.connectors.retailcrm.sandbox.values import number as numeric

ENTITIES = ("order", "customer", "customer_corporate", "company")
_READERS: dict[str, Read] = {
    "string": text(500),
    "text": text(25_000),
    "integer": whole,
    "numeric": numeric,
    "boolean": flag,
    "date": day,
    "datetime": moment,
    "email": email,
}
_CHOICES = ("dictionary", "multiselect_dictionary")


def read_custom(state: CrmState, entity: str, given: Any, problems: Problems) -> dict[str, Any]:
    """Read the values of custom fields; None stands for one to be cleared."""
    if given == [] or given is None:
        return {}
    if not isinstance(given, Mapping):
        problems.say("customFields", NOT_VALID)
        return {}
    values: dict[str, Any] = {}
    for code, raw in given.items():
        field = state.custom_fields.get((entity, code))
        path = f"customFields.{code}"
        if field is None:
            problems.say(path, f'Custom field with code "{code}" does not exist.')
            continue
        try:
            values[code] = None if is_empty(raw) else _value(state, field, raw)
        except Unfit as exc:
            problems.say(path, str(exc))
    return values


def _value(state: CrmState, field: dict[str, Any], raw: Any) -> Any:
    kind = field["type"]
    if kind not in _CHOICES:
        return _READERS[kind](state, raw)
    known = {each["code"] for each in state.custom_dictionaries[field["dictionary"]]["elements"]}
    chosen = raw if kind != "dictionary" and isinstance(raw, list) else [raw]
    if not all(each in known for each in chosen):
        raise Unfit("The value you selected is not a valid choice.")
    return raw


def list_fields(ask: Ask) -> Answer:
    """List custom fields."""
    wanted = ask.filter()
    found = [
        field
        for field in ask.state.custom_fields.values()
        if all(wanted.get(name) in (None, "", field[name]) for name in ("entity", "code"))
    ]
    return paged(ask, "customFields", found, lambda field: field)


def get_field(ask: Ask) -> Answer:
    """Show a custom field."""
    field = ask.state.custom_fields.get((ask.path["entity"], ask.path["code"]))
    if field is None:
        raise not_found()
    return Answer({"customField": field})


def create_field(ask: Ask) -> Answer:
    """Make a custom field of an entity."""
    given, entity = ask.part("customField"), ask.path["entity"]
    if entity not in ENTITIES:
        raise ApiError(404, "API method not found")
    define(ask.state, entity, given)
    return Answer({"code": given["code"]}, status=201)


def define(state: CrmState, entity: str, given: Mapping[str, Any]) -> None:
    """Check a new custom field and keep it."""
    problems = Problems()
    for name in ("name", "code", "type"):
        if not given.get(name):
            problems.say(name, "This value should not be blank.")
    kind = given.get("type")
    if kind and kind not in (*_READERS, *_CHOICES):
        problems.say("type", "The value you selected is not a valid choice.")
    if kind in _CHOICES and given.get("dictionary") not in state.custom_dictionaries:
        problems.say("dictionary", "This value is not valid.")
    if (entity, str(given.get("code"))) in state.custom_fields:
        problems.say("code", "This value is already used.")
    problems.stop_if_any(ENTITY)
    state.custom_fields[entity, given["code"]] = {
        "required": False,
        "inFilter": True,
        "inList": True,
        "inGroupActions": False,
        "ordering": 50,
        "displayArea": "customer",
        "viewMode": "editable",
        **given,
        "entity": entity,
    }


def edit_field(ask: Ask) -> Answer:
    """Change a custom field; its type and code stay."""
    held = ask.state.custom_fields.get((ask.path["entity"], ask.path["code"]))
    if held is None:
        raise not_found()
    changed = {
        name: value
        for name, value in ask.part("customField").items()
        if name not in ("type", "code", "entity")
    }
    held.update(changed)
    return Answer({"code": held["code"]})


def list_dictionaries(ask: Ask) -> Answer:
    """List the dictionaries of custom fields."""
    return paged(ask, "customDictionaries", ask.state.custom_dictionaries.values(), lambda each: each)


def get_dictionary(ask: Ask) -> Answer:
    """Show a dictionary of custom fields."""
    held = ask.state.custom_dictionaries.get(ask.path["code"])
    if held is None:
        raise not_found()
    return Answer({"customDictionary": held})


def create_dictionary(ask: Ask) -> Answer:
    """Make a dictionary of custom fields."""
    given = ask.part("customDictionary")
    problems = Problems()
    for name in ("name", "code"):
        if not given.get(name):
            problems.say(name, "This value should not be blank.")
    problems.stop_if_any(ENTITY)
    ask.state.custom_dictionaries[given["code"]] = {"elements": [], **given}
    return Answer({"code": given["code"]}, status=201)


def edit_dictionary(ask: Ask) -> Answer:
    """Change a dictionary of custom fields."""
    held = ask.state.custom_dictionaries.get(ask.path["code"])
    if held is None:
        raise not_found()
    held.update({**ask.part("customDictionary"), "code": ask.path["code"]})
    return Answer({"code": held["code"]})


_READ, _WRITE = "custom_fields_read", "custom_fields_write"
METHODS = (
    Method("GET", "custom-fields", _READ, list_fields),
    Method("GET", "custom-fields/dictionaries", _READ, list_dictionaries),
    Method("POST", "custom-fields/dictionaries/create", _WRITE, create_dictionary),
    Method("GET", "custom-fields/dictionaries/{code}", _READ, get_dictionary),
    Method("POST", "custom-fields/dictionaries/{code}/edit", _WRITE, edit_dictionary),
    Method("GET", "custom-fields/{entity}/{code}", _READ, get_field),
    Method("POST", "custom-fields/{entity}/create", _WRITE, create_field),
    Method("POST", "custom-fields/{entity}/{code}/edit", _WRITE, edit_field),
)
