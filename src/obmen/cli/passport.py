"""The passport of one record: what it is, what each system holds of it, and what happens next."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec
from rich.table import Table

from obmen.cli.speech import Speech
from obmen.connectors.contract import Door
from obmen.engine import outbox
from obmen.engine.hub import Bindings, Hub, view_of
from obmen.engine.planning import PLANNABLE
from obmen.engine.preparing import Candidate, birth
from obmen.engine.siblings import bare_siblings
from obmen.ledger.contract import HELD, LEASED, WAITING, Attempt, Binding, Delivery, Hold, Tx
from obmen.model import ENTITIES, Record
from obmen.sync.behind import Need, need
from obmen.sync.derived import HUB
from obmen.sync.reasons import Reason
from obmen.sync.rules import (
    Each,
    Forward,
    Latest,
    Once,
    Origin,
    Owner,
    Phase,
    Priority,
    Review,
    Rule,
    Topology,
    family,
    in_force,
)
from obmen.sync.shadow import Blocked, OneOf, Shadow, View, Wire, Withheld, partners_in

SAME = "✓"
NOT_HELD = "·"
NEVER_TOLD = frozenset({Reason.RECEIPT_ELSEWHERE})
"""Why a value is not written to a system that could hold it."""
WAY_OUT = {
    Reason.HELD_PLAN.code: "obmen plan {connection}",
    Reason.HELD_MAPPING.code: "obmen plan {connection}",
    Reason.HELD_EPOCH.code: "obmen plan {connection}",
    Reason.HELD_GUARD.code: "obmen issues",
    Reason.REJECTED.code: "obmen issues",
    Reason.DOUBLE.code: "obmen issues",
}


class Standing(msgspec.Struct, frozen=True, kw_only=True):
    """One record in one system."""

    connection: str
    view: View
    bindings: tuple[Binding, ...]
    shadow: Shadow | None
    need: Need | None
    """None where the system is not a reader."""
    delivery: Delivery | None
    attempt: Attempt | None
    state: tuple[str, str]
    hold: Hold | None = None
    """What a person holds back there: this record, or all of its kind."""
    gated: bool = False
    """It is not there yet, and the condition of its first delivery does not hold."""
    unborn: Reason | None = None
    """Why it is not created there at all."""

    @property
    def ref(self) -> str | None:
        """The live id of the record there."""
        return next((binding.ref for binding in self.bindings if binding.kind == "live"), None)


class Passport(msgspec.Struct, frozen=True, kw_only=True):
    """A record and its standing everywhere."""

    record: Record
    topology: Topology
    standings: tuple[Standing, ...]


def passport_of(tx: Tx, hub: Hub, record: Record) -> Passport:
    """Gather what is known of a record."""
    topology = hub.topologies[record.entity]
    bindings = tx.bindings([record.id])
    bound = {binding.connection for binding in bindings}
    standings = tuple(
        _standing(tx, hub, name, record, [one for one in bindings if one.connection == name])
        for name in hub.connections
        if name in bound or name in topology.creators or topology.reader(name) is not None
    )
    return Passport(record=record, topology=topology, standings=standings)


def _standing(tx: Tx, hub: Hub, connection: str, record: Record, bindings: list[Binding]) -> Standing:
    topology = hub.topologies[record.entity]
    reader = topology.reader(connection)
    shadow = tx.shadows(connection, [record.id]).get(record.id)
    partners = Bindings()
    outbox.fetch_partner_refs(tx, connection, [record], partners)
    for partner, ref in partners_in(ENTITIES[record.entity], shadow.held if shadow is not None else {}):
        partners.fetch_records(tx, connection, partner, {str(ref)})
    view = view_of(hub, connection, record.entity, partners)
    wanted = None
    if reader is not None and record.merged_into is None:
        wanted = need(
            record=record, shadow=shadow, view=view, topology=topology, reader=reader, laws=hub.laws
        )
    unborn = None
    if wanted is not None and not any(binding.kind == "live" for binding in bindings):
        bare = bare_siblings(tx, [record], {}) if record.entity == "offer" else frozenset()
        verdict = birth(tx, hub, connection, Candidate(record, wanted, shadow, None, {}), bare)
        unborn = verdict if isinstance(verdict, Reason) else None
    return Standing(
        connection=connection,
        view=view,
        bindings=tuple(bindings),
        shadow=shadow,
        need=wanted,
        delivery=tx.deliveries(connection, [record.id]).get(record.id),
        attempt=tx.attempts(connection, [record.id]).get(record.id),
        state=tx.state_of(connection),
        gated=(
            reader is not None
            and reader.when is not None
            and not any(binding.kind == "live" for binding in bindings)
            and not reader.when(record)
        ),
        hold=next((one for one in reversed(tx.holds(connection)) if one.holds(record)), None),
        unborn=unborn,
    )


# --- ids ----------------------------------------------------------------------------------------------------------


def ids(passport: Passport, speech: Speech) -> list[str]:
    """Return a line per system with the ids of the record there."""
    kinds = {
        "gone": speech.say("удалён там", "deleted there"),
        "alias": speech.say("объединён с другим", "merged into another"),
        "apart": speech.say("связь снята", "unbound"),
    }
    lines = []
    for standing in passport.standings:
        refs = [
            binding.ref + (f" ({_kind(binding, standing, kinds, speech)})" if binding.kind != "live" else "")
            for binding in standing.bindings
        ]
        lines.append(f"{standing.connection}: {', '.join(refs) or speech.say('ещё нет', 'not there yet')}")
    return lines


def _kind(binding: Binding, standing: Standing, kinds: Mapping[str, str], speech: Speech) -> str:
    if binding.kind == "gone" and standing.unborn is Reason.BARE_SIBLING:
        return speech.reason(Reason.BARE_SIBLING.code)
    return kinds.get(binding.kind, binding.kind)


# --- fields × systems ---------------------------------------------------------------------------------------------


def fields(passport: Passport, speech: Speech) -> Table:
    """Return the table: the record's value, who said it, who decides, and what each system holds."""
    table = Table(box=None, padding=(0, 2, 0, 0), header_style="bold")
    table.add_column(speech.say("Поле", "Field"), overflow="fold")
    table.add_column(speech.say("В карточке", "The record"), overflow="fold")
    table.add_column(speech.say("Откуда", "Said by"), overflow="fold")
    table.add_column(speech.say("Кто главный", "Decided by"), overflow="fold")
    for standing in passport.standings:
        table.add_column(standing.connection, overflow="fold")
    record = passport.record
    for atom in _atoms(passport):
        value = speech.value(atom, record.atoms[atom]) if atom in record.atoms else ""
        table.add_row(
            _plain(speech.field(atom)),
            _plain(value),
            _plain(_said(record, atom, speech)),
            _plain(decides(passport.topology, record, atom, speech)),
            *(_plain(held(passport, standing, atom, speech)) for standing in passport.standings),
        )
    return table


