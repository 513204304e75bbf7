"""Mapping tables written in the hub: judged, saved with their history, taken up, and re-projected in portions."""

from __future__ import annotations

import msgspec
import pytest
from toy_world import issue_keys, product, record, rows, send, write

from obmen.connectors.mapping import TableAt
from obmen.engine import mapping, reprojecting
from obmen.engine.mapping import Edit
from obmen.engine.pulling import pull
from obmen.errors import BadInput, ConfigError
from obmen.ledger.contract import READY
from obmen.sync.mapping import Entry, Kind, Meaning


class Settings(msgspec.Struct, frozen=True):
    """Settings of a toy that refuses one table, as real ones do."""

    kind: dict[str, str] = {}

    def __post_init__(self) -> None:
        if "BAD" in self.kind:
            raise ConfigError("toy.bad", "BAD is bad.", "BAD — плохо.")


TABLE = TableAt(
    kind=Kind(
        name="goods_kind",
        en="kinds",
        ru="виды",
        meanings=(Meaning("goods", "goods", "товар"), Meaning("service", "service", "услуга")),
        directions=("both", "out"),
        entities=("product",),
        wakes="kind",
    ),
    at=("kind",),
)


def with_tables(world, name, **kinds):
    """Give a toy a mapping table of kinds, over its configuration."""
    toy = world.shelf(name)

    def work_with(settings):
        toy.works_with = settings
        table = {code: (value,) for code, value in settings.kind.items()}
        world.tables[name]["kind"] = table
        for codec in toy.codecs.values():
            if "kind" in codec.tables:
                codec.tables["kind"] = table

    async def dictionary(_kind):
        return [Entry(code=code) for code in kinds]

    toy.tables, toy.base = (TABLE,), Settings(kinds)
    toy.work_with, toy.dictionary = work_with, dictionary
    work_with(toy.base)
    return toy


@pytest.fixture
def crm(world):
    return with_tables(world, "crm", **{"1": "goods", "2": "service"})


@pytest.fixture
def erp(world):
    return with_tables(world, "erp", G="goods", S="service")


def save(world, *edits, connection="crm", live=False):
    with world.begin() as tx:
        return mapping.save(
            tx, world.hub, connection, [Edit("goods_kind", *edit) for edit in edits], by="why", live=live
        )


async def settle(world, connection="crm"):
    await mapping.take_up(world.hub, connection, {})
    await mapping.finish(world.hub, connection)


def stands(world, connection="crm"):
    with world.begin() as tx:
        return {
            laid.row.code: (laid.row.value, laid.by_hub)
            for laid in mapping.standing(tx, world.hub, connection, "goods_kind")
        }


def queued(world, connection="crm"):
    with world.begin() as tx:
        return sorted(mapping.queued(tx, world.hub, connection))


async def test_the_hubs_row_lies_over_the_configuration_until_it_is_taken_away(world, crm):
    save(world, ("2", "goods"), ("3", "service"))
    assert stands(world) == {"1": ("goods", False), "2": ("goods", True), "3": ("service", True)}
    save(world, ("2", None))
    assert stands(world)["2"] == ("service", False)
    with world.begin() as tx:
        held = mapping.written(tx, "crm")
    assert {key: (row.value, row.by, row.at) for key, row in held.items()} == {
        ("goods_kind", "3"): ("service", "why", world.now())
    }


async def test_what_says_nothing_new_is_not_saved_and_nothing_is_judged_anew(world, crm):
    assert save(world, ("1", "goods")) == []
    assert queued(world) == []
    with world.begin() as tx:
        assert tx.mapping_version("crm") == 0
    assert save(world, ("3", None)) == []


async def test_another_direction_of_the_same_code_takes_the_place_of_the_first(world, crm):
    save(world, ("3", "goods"))
    save(world, ("3", "goods", "out"))
    with world.begin() as tx:
        assert [(row.code, row.direction) for row in tx.mappings("crm")] == [("3", "out")]
    await settle(world)
    assert list(crm.works_with.kind) == ["3", "1", "2"]


