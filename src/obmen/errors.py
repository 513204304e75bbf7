"""Errors, grouped by what must happen next.

    ObmenError
    ├── Transient        try again later
    │   └── RateLimited  … not before the vendor's hint
    ├── AuthFailed       pause the connection until a person mends the access
    ├── Rejected         the record is wrong: an issue, at once
    ├── Unmapped         wait for a mapping
    ├── UnknownOutcome   look before repeating
    ├── BadInput         what came in cannot be used; the rest goes on
    ├── ConfigError      the settings must be mended
    └── Bug              ours

Each carries a stable `code`, a sentence for the operator in Russian and English, and a detail for the log. Secrets
never get in: `detail` passes through `redact`.
"""

from __future__ import annotations

import re

_SECRETS = re.compile(
    r"(?i)(authorization:\s*\S+\s+|(?:password|passwd|secret|token|sessid|api_?key|apikey)[\"']?\s*[=:]\s*[\"']?|/rest/\d+/|://[^/\s:@]+:(?=[^/\s@]*@))"
    r"[^\s\"'&/@]+"
)


def redact(text: str) -> str:
    """Return the text with what looks like a secret replaced by `***`."""
    return _SECRETS.sub(lambda found: found.group(1) + "***", text)


class ObmenError(Exception):
    """What went wrong, to what, and the way out; in both languages."""

    def __init__(self, code: str, en: str, ru: str, *, detail: str = "") -> None:
        super().__init__(redact(en))
        self.code = code
        self.en = redact(en)
        self.ru = redact(ru)
        self.detail = redact(detail)

    def text(self, language: str) -> str:
        """Return the sentence for the operator in `ru` or `en`."""
        return self.ru if language == "ru" else self.en


class Transient(ObmenError):
    """It may work later. Nothing was done there, or doing it again is harmless."""

    def __init__(
        self, code: str, en: str, ru: str, *, detail: str = "", retry_after_s: float | None = None
    ) -> None:
        super().__init__(code, en, ru, detail=detail)
        self.retry_after_s = retry_after_s


class RateLimited(Transient):
    """The vendor asks us to slow down."""


class AuthFailed(ObmenError):
    """The vendor does not let us in."""


class Rejected(ObmenError):
    """The vendor refuses this record as it is."""


class Unmapped(ObmenError):
    """A code has no counterpart in a mapping table."""


class UnknownOutcome(ObmenError):
    """We do not know whether the write happened."""


class BadInput(ObmenError):
    """A file or message cannot be used."""


class ConfigError(ObmenError):
    """A setting is missing, unknown or wrong."""


class Bug(ObmenError):
    """Something that cannot happen happened."""
