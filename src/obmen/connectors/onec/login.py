"""Who is calling and what is asked: the login and the query string, in the encodings 1C may have used."""

from __future__ import annotations

import base64
import binascii
import hmac
from urllib.parse import parse_qsl

from obmen.connectors.onec.settings import Settings

_CHARSETS = ("utf-8", "cp1251")


def is_allowed(authorization: str, settings: Settings) -> bool:
    """Compare the `Authorization: Basic` header with the account, in a time that tells nothing."""
    scheme, _, encoded = authorization.partition(" ")
    if scheme.casefold() != "basic":
        return False
    try:
        given = base64.b64decode(encoded.strip(), validate=True)
    except (binascii.Error, ValueError):
        return False
    allowed = False
    for charset in _CHARSETS:
        account = f"{settings.login}:{settings.password}".encode(charset, "replace")
        allowed |= hmac.compare_digest(given, account)
    return allowed


def is_same(given: str, kept: str) -> bool:
    """Compare two tokens in a time that tells nothing."""
    return hmac.compare_digest(given.encode(), kept.encode())


def parameters(raw_path: str) -> dict[str, str]:
    """Read the query string; of equal names the first one counts. Names of files may come in windows-1251."""
    query = raw_path.partition("?")[2]
    for charset in _CHARSETS:
        try:
            pairs = parse_qsl(
                query, keep_blank_values=True, encoding=charset, errors="strict", max_num_fields=50
            )
        except UnicodeDecodeError:
            continue
        return dict(reversed(pairs))
    return dict(reversed(parse_qsl(query, keep_blank_values=True, errors="replace", max_num_fields=50)))
