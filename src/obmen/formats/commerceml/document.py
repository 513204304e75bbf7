"""Reading a CommerceML file of any version, piece by piece, in the order it is written."""

from collections.abc import Iterator
from pathlib import Path
from types import TracebackType
from typing import BinaryIO, Final, Self
from xml.etree.ElementTree import ParseError, TreeBuilder, XMLParser

from obmen.formats.commerceml.encodings import CHUNK, CURABLE, ROOT, Start, begin, clean_pieces, fault_of, pieces, usable_encoding
from obmen.formats.commerceml.errors import Finding, Findings, MalformedFile
from obmen.formats.commerceml.fields import Fields
from obmen.formats.commerceml.items import Header, Item
from obmen.formats.commerceml.values import decimal_separator, moment
from obmen.formats.commerceml.walker import Walker

#: Elements that some programs send as the root.
_TOLERATED_ROOTS: Final = frozenset(
    (
        "Классификатор",
        "Каталог",
        "ПакетПредложений",
        "ИзмененияПакетаПредложений",
        "Документ",
        "Документы",
        "Контейнер",
        "Справочник",
        "Справочники",
    )
)


class Document:
    """An open file: its header, its items one by one, and what was odd about it.

    Iterating reads the file from its start each time and keeps only the current piece of it in memory.
    """

    def __init__(self, source: Path | BinaryIO, *, chunk_size: int = CHUNK) -> None:
        self._own = isinstance(source, Path)
        self._file: BinaryIO = source.open("rb") if isinstance(source, Path) else source
        self._chunk_size = chunk_size
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
                raise fault_of(exc.code, *exc.position) from exc
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
            raise fault_of(exc.code, *exc.position) from exc

    def _batches(self, stream: Iterator[bytes], encoding: str | None = None) -> Iterator[list[Item]]:
        builder = TreeBuilder()  # noqa: S314 - a DOCTYPE has been refused before, so there are no entities
        parser = XMLParser(target=builder, encoding=encoding or _for_expat(self._start.encoding))  # noqa: S314
        walker = Walker(Fields(self.header, self._findings))
        for piece in stream:
            parser.feed(piece)
            # The builder gives the root of the tree as built so far.
            if (root := builder.close()) is not None:
                yield walker.collect(root)
        yield walker.collect(parser.close(), finished=True)

    def _first_findings(self) -> Findings:
        findings = Findings()
        if self.header.root != ROOT:
            findings.add("unusual_root", self.header.root)
        if not self.header.schema:
            findings.add("no_version", self.header.root)
        if self._start.declared and not _same_encoding(self._start):
            findings.add("wrong_encoding", f"{self._start.declared} / {self._start.encoding}")
        return findings


def open_document(source: Path | BinaryIO, *, chunk_size: int = CHUNK) -> Document:
    """Open a CommerceML file or a seekable stream of bytes.

    Raises:
        MalformedFile: the file is empty, is not XML, declares a DOCTYPE or has a foreign root element.
    """
    return Document(source, chunk_size=chunk_size)


def _header(start: Start) -> Header:
    namespace, _, root = start.tag.rpartition("}")
    if root != ROOT and root not in _TOLERATED_ROOTS:
        raise MalformedFile("wrong_root", root=root[:80])
    said = {name.rpartition("}")[2]: value for name, value in start.attributes.items()}
    schema = said.get("ВерсияСхемы", "").strip()
    formed_at = said.get("ДатаФормирования", "").strip()
    namespace = namespace.removeprefix("{")
    return Header(
        schema=schema,
        generation=_generation(schema, namespace),
        encoding=start.encoding,
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


def _for_expat(encoding: str) -> str:
    return "utf-8" if encoding.startswith("utf-16") else encoding


def _same_encoding(start: Start) -> bool:
    declared = start.declared.casefold().replace("_", "-")
    if start.encoding.startswith("utf-16"):
        return declared.startswith("utf-16")
    return usable_encoding(start.declared) == start.encoding
