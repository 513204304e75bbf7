"""Settle one look: the three-way merge of record, shadow and what was just shown. Pure.

The order of tests is the heart of the product; `docs/architecture.md` tells which trace bought each of them.
"""

from __future__ import annotations

from collections.abc import Mapping
from collections.abc import Set as AbstractSet
from typing import NamedTuple

import msgspec

from obmen.model import ENTITIES, Entity, Record, Said, Value, restate
from obmen.sync import tug
from obmen.sync.facts import clash, is_bought
from obmen.sync.laws import ALL, Law, Laws
from obmen.sync.reasons import Reason
from obmen.sync.receipt import hand_over_once
from obmen.sync.rules import (
    Forward,
    Latest,
    Once,
    Origin,
    Priority,
    Review,
    Rule,
    Stance,
    Topology,
    in_force,
    stance,
)
from obmen.sync.shadow import (
    Blocked,
    Decoded,
    Look,
    OneOf,
    Shadow,
    View,
    Wire,
    Withheld,
    joining_of,
    with_whole,
)


class Entry(msgspec.Struct, frozen=True, gc=False, array_like=True):
    """One line of the journal: what became of one atom and why."""

    atom: str
    reason: str
    before: Value = None
    after: Value = None
    detail: str = ""


class Moment(NamedTuple):
    """When a decision is made: the wall clock in seconds and as text, and the evidence it rests on."""

    now: float
    at: str
    evidence: str


class Settled(msgspec.Struct, frozen=True, gc=False):
    """What a look came to."""

    record: Record
    shadow: Shadow
    entries: list[Entry]
    changed: AbstractSet[str]
    """Atoms whose canonical value changed."""
    look_again: bool = False


def fence(look: Look, shadow: Shadow | None, read_at: int, laws: Laws = ALL) -> Reason | None:
    """Return why a look as a whole is out of date, or None. Files are judged atom by atom, by their own order."""
    if shadow is None or look.order:
        return None
    if Law.READ_FENCE in laws and read_at < shadow.seen:
        return Reason.SUPERSEDED
    if Law.WRITE_FENCE in laws and read_at < shadow.as_of:
        return Reason.SUPERSEDED
    return None


def is_echo(look: Look, shadow: Shadow) -> bool:
    """Tell, without decoding, whether a look shows exactly what is held, and nothing that could not be read."""
    # Today's mapping may read what yesterday's could not.
    return repeats(look, shadow) and shadow.blocked.keys().isdisjoint(look.fields)


def repeats(look: Look, shadow: Shadow) -> bool:
    """Tell whether a look shows exactly what is held."""
    if look.gone or shadow.gone or look.merged_into is not None:
        return False
    held = shadow.held
    if look.fields == held:
        return True
    return all(atom in held and held[atom] == wire for atom, wire in with_whole(look, held).items())


def still_waits(look: Look, shadow: Shadow, view: View, entity: Entity) -> bool:
    """Tell whether a look that repeats what is held waits for the very partners it waited for."""
    for name in shadow.blocked.keys() & look.fields.keys():
        atom = entity.atom(name)
        value = view.decode(atom, name, look.fields[name])
        if atom.partner is None or type(value) is not Blocked or value.wakes_on != shadow.blocked[name]:
            return False
    return True


def settle(
    *,
    record: Record,
    shadow: Shadow | None,
    look: Look,
    read_at: int,
    view: View,
    topology: Topology,
    moment: Moment,
    defaults: Mapping[str, Wire] = {},
    laws: Laws = ALL,
) -> Settled:
    """Merge one look that passed the fence into its record and its shadow.

    `defaults` is what the system fills in by itself: at first contact that is nobody's word. The caller recomputes what
    every reader is behind on; nothing is written from here.
    """
    merge = _Merge(
        record=record,
        shadow=shadow,
        look=look,
        read_at=read_at,
        view=view,
        topology=topology,
        moment=moment,
        defaults=defaults,
        laws=laws,
    )
    return merge.run()


PERSON_DECIDES = frozenset({Reason.REVIEW.code, Reason.FACTS_CLASH.code, Reason.PAID_LINES.code})


