"""Settle a page of looks in one transaction: match, merge, journal, shadows, outbox.

Records change here and nowhere else. Everything is read and written by whole pages; one look costs a few dictionary
operations where nothing changed.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Mapping, Sequence
from decimal import Decimal
from typing import NamedTuple, TypeAlias

import msgspec

from obmen.connectors.contract import Traits
from obmen.engine import guarding, issues, outbox, reserving, waking
from obmen.engine.hub import Bindings, Hub, view_of
from obmen.engine.matching import Matched, Strangers, match_strangers
from obmen.engine.siblings import gave_way
from obmen.ledger.contract import Attempt, Binding, Danger, Issue, JournalLine, Known, Sighting, Tx, Waiter
from obmen.model import ENTITIES, Record
from obmen.sync.births import Births
from obmen.sync.derived import derive
from obmen.sync.guard import Change, danger
from obmen.sync.laws import Law
from obmen.sync.reasons import Reason
from obmen.sync.rules import Topology, family
from obmen.sync.settle import Entry, Moment, Settled, fence, is_echo, repeats, settle, still_waits
from obmen.sync.shadow import Look, Shadow, View, Wire, bind_key, bound_key, has_partners_inside, partners_in
from obmen.sync.traces import added, families_of, remembered, trace_of, waits

REFUSALS = frozenset(
    reason.code
    for reason in (
        Reason.NOT_OWNER,
        Reason.ONCE,
        Reason.STALE_FACT,
        Reason.FACTS_CLASH,
        Reason.LOWER_PRIORITY,
        Reason.EARLIER,
        Reason.REVIEW,
        Reason.PAID_LINES,
        Reason.TUG_OF_WAR,
        Reason.NOT_A_CREATOR,
        Reason.DOUBLE,
    )
)


NOTHING = Shadow(held={})


class Forgotten(Exception):
    """A look said that its bytes were settled before, and what is known of them has changed in the meantime."""


_NOTHING = Decimal(0)


class Arrival(msgspec.Struct, frozen=True, kw_only=True):
    """A page of looks as it reaches the hub."""

    connection: str
    entity: str
    looks: Sequence[Look]
    read_at: int
    """Ledger tick taken before the page was asked for."""
    evidence: str
    envelope: int = 0
    scope: str = ""
    woken: bool = False
    """Whether these waited for what has come: what waits still has to be noted anew."""
    separate: bool = False
    """Whether a person said that unknown objects here are records of their own, whatever they look like."""


class Outcome(NamedTuple):
    """What a page came to: counters that add up, and what has to be looked at again."""

    counted: Counter[str]
    """received = echoed + applied + superseded + refused + waiting."""
    look_again: tuple[str, ...]
    """Refs a wake-up was left for."""
    fates: Mapping[str, str]
    """The counter each ref went to."""


def settle_page(tx: Tx, hub: Hub, page: Arrival) -> Outcome:
    """Settle the looks of one page. The caller moves the cursor in the same transaction."""
    return _Page(tx, hub, page).run()


_Merged: TypeAlias = tuple[Look, Record | None, Settled]
"""A look, the record before it, and what it came to."""


class _Page:
    """One page in progress."""

    def __init__(self, tx: Tx, hub: Hub, page: Arrival) -> None:
        self.tx = tx
        self.hub = hub
        self.page = page
        self.topology: Topology = hub.topologies[page.entity]
        self.entity = ENTITIES[page.entity]
        self.partners = Bindings()
        self.view: View = view_of(hub, page.connection, page.entity, self.partners)
        self.moment: Moment = hub.moment(page.evidence)
        self.births = Births(
            view=self.view,
            topology=self.topology,
            moment=self.moment,
            selling=hub.selling,
            laws=hub.laws,
        )
        self.counted: Counter[str] = Counter()
        self.fates: dict[str, str] = {}
        self.sighted: list[int] = []
        self.again: list[Look] = []
        self.unborn: list[int] = []
        """Records that looks wait for which are being created there at the moment."""
        self.heirs: set[str] = set()
        """Refs that took the place of merged ones on this page: they are looked at again as what they are now."""
        self.merged: list[_Merged] = []
        self.bindings: list[Binding] = []
        self.born: dict[int, Sequence[Entry]] = {}
        """What the journal says of the birth of each record made here."""
        self.journal: list[JournalLine] = []
        self.opened: list[Issue] = []
        self.closed: list[str] = []
        self.waits: list[tuple[str, Waiter]] = []
        self.wakes: list[str] = []
        self.before: dict[int, Known] = {}
        """What the ledger knew of the records looked at."""
        self.retraced: dict[int, str] = {}
        self.families: set[str] = set()
        """Families asserted by looks that only said they were the same."""

    def run(self) -> Outcome:
        looks = self.page.looks
        self.counted["received"] += len(looks)
        for round_ in _rounds(looks):
            self._round(round_)
            self._store()
        sighting = self._sighting()
        self.tx.sight(sighting)
        if self.page.entity == "offer" and "stock" in sighting.facets and not self.page.woken:
            page = self.page
            reserving.counted(self.tx, self.hub, page.connection, sighting.records, read_at=page.read_at)
        if self.closed:
            self.tx.close_issues(self.closed, at=self.moment.now)
        if self.opened:
            self.tx.open_issues(self.opened, at=self.moment.now)
        if self.again:
            page = self.page
            waking.remember(
                self.tx,
                self.hub,
                page.connection,
                page.entity,
                self.again,
                records=self.unborn,
                read_at=page.read_at,
                why="again",
            )
        woken = self.tx.woken(self.wakes) if self.wakes and Law.PARTNER_WAKES in self.hub.laws else []
        if woken:
            resettle(self.tx, self.hub, woken)
        return Outcome(self.counted, tuple(look.ref for look in self.again), self.fates)

    # --- sorting what arrived -------------------------------------------------------------------------------------

    def _round(self, looks: Sequence[Look]) -> None:
        tx, page = self.tx, self.page
        late = self._late(looks)
        if any(look.same for look in looks):
            self._same([look for look in looks if look.same], late)
            looks = [look for look in looks if not look.same]
        known = tx.known(page.connection, page.entity, [look.ref for look in looks])
        strangers: list[Look] = []
        moved: list[tuple[Look, Known]] = []
        for look in looks:
            found = known.get(look.ref)
            if found is None or (self.page.separate and found.kind == "apart"):
                strangers.append(look)
            elif found.shadow is not None and found.record not in late and is_echo(look, found.shadow):
                self._end(look, "echoed")
                self.sighted.append(found.record)
                self._retrace(look, found)
            else:
                moved.append((look, found))
        if moved or strangers:
            self._fetch_partners([look for look, _ in moved] + strangers)
            moved = [(look, found) for look, found in moved if not self._waits_on(look, found, late)]
        if moved:
            self._moved(moved, late)
        if strangers:
            self._strangers(strangers)

    def _waits_on(self, look: Look, found: Known, late: dict[int, set[str]]) -> bool:
        """Count a look that shows what is held and waits for the partners it waited for: nothing has to be done."""
        shadow = found.shadow
        if shadow is None or not shadow.blocked or found.record in late or self.page.woken:
            return False
        if not repeats(look, shadow) or not still_waits(look, shadow, self.view, self.entity):
            return False
        self._end(look, "waiting")
        self.sighted.append(found.record)
        self._retrace(look, found)
        return True

    def _same(self, looks: Sequence[Look], late: Mapping[int, set[str]]) -> None:
        """Count looks of bytes that were settled before, as long as nothing has touched their shadows since."""
        page = self.page
        known = self.tx.traces(page.connection, page.entity, [look.ref for look in looks])
        for look in looks:
            record, traces = known.get(look.ref, (0, ""))
            trace = remembered(traces, look.digest)
            if not trace or record in late:
                raise Forgotten
            self._end(look, "waiting" if waits(trace) else "echoed")
            self.sighted.append(record)
            self.families |= families_of(page.entity, trace)

    def _retrace(self, look: Look, found: Known) -> None:
        """Remember the bytes of an echo that were not known yet."""
        if look.digest and found.shadow is not None and not remembered(found.traces, look.digest):
            entity = self.page.entity
            new = trace_of(entity, look, found.shadow)
            if new:
                self.retraced[found.record] = added(entity, found.traces, new, found.shadow, found.shadow)

    def _late(self, looks: Sequence[Look]) -> dict[int, set[str]]:
        """Return the records that a later look has already shown, with the families it showed."""
        order = min((look.order for look in looks), default="")
        if order and Law.SOURCE_ORDER not in self.hub.laws:
            return {}
        if order:
            return self.tx.sighted_later(self.page.connection, self.page.entity, order=order)
        if Law.READ_FENCE not in self.hub.laws:
            return {}
        return self.tx.sighted_later(self.page.connection, self.page.entity, read_at=self.page.read_at)

    def _fetch_partners(self, looks: Sequence[Look]) -> None:
        refs: defaultdict[str, set[str]] = defaultdict(set)
        for look in looks:
            for partner, ref in partners_in(self.entity, look.fields):
                refs[partner].add(str(ref))
        for partner in sorted(refs):
            self.partners.fetch_records(self.tx, self.page.connection, partner, refs[partner])

    # --- known objects --------------------------------------------------------------------------------------------

    def _moved(self, moved: list[tuple[Look, Known]], late: dict[int, set[str]]) -> None:
        ids = [found.record for _, found in moved]
        self.before = {found.record: found for _, found in moved}
        records = self.tx.records(ids)
        if has_partners_inside(self.entity):
            outbox.fetch_partner_refs(self.tx, self.page.connection, records.values(), self.partners)
        attempts = self.tx.attempts(self.page.connection, ids)
        for look, found in moved:
            record = records[found.record]
            if found.kind in {"alias", "apart"} or (found.kind == "gone" and look.gone):
                self._end(look, "echoed")
            elif self._is_in_conversation(look, record, attempts):
                continue
            elif look.gone or look.merged_into is not None:
                self._gone(look, record, found, late.get(record.id))
            elif found.kind == "gone":
                self._is_back(look, record, found)
            else:
                self.sighted.append(record.id)
                self._merge(look, record, found.shadow, late.get(record.id))

    def _is_in_conversation(self, look: Look, record: Record, attempts: dict[int, Attempt]) -> bool:
        if record.id not in attempts or Law.ONE_CONVERSATION not in self.hub.laws:
            return False
        self._end(look, "waiting")
        self.again.append(look)
        self._line(record.id, "look", [Entry("", Reason.IN_CONVERSATION.code, detail=look.ref)])
        return True

    def _merge(self, look: Look, record: Record, shadow: Shadow | None, late: set[str] | None) -> None:
        if late:
            fresh = {name: wire for name, wire in look.fields.items() if family(name) not in late}
            differs = shadow is None or any(
                shadow.held.get(name) != wire for name, wire in look.fields.items() if name not in fresh
            )
            if differs and not look.order:
                self.again.append(look)
            if not fresh:
                self._superseded(look, record, differs=differs)
                return
            look = msgspec.structs.replace(look, fields=fresh, whole=(), digest="")
        if self._is_fenced(look, record, shadow):
            return
        settled = settle(
            record=record,
            shadow=shadow,
            look=look,
            read_at=self.page.read_at,
            view=self.view,
            topology=self.topology,
            moment=self.moment,
            defaults=self._defaults() if shadow is None else {},
            laws=self.hub.laws,
        )
        self._count(look, settled)
        self._report(record, shadow or NOTHING, settled.shadow, settled.entries)
        self.merged.append((look, record, settled))
        if settled.entries:
            self._line(record.id, "look", settled.entries)

    def _defaults(self) -> Mapping[str, Wire]:
        return self._traits().defaults

    def _traits(self) -> Traits:
        return self.hub.connections[self.page.connection].traits(self.page.entity)

    def _report(self, record: Record, before: Shadow, after: Shadow, entries: Sequence[Entry]) -> None:
        """Open the issues of what a person has to settle, close those that are settled."""
        connection = self.page.connection
        if before.frozen:
            self.closed += [
                issues.undecided_key(connection, record.id, atom)
                for atom in before.frozen.keys() - after.frozen
            ]
        if after.frozen:
            self.opened += [
                issues.undecided(connection, record, entry)
                for entry in entries
                if after.frozen.get(entry.atom) == entry.reason
            ]

    def _is_fenced(self, look: Look, record: Record, shadow: Shadow | None) -> bool:
        if fence(look, shadow, self.page.read_at, self.hub.laws) is None:
            return False
        self.again.append(look)
        self._superseded(look, record, differs=True)
        return True

    def _superseded(self, look: Look, record: Record, *, differs: bool) -> None:
        self._end(look, "superseded")
        if differs:
            self._line(record.id, "look", [Entry("", Reason.SUPERSEDED.code)])

    def _gone(self, look: Look, record: Record, found: Known, late: set[str] | None) -> None:
        """Note that an object is not there any more: its binding becomes a tombstone, or an alias of where it went."""
        page = self.page
        if late:
            self.again.append(look)
            self._superseded(look, record, differs=True)
            return
        if self._is_fenced(look, record, found.shadow):
            return
        self._end(look, "applied")
        if look.merged_into is None and gave_way(self.tx, page.connection, record):
            self._line(record.id, "look", [Entry("", Reason.BARE_SIBLING.code, detail=look.ref)])
            return
        self.tx.unbind(page.connection, [record.id], kind="gone" if look.merged_into is None else "alias")
        self.tx.drop_deliveries(page.connection, [record.id])
        shadow = msgspec.structs.replace(found.shadow or Shadow(held={}), gone=True, seen=page.read_at)
        self.tx.put_shadows(page.connection, page.entity, {record.id: shadow})
        reason = Reason.GONE if look.merged_into is None else Reason.MERGED
        self._line(record.id, "look", [Entry("", reason.code, detail=look.merged_into or look.ref)])
        survivor = self._known_as(look.merged_into)
        if look.merged_into is not None and survivor is None:
            # Nobody stood for the survivor yet, so that it is this record from now on.
            self.tx.bind([Binding(page.connection, page.entity, look.merged_into, record.id)])
            fresh = Shadow(held={}, seen=page.read_at, as_of=shadow.as_of)
            self.tx.put_shadows(page.connection, page.entity, {record.id: fresh})
            self.heirs.add(look.merged_into)
            self.again.append(msgspec.structs.replace(look, ref=look.merged_into, merged_into=None))
            outbox.recompute(
                self.tx, self.hub, page.entity, records=[record], changed=(), touched=page.connection
            )
        elif look.merged_into is not None and survivor is not None:
            if any(one.kind == "live" for one in self.tx.bindings([record.id])):  # it stands elsewhere
                self.opened.append(
                    issues.put_together(page.connection, record, look.ref, survivor, look.merged_into)
                )
        elif self.topology.reader(page.connection) is not None:
            self.opened.append(issues.gone(page.connection, record, look.ref))
        outbox.recompute_lane(self.tx, self.hub, page.connection, record)

    def _known_as(self, ref: str | None) -> int | None:
        """Return the record an object of the page's system is, if it is any."""
        if ref is None:
            return None
        return self.tx.bound(self.page.connection, self.page.entity, [ref]).get(ref)

    def _is_back(self, look: Look, record: Record, found: Known) -> None:
        """Take a deleted object that stands there again; an older look of it is not a return."""
        if self._is_fenced(look, record, found.shadow):
            return
        page = self.page
        if record.id in self.tx.refs_of(page.connection, [record.id]):
            self._park(look, Matched.PARK_DOUBLE)
            return
        self.bindings.append(Binding(page.connection, page.entity, look.ref, record.id, "live", page.scope))
        # A record just born has nobody who could know of it and wait.
        self.wakes.append(bound_key(page.connection, record.id))
        self._line(record.id, "look", [Entry("", Reason.BOUND.code, detail=look.ref)])
        self.sighted.append(record.id)
        self._merge(look, record, found.shadow, None)

    # --- unknown objects ------------------------------------------------------------------------------------------

    def _strangers(self, strangers: list[Look]) -> None:
        for look in strangers:
            if look.gone:
                self._end(look, "echoed")
            elif look.ref in self.heirs:
                self._end(look, "waiting")
        here = [look for look in strangers if not look.gone and look.ref not in self.heirs]
        if self.page.separate:
            matched = Strangers({look.ref: Matched.CREATE for look in here}, {}, len(here))
        else:
            matched = match_strangers(self.tx, self.hub, self.page.connection, self.page.entity, here)
        first = self.tx.allocate(matched.creating) if matched.creating else 0
        for look in here:
            verdict = matched.verdicts[look.ref]
            if verdict is Matched.CREATE:
                self._create(look, first)
                first += 1
            elif verdict is Matched.PARK_DOUBLE or verdict is Matched.PARK_STRANGER:
                self._park(look, verdict)
            elif verdict is Matched.WAIT:
                self._end(look, "waiting")
                self.again.append(look)
                self.unborn.append(matched.records[look.ref].id)
            else:
                self._bind(look, matched.records[look.ref])

    def _create(self, look: Look, number: int) -> None:
        page = self.page
        self.partners.learn(page.entity, look.ref, number)
        self.bindings.append(Binding(page.connection, page.entity, look.ref, number, "live", page.scope))
        settled = self.births.birth(number=number, look=look, read_at=page.read_at)
        self.sighted.append(number)
        self._end(look, "applied")
        self.merged.append((look, None, settled))
        self.born[number] = settled.entries

    def _bind(self, look: Look, record: Record) -> None:
        page = self.page
        self.partners.learn(page.entity, look.ref, record.id)
        self.bindings.append(Binding(page.connection, page.entity, look.ref, record.id, "live", page.scope))
        # A record just born has nobody who could know of it and wait.
        self.wakes.append(bound_key(page.connection, record.id))
        self._line(record.id, "look", [Entry("", Reason.BOUND.code, detail=look.ref)])
        self.closed.append(issues.stranger_key(Reason.NOT_A_CREATOR, page.connection, page.entity, look.ref))
        self.sighted.append(record.id)
        if has_partners_inside(self.entity):
            outbox.fetch_partner_refs(self.tx, page.connection, [record], self.partners)
        self._merge(look, record, None, None)

    def _park(self, look: Look, verdict: Matched) -> None:
        self._end(look, "refused")
        reason = Reason.DOUBLE if verdict is Matched.PARK_DOUBLE else Reason.NOT_A_CREATOR
        if reason is Reason.NOT_A_CREATOR and self._traits().recognised:
            return
        self.opened.append(issues.stranger(reason, self.page.connection, self.page.entity, look))

    # --- storing what was decided ---------------------------------------------------------------------------------

    def _count(self, look: Look, settled: Settled) -> None:
        if settled.changed:
            self._end(look, "applied")
        elif settled.shadow.blocked and any(name in settled.shadow.blocked for name in look.fields):
            self._end(look, "waiting")
        elif any(entry.reason in REFUSALS for entry in settled.entries):
            self._end(look, "refused")
        elif any(entry.reason == Reason.SUPERSEDED.code for entry in settled.entries):
            self._end(look, "superseded")
        else:
            self._end(look, "echoed")

    def _end(self, look: Look, fate: str) -> None:
        self.counted[fate] += 1
        self.fates[look.ref] = fate

    def _line(self, record: int, kind: str, entries: Sequence[Entry]) -> None:
        self.journal.append(
            JournalLine(
                record=record,
                connection=self.page.connection,
                kind=kind,
                entries=tuple(entries),
                evidence=self.page.evidence,
            )
        )

    def _store(self) -> None:
        tx, page = self.tx, self.page
        if self.bindings:
            tx.bind(self.bindings)
            self.wakes.extend(
                bind_key(page.connection, page.entity, binding.ref) for binding in self.bindings
            )
        if self.merged:
            self._store_merged()
        if self.retraced:
            tx.put_traces(page.connection, self.retraced)
        if self.waits:
            tx.wait(self.waits)
        at, tick = self.moment.now, page.read_at
        if self.born:
            tx.journal_births(page.connection, self.born, evidence=page.evidence, at=at, tick=tick)
        if self.journal:
            tx.journal(self.journal, at=at, tick=tick)
        self.born = {}
        self.bindings, self.merged, self.waits, self.journal = [], [], [], []
        self.before, self.retraced = {}, {}

    def _store_merged(self) -> None:
        tx, page, hub = self.tx, self.page, self.hub
        new: list[Record] = []
        updated: list[Record] = []
        records: list[Record] = []
        dangers: list[Danger] = []
        guarded = Law.GUARDS in hub.laws
        kept: Mapping[int, Decimal] = {}
        if page.entity == "offer":
            kept = reserving.kept(tx, hub, [settled.record.id for _, _, settled in self.merged])
        for _, before, settled in self.merged:
            record = settled.record
            changed: Collection[str] = settled.changed
            if before is None:
                new.append(record)
            elif record is not before:
                reserved = kept.get(record.id, _NOTHING)
                record, derived = derive(record, changed, hub.selling, self.moment.at, reserved)
                record = self._with_lane(record, changed)
                updated.append(record)
                if guarded:
                    names = [*changed, "available"] if derived else changed
                    dangers += self._dangers(before, record, names)
            for atom, key in settled.shadow.blocked.items():
                self.waits.append((key, Waiter(record.id, page.connection, "look")))
                if not key.startswith("bind:"):
                    self.opened.append(issues.unreadable(hub.connections[page.connection], record, atom, key))
            if page.entity == "order":
                self._close_contradictions(record, settled.entries)
            records.append(record)
        keys = {page.entity: hub.key_atoms(page.entity)}
        if new:
            self.opened += issues.namesakes(tx, page.connection, new, keys[page.entity])
            tx.put_records(new, new=True, keys=keys)
        if updated:
            tx.put_records(updated, new=False, keys=keys)
        shadows = {settled.record.id: settled.shadow for _, _, settled in self.merged}
        tx.put_shadows(page.connection, page.entity, shadows, self._traces())
        if dangers:
            guarding.note(tx, page.connection, dangers)
        outbox.recompute(
            tx,
            hub,
            page.entity,
            records=records,
            changed={record.id for record in (*new, *updated)},
            born={record.id for record in new},
            touched=page.connection,
            held={item.record for item in dangers},
        )
        if page.entity == "order":
            live = [record for record in records if not self.topology.leaves_alone(record)]
            reserving.note(tx, hub, page.connection, live, read_at=page.read_at)

    def _close_contradictions(self, record: Record, entries: Sequence[Entry]) -> None:
        """Close the issues of values that contradicted themselves and could be read now."""
        self.closed += [
            issues.contradiction_key(self.page.connection, record.id, entry.atom)
            for entry in entries
            if entry.atom and entry.reason != Reason.BLOCKED.code
        ]

    def _traces(self) -> dict[int, str]:
        """Return what to remember of the bytes each merged look was read from."""
        entity = self.page.entity
        traces: dict[int, str] = {}
        for look, _, settled in self.merged:
            if look.digest:
                number, new = settled.record.id, trace_of(entity, look, settled.shadow)
                found = self.before.get(number)
                traces[number] = (
                    new if found is None else added(entity, found.traces, new, found.shadow, settled.shadow)
                )
        return traces

    def _with_lane(self, record: Record, changed: Collection[str]) -> Record:
        lane_by = self.entity.lane_by
        if lane_by is None or lane_by not in changed:
            return record
        head = record.atoms[lane_by]
        lane = head if isinstance(head, int) and not isinstance(head, bool) else record.id
        return record if lane == record.lane else msgspec.structs.replace(record, lane=lane)

    def _dangers(self, before: Record, record: Record, names: Collection[str]) -> list[Danger]:
        dangers: list[Danger] = []
        for name in names:
            change = Change(record.id, name, before.atoms.get(name), record.atoms.get(name))
            kind = danger(change, self.hub.limits)
            if kind is not None and family(name) != "stock":
                dangers.append(
                    Danger(
                        connection=self.page.connection,
                        entity=self.page.entity,
                        kind=kind.value,
                        record=record.id,
                        atom=name,
                        before=change.before,
                        after=change.after,
                    )
                )
        return dangers

    def _sighting(self) -> Sighting:
        names = set[str]().union(*(look.fields for look in self.page.looks))
        return Sighting(
            connection=self.page.connection,
            entity=self.page.entity,
            read_at=self.page.read_at,
            at=self.moment.now,
            records=tuple(self.sighted),
            order=max((look.order for look in self.page.looks), default=""),
            envelope=self.page.envelope,
            scope=self.page.scope,
            facets=tuple(sorted(self.families.union(map(family, names)))),
        )


