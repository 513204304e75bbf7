"""One uploaded file through the steps of the importer: each step is one answer `progress`."""

import io
import zipfile
from collections.abc import Iterator, Mapping, MutableMapping

from obmen.connectors.bitrix.sandbox.commerceml import Unreadable, read_document
from obmen.connectors.bitrix.sandbox.exchange_goods import GoodsFile
from obmen.connectors.bitrix.sandbox.exchange_metadata import Refused
from obmen.connectors.bitrix.sandbox.exchange_offers import PACKAGES, OffersFile
from obmen.connectors.bitrix.sandbox.state import ShopState

UNPACKED_LIMIT = 512 * 1024 * 1024  # bytes in all; more is a bomb or a mistake
RATIO_LIMIT = 200


def unpack(archive: bytearray, uploads: MutableMapping[str, bytearray]) -> None:
    """Unpack an upload beside the others; what is no archive is refused as the vendor does."""
    try:
        with zipfile.ZipFile(io.BytesIO(archive)) as opened:
            entries = [entry for entry in opened.infolist() if not entry.is_dir()]
            total = sum(entry.file_size for entry in entries)
            if total > min(UNPACKED_LIMIT, max(len(archive), 1024) * RATIO_LIMIT):
                raise Refused("Ошибка распаковки архива.")
            for entry in entries:
                uploads[clean_name(entry.filename)] = bytearray(opened.read(entry))
    except (zipfile.BadZipFile, NotImplementedError, RuntimeError) as exc:
        raise Refused("Ошибка распаковки архива.") from exc


def clean_name(raw: str) -> str:
    """Make a name inside the upload directory of what 1C calls a file; what leads outside is refused."""
    name = raw.replace("\\", "/").strip("/ ")
    parts = name.split("/")
    if not name or ":" in name or any(part in ("", ".", "..") for part in parts):
        raise Refused("Недопустимое имя файла.")
    if parts[-1].lower().endswith((".php", ".phtml", ".php5", ".phar", ".pl", ".py", ".cgi", ".htaccess")):
        raise Refused("Недопустимое имя файла.")
    return name


def import_file(
    state: ShopState, content: bytes, uploads: Mapping[str, bytearray], touched: MutableMapping[int, float]
) -> Iterator[str]:
    """Import one file; yield what each answer tells. Errors in single nodes are passed over in silence."""
    yield "Временные таблицы удалены."
    yield "Временные таблицы созданы."
    try:
        root = read_document(content)
    except Unreadable as exc:
        raise Refused(str(exc)) from exc
    yield "Файл импорта прочитан."
    yield "Индексы временных таблиц созданы."
    package = next((found for tag in PACKAGES if (found := root.find(tag)) is not None), None)
    file = GoodsFile(state, root, uploads) if package is None else OffersFile(state, root, package)
    file.metadata()
    touched[file.iblock.id] = state.unix_now()
    yield "Метаданные импортированы."
    file.sections()
    yield "Разделы импортированы."
    file.absent_sections()
    yield "Отсутствующие разделы обработаны."
    done = total = 0
    for done, total in file.elements():
        if done % state.setup.elements_per_step == 0 and done < total:
            yield f"Обработано {done} из {total} элементов."
    yield f"Обработано {done} из {total} элементов."
    file.absent_elements()
    yield "Отсутствующие элементы обработаны."
    yield "Индексы обновлены."
