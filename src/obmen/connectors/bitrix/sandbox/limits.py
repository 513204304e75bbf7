"""The brakes of REST: the cloud's leaky bucket and the time budget per method. A box has both off."""

from collections import deque

from obmen.connectors.bitrix.sandbox.errors import RestError
from obmen.connectors.bitrix.sandbox.state import ShopState

WINDOW_S = 600.0


class Brakes:
    """Count requests and operating seconds of one webhook."""

    def __init__(self, state: ShopState) -> None:
        self._state = state
        self._level = 0.0
        self._level_at = state.unix_now()
        self._spent: dict[str, deque[tuple[float, float]]] = {}

    def check_rate(self) -> None:
        """Add a drop to the bucket, or refuse where it would overflow."""
        if self._state.setup.rate_limit is None:
            return
        burst, per_second = self._state.setup.rate_limit
        now = self._state.unix_now()
        self._level = max(0.0, self._level - (now - self._level_at) * per_second)
        self._level_at = now
        if self._level + 1 > burst:
            raise too_many()
        self._level += 1

    def book(self, method: str) -> None:
        """Book the cost of one call, or refuse where the method's budget is spent."""
        limit = self._state.setup.operating_limit_s
        if limit is None:
            return
        if self.spent(method) >= limit:
            raise RestError(
                "OPERATION_TIME_LIMIT", "Method is blocked due to operation time limit.", status=429
            )
        self._spent.setdefault(method, deque()).append(
            (self._state.unix_now(), self._state.setup.operating_cost_s)
        )

    def spent(self, method: str) -> float:
        """Return the operating seconds of a method within the window."""
        booked = self._spent.get(method, deque())
        while booked and booked[0][0] <= self._state.unix_now() - WINDOW_S:
            booked.popleft()
        return sum(seconds for _, seconds in booked)


def too_many() -> RestError:
    """Refuse as the cloud does to a client that is too quick."""
    return RestError("QUERY_LIMIT_EXCEEDED", "Too many requests", status=503)
