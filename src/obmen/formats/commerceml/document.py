"""Reading a CommerceML file of any version, piece by piece, in the order it is written."""

import codecs
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from types import TracebackType
from typing import BinaryIO, Self
from xml.etree.ElementTree import ParseError, TreeBuilder, XMLParser

from obmen.formats.commerceml.encodings import (
    CHUNK,
    CURABLE,
    ROOT,
    Start,
    begin,
    clean_pieces,
    fault_of,
    for_expat,
    pieces,
)
from obmen.formats.commerceml.errors import Finding, Findings, MalformedFile
from obmen.formats.commerceml.fields import Fields
from obmen.formats.commerceml.items import Header, Item
from obmen.formats.commerceml.lane import MARK, Lane, Memory
from obmen.formats.commerceml.validator import validate
from obmen.formats.commerceml.values import decimal_separator, moment
from obmen.formats.commerceml.walker import Walker


class Document:
    """An open file: its header, its items one by one, and what was odd about it.

    Iterating reads the file from its start each time and keeps only the current piece of it in memory.
    """

    def __init__(
        self, source: Path | BinaryIO, *, chunk_size: int = CHUNK, memory: Memory | None = None
    ) -> None:
        self._own = isinstance(source, Path)
        self._file: BinaryIO = source.open("rb") if isinstance(source, Path) else source
        self._chunk_size = chunk_size
        self._memory = memory
        try:
            self._start = begin(self._file)
            self.header = _header(self._start)
        except BaseException:
            self.close()
            raise
        self._findings = self._first_findings()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, exc: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close the file, if it was opened here."""
        if self._own:
            self._file.close()

    @property
    def findings(self) -> tuple[Finding, ...]:
        """Oddities met so far; complete when the items have been read to the end."""
        return self._findings.report()

    def __iter__(self) -> Iterator[Item]:
        """Give the items.

        Raises:
            MalformedFile: the file is not well-formed XML; the items before the fault have been given.
        """
        self._findings = self._first_findings()
        given = 0
        try:
            for items in self._batches(pieces(self._file, self._start.encoding, size=self._chunk_size)):
                given += len(items)
                yield from items
        except ParseError as exc:
            if exc.code not in CURABLE:
                raise self._fault(exc) from exc
        else:
            return
        # Characters that XML forbids: read again without them and go on from where the fault was.
        self._findings = self._first_findings()
        clean = clean_pieces(self._file, self._start.encoding, self._findings, size=self._chunk_size)
        try:
            for items in self._batches(clean, encoding="utf-8"):
                yield from items[given:]
                given = max(0, given - len(items))
        except ParseError as exc:
            raise self._fault(exc) from exc

    def _fault(self, exc: ParseError) -> MalformedFile:
        """Find the place of a fault: the parser has not seen what went by the lane and cannot tell it."""
        try:
            validate(self._file)
        except MalformedFile as fault:
            return fault
        return fault_of(exc.code, None, None)

    def _batches(self, stream: Iterator[bytes], encoding: str | None = None) -> Iterator[list[Item]]:
        encoding = encoding or for_expat(self._start.encoding)
        builder = TreeBuilder()
        parser = XMLParser(target=builder, encoding=encoding)  # noqa: S314 - a DOCTYPE has been refused before
        fields = Fields(self.header, self._findings)
        walker = Walker(fields)
        lane = Lane(fields, walker.offers, encoding, self._memory)
        on_lane = False

        def parse(data: bytes) -> list[Item]:
            lane.watch(data)
            parser.feed(data)
            # The builder gives the root of the tree as built so far.
            return walker.collect(builder.close())

        for piece in stream:
            left = piece
            if not on_lane and walker.in_offers() and (end := lane.entrance(piece)):
                # Some versions of expat hold back what they have got: the mark shows that the offer is closed.
                yield parse(piece[:end] + MARK)
                left = piece[end:]
                on_lane = walker.pass_mark()
            if on_lane:
                offers, on_lane = lane.take([left, *islice(stream, lane.along)])
                yield list(offers)
                if on_lane:
                    continue
                left, lane.rest = lane.rest, b""
            yield parse(left)
        if on_lane:
            yield parse(lane.rest)
        yield walker.collect(parser.close(), finished=True)

    def _first_findings(self) -> Findings:
        findings = Findings()
        if self.header.root != ROOT:
            findings.add("unusual_root", self.header.root)
        if not self.header.schema:
            findings.add("no_version", self.header.root)
        if self._start.declared and not _same_encoding(self._start):
            findings.add("wrong_encoding", f"{self._start.declared} / {self.header.encoding}")
        return findings


def open_document(
    source: Path | BinaryIO, *, chunk_size: int = CHUNK, memory: Memory | None = None
) -> Document:
    """Open a CommerceML file or a seekable stream of bytes; what `memory` knows comes as `SameOffer`.

    Raises:
        MalformedFile: the file is empty, is not XML, declares a DOCTYPE or has a foreign root element.
    """
    return Document(source, chunk_size=chunk_size, memory=memory)


def _header(start: Start) -> Header:
    namespace, _, root = start.tag.rpartition("}")
    said = {name.rpartition("}")[2]: value for name, value in start.attributes.items()}
    schema = said.get("ВерсияСхемы", "").strip()
    formed_at = said.get("ДатаФормирования", "").strip()
    namespace = namespace.removeprefix("{")
    return Header(
        schema=schema,
        generation=_generation(schema, namespace),
        encoding="windows-1251" if start.encoding == "cp1251" else start.encoding,
        namespace=namespace,
        root=root,
        formed_at_text=formed_at,
        formed_at=moment(formed_at),
        decimal_separator=decimal_separator(said.get("ФорматСуммы", "")),
        quantity_separator=decimal_separator(said.get("ФорматКоличества", "")),
        attributes=said,
    )


def _generation(schema: str, namespace: str) -> str:
    """Guess how the sender cuts its exports: by the schema, or by the namespace when there is none.

    Versions compare as whole numbers after the dot: 2.9 and 2.09 come before 2.10.
    """
    major, _, minor = schema.replace(",", ".").partition(".")
    if not (major.isdecimal() and (minor.isdecimal() or not minor)):
        suffix = namespace.rpartition("commerceml_")[2] if "commerceml_" in namespace else ""
        if not suffix.isdecimal():
            return "unknown"
        major, minor = suffix[:1], suffix[1:] or "0"
    version = int(major), int(minor or "0")
    if version >= (3, 0):
        return "folders"
    return "split" if version >= (2, 8) else "native"


def _same_encoding(start: Start) -> bool:
    try:
        name = codecs.lookup(start.declared).name
    except LookupError:
        return False
    return start.encoding.startswith(name)
