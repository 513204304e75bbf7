"""The referee's small world over every ledger."""

import pytest

from obmen.testkit.world import World


@pytest.fixture
def world(any_ledger):
    """An accounting system that sends files, a shop, a lossy CRM, and a hub between them."""
    return World(any_ledger)
