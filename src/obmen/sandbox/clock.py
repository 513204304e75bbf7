"""The clock every simulator lives by: real, shifted, or standing still until told otherwise."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta


def wall_time() -> datetime:
    """Read the machine's clock, aware and in UTC."""
    return datetime.now(UTC)


class Clock:
    """Tell the time to a simulator; it can be moved by hand, but never backwards."""

    def __init__(
        self, at: datetime | None = None, *, frozen: bool = False, source: Callable[[], datetime] = wall_time
    ) -> None:
        self._source = source
        self._shift = timedelta(0)
        self._frozen_at: datetime | None = None
        start = source()
        if at is not None:
            self._shift = _aware(at) - start
        if frozen:
            self._frozen_at = start + self._shift

    @property
    def frozen(self) -> bool:
        """Whether time moves only by `advance` and `move_to`."""
        return self._frozen_at is not None

    def now(self) -> datetime:
        """Return the simulated moment, aware and in UTC."""
        return self._frozen_at if self._frozen_at is not None else self._source() + self._shift

    def advance(self, seconds: float) -> datetime:
        """Move forward and return the new moment."""
        if seconds < 0:
            raise ValueError(f"A clock only moves forward, got {seconds} seconds.")
        step = timedelta(seconds=seconds)
        if self._frozen_at is not None:
            self._frozen_at += step
        else:
            self._shift += step
        return self.now()

    def move_to(self, at: datetime) -> datetime:
        """Move forward to a moment."""
        return self.advance((_aware(at) - self.now()).total_seconds())

    def freeze(self) -> None:
        """Stop at the present simulated moment."""
        self._frozen_at = self.now()

    def thaw(self) -> None:
        """Let time run again from where it stands."""
        if self._frozen_at is not None:
            self._shift = self._frozen_at - self._source()
            self._frozen_at = None


def _aware(at: datetime) -> datetime:
    if at.tzinfo is None:
        raise ValueError(f"A moment needs a time zone, got {at.isoformat()}.")
    return at.astimezone(UTC)
