"""How a setting explains itself: its help in both languages, and whether it is a secret."""

from __future__ import annotations

from msgspec import Meta


def said(en: str, ru: str, *, secret: bool = False) -> Meta:
    """Describe a setting in both languages; a secret is never shown and is asked of the environment."""
    return Meta(description=en, extra={"ru": ru}, extra_json_schema={"secret": True} if secret else None)