def _atoms(passport: Passport) -> list[str]:
    known = [atom.name.removesuffix(".*") for atom in ENTITIES[passport.record.entity].atoms]
    named = set(passport.record.atoms)
    for standing in passport.standings:
        if standing.shadow is not None:
            named |= set(standing.shadow.held)
    return sorted(named, key=lambda atom: (known.index(family(atom)), atom))


def _said(record: Record, atom: str, speech: Speech) -> str:
    said = next((said for said in record.said if atom in said.atoms), None)
    if said is None:
        return ""
    by = speech.say("вычислено", "computed") if said.by == HUB else said.by
    return f"{by}, {speech.at(said.at)}"


def decides(topology: Topology, record: Record, atom: str, speech: Speech) -> str:
    """Return who decides an atom, in words."""
    if ENTITIES[record.entity].atom(atom).derived:
        return speech.say("вычисляется", "computed")
    return _rule(in_force(topology.rule(atom), record), record, speech)


def _rule(rule: Rule, record: Record, speech: Speech) -> str:
    match rule:
        case Owner(connection):
            return connection
        case Origin():
            return speech.say(f"где создан: {record.origin}", f"where it was born: {record.origin}")
        case Each():
            return speech.say("у каждой системы своё", "each its own")
        case Once(by, source):
            filler = source or speech.say("кто заполнит", "whoever fills it")
            return speech.say(f"один раз {filler}, дальше {by}", f"once {filler}, then {by}")
        case Forward(_, any_of):
            return speech.say("только вперёд", "only forward") + _listed(any_of)
        case Priority(order):
            return " > ".join(order)
        case Review(any_of):
            return speech.say("при расхождении решает человек", "a person, where they differ") + _listed(
                any_of
            )
        case Latest(any_of):
            return speech.say("кто позже", "the later one") + _listed(any_of)
        case Phase():
            return _rule(in_force(rule, record), record, speech)


def _listed(names: tuple[str, ...]) -> str:
    return f": {', '.join(names)}" if names else ""


def held(passport: Passport, standing: Standing, atom: str, speech: Speech) -> str:
    """Return one cell: a tick where the system holds what the record says, else what it holds and why."""
    record, shadow = passport.record, standing.shadow
    reader = passport.topology.reader(standing.connection)
    carried = standing.view.codec.carries(atom) and (reader is None or reader.receives(atom))
    wire: Wire = None if shadow is None else shadow.held.get(atom)
    if shadow is None or atom not in shadow.held:
        stands = "" if carried and standing.need is not None else NOT_HELD
    else:
        stands = _meaning(standing.view, record, atom, wire, speech)
    notes = _notes(standing, atom, speech)
    if not notes and stands == "":
        return speech.say("нет", "none") if atom in record.atoms else NOT_HELD
    return "; ".join(part for part in (stands, *notes) if part)


def _meaning(view: View, record: Record, atom: str, wire: Wire, speech: Speech) -> str:
    decoded = view.decode(ENTITIES[record.entity].atom(atom), atom, wire)
    if isinstance(decoded, Blocked):
        return wire if isinstance(wire, str) else decoded.what
    value = record.atoms.get(atom)
    if atom in record.atoms and decoded == _as_there(view, atom, record):
        return SAME
    if isinstance(decoded, OneOf):
        return SAME if value in decoded.values else speech.value(atom, wire)
    return SAME if atom in record.atoms and decoded == value else speech.value(atom, decoded)


