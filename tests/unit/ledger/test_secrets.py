"""Secrets open with their key and under their name only."""

from __future__ import annotations

import base64

import pytest

from obmen.errors import ConfigError
from obmen.ledger.secrets import KEY_VARIABLE, Vault, drop_secret, secret_names
from obmen.ledger.tables import SECRETS

KEY = base64.b64encode(bytes(range(32))).decode()


def test_a_secret_opens_with_its_key(sql_ledger):
    vault = Vault.from_environment({KEY_VARIABLE: KEY})
    with sql_ledger.begin() as tx:
        vault.put(tx, "shop.password", "old")
        vault.put(tx, "shop.password", "пароль")
        vault.put(tx, "crm.token", "t")
    with sql_ledger.begin() as tx:
        assert vault.get(tx, "shop.password") == "пароль"
        assert vault.get(tx, "unknown") is None
        assert secret_names(tx) == ["crm.token", "shop.password"]
        drop_secret(tx, "crm.token")
        assert secret_names(tx) == ["shop.password"]


def test_the_database_never_holds_the_secret_itself(sql_ledger):
    with sql_ledger.begin() as tx:
        Vault(bytes(32)).put(tx, "shop.password", "canary")
    with sql_ledger._engine.begin() as connection:
        (row,) = connection.execute(SECRETS.select()).all()

    assert b"canary" not in bytes(row.sealed)


def test_the_same_secret_is_never_sealed_the_same_way(sql_ledger):
    with sql_ledger.begin() as tx:
        Vault(bytes(32)).put(tx, "a", "same")
        Vault(bytes(32)).put(tx, "b", "same")
    with sql_ledger._engine.begin() as connection:
        first, second = connection.execute(SECRETS.select()).all()

    assert (first.nonce, first.sealed) != (second.nonce, second.sealed)


def test_another_key_is_refused_with_the_way_out(sql_ledger):
    with sql_ledger.begin() as tx:
        Vault(bytes(32)).put(tx, "shop.password", "canary")
        with pytest.raises(ConfigError, match="sealed with another key") as refused:
            Vault(bytes(range(32))).get(tx, "shop.password")

    assert "canary" not in str(refused.value) + refused.value.ru


def test_a_secret_moved_under_another_name_does_not_open(sql_ledger):
    vault = Vault(bytes(32))
    with sql_ledger.begin() as tx:
        vault.put(tx, "sandbox.password", "weak")
    with sql_ledger._engine.begin() as connection:
        connection.execute(SECRETS.update().values(name="shop.password"))
    with sql_ledger.begin() as tx, pytest.raises(ConfigError):
        vault.get(tx, "shop.password")


@pytest.mark.parametrize("key", ["c2hvcnQ=", "not base64!", KEY + "AA"])
def test_a_malformed_key_is_named_but_not_printed(key):
    with pytest.raises(ConfigError, match="OBMEN_KEY must be 32 bytes") as refused:
        Vault.from_environment({KEY_VARIABLE: key})

    assert key not in str(refused.value)


def test_without_a_key_the_way_out_is_told():
    with pytest.raises(ConfigError, match="OBMEN_KEY is not set"):
        Vault.from_environment({})
