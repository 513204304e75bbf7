"""Checks that a file is well-formed XML without reading it: at upload, before anything is promised.

Nothing is called for single elements, so the check costs little more than the scanner of expat itself.
"""

import codecs
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path
from typing import BinaryIO, Final
from xml.parsers import expat

from obmen.formats.commerceml.encodings import (
    CURABLE,
    PROLOG_LIMIT,
    Start,
    begin,
    clean_pieces,
    fault_of,
    for_expat,
    pieces,
)
from obmen.formats.commerceml.errors import Findings, MalformedFile
from obmen.formats.commerceml.fields import MAX_DEPTH

#: What tells tags apart once everything else is deleted.
_NOT_MARKS: Final = bytes(code for code in range(256) if chr(code) not in "<>/\"'!?")
_STRETCH: Final = 256


class Scanner:
    """Feeds expat and watches the depth.

    The depth is counted from the tags as they stand in the bytes, many at a time. That is exact as long as there
    are no comments, CDATA sections, instructions or stray `>`; from the first of them on expat reports each element.
    """

    def __init__(self, encoding: str) -> None:
        self._parser = expat.ParserCreate(encoding, "}")
        self._parser.StartDoctypeDeclHandler = self._doctype
        # Newer versions of expat may hold back what they have got; the count needs it to keep pace.
        if hasattr(self._parser, "SetReparseDeferralEnabled"):
            self._parser.SetReparseDeferralEnabled(False)
        self._depth = 0
        self._reporting = False
        self._started = False
        self._held = b""

    def feed(self, data: bytes) -> None:
        """Check one more piece; raises ExpatError or MalformedFile."""
        data = self._held + data
        # Up to the last `<` all tags are whole, so that the count and expat stand at the same place.
        end = data.rfind(b"<")
        if self._reporting or end < 0:
            end = len(data)
        piece, self._held = data[:end], data[end:]
        if not self._reporting and not self._count(piece):
            self._report()
        self._parser.Parse(piece, False)

    def close(self) -> None:
        """Check the end; raises ExpatError or MalformedFile."""
        self._report()
        self._parser.Parse(self._held, True)

    def place(self) -> tuple[int, int]:
        """Tell how far expat has come: line and column."""
        return self._parser.CurrentLineNumber, self._parser.CurrentColumnNumber

    def _count(self, piece: bytes) -> bool:
        """Follow the depth through whole tags; False when the bytes alone do not tell it."""
        marks = piece.translate(None, _NOT_MARKS)
        if not self._started:
            # The declaration at the very beginning is the only instruction that is expected.
            self._started = bool(marks)
            declaration_end = piece.find(b"?>") + 2 if piece.startswith(b"<?xml") else 0
            marks = piece[declaration_end:].translate(None, _NOT_MARKS)
        if b"<!" in marks or b"<?" in marks:
            return False
        depth = self._depth
        start = 0
        while start < len(marks):
            end = (
                marks.rfind(b"<", start + 1, start + _STRETCH)
                if len(marks) - start > _STRETCH
                else len(marks)
            )
            if end < 0:
                end = marks.find(b"<", start + 1)
                end = len(marks) if end < 0 else end
            part = marks[start:end]
            tags, closing = part.count(b"<"), part.count(b"</")
            if tags != part.count(b">") or depth + tags > MAX_DEPTH:
                return False
            # A closing tag is left as `</>`, an empty one as `</>` turned around it: `<…/>`.
            depth += tags - closing - part.count(b"/>")
            start = end
        self._depth = depth
        return True

    def _report(self) -> None:
        self._reporting = True
        self._parser.StartElementHandler = self._deeper
        self._parser.EndElementHandler = self._higher

    def _deeper(self, _name: str, _attributes: dict[str, str]) -> None:
        self._depth += 1
        if self._depth > MAX_DEPTH:
            raise MalformedFile("too_deep", *self.place(), limit=MAX_DEPTH)

    def _higher(self, _name: str) -> None:
        self._depth -= 1

    def _doctype(self, *_: object) -> None:
        raise MalformedFile("doctype", *self.place())


class Validator:
    """Checks a file while it arrives.

    It does not forgive forbidden characters, which `validate` and the reader do: those need a second reading.
    """

    def __init__(self) -> None:
        self._head = b""
        self._scanner: Scanner | None = None
        self._decoder: codecs.IncrementalDecoder | None = None

    def feed(self, data: bytes) -> None:
        """Check one more piece of the file.

        Raises:
            MalformedFile: the file is certainly bad; there is no need to send the rest.
        """
        if self._scanner is None:
            self._head += data
            if len(self._head) < PROLOG_LIMIT:
                return
            data = self._begin()
        self._scan(data)

    def close(self) -> None:
        """Check that the file is complete; raises MalformedFile."""
        if self._scanner is None:
            self._scan(self._begin())
        self._scan(b"", last=True)

    def _begin(self) -> bytes:
        start = begin(BytesIO(self._head))
        self._scanner = Scanner(for_expat(start.encoding))
        if start.encoding.startswith("utf-16"):
            self._decoder = codecs.getincrementaldecoder(start.encoding)("replace")
            return self._head
        return self._head.removeprefix(codecs.BOM_UTF8).lstrip()

    def _scan(self, data: bytes, *, last: bool = False) -> None:
        if self._decoder:
            data = self._decoder.decode(data, final=last).lstrip("\ufeff").encode(errors="replace")
        if self._scanner is None:
            return
        try:
            self._scanner.feed(data)
            if last:
                self._scanner.close()
        except expat.ExpatError as exc:
            raise fault_of(exc.code, exc.lineno, exc.offset) from exc


def validate(source: Path | BinaryIO) -> None:
    """Check a whole file: what passes can be read to its end.

    Raises:
        MalformedFile: with the line and column of the fault.
    """
    if isinstance(source, Path):
        with source.open("rb") as file:
            validate(file)
        return
    start = begin(source)
    try:
        _scan_all(pieces(source, start.encoding), for_expat(start.encoding))
    except expat.ExpatError as exc:
        if exc.code not in CURABLE:
            raise fault_of(exc.code, exc.lineno, exc.offset) from exc
        _scan_clean(source, start)


def _scan_clean(file: BinaryIO, start: Start) -> None:
    try:
        _scan_all(clean_pieces(file, start.encoding, Findings()), "utf-8")
    except expat.ExpatError as exc:
        raise fault_of(exc.code, exc.lineno, exc.offset) from exc


def _scan_all(stream: Iterator[bytes], encoding: str) -> None:
    scanner = Scanner(encoding)
    for piece in stream:
        scanner.feed(piece)
    scanner.close()