@pytest.mark.parametrize(
    ("edit", "told"),
    [
        (("3", "gold"), "nothing is called"),
        ((" ", "goods"), "without a code"),
        (("3", "goods", "in"), "only: both, write"),
    ],
)
async def test_a_row_that_cannot_be_is_refused_and_the_others_with_it(world, crm, edit, told):
    with pytest.raises(BadInput, match=told):
        save(world, ("4", "goods"), edit)
    assert set(stands(world)) == {"1", "2"}


async def test_what_the_settings_refuse_is_refused_here_too(world, crm):
    with pytest.raises(ConfigError, match="BAD is bad"):
        save(world, ("4", "goods"), ("BAD", "goods"))
    assert set(stands(world)) == {"1", "2"}


async def test_a_table_that_no_longer_fits_is_left_out_and_told_until_it_fits(world, crm):
    save(world, ("3", "goods"))
    crm.base = Settings({"1": "goods", "BAD3": "goods"})
    crm.tables = (msgspec.structs.replace(TABLE, read=lambda value: value),)
    with world.begin() as tx:  # as if the configuration had become one that refuses this row
        tx.put_mapping(msgspec.structs.replace(tx.mappings("crm")[0], code="BAD"), at=world.now())
    await mapping.take_up(world.hub, "crm", {})
    assert crm.works_with == crm.base
    assert issue_keys(world) == ["unfitting:crm:goods_kind"]
    save(world, ("BAD", None))
    await mapping.take_up(world.hub, "crm", {})
    assert (issue_keys(world), crm.works_with.kind["3"]) == ([], "goods")


async def test_versions_tell_whether_there_is_anything_to_take_up(world, crm):
    taken = {}
    assert not await mapping.take_up(world.hub, "crm", taken)
    save(world, ("3", "goods"))
    assert await mapping.take_up(world.hub, "crm", taken)
    assert not await mapping.take_up(world.hub, "crm", taken)


async def test_an_unmapped_code_is_an_issue_that_names_its_command_and_goes_on_when_it_is_said(world, erp):
    drill = product(world, kind="K")
    await send(world)
    with world.begin() as tx:
        (opened,) = tx.issues()
        assert [(one.code, one.records, one.written) for one in mapping.unmapped(tx, "erp", TABLE.kind)] == [
            ("K", 1, False)
        ]
    assert "obmen mapping set erp goods_kind K VALUE" in opened.issue.en
    assert "obmen mapping set erp goods_kind K ЗНАЧЕНИЕ" in opened.issue.ru

    save(world, ("K", "service"), connection="erp")
    await settle(world, "erp")
    assert record(world, drill.ref).atoms["kind"] == "service"
    assert issue_keys(world) == []


async def test_a_word_of_ours_without_a_code_there_goes_on_when_it_has_one(world, crm):
    world.tables["crm"]["kind"].pop("2")
    crm.base = Settings({"1": "goods"})
    drill = product(world, kind="S")
    await send(world)
    await write(world, "crm")
    with world.begin() as tx:
        (opened,) = tx.issues()
    assert "obmen mapping set crm goods_kind CODE service" in opened.issue.en

    save(world, ("9", "service"))
    await settle(world)
    await write(world, "crm")
    assert rows(world, "crm") == {}
    assert [thing.fields["kind"] for thing in world.crm.alive("product")] == ["9"]
    assert record(world, drill.ref).atoms["kind"] == "service"


async def goods(world, count, **fields):
    drills = [product(world, name=f"Дрель {n}", sku=str(n), kind="G", **fields) for n in range(count)]
    await send(world)
    await write(world, "crm")
    await write(world, "shop")
    assert rows(world, "crm") == {}
    return drills


async def test_what_other_tables_would_write_waits_for_a_plan(world, crm):
    await goods(world, 5)
    save(world, ("7", "goods", "out"), ("1", "service"))
    before = world.crm.writes
    await settle(world)
    await write(world, "crm")
    assert set(rows(world, "crm").values()) == {("held", "held_mapping")}
    assert (len(rows(world, "crm")), world.crm.writes, queued(world)) == (5, before, [])

    save(world, ("7", None), ("1", None))
    await settle(world)
    assert rows(world, "crm") == {}


