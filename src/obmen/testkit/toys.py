"""Toy systems: `Toy` is asked and written to, `FileToy` sends files that carry their own order.

They do everything to the hub that real systems do: page by change time in their own clock, fill in defaults, change
what they are given, lose answers, land writes late. Methods are coroutines that never suspend, so that a driver can
run them step by step.
"""

from __future__ import annotations

from collections import deque
from collections.abc import AsyncIterator, Callable, Collection, Iterator, Mapping, Sequence

import msgspec

from obmen.connectors.contract import (
    Done,
    Envelope,
    Missing,
    Outcome,
    Page,
    Pending,
    Portion,
    Recall,
    Refused,
    Step,
    Unknown,
    Unlanded,
    forget,
)
from obmen.engine.preparing import MARK
from obmen.errors import AuthFailed, Transient
from obmen.sync.shadow import Codec, Look, Wire
from obmen.testkit.shelf import Kind, Shelf, Thing

PAGE = 2
OVERLAP_S = 3.0
LATE_S = 20.0


class Toy(Shelf):
    """A system that is asked and written to. Faults for the next writes and reads are put into two queues."""

    def __init__(
        self,
        name: str,
        *,
        kinds: Mapping[str, Kind],
        codecs: Mapping[str, Codec],
        now: Callable[[], float],
        decides: Collection[tuple[str, str]] = (),
        normalise: Callable[[str, Wire], Wire] = lambda _, wire: wire,
    ) -> None:
        super().__init__(name, kinds=kinds, codecs=codecs, now=now, normalise=normalise)
        self.decides = frozenset(decides)
        """(entity, atom) whose edits here may become the record's: none of them may be overwritten unseen."""
        self.faults: deque[str] = deque()
        self.read_faults: deque[str] = deque()
        self.late: list[tuple[float, Step]] = []
        self.writes = 0
        self.allowed = 0.0
        """The highest price a person has confirmed."""

    # --- reading --------------------------------------------------------------------------------------------------

    async def pull(self, entity: str, cursor: str) -> Page:
        """Read the next page behind (change time, ref) in this system's own clock; overlap once per run."""
        self._may_fail()
        at, _, rest = cursor.partition("|")
        ref, _, end = rest.partition("|")
        after = (float(at or -1), ref)
        if end:
            after = (after[0] - OVERLAP_S, "")
        ahead = sorted(
            (
                (thing.changed_at, thing.ref, thing)
                for thing in self.alive(entity)
                if (thing.changed_at, thing.ref) > after
            ),
            key=lambda item: item[:2],
        )
        page = ahead[:PAGE]
        last = len(ahead) <= PAGE
        stands = page[-1][:2] if page else (max(after[0], float(at or -1)), ref)
        return Page(
            entity=entity,
            looks=tuple(self.look_of(thing) for _, _, thing in page),
            cursor=f"{stands[0]}|{stands[1]}|{'end' if last else ''}",
            last=last,
        )

    async def look(self, entity: str, refs: Sequence[str]) -> Sequence[Look]:
        """Read these objects now."""
        self._may_fail()
        looks = []
        for ref in refs:
            thing = self.things.get(ref)
            if thing is None or thing.gone or thing.entity != entity:
                looks.append(Look(ref=ref, fields={}, gone=True))
            else:
                looks.append(self.look_of(thing))
        self.noticed(looks)
        return looks

    async def walk(self, entity: str) -> AsyncIterator[Page]:
        """Read everything."""
        self._may_fail()
        alive = self.alive(entity)
        for start in range(0, len(alive) or 1, PAGE):
            looks = tuple(self.look_of(thing) for thing in alive[start : start + PAGE])
            self.noticed(looks)
            yield Page(entity=entity, looks=looks, cursor="", last=start + PAGE >= len(alive))

    def _may_fail(self) -> None:
        fault = self.read_faults.popleft() if self.read_faults else ""
        if fault == "token":
            raise AuthFailed("toy.token", f"{self.name}: the token has expired", f"{self.name}: токен истёк")
        if fault:
            raise Transient("toy.down", f"{self.name} does not answer", f"{self.name} не отвечает")

    # --- writing --------------------------------------------------------------------------------------------------

    def effects(self, step: Step) -> tuple[str, ...]:  # noqa: ARG002 - toys have no buyers
        """Set nothing off."""
        return ()

    async def push(self, steps: Sequence[Step]) -> Sequence[Outcome]:
        """Write steps, each with the next fault of the list, if any."""
        return [self._take(step, self.faults.popleft() if self.faults else "") for step in steps]

    def _take(self, step: Step, fault: str) -> Outcome:
        match fault:
            case "lost request":
                return Unknown(record=step.record, code="timeout", text="no answer")
            case "late":
                self.late.append((self.now() + LATE_S, step))
                return Unknown(record=step.record, code="timeout", text="no answer")
            case "pending":
                self.late.append((self.now() + LATE_S, step))
                return Pending(record=step.record, job=f"job {step.record}", check_in_s=LATE_S + 10)
            case "busy":
                return Unlanded(record=step.record, code="busy", text="try later")
            case "refused":
                return Refused(record=step.record, code="no", en="not like this", ru="так нельзя")
        outcome = self.write(step, late=False)
        if fault == "lost answer":
            return Unknown(record=step.record, code="timeout", text="no answer")
        return outcome

    def land(self) -> None:
        """Let the writes land whose time has come."""
        due = [step for at, step in self.late if at <= self.now()]
        self.late = [(at, step) for at, step in self.late if at > self.now()]
        for step in due:
            self.write(step, late=True)

    def write(self, step: Step, *, late: bool) -> Outcome:
        """Do what a step says, and judge it."""
        self.writes += 1
        codec = self.codecs[step.entity]
        for atom in step.fields:
            if not codec.carries(atom):
                self.wrongs.append(f"{self.name} was sent {step.entity}.{atom}, which it does not have")
        if step.ref is None:
            return self._create(step, late=late)
        thing = self.things.get(step.ref)
        if thing is None or thing.gone or thing.merged_into is not None:
            return Missing(record=step.record)
        self._judge(thing, step, late=late)
        for atom, wire in step.fields.items():
            thing.fields[atom] = self.normalise(atom, wire)
            thing.ours[atom] = wire
            thing.unseen.discard(atom)
            thing.sold = thing.sold and atom != "available"
        self._touch(thing)
        return Done(record=step.record, ref=thing.ref, returned=dict(thing.fields))

    def _create(self, step: Step, *, late: bool) -> Outcome:
        mark = int(step.mark.removeprefix(MARK))
        natural = self.kinds[step.entity].natural or ""
        known = step.fields.get(natural)
        for thing in self.alive(step.entity):
            if thing.mark == mark and not thing.copied:
                self.wrongs.append(f"{self.name}: a second object for record {mark}: {thing.ref}")
            elif thing.mark is None and known is not None and thing.fields.get(natural) == known and not late:
                self.wrongs.append(
                    f"{self.name}: created beside {thing.ref}, which people made with {known!r}"
                )
        fields: dict[str, Wire] = dict(self.kinds[step.entity].defaults)
        fields.update({atom: self.normalise(atom, wire) for atom, wire in step.fields.items()})
        thing = self.new(step.entity, fields)
        thing.mark = mark
        thing.keys = dict(step.keys)
        thing.ours = dict(step.fields)
        self._touch(thing)
        return Done(record=step.record, ref=thing.ref, returned=dict(thing.fields))

    def _judge(self, thing: Thing, step: Step, *, late: bool) -> None:
        for atom, wire in step.fields.items():
            stands = thing.fields.get(atom)
            if atom in thing.unseen and (thing.entity, atom) in self.decides and stands != wire and not late:
                self.wrongs.append(
                    f"{self.name} {thing.ref}: {atom} {stands!r} was overwritten unseen with {wire!r}"
                )
            if atom == "slug" and stands not in {None, wire}:
                self.wrongs.append(f"{self.name} {thing.ref}: its address {stands!r} was changed to {wire!r}")
            if atom.startswith("prices") and self._jumps(thing.ours.get(atom), wire):
                self.wrongs.append(f"{self.name} {thing.ref}: {atom} jumped to {wire!r} and nobody was asked")
            fell = atom == "available" and thing.sold and int(str(stands)) < int(str(wire))
            if fell and thing.ours.get(atom) == wire:
                self.wrongs.append(
                    f"{self.name} {thing.ref}: sold stock was put back, {stands!r} -> {wire!r}"
                )

    def _jumps(self, before: Wire, wire: Wire) -> bool:
        if before is None or wire is None:
            return False
        was, now = (float(str(text).partition(" ")[0]) for text in (before, wire))
        return was > 0 and now >= 3 * max(was, self.allowed)

    async def find(self, entity: str, steps: Sequence[Step]) -> Mapping[int, Sequence[str]]:
        """Find by mark, else by external code, else by what people recognise things by."""
        self._may_fail()
        natural = self.kinds[entity].natural
        found: dict[int, Sequence[str]] = {}
        for step in steps:
            mark = int(step.mark.removeprefix(MARK))
            alive = self.alive(entity)
            hits = [thing.ref for thing in alive if thing.mark == mark]
            if not hits and step.keys:
                hits = [thing.ref for thing in alive if thing.keys.items() & step.keys.items()]
            if not hits and natural is not None and step.fields.get(natural) is not None:
                hits = [thing.ref for thing in alive if thing.fields.get(natural) == step.fields[natural]]
            if hits:
                found[step.record] = hits
        return found


