"""Spoils an export the ways the field does: files out of order, lost, repeated, cut, badly named."""

from collections.abc import Iterable, Sequence

from msgspec.structs import replace

from obmen.connectors.onec.sandbox.export import ExportFile, Kind

HOSTILE_NAMES = (
    "..\\..\\x.php",
    "../../bitrix/php_interface/init.php",
    "/etc/cron.d/obmen.xml",
    "C:\\Windows\\Temp\\import.xml",
    "import_files/shell.php",
    "import0_1.xml\x00.jpg",
)

Files = Sequence[ExportFile]


def prices_first(files: Iterable[ExportFile]) -> list[ExportFile]:
    """Send prices, stock and offers before the goods they belong to."""
    order: tuple[Kind, ...] = ("prices", "rests", "offers", "reference", "goods", "picture")
    return sorted(files, key=lambda file: order.index(file.kind))


def portions_reversed(files: Files) -> list[ExportFile]:
    """Send the portions of goods, offers, prices and stock last to first; the kinds keep their order."""
    waiting = {
        kind: [file for file in files if file.kind == kind]
        for kind in dict.fromkeys(file.kind for file in files)
    }
    return [waiting[file.kind].pop(0 if file.kind in {"reference", "picture"} else -1) for file in files]


def without(files: Files, name: str) -> list[ExportFile]:
    """Lose one file on the way, by its name or the beginning of it."""
    found = _index(files, name)
    return [*files[:found], *files[found + 1 :]]


def repeated(files: Files, name: str) -> list[ExportFile]:
    """Send one file twice in a row, by its name or the beginning of it."""
    found = _index(files, name)
    return [*files[: found + 1], *files[found:]]


def cut(files: Files, name: str) -> list[ExportFile]:
    """Lose the second half of one file, by its name or the beginning of it."""
    found = _index(files, name)
    whole = files[found]
    half = replace(whole, body=whole.body[: len(whole.body) // 2])
    return [*files[:found], half, *files[found + 1 :]]


def hostile(files: Files) -> list[ExportFile]:
    """Add files that try to leave their folder or to become a programme."""
    body = b"<?php echo 'obmen sandbox'; ?>"
    return [*files, *(ExportFile(name=name, body=body, kind="picture") for name in HOSTILE_NAMES)]


def _index(files: Files, name: str) -> int:
    for place, file in enumerate(files):
        if file.name.startswith(name):
            return place
    raise LookupError(
        f"There is no file {name!r} in the export; files: {', '.join(file.name for file in files)}."
    )
