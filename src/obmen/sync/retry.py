"""When to try again. Randomness is passed in."""

from __future__ import annotations

from random import Random


def pause_s(attempt: int, rng: Random, *, base_s: float = 1.0, cap_s: float = 300.0) -> float:
    """Return seconds to wait before the next try after `attempt` failures: exponential, full jitter, never zero."""
    ceiling: float = min(cap_s, base_s * 2 ** min(attempt, 20))
    return max(0.05, rng.uniform(0, ceiling))
