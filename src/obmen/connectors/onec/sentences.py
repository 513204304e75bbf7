"""What the person at 1C reads: one sentence per situation, in English and Russian."""

from __future__ import annotations

from typing import Literal, Protocol

Language = Literal["ru", "en"]

SENTENCES: dict[str, tuple[str, str]] = {
    "unknown_type": (
        "Unknown exchange type «{type}»; this address knows: {known}.",
        "Неизвестный вид обмена «{type}»; этот адрес понимает: {known}.",
    ),
    "type_off": (
        "The exchange «{type}» is not switched on here yet; only goods (type=catalog) are taken: switch it off in 1C.",
        "Обмен «{type}» здесь ещё не включён, принимаются только товары (type=catalog): отключите его в настройках 1С.",
    ),
    "type_never": (
        "The exchange «{type}» is not offered here; goods (catalog) and orders (sale) are: switch it off in 1C.",
        "Обмен «{type}» здесь не поддерживается, есть товары (catalog) и заказы (sale): отключите его в 1С.",
    ),
    "orders_elsewhere": (
        "These orders have meanwhile been given to another exchange that began later; if it does not confirm them they come again.",
        "Эти заказы уже отданы другому обмену, начатому позже; если он их не подтвердит, они придут снова.",
    ),
    "reference_ignored": (
        "File «{name}» was received; the hub makes nothing of directories: switch them off in 1C.",
        "Файл «{name}» получен; справочники хаб не использует, их выгрузку в 1С можно отключить.",
    ),
    "more_to_come": (
        "File «{name}»: a piece was taken, the rest is waited for.",
        "Файл «{name}»: часть принята, ждём остальное.",
    ),
    "unknown_mode": (
        "Unknown exchange mode «{mode}»; known: {known}.",
        "Неизвестный режим обмена «{mode}»; известны: {known}.",
    ),
    "bad_login": (
        "Wrong user name or password: check them in the exchange settings of 1C.",
        "Неверное имя пользователя или пароль: проверьте их в настройках обмена 1С.",
    ),
    "no_cookie": (
        "The request carries no session cookie «{cookie}»: begin the exchange anew with mode=checkauth.",
        "В запросе нет cookie «{cookie}»: начните обмен заново, с авторизации (mode=checkauth).",
    ),
    "no_session": (
        "The exchange session is unknown or has expired ({hours} h of silence): begin the exchange anew.",
        "Сеанс обмена неизвестен или истёк (тишина дольше {hours} ч): начните обмен заново.",
    ),
    "no_token": (
        "The request does not repeat the sessid given at login: update 1C's exchange module or set csrf = false.",
        "В запросе нет sessid, выданного при входе: обновите модуль обмена 1С или задайте csrf = false.",
    ),
    "no_name": (
        "The request names no file: filename is missing.",
        "В запросе не указано имя файла (filename).",
    ),
    "bad_name": ("{reason}", "{reason}"),
    "needs_post": (
        "A file must be sent by POST, with its bytes as the body.",
        "Файл нужно передавать методом POST, содержимым запроса.",
    ),
    "empty_chunk": (
        "File «{name}» came empty: nothing was stored; export it again.",
        "Файл «{name}» пришёл пустым: ничего не записано; выгрузите его ещё раз.",
    ),
    "file_too_big": (
        "File «{name}» is larger than {limit} bytes: export in smaller portions or raise max_file.",
        "Файл «{name}» больше {limit} байт: выгружайте меньшими порциями или увеличьте max_file.",
    ),
    "session_too_big": (
        "The exchange holds more than {limit} bytes: export in smaller portions or raise max_session.",
        "В обмене больше {limit} байт: выгружайте меньшими порциями или увеличьте max_session.",
    ),
    "too_many_files": (
        "The exchange holds more than {limit} files: export in smaller portions or raise max_files.",
        "В обмене больше {limit} файлов: выгружайте меньшими порциями или увеличьте max_files.",
    ),
    "chunk_lost": (
        "A part of file «{name}» was not stored whole: begin the exchange anew.",
        "Часть файла «{name}» записана не полностью: начните обмен заново.",
    ),
    "disk_full": (
        "The disk of the exchange server is full: free some space and repeat the exchange.",
        "На диске сервера обмена кончилось место: освободите его и повторите обмен.",
    ),
    "cannot_write": (
        "The exchange server cannot write to its folder ({reason}): check its rights.",
        "Сервер обмена не может записать в свою папку ({reason}): проверьте права.",
    ),
    "line_broken": (
        "The line broke while the file was on its way: it will be taken from where it was.",
        "Связь прервалась во время передачи файла: он будет принят с того же места.",
    ),
    "not_uploaded": (
        "File «{name}» was not uploaded in this exchange; uploaded: {known}.",
        "Файл «{name}» в этом обмене не передавался; переданы: {known}.",
    ),
    "bad_archive": (
        "Archive «{name}»: {reason}",
        "Архив «{name}»: {reason}",
    ),
    "bad_file": (
        "File «{name}»: {reason}",
        "Файл «{name}»: {reason}",
    ),
    "not_a_picture": (
        "File «{name}» is neither goods nor a picture (PNG, JPEG, GIF, WebP, BMP): it was left out.",
        "Файл «{name}» не товары и не картинка (PNG, JPEG, GIF, WebP, BMP): он пропущен.",
    ),
    "picture_too_big": (
        "Picture «{name}» is too large: it was left out; make it smaller or raise max_picture and max_pixels.",
        "Картинка «{name}» слишком велика и пропущена: уменьшите её или увеличьте max_picture и max_pixels.",
    ),
    "left_out": (
        "Left out: {count} (for example «{name}»).",
        "Пропущено файлов: {count} (например, «{name}»).",
    ),
    "checking": (
        "File «{name}» is being unpacked and checked.",
        "Файл «{name}» распаковывается и проверяется.",
    ),
    "working": (
        "File «{name}»: {done} of {total} done.",
        "Файл «{name}»: обработано {done} из {total}.",
    ),
    "imported": (
        "File «{name}»: {total} elements taken.",
        "Файл «{name}»: принято элементов: {total}.",
    ),
    "import_failed": (
        "File «{name}» could not be processed: see the exchange journal.",
        "Файл «{name}» не обработан: подробности в журнале обмена.",
    ),
    "bad_timestamp": (
        "The time mark «{timestamp}» was not given out by this exchange; nothing was switched off.",
        "Отметка времени «{timestamp}» в этом обмене не выдавалась; ничего не отключено.",
    ),
    "incomplete": (
        "Nothing was switched off: these files were not processed to the end: {names}.",
        "Ничего не отключено: эти файлы обработаны не до конца: {names}.",
    ),
    "nothing_imported": (
        "Nothing was switched off: no file of goods was processed in this exchange.",
        "Ничего не отключено: в этом обмене не обработан ни один файл товаров.",
    ),
    "deactivate_off": (
        "Goods that are missing stay on sale: that is how this connection is set (full_export).",
        "Отсутствующие товары остаются в продаже: так настроено подключение (full_export).",
    ),
    "deactivating": (
        "What this exchange did not list will be taken off sale.",
        "Товары, которых не было в выгрузке, будут сняты с продажи.",
    ),
    "shop_unreachable": (
        "The exchange server works, but the shop {host} cannot be reached: check the site and repeat the exchange.",
        "Сервер обмена работает, но магазин {host} недоступен: проверьте сайт и повторите обмен.",
    ),
    "shop_setting": ("{reason}", "{reason}"),
    "shop_silent": (
        "The exchange server works, but the shop {host} broke off or kept silent: check the site and begin the exchange anew.",
        "Сервер обмена работает, но магазин {host} оборвал связь или не ответил: проверьте сайт и начните обмен заново.",
    ),
    "copy_cut": (
        "A part of file «{name}» passed by incomplete.",
        "Часть файла «{name}» прошла не целиком.",
    ),
    "copy_unseen": (
        "The login of this exchange session was not seen here.",
        "Вход в этот сеанс обмена здесь не проходил.",
    ),
    "copy_stopped": (
        "The exchange server was stopped before the files had been processed.",
        "Сервер обмена остановлен раньше, чем обработаны файлы.",
    ),
    "complete": ("The exchange is complete.", "Обмен завершён."),
}


class Reason(Protocol):
    """Something that explains itself in both languages."""

    def text(self, language: Language, /) -> str:
        """Return the explanation."""


def sentence(code: str, language: Language, **facts: str | int | Reason) -> str:
    """Return the sentence of a situation, on one line."""
    told = {
        name: fact if isinstance(fact, (str, int)) else fact.text(language) for name, fact in facts.items()
    }
    return " ".join(SENTENCES[code][language == "ru"].format_map(told).split())


class Refusal(Exception):
    """A request that is answered with `failure` and a sentence."""

    def __init__(self, code: str, **facts: str | int | Reason) -> None:
        super().__init__(sentence(code, "en", **facts))
        self.code = code
        self.facts = facts

    def text(self, language: Language) -> str:
        """Return the sentence."""
        return sentence(self.code, language, **self.facts)