class _Merge:
    """One settle in progress: the new shadow and record are collected atom by atom."""

    def __init__(
        self,
        *,
        record: Record,
        shadow: Shadow | None,
        look: Look,
        read_at: int,
        view: View,
        topology: Topology,
        moment: Moment,
        defaults: Mapping[str, Wire],
        laws: Laws,
    ) -> None:
        self.record = record
        self.old = shadow
        self.look = look
        self.read_at = read_at
        self.view = view
        self.topology = topology
        self.moment = moment
        self.defaults = defaults
        self.laws = laws
        self.joining = joining_of(view.codec)
        self.entity = ENTITIES[record.entity]
        self.held: dict[str, Wire] = dict(shadow.held) if shadow else {}
        self.sent: dict[str, Wire] = dict(shadow.sent) if shadow else {}
        self.mine: set[str] = set(shadow.mine) if shadow else set()
        self.blocked: dict[str, str] = dict(shadow.blocked) if shadow else {}
        self.frozen: dict[str, str] = dict(shadow.frozen) if shadow else {}
        self.orders: dict[str, str] = dict(shadow.orders) if shadow else {}
        self.resist = dict(shadow.resist) if shadow else {}
        self.atoms: dict[str, Value] = dict(record.atoms)
        self.taken: list[str] = []
        self.entries: list[Entry] = []

    def run(self) -> Settled:
        fields = with_whole(self.look, self.held)
        for name, wire in fields.items():
            if self._is_out_of_order(name):
                self._note(name, Reason.SUPERSEDED)
                continue
            self._atom(name, wire)
        return self._result(fields)

    def _is_out_of_order(self, name: str) -> bool:
        if self.old is None or not self.look.order or Law.SOURCE_ORDER not in self.laws:
            return False
        return name in self.old.held and self.look.order < self.old.order_of(name)

    # --- one atom -------------------------------------------------------------------------------------------------

    def _atom(self, name: str, wire: Wire) -> None:
        known = name in self.held
        held = self.held.get(name)
        if self.joining is not None:
            wire = self.joining.join(name, wire, self.held)
        if known and held == wire and name not in self.blocked:
            return
        value = self._decode(name, wire)
        if isinstance(value, Blocked) and Law.BLOCK_UNREADABLE in self.laws:
            self._block(name, wire, value)
            return
        was_blocked = self.blocked.pop(name, None) is not None
        echoes = known and not was_blocked and Law.ECHO_BY_MEANING in self.laws
        if echoes and self._same_meaning(name, value, held):
            self._echo(name, wire, held)
            return
        if Law.AGREE_FIRST in self.laws and self._agrees(name, value):
            self._hold(name, wire, mine=False)
            self.frozen.pop(name, None)
            self._note(name, Reason.AGREED)
            return
        if self.frozen.get(name) in PERSON_DECIDES:
            self._hold(name, wire, mine=False)
            self._note(name, Reason.of(self.frozen[name]), self.atoms.get(name), way_back(value, None))
            return
        rule = in_force(self.topology.rule(name), self.record)
        self._decide(name, wire, way_back(value, self.atoms.get(name), rule, self.laws), rule)

    def _decide(self, name: str, wire: Wire, value: Value, rule: Rule) -> None:
        system = self.view.system
        weight = stance(rule, self.record, name, system)
        if isinstance(rule, Once) and Law.ONCE not in self.laws:
            weight = Stance.SHARES
        empty = name not in self.atoms
        current = self.atoms.get(name)
        if weight is Stance.REFUSED and Law.OWNERS in self.laws:
            self._refuse(name, wire, value, Reason.ONCE if isinstance(rule, Once) else Reason.NOT_OWNER, rule)
            return
        if Law.CLASH in self.laws and clash(self.atoms, name, value):
            self._ask(name, wire, value, Reason.FACTS_CLASH)
            return
        if empty and name in self.defaults and self.defaults[name] == wire and Law.BASELINE in self.laws:
            self._hold(name, wire, mine=False)
            self._note(name, Reason.BASELINE, None, value)
            return
        if empty:
            self._take(name, wire, value, Reason.FILLED)
            return
        if weight is Stance.DECIDES:
            self._take(name, wire, value, Reason.TAKEN)
            return
        if isinstance(rule, Forward) and Law.FORWARD in self.laws:
            if rule.ladder.raises(current, value):
                self._take(name, wire, value, Reason.RAISED)
            else:
                self._refuse(name, wire, value, Reason.STALE_FACT, rule)
            return
        if self.old is None and Law.FIRST_CONTACT in self.laws:
            self._hold(name, wire, mine=False)
            self._note(name, Reason.FIRST_CONTACT, current, value)
            return
        if self._was_behind(name) and Law.BOTH_CHANGED in self.laws:
            self._both_changed(name, wire, value, rule)
        elif name == "money" and isinstance(rule, Review) and self._is_bought_elsewhere():
            self._ask(name, wire, value, Reason.PAID_LINES)
        else:
            self._take(name, wire, value, Reason.CHANGED_THERE)

    def _ask(self, name: str, wire: Wire, value: Value, reason: Reason) -> None:
        """Leave an atom to a person: nothing is taken, nothing written."""
        self._hold(name, wire, mine=False)
        self.frozen[name] = reason.code
        self._note(name, reason, self.atoms.get(name), value)

    def _is_bought_elsewhere(self) -> bool:
        """Tell whether an order of another system was paid or shipped before this look: what was bought is no draft."""
        return self.view.system != self.record.origin and is_bought(self.record.atoms)

    def _both_changed(self, name: str, wire: Wire, value: Value, rule: Rule) -> None:
        match rule:
            case Priority(order):
                speaker = self.record.by(name)
                theirs = order.index(speaker) if speaker in order else len(order)
                if order.index(self.view.system) <= theirs:
                    self._take(name, wire, value, Reason.PRIORITY)
                else:
                    self._refuse(name, wire, value, Reason.LOWER_PRIORITY, rule)
            case Latest():
                said = next((said.at for said in self.record.said if name in said.atoms), "")
                if self.look.at is not None and self.look.at > said:
                    self._take(name, wire, value, Reason.LATEST)
                else:
                    self._refuse(name, wire, value, Reason.EARLIER, rule)
            case Review():
                self._ask(name, wire, value, Reason.REVIEW)
            case _:
                self._refuse(name, wire, value, Reason.NOT_OWNER, rule)

    # --- what may become of it ------------------------------------------------------------------------------------

    def _block(self, name: str, wire: Wire, why: Blocked) -> None:
        """Keep an unreadable value without taking it; what stood there before stays what we believe we sent."""
        if self.blocked.get(name) != why.wakes_on:
            self._note(name, Reason.BLOCKED, detail=why.what or why.wakes_on)
        if name in self.held and name not in self.blocked:
            self.sent.setdefault(name, self.held[name])
        self.held[name] = wire
        self.mine.discard(name)
        self.blocked[name] = why.wakes_on

    def _echo(self, name: str, wire: Wire, held: Wire) -> None:
        """Note another spelling of the same meaning; `sent` moves along unless the system had changed our value."""
        if Law.ECHO_MOVES_SENT not in self.laws:
            self.sent.setdefault(name, held)
        elif name in self.sent and self._same_meaning(name, self._decode(name, held), self.sent[name]):
            del self.sent[name]
        self.held[name] = wire

    def _take(self, name: str, wire: Wire, value: Value, reason: Reason) -> None:
        before = self.atoms.get(name)
        inherit = self.entity.atom(name).inherit
        self.atoms[name] = value if inherit is None else inherit(before, value)
        self.taken.append(name)
        self.frozen.pop(name, None)
        self.resist.pop(name, None)
        self._hold(name, wire, mine=False)
        if self.old is not None or reason is not Reason.FILLED:
            self._note(name, reason, before, value)

    def _refuse(self, name: str, wire: Wire, value: Value, reason: Reason, rule: Rule) -> None:
        atom = self.entity.atom(name)
        current = self.atoms.get(name)
        if atom.volatile and Law.VOLATILE in self.laws and name in self.held and not _rose(current, value):
            # The system sells: its own decrease stays, `sent` keeps what we wrote, so nobody is behind.
            self.sent.setdefault(name, self.held[name])
            self.held[name] = wire
            self._note(name, Reason.VOLATILE, current, value)
            return
        ours = self.old.sent_of(name) if self.old is not None else None
        self._hold(name, wire, mine=False)
        if name not in self.atoms:
            self._note(name, reason, None, value)
            return
        if ours is not None and Law.TUG_OF_WAR in self.laws:
            resist = tug.resisted(self.resist.get(name), ours, wire, self.moment.now)
            self.resist[name] = resist
            if tug.is_lost(resist):
                self.frozen[name] = Reason.TUG_OF_WAR.code
                self._note(name, Reason.TUG_OF_WAR, current, value)
                return
        self._note(name, reason, current, value, detail=self._decider(rule))

    def _decider(self, rule: Rule) -> str:
        """Return the one system whose word counts, where it is one."""
        return self.record.origin if isinstance(rule, Origin) else getattr(rule, "connection", "")

    def _hold(self, name: str, wire: Wire, *, mine: bool) -> None:
        self.held[name] = wire
        self.sent.pop(name, None)
        if mine:
            self.mine.add(name)
        else:
            self.mine.discard(name)

    def _note(
        self, name: str, reason: Reason, before: Value = None, after: Value = None, detail: str = ""
    ) -> None:
        self.entries.append(Entry(name, reason.code, before, after, detail))

    # --- questions ------------------------------------------------------------------------------------------------

    def _decode(self, name: str, wire: Wire) -> Decoded:
        return self.view.decode(self.entity.atom(name), name, wire)

    def _same_meaning(self, name: str, value: Decoded, held: Wire) -> bool:
        before = self._decode(name, held)
        return not isinstance(before, Blocked) and before == value

    def _agrees(self, name: str, value: Decoded) -> bool:
        if name not in self.atoms:
            return False
        current = self.atoms[name]
        if isinstance(value, OneOf):
            return current in value.values if Law.CODE_SET in self.laws else current == value.values[0]
        return value == current or value == self._normal(name, current)

    def _normal(self, name: str, value: Value) -> Decoded | Withheld:
        """Return what a value would read as after this system's form cut it."""
        wire = self.view.encode(self.entity.atom(name), name, value)
        return wire if isinstance(wire, Blocked | Withheld) else self._decode(name, wire)

    def _was_behind(self, name: str) -> bool:
        reader = self.topology.reader(self.view.system)
        if self.old is None or name not in self.record.atoms or reader is None or not reader.receives(name):
            return False
        return differs(self.view, self.record, self.old, name, self.laws)

    # --- the outcome ----------------------------------------------------------------------------------------------

    def _result(self, fields: Mapping[str, Wire]) -> Settled:
        order, orders = _orders(self.old, self.look.order, fields, self.orders, self.held)
        shadow = Shadow(
            held=self.held,
            sent=self.sent,
            mine=tuple(sorted(self.mine)),
            as_of=self.old.as_of if self.old else self.read_at,
            seen=max(self.read_at, self.old.seen) if self.old else self.read_at,
            order=order,
            orders=orders,
            blocked=self.blocked,
            frozen=self.frozen,
            resist=self.resist,
            form=self.view.codec.form,
            gone=False,
        )
        record = self.record
        system, moment = self.view.system, self.moment
        if self.taken:
            said = Said(system, moment.at, moment.evidence, tuple(self.taken))
            record = msgspec.structs.replace(
                record,
                atoms=self.atoms,
                said=restate(record.said, said),
                version=record.version + 1,
                title=record.title or self.look.title,
            )
        if self.old is None:
            record = hand_over_once(record, self.view, self.topology, self.held, moment.at, self.laws)
        return Settled(record, shadow, self.entries, frozenset(self.taken))