def resettle(tx: Tx, hub: Hub, waiters: Sequence[Waiter]) -> None:
    """Settle again, from what is held, the looks that waited for what has come now; wake the writes that did."""
    looks = [waiter for waiter in waiters if waiter.kind == "look"]
    for connection in sorted({waiter.connection for waiter in looks}):
        ids = sorted({waiter.record for waiter in looks if waiter.connection == connection})
        records = tx.records(ids)
        shadows = tx.shadows(connection, ids)
        refs = tx.refs_of(connection, ids)
        by_entity: dict[str, list[Look]] = {}
        for number in ids:
            shadow = shadows.get(number)
            if shadow is None or number not in refs:
                continue
            fields = {atom: shadow.held[atom] for atom in shadow.blocked if atom in shadow.held}
            look = Look(ref=refs[number], fields=fields, title=records[number].title)
            by_entity.setdefault(records[number].entity, []).append(look)
        for entity in sorted(by_entity, key=lambda name: ENTITIES[name].rank):
            arrival = Arrival(
                connection=connection,
                entity=entity,
                looks=by_entity[entity],
                read_at=tx.tick(),
                evidence="woken",
                woken=True,
            )
            settle_page(tx, hub, arrival)
    outbox.wake(tx, hub, [waiter for waiter in waiters if waiter.kind == "write"])


def _rounds(looks: Sequence[Look]) -> list[Sequence[Look]]:
    """Split a page so that no ref appears twice in a round; nearly always one round."""
    if len({look.ref for look in looks}) == len(looks):
        return [looks] if looks else []
    rounds: list[list[Look]] = []
    seen: Counter[str] = Counter()
    for look in looks:
        turn = seen[look.ref]
        seen[look.ref] += 1
        if turn == len(rounds):
            rounds.append([])
        rounds[turn].append(look)
    return list(rounds)
