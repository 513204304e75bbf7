"""The way out after a restore, by the commands people have."""

from hub_process import obmen, opened, settled


def issues(config):
    with opened(config) as (_, hub), hub.ledger.begin() as tx:
        return {opened.issue.key for opened in tx.issues()}, tx.state_of("shop")


def test_an_epoch_raised_by_hand_holds_the_connections_until_they_are_resumed(tmp_path):
    config = settled(tmp_path)
    with opened(config) as (_, hub), hub.ledger.begin() as tx:
        tx.put_cursor("shop", "product", "17")
    raised = obmen("epoch", "raise", "-c", config)
    assert raised.returncode == 0, raised.stderr
    assert "On hold: shop" in raised.stdout
    assert issues(config) == ({"restored:shop"}, ("hold", "held_epoch"))

    assert obmen("resume", "shop", "-c", config).returncode == 0
    assert issues(config) == (set(), ("active", ""))
