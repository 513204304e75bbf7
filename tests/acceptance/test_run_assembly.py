"""What a configuration becomes: budgets, plans by entity, chores."""

from hub_process import opened, settled

from obmen.cli.assemble import Unlimited, runner_of
from obmen.ledger.budget import BlockBudget


def test_a_plan_is_asked_of_the_entities_the_schedule_says(tmp_path):
    path = settled(tmp_path, schedule='deliver = "live"\noffer = { deliver = "plan" }')
    with opened(path) as (_, hub):
        assert {pair for pair in hub.planned if pair[0] == "shop"} == {("shop", "offer")}


def test_a_connection_with_a_rate_gets_a_budget_and_one_without_is_not_held_up(tmp_path):
    with opened(settled(tmp_path)) as (_, hub):
        assert isinstance(hub.connections["shop"]._transport._ports.budget, BlockBudget)
        assert isinstance(hub.connections["erp"]._door._ports.budget, Unlimited)


def test_the_hub_keeps_house(tmp_path):
    with opened(settled(tmp_path)) as (config, hub):
        assert "housekeeping" in {chore.name for chore in runner_of(config, hub)._chores}
