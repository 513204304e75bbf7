"""Search for a trace that breaks an invariant: random episodes, each replayable by its seed, shrunk when one is found."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from random import Random

import msgspec

from obmen.errors import ObmenError
from obmen.testkit.driver import CUMULATED, NAMES, Driver, Move
from obmen.testkit.oracles import Violation
from obmen.testkit.world import World


class Failure(msgspec.Struct, frozen=True, kw_only=True):
    """A trace that breaks an invariant, as short as it could be made."""

    seed: int
    moves: list[Move]
    what: str


LENGTHS = (15, 30, 60)


def episode(rng: Random, lengths: Sequence[int] = LENGTHS) -> list[Move]:
    """Return a random episode: short, middling or long; most begin in a furnished world."""
    length = rng.choice(lengths)
    start: list[Move] = [("seed", rng.getrandbits(32))] if rng.random() < 0.7 else []
    return start + [
        (name, rng.getrandbits(32)) for name in rng.choices(NAMES, cum_weights=CUMULATED, k=length)
    ]


def play(make: Callable[[], World], moves: list[Move]) -> str | None:
    """Play moves in a new world, with a rest at the end; return what was violated, if anything."""
    driver = Driver(make())
    try:
        for move in moves:
            driver.move(move)
        driver.move(("rest", len(moves)))
    except (
        Violation,
        AssertionError,
        LookupError,
        ValueError,
        TypeError,
        AttributeError,
        ObmenError,
    ) as error:
        return f"{type(error).__name__}: {error}"
    return None


def shrink(make: Callable[[], World], moves: list[Move], *, tries: int = 2000) -> list[Move]:
    """Drop halves, quarters, … single moves as long as something still breaks."""
    size = max(1, len(moves) // 2)
    while tries > 0:
        start = 0
        dropped = False
        while start < len(moves) and tries > 0:
            shorter = moves[:start] + moves[start + size :]
            tries -= 1
            if play(make, shorter) is not None:
                moves, dropped = shorter, True
            else:
                start += size
        if size == 1 and not dropped:
            break
        size = max(1, size // 2) if not dropped else size
    return moves


def search(
    make: Callable[[], World], *, seed: int, steps: int, lengths: Sequence[int] = LENGTHS
) -> tuple[int, Failure | None]:
    """Play episodes until `steps` are done or something breaks; return the steps done and the shrunk failure.

    An episode ends in a rest, which costs as much as many steps: with a slow ledger take longer ones.
    """
    done = 0
    while done < steps:
        moves = episode(Random(seed), lengths)
        done += len(moves)
        if play(make, moves) is not None:
            moves = shrink(make, moves)
            return done, Failure(seed=seed, moves=moves, what=str(play(make, moves)))
        seed += 1
    return done, None


def told(failure: Failure) -> str:
    """Return a failure as people read it: what broke, the seed, the shortest trace."""
    moves = "\n".join(f"  {move}" for move in failure.moves)
    return f"seed {failure.seed}: {failure.what}\n{moves}"
