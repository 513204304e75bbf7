"""How a file is really written: its bytes, encoding and root element, found out before anything is parsed."""

import codecs
import re
from collections.abc import Iterator
from typing import BinaryIO, Final, NamedTuple
from xml.parsers import expat

from obmen.formats.commerceml.errors import Findings, MalformedFile

CHUNK: Final = 128 * 1024
#: The root element must start within that many bytes.
PROLOG_LIMIT: Final = 256 * 1024
ROOT: Final = "КоммерческаяИнформация"

#: Elements that some programs send as the root instead.
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

_BOMS: Final = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_BARE_UTF16: Final = ((b"<\0", "utf-16-le"), (b"\0<", "utf-16-be"))
_DECLARATION: Final = re.compile(rb"""^\s*<\?xml[^>]*?\sencoding\s*=\s*["']([A-Za-z0-9._-]+)["']""")
#: What XML 1.0 forbids, and references to it.
_ILLEGAL: Final = re.compile(
    "[\0-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]|&#(?:[0-9]{1,9}|[xX][0-9a-fA-F]{1,8});"
)
_CONTROLS: Final = frozenset(range(32)) - {9, 10, 13}
_UNFINISHED: Final = re.compile("&[^;<&]{0,11}$")


class Start(NamedTuple):
    """What the beginning of a file tells."""

    encoding: str  # the real one
    declared: str  # "" when the file declares none
    tag: str  # of the root, with its namespace in braces
    attributes: dict[str, str]

    @property
    def root(self) -> str:
        """The local name of the root."""
        return self.tag.rpartition("}")[2]


def begin(file: BinaryIO) -> Start:
    """Find the encoding and the root element.

    The byte order mark is believed first, then the declaration; when the root element cannot be read that way,
    UTF-8 and windows-1251 are tried: a declaration lies when somebody has re-encoded the text on its way.

    Raises:
        MalformedFile: the file is empty, is not XML, declares a DOCTYPE or has a foreign root element.
    """
    file.seek(0)
    head = file.read(PROLOG_LIMIT)
    if not head.strip(b"\xef\xbb\xbf\xff\xfe\0 \t\r\n"):
        raise MalformedFile("empty")
    declared = _declared(head)
    candidates = [encoding for mark, encoding in _BOMS + _BARE_UTF16 if head.startswith(mark)][:1]
    candidates += [
        encoding for encoding in (_usable(declared), "utf-8", "cp1251") if encoding not in candidates
    ]
    first: Start | None = None
    fault: MalformedFile | None = None
    for encoding in candidates:
        try:
            start = _start(head, encoding, declared)
        except MalformedFile as exc:
            if exc.code == "doctype":
                raise
            fault = fault or exc
            continue
        if start.root == ROOT:
            return start
        first = first or start
    if first is None:
        raise fault or MalformedFile("empty")
    if first.root not in _TOLERATED_ROOTS:
        raise MalformedFile("wrong_root", root=first.root[:80])
    return first


def pieces(file: BinaryIO, encoding: str, *, size: int = CHUNK) -> Iterator[bytes]:
    """Give the bytes of a file as expat can take them: without a mark, UTF-16 turned into UTF-8."""
    file.seek(0)
    if encoding.startswith("utf-16"):
        decoder = codecs.getincrementaldecoder(encoding)("replace")
        first = True
        while piece := file.read(size):
            text = decoder.decode(piece)
            yield (text.lstrip("\ufeff \t\r\n") if first else text).encode(errors="replace")
            first = False
        return  # half a character at the end is not a character: the file was cut
    piece = file.read(max(size, 16)).removeprefix(codecs.BOM_UTF8).lstrip()
    while piece:
        yield piece
        piece = file.read(size)


