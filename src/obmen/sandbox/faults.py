"""The dials by which a simulator misbehaves, drawn from a seeded source so that a bad day can be repeated."""

import random
from enum import StrEnum
from typing import Self

import msgspec


class Fault(StrEnum):
    """What may befall one request. The value is the name of its dial and of the header `X-Sandbox-Fault`."""

    ERROR = "error"  # HTTP 500 with a page of HTML, nothing done
    UNAVAILABLE = "unavailable"  # HTTP 503 from the proxy in front, nothing done
    LIMIT = "limit"  # the vendor's own "too many requests"
    LOST_ANSWER = "lost_answer"  # done, then the connection is closed
    LATE_EFFECT = "late_effect"  # the proxy answers 504, the effect lands afterwards
    EXPIRED = "expired"  # the session or token is forgotten before the request is looked at


class Dials(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Positions of all dials; rates are shares of requests between 0 and 1."""

    latency: tuple[float, float] = (0.0, 0.0)  # seconds, evenly between
    error: float = 0.0
    unavailable: float = 0.0
    limit: float = 0.0
    lost_answer: float = 0.0
    late_effect: float = 0.0
    late_s: float = 1.0  # how long after its 504 a late effect lands
    expired: float = 0.0
    trim: int = 0  # texts are kept to so many characters; 0 keeps them whole
    round: int = -1  # prices are kept to so many decimals; -1 keeps the vendor's own

    def __post_init__(self) -> None:
        low, high = self.latency
        if not 0 <= low <= high:
            raise ValueError(f"The dial latency goes from low to high, got {low}..{high}.")
        rates = {fault.value: self.rate(fault) for fault in Fault}
        for name, rate in rates.items():
            if not 0 <= rate <= 1:
                raise ValueError(f"The dial {name} is a share between 0 and 1, got {rate}.")
        if sum(rates.values()) > 1:
            raise ValueError(
                f"The shares of all faults add up to {sum(rates.values()):g}; they must not pass 1."
            )

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read `latency=0.1..0.3,lost_answer=0.02`; an empty text means no faults."""
        raw: dict[str, object] = {}
        for pair in filter(None, (piece.strip() for piece in text.split(","))):
            name, equals, value = pair.partition("=")
            if not equals or name not in cls.__struct_fields__:
                known = ", ".join(cls.__struct_fields__)
                raise ValueError(f"Fault dial {pair!r} is not understood; write name=value, known: {known}.")
            raw[name] = _span(value) if name == "latency" else value
        try:
            return msgspec.convert(raw, cls, strict=False)
        except msgspec.ValidationError as exc:
            raise ValueError(f"Fault dials {text!r} are not understood: {exc}") from exc

    def rate(self, fault: Fault) -> float:
        """Return the share of requests that meet this fault."""
        rate: float = getattr(self, fault.value)
        return rate


class Faults:
    """Draw what happens to each request; equal seeds and equal requests give equal days."""

    def __init__(self, dials: Dials | str = "", *, seed: int = 0) -> None:
        self.dials = Dials.parse(dials) if isinstance(dials, str) else dials
        self._random = random.Random(seed)

    def delay(self) -> float:
        """Draw the latency of one request, in seconds."""
        low, high = self.dials.latency
        return self._random.uniform(low, high) if high else 0.0

    def draw(self) -> Fault | None:
        """Draw at most one fault for one request."""
        point = self._random.random()
        for fault in Fault:
            point -= self.dials.rate(fault)
            if point < 0:
                return fault
        return None


def _span(value: str) -> tuple[str, str]:
    low, dots, high = value.partition("..")
    return (low, high) if dots else (value, value)
