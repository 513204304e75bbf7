"""People: what users, operators and the systems themselves do in the toys, each value with the number of its edit."""

from __future__ import annotations

from collections.abc import Callable
from random import Random

from obmen.model import Record, Value
from obmen.sync.facts import STAGES, clash
from obmen.sync.rules import Each, Forward
from obmen.sync.shadow import Blocked, OneOf, Wire, Withheld
from obmen.testkit.oracles import Violation
from obmen.testkit.shelf import Shelf, Thing
from obmen.testkit.world import World, may_decide

MOST = {"product": 3, "offer": 3, "order": 2}
KEYS = ("S1", "S2", "S3")
FIXED = frozenset({"sku", "number", "product"})
"""Atoms typed once; changing what things are recognised by is another story."""
UNKNOWN = "Z"


class People:
    """Everybody outside the hub."""

    def __init__(self, world: World) -> None:
        self.world = world
        self._last: tuple[str, str] | None = None
        """What was edited last: the next edit is often of the same, elsewhere."""

    def furnish(self, rng: Random) -> None:
        """Put two products, their offers and an order where they are born."""
        world = self.world
        for _ in range(2):
            self._create(rng, world.erp, "product")
            self._create(rng, world.erp, "offer")
        self._create(rng, world.shop, "order")

    # --- edits ----------------------------------------------------------------------------------------------------

    def edit(self, rng: Random) -> None:
        """Let somebody somewhere create a thing or edit one."""
        world = self.world
        shelf: Shelf = rng.choice((world.erp, world.erp, *world.toys))
        entity = rng.choice(tuple(shelf.kinds))
        if self._last is not None and rng.random() < 0.5:
            self._edit_again(rng, *self._last)
            return
        things = shelf.alive(entity)
        if not things or (len(things) < MOST[entity] and rng.random() < 0.3):
            self._create(rng, shelf, entity)
            return
        thing = rng.choice(things)
        atom = rng.choice([atom for atom in shelf.kinds[entity].atoms if atom not in FIXED])
        self._type(rng, shelf, thing, atom)

    def _edit_again(self, rng: Random, entity: str, atom: str) -> None:
        world = self.world
        shelves = [s for s in (world.erp, *world.toys) if entity in s.kinds and atom in s.kinds[entity].atoms]
        things = [(shelf, thing) for shelf in shelves for thing in shelf.alive(entity)]
        if things:
            self._type(rng, *rng.choice(things), atom)

    def _type(self, rng: Random, shelf: Shelf, thing: Thing, atom: str) -> None:
        if atom.startswith("payments") and atom != f"payments.{shelf.name}" and atom not in thing.fields:
            return  # a payment is made where it belongs, and edited anywhere
        self._last = (thing.entity, atom)
        shelf.person_types(thing, atom, self._value(rng, shelf, thing, atom))

    def _create(self, rng: Random, shelf: Shelf, entity: str) -> None:
        fields: dict[str, Wire] = {}
        if entity == "product":
            if shelf is self.world.crm and rng.random() < 0.5:
                return
            fields = {"name": self._text(), "sku": rng.choice(KEYS)}
            if shelf is self.world.erp:
                fields |= {"slug": self._text(), "kind": "G", "active": True}
        elif entity == "offer":
            products = shelf.alive("product")
            if shelf is not self.world.erp or not products:
                return
            fields = {"product": rng.choice(products).ref, "prices.retail": self._money(), "active": True}
            fields["stock.main"] = str(self.world.next_edit())
        else:
            if shelf is self.world.shop:
                number = f"N{self.world.next_edit()}"
            else:
                theirs = self.world.shop.alive("order")
                if not theirs:
                    return
                number = str(rng.choice(theirs).fields["number"])
                if any(thing.fields.get("number") == number for thing in shelf.alive("order")):
                    return
            stage = shelf.codecs["order"].encode("stage", "new")
            fields = {
                "number": number,
                "stage": stage if not isinstance(stage, Blocked | Withheld) else UNKNOWN,
            }
            if "comment" in shelf.kinds["order"].atoms and rng.random() < 0.5:
                fields["comment"] = self._text()
        shelf.person_creates(entity, fields)

    def _text(self) -> str:
        return f"n{self.world.next_edit()} a-long-text that will be cut"

    def _money(self) -> str:
        return f"{self.world.next_edit()}.25 RUB"

    def _value(self, rng: Random, shelf: Shelf, thing: Thing, atom: str) -> Wire:
        codec = shelf.codecs[thing.entity]
        if atom == "active":
            value = codec.encode(atom, rng.random() < 0.7)
            return None if isinstance(value, Blocked | Withheld) else value
        if atom in {"kind", "stage"}:
            codes: list[str] = list(codec.tables.get(atom, {}))  # type: ignore[attr-defined]  # toys' codecs have tables
            return rng.choice([*codes, *codes, UNKNOWN])
        if atom == "parent":
            others = [other.ref for other in shelf.alive("product") if other is not thing]
            return rng.choice([*others, None])
        if atom.startswith(("prices", "payments")):
            if rng.random() < 0.05:
                self.world.edits *= 4
            return self._money()
        if atom in {"stock.main", "available"}:
            return "0" if rng.random() < 0.1 else str(self.world.next_edit())
        return self._text()

    def respell(self, rng: Random) -> None:
        """Let the lossy system spell a flag or a code of its own in another way."""
        crm = self.world.crm
        things = [thing for thing in crm.things.values() if not thing.gone and thing.merged_into is None]
        if not things:
            return
        thing = rng.choice(things)
        atom = rng.choice(("active", "country")) if thing.entity == "product" else "stage"
        stands = str(thing.fields.get(atom) or "")
        pairs = {"Y": "1", "1": "Y", "N": "0", "0": "N", "EXEC": "X1", "X1": "EXEC"}
        other = stands.swapcase() if atom == "country" else pairs.get(stands, "")
        if other and (atom != "stage" or self._same_stage(stands, other)):
            thing.fields[atom] = other
            thing.changed_at = crm.now() + crm.skew

    def _same_stage(self, a: str, b: str) -> bool:
        table = self.world.tables["crm"]["stage"]
        return a in table and b in table and table[a] == table[b]

    def sell(self, rng: Random) -> None:
        """Let the shop sell a piece."""
        shop = self.world.shop
        stocked = [thing for thing in shop.alive("offer") if str(thing.fields.get("available", "0")) != "0"]
        if stocked:
            thing = rng.choice(stocked)
            shop.sells(thing, str(max(0, int(str(thing.fields["available"])) - 1)))

    def delete(self, rng: Random) -> None:
        """Let somebody delete a thing."""
        shelf = rng.choice((self.world.erp, *self.world.toys))
        things = [thing for entity in shelf.kinds for thing in shelf.alive(entity)]
        if things:
            shelf.person_deletes(rng.choice(things))

    def copy(self, rng: Random) -> None:
        """Let somebody copy a thing."""
        toy = rng.choice(self.world.toys)
        things = [thing for entity in toy.kinds for thing in toy.alive(entity)]
        if things:
            toy.person_copies(rng.choice(things))

    def merge(self, rng: Random) -> None:
        """Let somebody merge two things of one system."""
        toy = rng.choice(self.world.toys)
        entity = rng.choice(tuple(toy.kinds))
        things = toy.alive(entity)
        if len(things) > 1:
            old, new = rng.sample(things, 2)
            toy.person_merges(old, new)

    def edit_mapping(self, rng: Random) -> None:
        """Let the operator edit a mapping table: forget a code, learn one, or give one another sense."""
        world = self.world
        system = rng.choice(["erp", *world.readers])
        atoms = sorted(world.tables[system])
        atom = rng.choice(atoms)
        if system == "retail" and atom == "kind":
            return
        table = dict(world.tables[system][atom])
        code = rng.choice([*table, UNKNOWN])
        senses = ("goods", "service", "set") if atom == "kind" else [name for name, _ in STAGES.ranks]
        if code in table and rng.random() < 0.5 and len(table) > 1:
            del table[code]
        else:
            table[code] = (rng.choice(senses),)
        world.edit_table(system, atom, table)

    # --- one quiet edit -------------------------------------------------------------------------------------------

    def quiet_edit(self, rng: Random) -> Callable[[], None] | None:
        """Edit one atom of one bound thing in a world at rest; return the judge of what came of it."""
        world = self.world
        toy = rng.choice(world.toys)
        entity = rng.choice(tuple(toy.kinds))
        with world.begin() as tx:
            refs = {ref: number for number, ref in tx.bound_in_scope(toy.name, entity, "").items()}
            records = tx.records(refs.values())
            shadows = tx.shadows(toy.name, refs.values())
        things = [thing for thing in toy.alive(entity) if thing.ref in refs]
        if not things:
            return None
        thing = rng.choice(things)
        record = records[refs[thing.ref]]
        shadow = shadows[record.id]
        atom = rng.choice([atom for atom in toy.kinds[entity].atoms if atom not in FIXED])
        if atom.startswith("payments") and atom not in {f"payments.{toy.name}", *record.atoms}:
            return None
        if atom in shadow.frozen or atom in shadow.blocked or atom in {"parent", "available"}:
            return None
        wire = toy.normalise(atom, self._value(rng, toy, thing, atom))
        value = toy.codecs[entity].decode(atom, wire)
        if (
            isinstance(value, OneOf | Blocked)
            or toy.codecs[entity].decode(atom, thing.fields.get(atom)) == value
        ):
            return None
        toy.person_types(thing, atom, wire)
        taken = self._is_legal(toy.name, record, atom, value) and not clash(record.atoms, atom, value)
        wanted = value if taken else record.atoms.get(atom)

        def judge() -> None:
            with world.begin() as tx:
                now = tx.records([record.id])[record.id]
            if now.atoms.get(atom) != wanted:
                raise Violation(
                    f"{toy.name} {thing.ref}.{atom} was quietly set to {wire!r}; {entity} {record.id} was "
                    f"{record.atoms.get(atom)!r} by {record.by(atom)} and is {now.atoms.get(atom)!r}, not {wanted!r}"
                )

        return judge

    def _is_legal(self, system: str, record: Record, atom: str, value: Value) -> bool:
        match self.world.hub.topologies[record.entity].rule(atom):
            case Each():
                return record.by(atom) in {None, system}
            case Forward(ladder) if not ladder.raises(record.atoms.get(atom), value):
                return False
        return may_decide(system, record.entity, atom)
