"""A random walk over the customers of two accounts with bad lines: nobody is doubled, and where they meet they agree."""

from __future__ import annotations

import random

import pytest
from customers_stage import two_accounts

from obmen.model import phone
from obmen.sandbox.faults import Dials

PEOPLE = ("petrov", "sokolova", "smirnova")
STEPS = 16


class Walk:
    """What staff of both accounts did, drawn from one seed."""

    def __init__(self, stage, seed):
        self.stage, self.rng = stage, random.Random(seed)
        self.accounts = {"main": stage.main, "branch": stage.branch}
        self.made = {name: [] for name in self.accounts}
        """Whom the staff of each account wrote down themselves, in order."""
        self.done = []

    async def run(self):
        for account in self.accounts.values():
            account.faults.dials = Dials(
                lost_answer=0.08, unavailable=0.05, error=0.05, late_effect=0.05, late_s=0.2
            )
        for _ in range(STEPS):
            act = self.rng.choices([self.write_down, self.correct, self.look], weights=[3, 5, 5])[0]
            self.done.append(act.__name__)
            await act()
        for account in self.accounts.values():
            account.faults.dials = Dials()
        for _ in range(4):
            await self.stage.seen()

    async def look(self):
        await self.stage.seen(1)

    async def write_down(self):
        name, who = self.rng.choice([*self.accounts]), self.rng.choice(PEOPLE)
        if who not in self.made[name] and not self._knows(name, who):
            self.accounts[name].act("new_customer", who=who)
            self.made[name].append(who)

    async def correct(self):
        account = self.rng.choice([*self.accounts.values()])
        cards = list(account.state.customers)
        if cards:
            card = self.rng.choice(cards)
            number = f"+7 (916) 000-{self.rng.randrange(100):02}-{card.id % 100:02}"
            told = self.rng.choice(
                [
                    {"phones": [*({"number": each} for each in card.phones[:1]), {"number": number}]},
                    {"birthday": f"1990-05-{self.rng.randint(1, 28):02}"},
                ]
            )
            account.act("edit_customer", customer=card.id, **told)

    def _knows(self, name, who):
        """Tell whether an account has somebody of that e-mail: staff look before they write down."""
        return any(who in card.plain.get("email", "") for card in self.accounts[name].state.customers)


@pytest.mark.parametrize("seed", [1, 2, 3])
async def test_whatever_happens_nobody_is_doubled_and_both_accounts_agree(tmp_path, seed):
    async with two_accounts(tmp_path) as stage:
        walk = Walk(stage, seed)
        await walk.run()
        told = f"seed {seed}: {walk.done}, issues {stage.issues()}"

        for account in walk.accounts.values():
            emails = [card.plain.get("email") for card in account.state.customers]
            assert len(emails) == len(set(emails)), told
        assert len(list(stage.main.state.customers)) == len(list(stage.branch.state.customers)), told
        for card in stage.main.state.customers:
            twin = stage.branch.state.customers.get(stage.twin(card.id))
            assert {phone(each) for each in card.phones} == {phone(each) for each in twin.phones}, told
            assert card.plain.get("birthday") == twin.plain.get("birthday"), told
        before = stage.writes()
        await stage.seen(3)
        assert before == stage.writes(), told