def _as_there(view: View, atom: str, record: Record) -> object:
    """Return what the record's value reads as in a system's own form, which may know less of it."""
    known = ENTITIES[record.entity].atom(atom)
    wire = view.encode(known, atom, record.atoms[atom])
    return None if isinstance(wire, Blocked | Withheld) else view.decode(known, atom, wire)


def _notes(standing: Standing, atom: str, speech: Speech) -> list[str]:
    """Return why a value is not, or not yet, what the record says."""
    notes: list[str] = []
    shadow, wanted = standing.shadow, standing.need
    if shadow is not None and atom in shadow.blocked:
        notes.append(speech.wakes_on(shadow.blocked[atom]))
    if shadow is not None and atom in shadow.frozen:
        notes.append(speech.reason(shadow.frozen[atom]))
    if wanted is not None and wanted.reasons.get(atom) in NEVER_TOLD:
        notes.append(speech.reason(wanted.reasons[atom].code))
    if wanted is None or standing.delivery is None:
        return notes
    if atom in wanted.waits:
        notes.append(speech.wakes_on(wanted.waits[atom].wakes_on))
    elif atom in wanted.fields:
        notes.append(_lag(standing, speech))
    return notes


def _lag(standing: Standing, speech: Speech) -> str:
    if standing.delivery is not None and standing.delivery.state == WAITING:
        return speech.say("ждёт", "waits")
    return speech.say("ещё не записано", "behind") if standing.ref else speech.say("ещё нет", "not yet")


def _plain(text: str) -> str:
    return text.replace("[", r"\[")


# --- what happens next --------------------------------------------------------------------------------------------


def upcoming(passport: Passport, hub: Hub, speech: Speech, excuses: Mapping[str, str]) -> list[str]:
    """Return a sentence per reader: ready, waiting for what, held by whom, or nothing to write.

    `excuses` says, per connection, why the record was last left out although the system has not got it.
    """
    lines = []
    for standing in passport.standings:
        if passport.topology.reader(standing.connection) is None:
            continue
        lines.append(f"{standing.connection}: {next_step(standing, hub, speech, excuses)}")
        state, reason = standing.state
        if state != "active":
            told = speech.reason(reason)
            lines[-1] += speech.say(f". Обмен приостановлен: {told}", f". The connection is paused: {told}")
    return lines


def next_step(standing: Standing, hub: Hub, speech: Speech, excuses: Mapping[str, str]) -> str:
    """Return what happens next to a record in one system that receives it, and why not more."""
    row, attempt = standing.delivery, standing.attempt
    if attempt is not None and attempt.session:
        return speech.reason(Reason.OFFERED.code)
    if attempt is not None:
        when = speech.at(attempt.resolve_at)
        return speech.say(
            f"идёт запись; если ответа не будет, проверим, дошло ли, в {when}",
            f"a write is under way; without an answer it is looked up at {when}",
        )
    if row is None:
        if standing.shadow is not None and standing.shadow.gone:
            return speech.reason(Reason.GONE.code)
        if standing.unborn is not None:
            return speech.say("не создаётся: ", "not created: ") + speech.reason(standing.unborn.code)
        if standing.ref is None and standing.connection in excuses:
            return speech.say("не создаётся: ", "not created: ") + speech.reason(excuses[standing.connection])
        if standing.need is not None and Reason.LEFT_ALONE in standing.need.reasons.values():
            return speech.reason(Reason.LEFT_ALONE.code)
        return speech.reason(Reason.UP_TO_DATE.code)
    if standing.gated:
        return speech.reason(Reason.WAITING_CONDITION.code)
    if standing.unborn is not None and row.state == HELD and row.reason in PLANNABLE:  # no plan lists it
        return speech.say("не создаётся: ", "not created: ") + speech.reason(standing.unborn.code)
    if row.state == LEASED:
        return speech.say("записывается сейчас", "being written now")
    if row.state in {HELD, WAITING}:
        why = [speech.reason(row.reason)] + [speech.wakes_on(key) for key in row.wakes_on]
        way = WAY_OUT.get(row.reason, "").format(connection=row.connection)
        if row.reason == Reason.HELD_PERSON.code and standing.hold is not None:
            why.append(f"«{standing.hold.why}»")
            way = f"obmen release {row.connection} {row.entity} {standing.hold.record or ''}".rstrip()
        return "; ".join(why) + (f" → {way}" if way else "")
    if row.not_before > hub.now():
        return f"{speech.reason(row.reason)}: {speech.say('не раньше', 'not before')} {speech.at(row.not_before)}"
    target = hub.connections[standing.connection]
    if isinstance(target, Door) and row.entity in target.collects:
        return speech.reason(Reason.TO_BE_TAKEN.code)
    return speech.say("будет записано", "to be written")
