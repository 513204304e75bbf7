"""Takes offers off the stream of bytes before the XML parser sees them, where that is certain to be right.

The parser opens and closes the list of offers; between two offers the lane may take over. It cuts the bytes at
every closing tag of an offer and reads the parts by their shapes. A part of a shape not seen before goes through
a parser of its own. The first part that is not a whole offer ends the lane, and the main parser goes on from there.

Where somebody remembers what was read from which bytes, an offer of the same bytes in the same context is not read
again: well-formed it was then, and it says what it said.

A closing tag found in the bytes is a real one only outside comments, CDATA sections and instructions. When one of
them goes on beyond the piece that the main parser gets, the rest of the file is left to that parser for good, like
the rest of a file with forbidden characters.
"""

import re
from collections.abc import Mapping, Sequence
from hashlib import blake2b
from typing import Final, Protocol
from xml.etree.ElementTree import ParseError, XMLParser

from msgspec.structs import replace

from obmen.formats.commerceml.encodings import ROOT
from obmen.formats.commerceml.fields import Fields
from obmen.formats.commerceml.items import Offer, SameOffer
from obmen.formats.commerceml.offers import OfferReader
from obmen.formats.commerceml.shapes import ShapeReader, UnknownShape
from obmen.formats.commerceml.walker import MARK_NAME

#: An element that means nothing, put after an offer to see that the parser is past it.
MARK: Final = f"<{MARK_NAME}/>".encode()
#: Control characters that XML forbids.
_FORBIDDEN: Final = tuple(bytes((code,)) for code in range(32) if code not in (9, 10, 13))
#: An offer longer than that goes to the main parser.
_LONGEST_OFFER: Final = 1024 * 1024
#: When that many offers, and most of all, had to be parsed after all, the lane only costs time.
_MANY_PARSED: Final = 300
_DIGEST_BYTES: Final = 16
#: Pieces taken at once, beyond one, where most offers are remembered: each time somebody is asked costs a millisecond.
_ALONG: Final = 3


#: Wholes in which a `<` means nothing.
_OPAQUE: Final = re.compile(rb"<!--.*?-->|<!\[CDATA\[.*?\]\]>|<\?.*?\?>", re.DOTALL)


def _is_plain(data: bytes) -> bool:
    """Tell whether the data ends outside comments, CDATA sections and instructions, if it starts so."""
    if b"<!" not in data and b"<?" not in data:
        return True
    rest = _OPAQUE.sub(b" ", data)
    return b"<!" not in rest and b"<?" not in rest


def _is_clean(data: bytes) -> bool:
    """Tell whether there are only characters that XML allows."""
    # One byte is looked for many times as fast as two, and in a Russian text 0xEF is rare: a microsecond an offer.
    # Thirty bytes one after the other take half the time of one pass that looks for all of them.
    noncharacters = b"\xef" in data and b"\xef\xbf" in data
    return not noncharacters and not any(code in data for code in _FORBIDDEN)


class Memory(Protocol):
    """Whoever remembers offers by their bytes."""

    def context(self) -> bytes:
        """Return what the meaning of an offer depends on here, besides its own bytes."""

    def known(self, offers: Mapping[str, str]) -> Mapping[str, str]:
        """Return what is remembered of offers, given as digest -> id, by the digests that are known."""


