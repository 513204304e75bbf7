"""Settling by a person's word: what only tells is closed with its reason, what closes by itself stays and says when."""

import pytest
from toy_world import issue_keys, offer, product, record, send, write

from obmen.connectors.contract import Doubt
from obmen.engine import issues
from obmen.engine.dismissing import dismiss
from obmen.errors import BadInput


async def doubted(world):
    """One record with a doubt about it; return the record and the key of the issue."""
    made = product(world, name="Дрель", sku="1")
    offer(world, made)
    await send(world)
    await write(world)
    found = record(world, made.ref, "product")
    issue = issues.doubtful("shop", found, Doubt(code="toy.odd", en="odd", ru="странно"))
    with world.begin() as tx:
        tx.open_issues([issue], at=1.0)
    return found, issue.key


async def test_a_doubt_is_settled_once_and_the_journal_keeps_why(world):
    found, key = await doubted(world)
    with world.begin() as tx:
        assert dismiss(tx, world.hub, key, why="звонили, всё верно").record == found.id
    assert issue_keys(world) == []
    with world.begin() as tx:
        last = tx.history(found.id)[0].line
    assert (last.kind, last.evidence, last.entries[0].reason) == ("person", "звонили, всё верно", "settled")

    with world.begin() as tx, pytest.raises(BadInput, match="No issue"):
        dismiss(tx, world.hub, key, why="ещё раз")


async def test_what_closes_by_itself_is_left_open_and_says_when_it_closes(world):
    found, _ = await doubted(world)
    open_ = [
        issues.unmapped("shop", found, "unit", "map:shop:unit:X"),
        issues.refused("shop", found, "no", "нет"),
        issues.silent("erp", minutes=50),
    ]
    with world.begin() as tx:
        tx.open_issues(open_, at=1.0)
    said = []
    for issue in open_:
        with world.begin() as tx, pytest.raises(BadInput) as refused:
            dismiss(tx, world.hub, issue.key, why="надоело")
        said.append(refused.value.en)
    assert {issue.key for issue in open_} < set(issue_keys(world))
    assert "mapping in the settings" in said[0]
    assert "takes the record" in said[1]
    assert "calls again" in said[2]
