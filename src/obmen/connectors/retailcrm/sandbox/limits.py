"""The brake of the API: so many requests a second for each key."""

from obmen.connectors.retailcrm.sandbox.errors import ApiError
from obmen.connectors.retailcrm.sandbox.state import CrmState

_ROUNDING = 1e-6  # of floats, so that a full drop leaked is a full drop


class Brake:
    """A leaky bucket for every key."""

    def __init__(self, state: CrmState) -> None:
        self._state = state
        self._buckets: dict[str, tuple[float, float]] = {}  # key -> level, moment

    def check(self, key: str) -> None:
        """Add a drop, or refuse where it would overflow."""
        if self._state.setup.rate_limit is None:
            return
        burst, per_second = self._state.setup.rate_limit
        now = self._state.unix_now()
        level, at = self._buckets.get(key, (0.0, now))
        level = max(0.0, level - (now - at) * per_second)
        if level + 1 > burst + _ROUNDING:
            self._buckets[key] = level, now
            self._state.over_limit += 1
            raise too_many()
        self._buckets[key] = level + 1, now


def too_many() -> ApiError:
    """Refuse a client that is too quick; the vendor's status is 503 and no Retry-After is told."""
    return ApiError(503, "API rate limit exceeded")
