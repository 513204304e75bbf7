"""Unpacks an exchange archive without trusting it: names, sizes and ratios are all somebody else's."""

import re
import struct
from pathlib import Path, PurePosixPath
from typing import BinaryIO, Final, Literal
from zipfile import ZIP_DEFLATED, ZIP_STORED, BadZipFile, ZipFile, ZipInfo
from zlib import error as ZlibError  # noqa: N812 - a class under its module's name

from msgspec import Struct

Language = Literal["en", "ru"]

FAULTS: Final[dict[str, tuple[str, str]]] = {
    "archive.damaged": (
        "The archive is damaged: send it again.",
        "Архив повреждён: передайте его ещё раз.",
    ),
    "archive.too_many": (
        "The archive holds more than {limit} files: export in smaller portions.",
        "В архиве больше {limit} файлов: выгружайте меньшими порциями.",
    ),
    "archive.too_large": (
        "Unpacked, the archive takes more than {limit} bytes: export in smaller portions or raise the limit.",
        "В распакованном виде архив больше {limit} байт: выгружайте меньшими порциями или увеличьте предел.",
    ),
    "archive.ratio": (
        "{name} is compressed more than {limit} times, as only an attack is: it is refused.",
        "{name} сжат более чем в {limit} раз, так бывает только при атаке: файл отклонён.",
    ),
    "archive.encrypted": (
        "{name} is encrypted: send the archive without a password.",
        "{name} зашифрован: передайте архив без пароля.",
    ),
    "archive.link": (
        "{name} is a link: only files are accepted.",
        "{name} является ссылкой: принимаются только файлы.",
    ),
    "name.empty": (
        "The file has no name: name it in the request.",
        "У файла нет имени: укажите его в запросе.",
    ),
    "name.too_long": (
        "The file name is longer than {limit} characters: shorten it.",
        "Имя файла длиннее {limit} символов: сократите его.",
    ),
    "name.control": (
        "The file name holds control characters: rename the file.",
        "В имени файла есть управляющие символы: переименуйте файл.",
    ),
    "name.outside": (
        "The file name {name} leads out of the exchange folder: use a plain relative name.",
        "Имя файла {name} ведёт за пределы папки обмена: используйте простое относительное имя.",
    ),
    "name.script": (
        "{name} is a script and is refused: only data and pictures are exchanged.",
        "{name} является скриптом и отклонён: обмен идёт только данными и картинками.",
    ),
}

#: What reading a damaged archive ends in; the last three are about entries that are files and folders at once.
_DAMAGE: Final = (
    BadZipFile,
    ZlibError,
    EOFError,
    NotImplementedError,
    ValueError,
    OverflowError,
    RuntimeError,
    struct.error,
    FileExistsError,
    IsADirectoryError,
    NotADirectoryError,
)
_METHODS: Final = (ZIP_STORED, ZIP_DEFLATED)
# fmt: off
_SCRIPTS: Final = frozenset(
    (
        "php", "php3", "php4", "php5", "php6", "php7", "php8", "phtml", "phps", "pht", "phar", "pl",
        "py", "pyc", "cgi", "asp", "aspx", "asa", "jsp", "jspx", "shtml", "shtm", "fcg", "fcgi",
        "sh", "bash", "bat", "cmd", "ps1", "exe", "com", "dll", "so", "js", "mjs", "vbs", "wsf",
        "jar", "htaccess", "htpasswd",
    )
)
# fmt: on
#: What 1C servers leak of their own paths in front of the name.
_LEAKED: Final = re.compile(
    r"(?:(?:[A-Za-z]:)?/(?:[^/]+/)*?)?"
    r"(?:te?mp|v8_[0-9A-Za-z_]+(?:\.tmp)?|upload/1c(?:/webdata|_catalog|_exchange)?|webdata)/",
    re.IGNORECASE,
)
_LONGEST_NAME: Final = 255
_BLOCK: Final = 64 * 1024
#: Tiny files compress well by nature.
_RATIO_FROM: Final = 1024 * 1024


class RefusedFile(Exception):
    """An archive or a file name that is not accepted.

    Attributes:
        code: a key of `FAULTS`.
        params: what the sentence mentions.
    """

    def __init__(self, code: str, **params: str | int) -> None:
        self.code = code
        self.params = params
        super().__init__(self.text("en"))

    def text(self, language: Language) -> str:
        """Say what is wrong and what to do, in one sentence."""
        return FAULTS[self.code][language == "ru"].format_map(self.params)


class Limits(Struct, frozen=True, kw_only=True):
    """How much an archive may unpack to."""

    total_bytes: int = 4 * 1024**3
    entries: int = 200_000
    ratio: int = 200  # XML packs 10-40 times