class Lane:
    """The fast way for offers of one file."""

    def __init__(
        self, fields: Fields, offers: OfferReader, encoding: str, memory: Memory | None = None
    ) -> None:
        self._fields = fields
        self._offers = offers
        self._encoding = encoding
        self._shapes = ShapeReader(fields)
        self._opening = "<Предложение".encode(encoding)
        self._closing = "</Предложение>".encode(encoding)
        self._memory = memory
        self._begins = re.compile(
            rb"\s*("
            + "<Предложение>".encode(encoding)
            + rb"\s*"
            + "<Ид>".encode(encoding)
            + rb"([^<&]{1,200})<)"
        )
        self._last = b""  # the end of what the main parser has got: a mark may be cut in two
        self._read = self._parsed = 0
        self._root = ROOT.encode(encoding)
        self._started = False
        self._sure = True
        self.rest = b""  # taken, but not read yet
        self.along = 0  # pieces that had better be taken together with the next one

    def watch(self, data: bytes) -> None:
        """Look at what the main parser gets: what makes cutting unsafe closes the lane for good."""
        if not self._sure:
            return
        seen = self._last + data
        if not self._started:
            start = seen.find(self._root)
            self._last = seen[-len(self._root) :]
            if start < 0:
                return
            self._started = True
            seen = seen[start:]
        self._sure = _is_plain(seen)
        self._last = seen[-1:]

    def entrance(self, data: bytes) -> int:
        """Find where the first offer of the data ends; 0 when the lane must not be entered."""
        end = data.find(self._closing) + len(self._closing)
        inside = end >= len(self._closing) and self._sure and _is_plain(self._last + data[:end])
        return end if inside else 0

    def take(self, pieces: Sequence[bytes]) -> tuple[list[Offer | SameOffer], bool]:
        """Read the offers of these pieces; tells whether more of them may follow.

        When they do not, what is not read is left in `rest` for the main parser.
        """
        data = b"".join([self.rest, *pieces])
        if not _is_clean(data):
            self._sure = False
            self.rest = data
            return [], False
        *parts, self.rest = data.split(self._closing)
        digests = self._digests(parts)
        same = (
            {}
            if self._memory is None
            else self._memory.known({digest: ref for ref, digest in digests if digest})
        )
        self.along = _ALONG if len(same) * 2 > len(parts) else 0
        offers: list[Offer | SameOffer] = []
        for number, (part, (ref, digest)) in enumerate(zip(parts, digests, strict=True)):
            if digest in same:
                offers.append(SameOffer(id=ref, trace=same[digest]))
                continue
            offer = self._offer(part, digest)
            if offer is None:
                self.rest = self._closing.join([*parts[number:], self.rest])
                return offers, False
            offers.append(offer)
        self._read += len(offers)
        if self._parsed > max(_MANY_PARSED, self._read // 2):
            self._sure = False
            return offers, False
        start = self.rest[: len(self._opening) + 256].lstrip()
        likely = start.startswith(self._opening) or self._opening.startswith(start)
        return offers, likely and len(self.rest) < _LONGEST_OFFER

    def _digests(self, parts: list[bytes]) -> list[tuple[str, str]]:
        """Return id and digest of each offer; both are empty where nobody remembers, or it begins in an unusual way."""
        if self._memory is None:
            return [("", "")] * len(parts)
        context = blake2b(self._memory.context(), digest_size=_DIGEST_BYTES)
        digests: list[tuple[str, str]] = []
        begins = self._begins.match
        for part in parts:
            found = begins(part)
            if found is None:
                digests.append(("", ""))
                continue
            digest = context.copy()
            digest.update(part[found.start(1) :] if found.start(1) else part)
            digests.append((found[2].decode(self._encoding, "replace").strip(), digest.hexdigest()))
        return digests

    def _offer(self, part: bytes, digest: str) -> Offer | None:
        """Read one offer without its closing tag; None when the main parser must do it."""
        try:
            text = part.decode(self._encoding)
        except UnicodeDecodeError:
            self._sure = False
            return None
        if "\r" in text:
            text = text.replace("\r\n", "\n").replace("\r", "\n")
        try:
            return self._shapes.read(text.replace(">", "<"), digest)
        except UnknownShape:
            return self._parse(text, digest)

    def _parse(self, part: str, digest: str) -> Offer | None:
        """Read one offer with a parser of its own, if it is one whole element."""
        if not part.lstrip().startswith("<Предложение"):
            return None
        parser = XMLParser()  # noqa: S314 - a DOCTYPE would stand before the element
        try:
            parser.feed(f"{part}</Предложение>")
            element = parser.close()
        except ParseError:
            return None
        if self._fields.names[element.tag] != "Предложение":
            return None
        self._parsed += 1
        offer = self._offers.read(element)
        self._shapes.learn(part.replace(">", "<"), offer)
        return replace(offer, digest=digest) if digest else offer
