"""The small values of CommerceML: numbers, keys, flags and moments, from the many ways they are written."""

import re
from datetime import datetime
from decimal import Decimal
from typing import Final

from msgspec import UNSET

from obmen.formats.commerceml.errors import Findings
from obmen.formats.commerceml.items import Text

_GUID: Final = re.compile(
    r"\{?([0-9A-Fa-f]{8}-[0-9A-Fa-f]{4}-[0-9A-Fa-f]{4}-[0-9A-Fa-f]{4}-[0-9A-Fa-f]{12})\}?"
)
_BLANKS: Final = re.compile(r"[\s\u00a0\u2007\u2009\u202f']+")
_MINUSES: Final = str.maketrans({"−": "-", "–": "-"})
_PLAIN: Final = re.compile(r"([+-]?)(\d*)(?:\.(\d*))?(?:[eE]([+-]?\d{1,2}))?", re.ASCII)
_GROUPED: Final = {
    ".": re.compile(r"[+-]?\d{1,3}(?:,\d{3})+(?:\.\d*)?", re.ASCII),
    ",": re.compile(r"[+-]?\d{1,3}(?:\.\d{3})+(?:,\d*)?", re.ASCII),
}
#: 1C writes an unset number of a characteristic as the lowest value of its type.
_PLACEHOLDER: Final = re.compile(r"-9{9,}(?:\.9+)?")
_TRUE: Final = frozenset(("true", "1", "да", "истина", "yes"))
_LONGEST_NUMBER: Final = 60
_CACHE_SIZE: Final = 20_000


def number(text: str, separator: str | None = None) -> str | None:
    """Write a number as plain decimal text: a dot, no exponent, no fraction zeros at the end.

    Args:
        text: as written: a comma or a dot, blanks of any kind between thousands.
        separator: the decimal separator of the sender, when the file names it.

    Returns:
        "" for a blank text or a placeholder, None for what is not a number.
    """
    # The common shapes first: a plain integer, a plain decimal.
    if len(text) > _LONGEST_NUMBER:
        return None
    if text.isdigit() and text.isascii() and (text[0] != "0" or text == "0"):
        return text
    whole, dot, fraction = text.partition(".")
    if (
        dot
        and separator != ","
        and text.isascii()
        and whole.isdigit()
        and fraction.isdigit()
        and whole[0] != "0"
    ):
        fraction = fraction.rstrip("0")
        return f"{whole}.{fraction}" if fraction else whole
    return _unusual_number(text, separator)


def _unusual_number(text: str, separator: str | None) -> str | None:
    text = _squeezed(text)
    if not text:
        return ""
    if separator in _GROUPED:
        if _GROUPED[separator].fullmatch(text):
            text = text.replace("," if separator == "." else ".", "")
    elif separator:
        text = text.replace(separator, ".")
    found = _PLAIN.fullmatch(text.replace(",", "."))
    if not found or not (found[2] or found[3]):
        return None
    plain = format(Decimal(found[0]), "f")
    if "." in plain:
        plain = plain.rstrip("0").removesuffix(".")
    if _PLACEHOLDER.fullmatch(plain):
        return ""
    return "0" if plain == "-0" else plain


class Numbers(dict[Text, Text]):
    """Remembers the numbers of one file: looking one up is all a caller does.

    A bad number is a finding each time it is met and reads as absent. Absent looks up as absent.
    """

    def __init__(self, separator: str | None, findings: Findings) -> None:
        super().__init__({UNSET: UNSET})
        self._separator = separator
        self._findings = findings

    def __missing__(self, text: Text) -> Text:
        """Read a text met for the first time."""
        value = number(str(text), self._separator)
        if value is None:
            self._findings.add("bad_number", str(text).strip())
            return UNSET
        if len(self) >= _CACHE_SIZE:
            self.clear()
            self[UNSET] = UNSET
        self[text] = value
        return value


def key(text: str) -> str:
    """Write an id or a code as it is compared: trimmed, GUIDs in lower case and without braces."""
    text = text.strip()
    if text.islower() and "{" not in text:
        return text
    return _GUID.sub(_lower_guid, text)


def _lower_guid(found: re.Match[str]) -> str:
    return found[1].lower()


class Keys(dict[Text, Text]):
    """Remembers keys that repeat all over a file: warehouses, price types, properties. Absent stays absent."""

    def __init__(self) -> None:
        super().__init__({UNSET: UNSET})

    def __missing__(self, text: Text) -> Text:
        """Read a key met for the first time."""
        if len(self) >= _CACHE_SIZE:
            self.clear()
            self[UNSET] = UNSET
        value = self[text] = key(str(text))
        return value


class Names(dict[str, str]):
    """Local names of elements: whatever the namespace, one file spells each name one way or two."""

    def __missing__(self, tag: str) -> str:
        """Cut the namespace off a tag met for the first time."""
        name = tag.rpartition("}")[2]
        if len(self) < _CACHE_SIZE:
            self[tag] = name
        return name


def meaningful(text: str) -> str:
    """Trim a value and take a placeholder number for the empty value it stands for."""
    text = text.strip()
    if text[:1] in ("-", "−") and _PLACEHOLDER.fullmatch(_squeezed(text).replace(",", ".")):
        return ""
    return text


def _squeezed(text: str) -> str:
    return _BLANKS.sub("", text).translate(_MINUSES)


def is_true(text: str) -> bool:
    """Tell whether a flag is set, in any of the spellings met."""
    return text.strip().casefold() in _TRUE


def decimal_separator(number_format: str) -> str | None:
    """Read the decimal separator out of a 1C number format such as `ЧЦ=18; ЧДЦ=2; ЧРД=.`."""
    for part in number_format.split(";"):
        name, equals, value = part.partition("=")
        if equals and name.strip() in ("ЧРД", "NDS"):
            return value.strip().strip("'\"") or None
    return None


def moment(text: str) -> datetime | None:
    """Read a date or a moment; it stays naive when no zone is written, None when it is not a date."""
    text = text.strip()
    for pattern in ("%d.%m.%Y %H:%M:%S", "%d.%m.%Y %H:%M", "%d.%m.%Y"):
        try:
            return datetime.strptime(text, pattern)  # noqa: DTZ007 - the file names no zone
        except ValueError:
            continue
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        return None
