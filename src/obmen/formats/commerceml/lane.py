"""Takes offers off the stream of bytes before the XML parser sees them, where that is certain to be right.

The parser opens and closes the list of offers; between two offers the lane may take over. It cuts the bytes at
every closing tag of an offer and reads the parts by their shapes. A part of a shape not seen before goes through
a parser of its own. The first part that is not a whole offer ends the lane, and the main parser goes on from there.

A closing tag found in the bytes is a real one only outside comments, CDATA sections and instructions. When one of
them goes on beyond the piece that the main parser gets, the rest of the file is left to that parser for good, like
the rest of a file with forbidden characters.
"""

import re
from typing import Final
from xml.etree.ElementTree import ParseError, XMLParser

from obmen.formats.commerceml.encodings import ROOT
from obmen.formats.commerceml.fields import Fields
from obmen.formats.commerceml.items import Offer
from obmen.formats.commerceml.offers import OfferReader
from obmen.formats.commerceml.shapes import ShapeReader, UnknownShape
from obmen.formats.commerceml.walker import MARK_NAME

#: An element that means nothing, put after an offer to see that the parser is past it.
MARK: Final = f"<{MARK_NAME}/>".encode()
#: Control characters that XML forbids.
_FORBIDDEN: Final = bytes(code for code in range(32) if code not in (9, 10, 13))
#: An offer longer than that goes to the main parser.
_LONGEST_OFFER: Final = 1024 * 1024
#: When that many offers, and most of all, had to be parsed after all, the lane only costs time.
_MANY_PARSED: Final = 300


#: Wholes in which a `<` means nothing.
_OPAQUE: Final = re.compile(rb"<!--.*?-->|<!\[CDATA\[.*?\]\]>|<\?.*?\?>", re.DOTALL)


def _is_plain(data: bytes) -> bool:
    """Tell whether the data ends outside comments, CDATA sections and instructions, if it starts so."""
    if b"<!" not in data and b"<?" not in data:
        return True
    rest = _OPAQUE.sub(b" ", data)
    return b"<!" not in rest and b"<?" not in rest


class Lane:
    """The fast way for offers of one file."""

    def __init__(self, fields: Fields, offers: OfferReader, encoding: str) -> None:
        self._fields = fields
        self._offers = offers
        self._encoding = encoding
        self._shapes = ShapeReader(fields)
        self._opening = "<Предложение".encode(encoding)
        self._closing = "</Предложение>".encode(encoding)
        self._last = b""  # the end of what the main parser has got: a mark may be cut in two
        self._read = self._parsed = 0
        self._root = ROOT.encode(encoding)
        self._started = False
        self._sure = True
        self.rest = b""  # taken, but not read yet

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

    def take(self, data: bytes) -> tuple[list[Offer], bool]:
        """Read the offers of the data; tells whether more of them may follow.

        When they do not, what is not read is left in `rest` for the main parser.
        """
        data = self.rest + data
        end = data.rfind(self._closing) + len(self._closing)
        whole, self.rest = (data[:end], data[end:]) if end >= len(self._closing) else (b"", data)
        try:
            text = self._checked(whole)
        except UnicodeDecodeError:
            self._sure = False
            self.rest = data
            return [], False
        offers: list[Offer] = []
        for number, part in enumerate(text.replace(">", "<").split("</Предложение<")[:-1]):
            try:
                offers.append(self._shapes.read(part))
            except UnknownShape:
                offer = self._parse(text, number)
                if offer is None:
                    left = text.split("</Предложение>", number)[number]
                    self.rest = left.encode(self._encoding) + self.rest
                    return offers, False
                offers.append(offer)
        self._read += len(offers)
        if self._parsed > max(_MANY_PARSED, self._read // 2):
            self._sure = False
            return offers, False
        start = self.rest[: len(self._opening) + 256].lstrip()
        likely = start.startswith(self._opening) or self._opening.startswith(start)
        return offers, likely and len(self.rest) < _LONGEST_OFFER

    def _checked(self, data: bytes) -> str:
        """Decode what XML allows; raises UnicodeDecodeError for anything else."""
        if len(data.translate(None, _FORBIDDEN)) != len(data) or b"\xef\xbf" in data:
            raise UnicodeDecodeError(self._encoding, data, 0, 1, "forbidden in XML")
        text = data.decode(self._encoding)
        return text.replace("\r\n", "\n").replace("\r", "\n") if "\r" in text else text

    def _parse(self, text: str, number: int) -> Offer | None:
        """Read one offer of the text with a parser of its own, if it is one whole element."""
        part = text.split("</Предложение>", number + 1)[number]
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
        return offer