class Sheet(msgspec.Struct, frozen=True, kw_only=True):
    """One part of a file: some objects of one entity."""

    entity: str
    looks: tuple[Look, ...]
    complete: bool


class FileToy(Shelf):
    """A system that cannot be asked: it sends files, each with the moment of its formation."""

    exports = 0

    def export(self, *, complete: bool, entities: Sequence[str], refs: Collection[str] = ()) -> Envelope:
        """Write a file of everything, or of some objects."""
        self.exports += 1
        sheets = []
        for entity in entities:
            things = [thing for thing in self.alive(entity) if not refs or thing.ref in refs]
            looks = [
                msgspec.structs.replace(self.look_of(thing), order=f"{self.exports:06d}", at=None)
                for thing in things
            ]
            for start in range(0, len(looks) or 1, PAGE):
                part = tuple(looks[start : start + PAGE])
                sheets.append(
                    Sheet(entity=entity, looks=part, complete=complete and start + PAGE >= len(looks))
                )
        return Envelope(
            connection=self.name,
            kind="file",
            name=f"export {self.exports}",
            key=f"export {self.exports}",
            body=msgspec.json.encode(sheets),
        )

    def unpack(self, envelope: Envelope, position: int, *, recall: Recall = forget) -> Iterator[Portion]:  # noqa: ARG002 - a toy's file is small
        """Read a file part by part."""
        sheets = msgspec.json.decode(envelope.body, type=list[Sheet])
        for number, sheet in enumerate(sheets[position:], position + 1):
            yield Portion(entity=sheet.entity, looks=sheet.looks, position=number, complete=sheet.complete)
