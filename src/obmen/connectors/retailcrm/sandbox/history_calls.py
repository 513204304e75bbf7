"""Methods of the histories. A cursor moves by `sinceId` alone; together with `page` it is refused."""

import re
from collections.abc import Callable, Mapping
from typing import Any

from obmen.connectors.retailcrm.sandbox.calls import Answer, Ask, Call, Method, pagination
from obmen.connectors.retailcrm.sandbox.errors import bad_filter, bad_input
from obmen.connectors.retailcrm.sandbox.history import Kind, Record

_DATE = re.compile(r"\d{4}-\d\d-\d\d( \d\d:\d\d:\d\d)?")


def _reads(kind: Kind, subject: str) -> Call:
    """Make the method of one history; `subject` names the thing in records and in the filter."""
    by_id, by_external = f"{subject}Id", f"{subject}ExternalId"
    known = ("sinceId", "startDate", "endDate", by_id, by_external)

    def read(ask: Ask) -> Answer:
        wanted = {name: value for name, value in ask.filter().items() if value not in (None, "")}
        since = _check(ask, wanted, known)
        limit, page = ask.limit(ask.state.setup.history_limit), ask.number("page", 1)
        sites = ask.state.site_codes(ask.key)
        tests: dict[str, Callable[[Record, str], bool]] = {
            "startDate": lambda record, value: record.at >= value,
            "endDate": lambda record, value: record.at[: len(value)] <= value,
            by_id: lambda record, value: str(record.thing_id) == value,
            by_external: lambda record, value: record.external_id == value,
        }
        found = [
            record
            for record in ask.state.journal.after(kind, since)
            if record.site in sites
            and all(tests[name](record, str(value)) for name, value in wanted.items() if name in tests)
        ]
        shown = found[(page - 1) * limit : page * limit]
        return Answer(
            {
                "generatedAt": ask.state.now(),
                "history": [record.shown(ask.key.key, subject) for record in shown],
                "pagination": pagination(limit, len(found), page),
            }
        )

    return read


def _check(ask: Ask, wanted: Mapping[str, Any], known: tuple[str, ...]) -> int:
    """Refuse what makes no sense, and return the id to read after."""
    for name, value in wanted.items():
        if name not in known:
            raise bad_filter(name, "This form should not contain extra fields.")
        if name.endswith("Date") and not _DATE.fullmatch(str(value)):
            raise bad_filter(name)
    since = str(wanted.get("sinceId", "0"))
    if not since.isdecimal():
        raise bad_filter("sinceId")
    if "sinceId" in wanted and "page" in ask.params and ask.state.setup.strict_history:
        raise bad_input(page="The page parameter cannot be used together with filter[sinceId].")
    return int(since)


METHODS = (
    Method("GET", "orders/history", "order_read", _reads("order", "order")),
    Method("GET", "customers/history", "customer_read", _reads("customer", "customer")),
    Method("GET", "customers-corporate/history", "customer_read", _reads("corporate", "customer")),
)
