"""What the `sale.*` methods share: reading writable fields, refusals, warnings told as errors after the save."""

from collections.abc import Callable, Iterable, Mapping
from typing import Any, TypeVar

from obmen.connectors.bitrix.sandbox.calls import Answer, Method, flag, integer, moment, number, text
from obmen.connectors.bitrix.sandbox.errors import RestError
from obmen.connectors.bitrix.sandbox.listing import Ask, Getter, choose, only
from obmen.connectors.bitrix.sandbox.rows import ZERO
from obmen.connectors.bitrix.sandbox.sale.orders import Impossible
from obmen.connectors.bitrix.sandbox.sale.rows import Order
from obmen.connectors.bitrix.sandbox.state import ShopState
from obmen.connectors.bitrix.sandbox.tables import Row, Table

R = TypeVar("R", bound=Row)
Reader = Callable[[ShopState, Any], Any]

WARNING = "Заказ сохранён с предупреждениями"


def as_text(_: ShopState, raw: Any) -> str:
    """Read a text; null is an empty one."""
    return text(raw) or ""


def as_flag(_: ShopState, raw: Any) -> str:
    """Read Y or N."""
    return flag(raw)


def as_number(_: ShopState, raw: Any) -> Any:
    """Read an amount; an empty one is nought."""
    value = number(raw)
    return ZERO if value is None else value


def as_integer(_: ShopState, raw: Any) -> int | None:
    """Read a whole number."""
    return integer(raw)


def read(
    state: ShopState, fields: Mapping[str, Any], readers: Mapping[str, tuple[str, Reader]]
) -> dict[str, Any]:
    """Read the fields that may be written; others are dropped without a word."""
    return {
        name: reader(state, fields[shown]) for shown, (name, reader) in readers.items() if shown in fields
    }


MOMENT: Reader = moment


def order_of(state: ShopState, raw: Any, *, code: int = 0, said: str = "Unable to load order") -> Order:
    """Find the order a child names, or refuse."""
    order = state.sale.orders.get(integer(raw))
    if order is None:
        raise RestError(code, said)
    return order


def guarded(method: Method) -> Method:
    """Turn what the shop refuses into an error of REST."""

    def call(state: ShopState, params: Mapping[str, Any]) -> Any:
        try:
            return method(state, params)
        except Impossible as exc:
            raise RestError(0, str(exc)) from exc

    return call


def warn(state: ShopState, warnings: Iterable[str] = ()) -> None:
    """Tell the warnings of a save as an error: everything is saved by now."""
    told = list(warnings)
    if not told and state.setup.save_warning and state.sale.random.random() < state.setup.save_warning:
        told = [WARNING]
    if told:
        raise RestError(0, "; ".join(told))


def lists_shown(
    table: Callable[[ShopState], Table[R]],
    key: str,
    show: Callable[[ShopState, R], dict[str, Any]],
    *,
    keep: Callable[[R], bool] | None = None,
    getters: Mapping[str, Getter[R]] | None = None,
) -> Method:
    """Make the list method of a table whose rows are shown in a way of their own."""

    def list_rows(state: ShopState, params: Mapping[str, Any]) -> Answer:
        ask = Ask.of(params)
        page = choose(table(state), ask, getters=getters, keep=keep)
        return Answer({key: [only(show(state, row), ask.select) for row in page.rows]}, page.total, page.next)

    return list_rows
