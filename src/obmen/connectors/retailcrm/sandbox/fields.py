"""Plain fields: what the API calls them, what the history calls them, and how they are read."""

from collections.abc import Iterable, Mapping
from typing import Any, Literal, NamedTuple

from obmen.connectors.retailcrm.sandbox.errors import Problems, Unfit
from obmen.connectors.retailcrm.sandbox.state import CrmState
from obmen.connectors.retailcrm.sandbox.values import NOT_VALID, Read, choice, is_empty, text, vat_rate
from obmen.connectors.retailcrm.sandbox.values import whole as whole_number


class Field(NamedTuple):
    """One plain field; codes and ids are shown in the history as `{"code": …}` and `{"id": …}`."""

    name: str
    history: str
    read: Read
    shape: Literal["plain", "code", "id"] = "plain"

    def told(self, value: Any) -> Any:
        """Return the value as the history tells it."""
        if value is None or self.shape == "plain":
            return value
        return {self.shape: value}


ADDRESS = (
    *(
        Field(name, history, text(limit))
        for name, history, limit in (
            ("index", "index", 32),
            ("countryIso", "country", 3),
            ("region", "region", 255),
            ("city", "city", 255),
            ("cityType", "city_type", 64),
            ("street", "street", 255),
            ("streetType", "street_type", 64),
            ("building", "building", 64),
            ("flat", "flat", 64),
            ("intercomCode", "intercom_code", 64),
            ("house", "house", 64),
            ("housing", "housing", 64),
            ("metro", "metro", 255),
            ("notes", "notes", 2000),
            ("text", "text", 1000),
        )
    ),
    Field("regionId", "region_id", whole_number),
    Field("cityId", "city_id", whole_number),
    Field("streetId", "street_id", whole_number),
    Field("floor", "floor", whole_number),
    Field("block", "block", whole_number),
)
CONTRAGENT = (
    Field("contragentType", "contragent_type", choice("individual", "legal-entity", "enterpreneur")),
    *(
        Field(name, history, text(255))
        for name, history in (
            ("legalName", "legal_name"),
            ("legalAddress", "legal_address"),
            ("INN", "i_n_n"),
            ("OKPO", "o_k_p_o"),
            ("KPP", "k_p_p"),
            ("OGRN", "o_g_r_n"),
            ("OGRNIP", "o_g_r_n_i_p"),
            ("certificateNumber", "certificate_number"),
            ("certificateDate", "certificate_date"),
            ("BIK", "b_i_k"),
            ("bank", "bank"),
            ("bankAddress", "bank_address"),
            ("corrAccount", "corr_account"),
            ("bankAccount", "bank_account"),
        )
    ),
)
SOURCE = tuple(
    Field(name, name, text(255)) for name in ("source", "medium", "campaign", "keyword", "content")
)
VAT = Field("vatRate", "vat_rate", vat_rate)


def read_fields(
    state: CrmState, fields: Iterable[Field], given: Mapping[str, Any], problems: Problems, *, at: str = ""
) -> dict[str, Any]:
    """Read the given plain fields; None stands for one to be cleared."""
    read: dict[str, Any] = {}
    for field in fields:
        if field.name not in given:
            continue
        raw = given[field.name]
        try:
            read[field.name] = None if is_empty(raw) else field.read(state, raw)
        except Unfit as exc:
            problems.say(f"{at}{field.name}", str(exc))
    return read


def read_part(
    state: CrmState, fields: Iterable[Field], given: Mapping[str, Any], name: str, problems: Problems
) -> dict[str, Any]:
    """Read the plain fields of a nested entity, where it is given."""
    inner = given.get(name)
    if inner is None or inner == []:
        return {}
    if not isinstance(inner, Mapping):
        problems.say(name, NOT_VALID)
        return {}
    return read_fields(state, fields, inner, problems, at=f"{name}.")


def merged(held: Mapping[str, Any], changes: Mapping[str, Any]) -> dict[str, Any]:
    """Put changes over what is held; None takes a field away."""
    return {name: value for name, value in {**held, **changes}.items() if value is not None}


def with_text(address: dict[str, Any], given: Mapping[str, Any]) -> dict[str, Any]:
    """Write the address in one line, where only its parts were given."""
    if "text" in given or not given:
        return address
    parts = [
        address.get("street"),
        f"д. {address['building']}" if "building" in address else None,
        f"кв./офис {address['flat']}" if "flat" in address else None,
    ]
    line = ", ".join(part for part in parts if part)
    return {**address, "text": line} if line else address
