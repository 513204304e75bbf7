"""Ids and codes that depend on the seed alone."""

import uuid

_NAMESPACE = uuid.UUID("5f3c1f0e-9d0b-4d5e-8f57-0bde0c1a2e11")


def guid(seed: int, kind: str, key: str) -> str:
    """Return the id of a thing, in lower case as 1C writes it."""
    return str(uuid.uuid5(_NAMESPACE, f"{seed}:{kind}:{key}"))


def ean13(number: int, *, prefix: str = "4607") -> str:
    """Return a barcode with its check digit (GS1: weights 1 and 3 from the left)."""
    body = f"{prefix}{number:0{12 - len(prefix)}d}"
    total = sum(int(digit) * (3 if place % 2 else 1) for place, digit in enumerate(body))
    return f"{body}{-total % 10}"