def differs(view: View, record: Record, shadow: Shadow, name: str, laws: Laws = ALL) -> bool:
    """Tell whether what we believe stands there means something else than the record says."""
    atom = ENTITIES[record.entity].atom(name)
    value = record.atoms[name]
    wire = view.encode(atom, name, value)
    if isinstance(wire, Withheld):
        return False
    if name not in shadow.held and name not in shadow.sent:
        return wire is not None
    sent = shadow.sent_of(name)
    if wire == sent:
        return False
    if atom.partner is not None and atom.inside is None:
        return True  # one record, one ref; what stands there unbound is blocked
    stands = view.decode(atom, name, sent)
    if isinstance(stands, Blocked):
        # A code nobody can read is a person's, unless it is our own old word.
        return Law.OWN_UNREADABLE in laws if name in shadow.mine else Law.BLOCK_UNREADABLE not in laws
    if isinstance(stands, OneOf):
        return value not in stands.values
    return stands != (value if isinstance(wire, Blocked) else view.decode(atom, name, wire))


def way_back(value: Decoded, current: Value, rule: Rule | None = None, laws: Laws = ALL) -> Value:
    """Choose what a many-to-one code means: the explicit way back, or the first legal member."""
    if not isinstance(value, OneOf):
        return None if isinstance(value, Blocked) else value
    first = value.values[0]
    if isinstance(rule, Forward) and current is not None and Law.CODE_SET in laws:
        return next((member for member in value.values if rule.ladder.raises(current, member)), first)
    return first


def _rose(current: Value, value: Value) -> bool:
    """Tell whether a quantity stands above the record's; unreadable ones count as fallen."""
    try:
        return float(str(value)) > float(str(current))
    except ValueError:
        return False


def _orders(
    old: Shadow | None,
    order: str,
    fields: Mapping[str, Wire],
    orders: dict[str, str],
    held: Mapping[str, Wire],
) -> tuple[str, dict[str, str]]:
    """Return the order of the shadow as a whole and of the atoms that differ from it."""
    if not order:
        return (old.order, orders) if old else ("", {})
    if old is None:
        return order, {}
    if all(atom in fields for atom in held) and order >= old.order:
        return order, {}
    moved = {atom: max(order, old.order_of(atom)) if atom in old.held else order for atom in fields}
    merged = {**orders, **moved}
    return old.order, {atom: at for atom, at in merged.items() if at != old.order}