def clean_filename(name: str) -> str:
    """Make a safe relative name with `/`: what a sender leaks of its own paths is cut off.

    Raises:
        RefusedFile: the name leads elsewhere, is a script or is no name at all.
    """
    shown = ascii(name)[:120]
    if any(ord(character) < 32 or ord(character) == 127 for character in name):
        raise RefusedFile("name.control")
    path = name.replace("\\", "/").strip()
    if ".." in path.split("/"):
        raise RefusedFile("name.outside", name=shown)
    while leaked := _LEAKED.match(path):
        path = path[leaked.end() :]
    if path.startswith("/") or ":" in path:
        raise RefusedFile("name.outside", name=shown)
    parts = [part for part in (part.strip() for part in path.split("/")) if part not in ("", ".")]
    if not parts:
        raise RefusedFile("name.empty")
    # A web server may run `a.php.xml` and `a.php.` alike, so every suffix counts.
    for part in parts:
        if _SCRIPTS.intersection(suffix.strip(" ") for suffix in part.casefold().split(".")[1:]):
            raise RefusedFile("name.script", name=shown)
    cleaned = "/".join(parts)
    if len(cleaned) > _LONGEST_NAME or len(cleaned.encode()) > 4 * _LONGEST_NAME:
        raise RefusedFile("name.too_long", limit=_LONGEST_NAME)
    return cleaned


def unpack(archive: Path | BinaryIO, target_dir: Path, limits: Limits | None = None) -> list[Path]:
    """Unpack an archive into a folder and return the files written, in the order of the archive.

    Sizes are counted while unpacking: what the archive says about itself is not believed. Files written before
    a fault stay, the folder is the caller's to wipe.

    Raises:
        RefusedFile: the archive is damaged or breaks a limit, or an entry has a name that is not accepted.
    """
    limits = limits or Limits()
    try:
        with ZipFile(archive) as bundle:
            return _unpack_all(bundle, target_dir, limits)
    except _DAMAGE as exc:
        raise RefusedFile("archive.damaged", reason=type(exc).__name__) from exc


def _unpack_all(bundle: ZipFile, target_dir: Path, limits: Limits) -> list[Path]:
    entries = bundle.infolist()
    if len(entries) > limits.entries:
        raise RefusedFile("archive.too_many", limit=limits.entries)
    # Names first: an archive with a bad name writes nothing.
    wanted = [(entry, clean_filename(entry_name(entry))) for entry in entries if not _is_folder(entry)]
    left = limits.total_bytes
    written = []
    for entry, name in wanted:
        if entry.flag_bits & 0x1:
            raise RefusedFile("archive.encrypted", name=name)
        if (entry.external_attr >> 16) & 0o170000 == 0o120000:
            raise RefusedFile("archive.link", name=name)
        if entry.compress_type not in _METHODS:
            raise RefusedFile("archive.damaged", reason="compression method")
        path = target_dir / PurePosixPath(name)
        path.parent.mkdir(parents=True, exist_ok=True)
        left -= _unpack_one(bundle, entry, path, left, limits)
        written.append(path)
    return written


def _unpack_one(bundle: ZipFile, entry: ZipInfo, path: Path, left: int, limits: Limits) -> int:
    size = 0
    most = max(_RATIO_FROM, entry.compress_size * limits.ratio)
    # What admits to be too large is not written at all; what lies about it is counted.
    _check(entry.file_size, left, most, path.name, limits)
    with bundle.open(entry) as packed, path.open("wb") as file:
        while block := packed.read(_BLOCK):
            size += len(block)
            _check(size, left, most, path.name, limits)
            file.write(block)
    return size


def _check(size: int, left: int, most: int, name: str, limits: Limits) -> None:
    if size > most:
        raise RefusedFile("archive.ratio", name=name, limit=limits.ratio)
    if size > left:
        raise RefusedFile("archive.too_large", limit=limits.total_bytes)


def entry_name(entry: ZipInfo) -> str:
    """Read the name of an entry: Unicode if it says so, otherwise a Russian code page.

    The zip format knows only cp437 and UTF-8; Windows and DOS programs write windows-1251 and cp866 without saying.
    """
    if entry.flag_bits & 0x800 or entry.orig_filename.isascii():
        return entry.orig_filename
    raw = entry.orig_filename.encode("cp437", "replace")
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError:
        return max((_decoded(raw, "cp866"), _decoded(raw, "cp1251")), key=_russian_letters)


def _decoded(raw: bytes, encoding: str) -> str:
    return raw.decode(encoding, "replace")


def _russian_letters(text: str) -> int:
    """Score how Russian a text looks: lower-case letters tell one code page from the other."""
    return sum(2 if "а" <= letter <= "я" else 1 if "А" <= letter <= "Я" else 0 for letter in text)


def _is_folder(entry: ZipInfo) -> bool:
    return entry.orig_filename.endswith(("/", "\\"))
