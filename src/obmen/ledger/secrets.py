"""Secrets at rest: AES-256-GCM under a key that never enters the database."""

from __future__ import annotations

import base64
import binascii
import os
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

import sqlalchemy as sa
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from obmen.errors import ConfigError
from obmen.ledger.statement import Statement, upsert
from obmen.ledger.tables import SECRETS

if TYPE_CHECKING:
    from obmen.ledger.sql import SqlTx

KEY_VARIABLE = "OBMEN_KEY"
_KEY_BYTES = 32
_NONCE_BYTES = 12

_BY_NAME = SECRETS.c.name == sa.bindparam("secret")
_PUT = upsert(SECRETS, ("nonce", "sealed"))
_GET = Statement(sa.select(SECRETS.c.nonce, SECRETS.c.sealed).where(_BY_NAME))
_NAMES = Statement(sa.select(SECRETS.c.name).order_by(SECRETS.c.name))
_DROP = Statement(sa.delete(SECRETS).where(_BY_NAME))


class Vault:
    """Seals and opens secrets with one key. A secret is bound to its name: moved under another it does not open."""

    def __init__(self, key: bytes, *, random_bytes: Callable[[int], bytes] = os.urandom) -> None:
        self._cipher = AESGCM(key)
        self._random_bytes = random_bytes

    @classmethod
    def from_environment(cls, environment: Mapping[str, str]) -> Vault:
        """Take the key from `OBMEN_KEY`: 32 bytes in Base64."""
        text = environment.get(KEY_VARIABLE, "")
        if not text:
            raise ConfigError(
                "secrets.no_key",
                f"{KEY_VARIABLE} is not set, and secrets cannot be kept without a key; make one with"
                " `openssl rand -base64 32` and keep it apart from backups of the ledger",
                f"Не задан {KEY_VARIABLE}: без ключа секреты не хранятся; создайте его командой"
                " `openssl rand -base64 32` и держите отдельно от копий базы",
            )
        try:
            key = base64.b64decode(text, validate=True)
        except (binascii.Error, ValueError):
            key = b""
        if len(key) != _KEY_BYTES:
            raise ConfigError(
                "secrets.bad_key",
                f"{KEY_VARIABLE} must be 32 bytes in Base64 (44 characters), as `openssl rand -base64 32` prints them",
                f"{KEY_VARIABLE} должен содержать 32 байта в Base64 (44 знака), как печатает `openssl rand -base64 32`",
            )
        return cls(key)

    def put(self, tx: SqlTx, name: str, value: str) -> None:
        """Store a secret, or replace it."""
        nonce = self._random_bytes(_NONCE_BYTES)
        sealed = self._cipher.encrypt(nonce, value.encode(), name.encode())
        tx.db.run(_PUT, name=name, nonce=nonce, sealed=sealed)

    def get(self, tx: SqlTx, name: str) -> str | None:
        """Return a secret, None where there is none of this name."""
        row = tx.db.row(_GET, secret=name)
        if row is None:
            return None
        try:
            return self._cipher.decrypt(bytes(row.nonce), bytes(row.sealed), name.encode()).decode()
        except InvalidTag:
            raise ConfigError(
                "secrets.other_key",
                f"The secret «{name}» was sealed with another key; set {KEY_VARIABLE} to the old one or enter it anew",
                f"Секрет «{name}» закрыт другим ключом; верните прежний {KEY_VARIABLE} или введите секрет заново",
            ) from None


def secret_names(tx: SqlTx) -> list[str]:
    """Return the names of all secrets; no key is needed to list them."""
    return [row[0] for row in tx.db.rows(_NAMES)]


def drop_secret(tx: SqlTx, name: str) -> None:
    """Forget a secret."""
    tx.db.run(_DROP, secret=name)