async def test_without_a_plan_it_is_written_at_once_where_that_is_asked_for(world, crm):
    await goods(world, 3)
    save(world, ("7", "goods", "out"), ("1", "service"), live=True)
    await settle(world)
    await write(world, "crm")
    assert {thing.fields["kind"] for thing in world.crm.alive("product")} == {"7"}


async def test_what_was_on_its_way_before_goes_on_without_a_plan(world, crm):
    drills = await goods(world, 3)
    world.erp.person_types(drills[0], "name", "Дрель ударная")
    await send(world)
    assert set(rows(world, "crm").values()) == {(READY, "")}
    save(world, ("7", "goods", "out"), ("1", "service"))
    await settle(world)
    states = {number: state for number, (state, _) in rows(world, "crm").items()}
    assert states.pop(record(world, drills[0].ref).id) == READY
    assert list(states.values()) == ["held", "held"]


async def test_what_waited_waits_on_and_what_nobody_was_to_create_is_not_held(world, crm):
    drills = await goods(world, 2)
    new = product(world, name="Новая", sku="N-1", kind="S", active=False)
    await send(world)
    await write(world, "crm")
    assert record(world, new.ref).id not in rows(world, "crm")  # withdrawn before it was ever there
    save(world, ("7", "goods", "out"), ("1", "service"))
    await settle(world)
    assert set(rows(world, "crm")) == {record(world, drill.ref).id for drill in drills}


async def test_another_meaning_of_what_a_system_said_is_an_assertion_of_its_own_and_held_on_its_way_on(
    world, erp, crm
):
    drills = await goods(world, 3)
    save(world, ("G", "service"), connection="erp")
    await settle(world, "erp")
    assert {record(world, drill.ref).atoms["kind"] for drill in drills} == {"service"}
    assert set(rows(world, "crm").values()) == {("held", "held_mapping")}


async def test_portions_come_to_what_one_transaction_comes_to_and_go_on_where_they_were_broken_off(
    world, crm, monkeypatch
):
    await goods(world, 7)
    monkeypatch.setattr(reprojecting, "BATCH", 2)
    save(world, ("7", "goods", "out"), ("1", "service"))
    await mapping.take_up(world.hub, "crm", {})
    steps = 0
    while len(rows(world, "crm")) < 4:
        steps += 1
        assert await mapping.go_on(world.hub, "crm")
    assert steps == 3  # the beginning, then two records each
    assert queued(world) == ["product"]

    await settle(world)  # as another process would
    assert (len(rows(world, "crm")), queued(world)) == (7, [])


async def test_what_is_seen_while_records_are_judged_anew_is_held_as_well(world, crm):
    drills = await goods(world, 3)
    save(world, ("7", "goods", "out"), ("1", "service"))
    await mapping.take_up(world.hub, "crm", {})
    for thing in world.crm.alive("product"):
        world.crm.person_types(thing, "kind", "2")
    await pull(
        world.hub, "crm", "product"
    )  # what crm shows now is refused, and the owner's value is to go back
    assert rows(world, "crm") == {record(world, drill.ref).id: ("held", "held_mapping") for drill in drills}


async def test_an_edit_in_the_middle_of_a_re_projection_begins_it_anew(world, crm, monkeypatch):
    await goods(world, 6)
    monkeypatch.setattr(reprojecting, "BATCH", 2)
    save(world, ("7", "goods", "out"), ("1", "service"))
    await mapping.take_up(world.hub, "crm", {})
    for _ in range(3):
        await mapping.go_on(world.hub, "crm")
    assert len(rows(world, "crm")) == 4
    save(world, ("7", None), ("1", None))
    await settle(world)
    assert rows(world, "crm") == {}


async def test_a_key_of_ours_that_may_have_one_code_leaves_the_code_it_had(world, crm):
    crm.tables = (msgspec.structs.replace(TABLE, kind=msgspec.structs.replace(TABLE.kind, single=True)),)
    save(world, ("8", "service"))
    save(world, ("9", "service"))
    assert "8" not in stands(world)
    assert stands(world)["9"] == ("service", True)


def test_a_connection_without_tables_says_so(world):
    with pytest.raises(BadInput, match="shop has no mapping tables"):
        mapping.reference(world.hub, "shop")