def clean_pieces(file: BinaryIO, encoding: str, findings: Findings, *, size: int = CHUNK) -> Iterator[bytes]:
    """Give the text of a file as UTF-8 without what XML forbids."""
    file.seek(0)
    decoder = codecs.getincrementaldecoder(encoding)("replace")
    rest = ""
    first = True
    while True:
        piece = file.read(size)
        text = rest + decoder.decode(piece)  # half a character at the end is left out: the file was cut
        rest = ""
        if piece and (unfinished := _UNFINISHED.search(text)):
            rest, text = unfinished[0], text[: unfinished.start()]
        if first:
            text, first = text.lstrip("\ufeff \t\r\n"), False
        legal = _ILLEGAL.sub(_legal, text)
        if legal != text or "\ufffd" in legal:
            gone = len(_ILLEGAL.findall(text)) - len(_ILLEGAL.findall(legal)) + legal.count("\ufffd")
            findings.add("illegal_characters", encoding, gone)
        yield legal.encode()
        if not piece:
            return


def _legal(found: re.Match[str]) -> str:
    said = found[0]
    if said[0] != "&":
        return ""
    code = int(said[3:-1], 16) if said[2] in "xX" else int(said[2:-1])
    forbidden = code in _CONTROLS or 0xD800 <= code <= 0xDFFF or code in (0xFFFE, 0xFFFF) or code > 0x10FFFF
    return "" if forbidden else said


def _declared(head: bytes) -> str:
    for text in (
        head[:1024].removeprefix(codecs.BOM_UTF8),
        head[:2048].replace(b"\0", b"").lstrip(b"\xff\xfe"),
    ):
        if found := _DECLARATION.match(text):
            return found[1].decode()
    return ""


def _usable(declared: str) -> str:
    """Give the codec of a declared encoding, if it is one that keeps ASCII bytes as they are."""
    try:
        name = codecs.lookup(declared or "utf-8").name
        ascii_kept = bytes(range(128)).decode(name) == bytes(range(128)).decode("ascii")
        one_byte = len(bytes(range(256)).decode(name, "replace")) == 256
    except (LookupError, UnicodeError):
        return "utf-8"
    return name if ascii_kept and one_byte else "utf-8"


def for_expat(encoding: str) -> str:
    """Name the encoding of what `pieces` gives."""
    return "utf-8" if encoding.startswith("utf-16") else encoding


def _start(head: bytes, encoding: str, declared: str) -> Start:
    text = codecs.getincrementaldecoder(encoding)("replace").decode(head).lstrip("\ufeff \t\r\n")
    text = _ILLEGAL.sub(_legal, text)
    found: list[Start] = []

    def root(tag: str, attributes: dict[str, str]) -> None:
        if not found:
            tag = "{" + tag if "}" in tag else tag
            found.append(Start(encoding, declared, tag, attributes))

    def doctype(*_: object) -> None:
        raise MalformedFile("doctype", parser.CurrentLineNumber, parser.CurrentColumnNumber)

    parser = expat.ParserCreate("utf-8", "}")
    parser.StartElementHandler = root
    parser.StartDoctypeDeclHandler = doctype
    try:
        parser.Parse(text.encode(), len(head) < PROLOG_LIMIT)
    except expat.ExpatError as exc:
        if not found:
            raise fault_of(exc.code, exc.lineno, exc.offset) from exc
    if not found:
        raise MalformedFile("long_prolog", limit=PROLOG_LIMIT)
    return found[0]


#: Errors of expat that mean the end came too early.
_CUT: Final = frozenset(
    expat.errors.codes[message]
    for message in (
        expat.errors.XML_ERROR_NO_ELEMENTS,
        expat.errors.XML_ERROR_UNCLOSED_TOKEN,
        expat.errors.XML_ERROR_PARTIAL_CHAR,
        expat.errors.XML_ERROR_UNCLOSED_CDATA_SECTION,
    )
)
#: Errors that cleaning the text may cure.
CURABLE: Final = frozenset(
    expat.errors.codes[message]
    for message in (
        expat.errors.XML_ERROR_INVALID_TOKEN,
        expat.errors.XML_ERROR_BAD_CHAR_REF,
        expat.errors.XML_ERROR_PARTIAL_CHAR,
        expat.errors.XML_ERROR_UNKNOWN_ENCODING,
        expat.errors.XML_ERROR_INCORRECT_ENCODING,
    )
)


def fault_of(code: int, line: int | None, column: int | None) -> MalformedFile:
    """Say in our words what expat has met."""
    if code in _CUT:
        return MalformedFile("truncated", line, column)
    return MalformedFile("not_xml", line, column, reason=expat.errors.messages[code])
