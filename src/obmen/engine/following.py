"""Follow: look again at what wake-ups name.

Calls of triggers come by the thousand, each about one object, and a vendor answers a few calls a second. So whatever
waits is looked at in packs, the same object once. A wake-up is done in the transaction that stores its look: a crash
in the middle repeats one pack at most.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Awaitable, Callable, Collection, Iterable, Iterator, Mapping, Sequence
from functools import partial
from typing import NamedTuple, TypeVar

from obmen.connectors.contract import Nicknames, Source
from obmen.engine.hub import Hub
from obmen.engine.settling import Arrival, settle_page
from obmen.engine.waking import HOOK, Wake, wake_of
from obmen.errors import BadInput, ObmenError, Rejected
from obmen.ledger.contract import ARRIVED, DONE, FAILED, Tx
from obmen.sync.shadow import Look

T = TypeVar("T")

PACK = 100
"""Objects of one look; vendors show about as many in one answer."""


def never() -> bool:
    """Tell that there is no reason to stop."""
    return False


async def follow(hub: Hub, connection: str, *, stopped: Callable[[], bool] = never) -> int:
    """Look again at what the wake-ups of one connection name; return how many were ready to be followed.

    Those of records that are being written at the moment stay for later. Where `stopped` says so it ends behind the
    pack in hand.
    """
    wakes = await hub.ledger.run(lambda tx: _ripe(tx, connection))
    for pack in packs(wakes):
        if stopped():
            break
        await _follow(hub, connection, pack)
    return len(wakes)


def packs(wakes: Mapping[int, Wake]) -> Iterator[dict[int, Wake]]:
    """Gather wake-ups of one entity, as long as they name no more than `PACK` different objects."""
    for entity in sorted({wake.entity for wake in wakes.values()}):
        pack: dict[int, Wake] = {}
        about: set[str] = set()
        for number, wake in wakes.items():
            if wake.entity != entity:
                continue
            named = {*wake.refs, *wake.names, *(look.ref for look in wake.looks)}
            if pack and len(about | named) > PACK:
                yield pack
                pack, about = {}, set()
            pack[number] = wake
            about |= named
        yield pack


class _Asked(NamedTuple):
    """What one wake-up comes to."""

    refs: tuple[str, ...]
    """The objects it names, each once."""
    unknown: int
    """Names that nobody there bears."""
    error: ObmenError | None
    """What kept an object of it from being read."""


async def _follow(hub: Hub, connection: str, pack: Mapping[int, Wake]) -> None:
    """Look once at what a pack names; every wake-up of it ends with its own count."""
    entity = next(iter(pack.values())).entity
    wakes, read_at = await hub.ledger.run(lambda tx: (_open(tx, pack), tx.tick()))
    asked, looks = await _look(hub, connection, entity, wakes)

    def store(tx: Tx) -> None:
        still = _open(tx, wakes)  # a reading of the same connection follows wake-ups too
        fates = _settle(tx, hub, connection, entity, looks, read_at)
        for number, wake in still.items():
            shown = _settle(tx, hub, connection, entity, wake.looks, wake.read_at)
            counted = _counted(asked[number], fates) + Counter(received=len(shown)) + Counter(shown.values())
            error = asked[number].error
            tx.move_envelope(
                number,
                state=DONE if error is None else FAILED,
                position=-1,
                counted=counted,
                error_en=error.en if error is not None else "",
                error_ru=error.ru if error is not None else "",
            )

    await hub.ledger.run(store)


async def _look(
    hub: Hub, connection: str, entity: str, wakes: Mapping[int, Wake]
) -> tuple[dict[int, _Asked], list[Look]]:
    """Look at what wake-ups name; return what each of them comes to, and what was shown."""
    source = hub.connections[connection]
    if entity not in hub.topologies or not isinstance(
        source, Source
    ):  # a vendor tells of more than is exchanged
        return {number: _Asked(wake.refs, len(wake.names), None) for number, wake in wakes.items()}, []
    nicknames = _once(wake.names for wake in wakes.values())
    named: list[tuple[str, str]] = []
    misnamed: dict[str, ObmenError] = {}
    if nicknames and isinstance(source, Nicknames):
        named, misnamed = await _each(partial(source.named, entity), nicknames)
    meant = {
        number: (*wake.refs, *(ref for name, ref in named if name in wake.names))
        for number, wake in wakes.items()
    }
    looks, unread = await _each(partial(source.look, entity), _once(meant.values()))
    known = {name for name, _ in named}
    asked: dict[int, _Asked] = {}
    for number, wake in wakes.items():
        errors = [misnamed[name] for name in wake.names if name in misnamed]
        errors += [unread[ref] for ref in meant[number] if ref in unread]
        unknown = sum(name not in known for name in wake.names)
        asked[number] = _Asked(_once([meant[number]]), unknown, errors[0] if errors else None)
    return asked, looks


async def _each(
    ask: Callable[[Sequence[str]], Awaitable[Sequence[T]]], keys: Sequence[str]
) -> tuple[list[T], dict[str, ObmenError]]:
    """Ask about many at a time; whoever spoils an answer for the others is found by halving, and told apart."""
    answers: list[T] = []
    spoiled: dict[str, ObmenError] = {}
    left = [keys[start : start + PACK] for start in range(0, len(keys), PACK)]
    while left:
        some = left.pop()
        try:
            answers += await ask(some)
        except (BadInput, Rejected) as error:
            half = len(some) // 2
            if half:
                left += [some[:half], some[half:]]
            else:
                spoiled[some[0]] = error
    return answers, spoiled


def _settle(
    tx: Tx, hub: Hub, connection: str, entity: str, looks: Sequence[Look], read_at: int
) -> dict[str, str]:
    """Settle what was shown; return what became of each object."""
    if not looks:
        return {}
    arrival = Arrival(
        connection=connection, entity=entity, looks=looks, read_at=read_at, evidence="looked again"
    )
    return dict(settle_page(tx, hub, arrival).fates)


def _counted(asked: _Asked, fates: dict[str, str]) -> Counter[str]:
    """Count what one wake-up came to. What could not be shown is refused; the next to name an object tells nothing new."""
    counted = Counter(received=len(asked.refs) + asked.unknown, refused=asked.unknown)
    for ref in asked.refs:
        counted[fates.get(ref, "refused")] += 1
        if ref in fates:
            fates[ref] = "echoed"
    return counted


def _open(tx: Tx, wakes: Mapping[int, Wake]) -> dict[int, Wake]:
    """Return those that nobody has followed yet."""
    return {number: wake for number, wake in wakes.items() if tx.envelope(number).state == ARRIVED}


def _once(named: Iterable[Collection[str]]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(one for some in named for one in some))


def _ripe(tx: Tx, connection: str) -> dict[int, Wake]:
    """Return the wake-ups that are not about a record in the middle of a write."""
    hooks = [stored for stored in tx.waiting_envelopes(connection) if stored.kind == HOOK]
    wakes = {stored.id: wake_of(stored) for stored in hooks}
    about = {number: {*wake.refs, *(look.ref for look in wake.looks)} for number, wake in wakes.items()}
    bound: dict[str, dict[str, int]] = {}
    for entity in {wake.entity for wake in wakes.values()}:
        refs = _once(about[number] for number, wake in wakes.items() if wake.entity == entity)
        bound[entity] = tx.bound(connection, entity, refs)
    records = {
        number: {
            *wake.records,
            *(bound[wake.entity][ref] for ref in about[number] if ref in bound[wake.entity]),
        }
        for number, wake in wakes.items()
    }
    written = tx.attempts(connection, set[int]().union(*records.values()))
    return {number: wake for number, wake in wakes.items() if not records[number] & written.keys()}
