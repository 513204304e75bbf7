"""Methods about people; those about companies reuse them with another word for the entity."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager
from typing import Any

from obmen.connectors.retailcrm.sandbox.calls import Answer, Ask, Method, paged, strings
from obmen.connectors.retailcrm.sandbox.customers.recording import saving
from obmen.connectors.retailcrm.sandbox.customers.saving import (
    combine_customers,
    create_customer,
    edit_customer,
    find_by_external_id,
)
from obmen.connectors.retailcrm.sandbox.customers.shown import shown_customer
from obmen.connectors.retailcrm.sandbox.errors import ApiError, bad_filter, bad_input, not_found
from obmen.connectors.retailcrm.sandbox.rows import PERSON, Customer, CustomerType
from obmen.connectors.retailcrm.sandbox.state import CrmState
from obmen.connectors.retailcrm.sandbox.tables import Table
from obmen.connectors.retailcrm.sandbox.values import digits

_FILTERS = (
    "ids",
    "externalIds",
    "sites",
    "managers",
    "name",
    "email",
    "vip",
    "bad",
    "dateFrom",
    "dateTo",
    "customFields",
    "contragentInn",
)


class CustomerMethods:
    """The methods of one kind of customer."""

    def __init__(self, kind: CustomerType, path: str, one: str, many: str) -> None:
        self._kind = kind
        self._path = path
        self._one = one
        self._many = many

    def methods(self) -> tuple[Method, ...]:
        """List the methods."""
        read, write, path = "customer_read", "customer_write", self._path
        return (
            Method("GET", path, read, self.list_all),
            Method("POST", f"{path}/create", write, self.create),
            Method("POST", f"{path}/upload", write, self.upload),
            Method("POST", f"{path}/fix-external-ids", write, self.fix_external_ids),
            Method("POST", f"{path}/combine", write, self.combine),
            Method("GET", f"{path}/{{id}}", read, self.get),
            Method("POST", f"{path}/{{id}}/edit", write, self.edit),
        )

    def list_all(self, ask: Ask) -> Answer:
        """List customers, the newest first."""
        found = _chosen(ask, self._kind)
        return paged(ask, self._many, found, lambda customer: shown_customer(ask.state, customer))

    def get(self, ask: Ask) -> Answer:
        """Show one customer."""
        return Answer({self._one: shown_customer(ask.state, self.held(ask))})

    def create(self, ask: Ask) -> Answer:
        """Make a customer."""
        given = ask.part(self._one)
        customer = create_customer(ask.state, ask.site(given.get("site")), given, self._kind)
        return Answer({"id": customer.id}, status=201)

    def edit(self, ask: Ask) -> Answer:
        """Change a customer."""
        given = ask.part(self._one)
        return Answer({"id": edit_customer(ask.state, self.held(ask), given).id})

    def upload(self, ask: Ask) -> Answer:
        """Make up to fifty customers; each fails for itself, and one failure makes the answer a 460."""
        given, site = ask.rows(self._many, ask.state.setup.batch), ask.site()
        done: list[dict[str, Any]] = []
        failed: list[dict[str, Any]] = []
        errors: dict[str, str] = {}
        for row in given:
            named = {"externalId": str(row["externalId"])} if row.get("externalId") else {}
            try:
                customer = create_customer(ask.state, site, row, self._kind)
                done.append({"id": customer.id, **named})
            except ApiError as exc:
                failed.append(named)
                errors |= exc.errors if isinstance(exc.errors, Mapping) else {"externalId": exc.text}
        body: dict[str, Any] = {"uploadedCustomers": done, "failedCustomers": failed}
        if not failed:
            return Answer(body)
        return Answer({**body, "errorMsg": "Customers are loaded with errors", "errors": errors}, status=460)

    def fix_external_ids(self, ask: Ask) -> Answer:
        """Give customers made in the account the ids of another system."""
        rows = ask.rows(self._many, 500)
        fix_external_ids(ask, rows, ask.state.customers, saving, kind=self._kind)
        return Answer()

    def combine(self, ask: Ask) -> Answer:
        """Put customers into one."""
        named = ask.rows("customers", 50)
        result = self._by_id(ask, ask.part("resultCustomer"), "resultCustomer")
        sources = [self._by_id(ask, row, "customers") for row in named]
        if not sources or result in sources:
            raise bad_input(customers="This value is not valid.")
        state, outer = ask.state, ask.state.actor
        state.actor = outer._replace(source="combine")
        combine_customers(state, sources, result)
        return Answer()

    def held(self, ask: Ask) -> Customer:
        """Find the customer a path names."""
        raw, by, state = ask.path["id"], ask.by(), ask.state
        if by == "id":
            found = state.customers.get(int(raw)) if raw.isdecimal() else None
        else:
            found = find_by_external_id(state, raw, *ask.sites(), kind=self._kind)
        if found is None or found.type != self._kind or found.site not in ask.sites():
            raise not_found()
        return found

    def _by_id(self, ask: Ask, named: Mapping[str, Any], at: str) -> Customer:
        raw = str(named.get("id") or "")
        found = ask.state.customers.get(int(raw)) if raw.isdecimal() else None
        if found is None or found.type != self._kind or found.site not in ask.sites():
            raise bad_input(**{at: "Customer not found."})
        return found


def fix_external_ids(
    ask: Ask,
    rows: list[dict[str, Any]],
    table: Table[Any],
    save: Callable[[CrmState, Any], AbstractContextManager[None]],
    *,
    kind: str | None = None,
) -> None:
    """Set external ids by internal ones, all or none; one that is taken in its shop is refused."""
    wanted = []
    for place, row in enumerate(rows):
        held = table.get(int(row["id"])) if str(row.get("id") or "").isdecimal() else None
        external_id = str(row.get("externalId") or "")
        if held is None or (kind and held.type != kind) or held.site not in ask.sites() or not external_id:
            raise ApiError(400, "Validation error", {f"[{place}]": "This value is not valid."})
        taken = table.first(external_id=external_id, site=held.site)
        if taken is not None and taken is not held:
            raise ApiError(400, "Validation error", {f"[{place}].externalId": "This value is already used."})
        wanted.append((held, external_id))
    for held, external_id in wanted:
        with save(ask.state, held):
            table.change(held, external_id=external_id)


def _chosen(ask: Ask, kind: str) -> Iterator[Customer]:
    wanted = ask.filter()
    unknown = next((name for name in wanted if name not in _FILTERS), None)
    if unknown is not None:
        raise bad_filter(unknown, "This form should not contain extra fields.")
    sites = set(strings(wanted.get("sites")) or ask.state.site_codes(ask.key)) & set(
        ask.state.site_codes(ask.key)
    )
    for customer in ask.state.customers.newest_first():
        if customer.type == kind and customer.site in sites and _fits(ask.state, customer, wanted):
            yield customer


def _fits(state: CrmState, customer: Customer, wanted: Mapping[str, Any]) -> bool:
    plain = customer.plain
    legal = (company.contragent for company in state.companies.where(customer_id=customer.id))
    inns = {str(each.get("INN")) for each in (customer.contragent, *legal) if each}
    name = str(wanted.get("name") or "").lower()
    words = " ".join(
        str(plain.get(each) or "") for each in ("lastName", "firstName", "patronymic", "nickName")
    )
    phones = [digits(phone) for phone in customer.phones]
    tests: dict[str, Callable[[], bool]] = {
        "ids": lambda: str(customer.id) in strings(wanted["ids"]),
        "externalIds": lambda: customer.external_id in strings(wanted["externalIds"]),
        "managers": lambda: str(plain.get("managerId")) in strings(wanted["managers"]),
        "name": lambda: name in words.lower() or (bool(digits(name)) and digits(name) in phones),
        "email": lambda: str(wanted["email"]).lower() in str(plain.get("email") or "").lower(),
        "vip": lambda: bool(plain.get("vip")) == (str(wanted["vip"]) == "1"),
        "bad": lambda: bool(plain.get("bad")) == (str(wanted["bad"]) == "1"),
        "dateFrom": lambda: str(plain["createdAt"]) >= str(wanted["dateFrom"]),
        "dateTo": lambda: str(plain["createdAt"])[:10] <= str(wanted["dateTo"]),
        "contragentInn": lambda: str(wanted["contragentInn"]) in inns,
        "customFields": lambda: all(
            str(customer.custom_fields.get(code)) == str(value)
            for code, value in wanted["customFields"].items()
        ),
    }
    return all(test() for field, test in tests.items() if wanted.get(field) not in (None, ""))


PEOPLE = CustomerMethods(PERSON, "customers", "customer", "customers")
METHODS = PEOPLE.methods()
