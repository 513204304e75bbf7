"""What a 1C connection can be told, and nothing that reads it from anywhere."""

from __future__ import annotations

from typing import Annotated, Literal, TypeAlias

import msgspec
from msgspec import Meta

from obmen.connectors.onec.orders.tables import OrderTables
from obmen.setting import said

ROUTE = "/bitrix/admin/1c_exchange.php"
MIB = 1024 * 1024

Bytes: TypeAlias = Annotated[int, Meta(ge=1024)]
Count: TypeAlias = Annotated[int, Meta(ge=1)]


class Settings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A 1C:Enterprise that brings its catalogue over the site exchange."""

    login: Annotated[
        str,
        Meta(min_length=1),
        said(
            "User name entered in 1C's exchange node.",
            "Имя пользователя, которое введено в 1С в настройках обмена с сайтом.",
        ),
    ]
    password: Annotated[
        str,
        Meta(min_length=1),
        said("Password entered there.", "Пароль, который введён там же.", secret=True),
    ]
    routes: Annotated[
        tuple[str, ...],
        Meta(min_length=1),
        said(
            "Addresses 1C may call; one connection each.",
            "Адреса, по которым обращается 1С; у каждого подключения свои.",
        ),
    ] = (ROUTE,)
    allow_from: Annotated[
        tuple[str, ...],
        said(
            "IP addresses and networks 1C may call from (10.0.0.0/8); empty lets everybody try.",
            "С каких IP-адресов и подсетей пускать 1С (10.0.0.0/8); пусто — с любых.",
        ),
    ] = ()
    pass_to: Annotated[
        str,
        said(
            "The shop's own exchange script; set, all that 1C sends goes there unchanged and the hub only records.",
            "Адрес обмена самого магазина; если задан, всё от 1С идёт туда без изменений, а хаб только записывает.",
        ),
    ] = ""
    pass_proxy: Annotated[
        str,
        said("http:// or socks5:// proxy to that script.", "Прокси до этого адреса: http:// или socks5://."),
    ] = ""
    pass_ca_file: Annotated[
        str,
        said(
            "File of certificates to trust there besides the system's.",
            "Файл сертификатов, которым там доверять кроме системных.",
        ),
    ] = ""
    pass_timeout_s: Annotated[
        float,
        Meta(gt=0),
        said(
            "Longest silence of 1C or of that script while a request passes, seconds.",
            "Сколько секунд тишины 1С или магазина не обрывают сквозной запрос.",
        ),
    ] = 150.0
    time_zone: Annotated[
        str,
        said(
            "Zone of the 1C server: its files carry local time without one.",
            "Часовой пояс сервера 1С: в её файлах время местное и без пояса.",
        ),
    ] = "Europe/Moscow"
    answers_in: Annotated[
        Literal["ru", "en"],
        said("Language of the sentences the person at 1C reads.", "На каком языке отвечать человеку в 1С."),
    ] = "ru"
    charset: Annotated[
        Literal["windows-1251", "utf-8"], said("Encoding of the answers to 1C.", "Кодировка ответов для 1С.")
    ] = "windows-1251"
    csrf: Annotated[
        bool,
        said(
            "Demand that 1C repeats `sessid` in each request; 1C before 2016 cannot.",
            "Требовать sessid в каждом запросе; 1С до 2016 года так не умеет.",
        ),
    ] = False
    cookie: Annotated[
        str,
        Meta(pattern=r"^[A-Za-z0-9_]{1,32}$"),
        said("Name of the session cookie.", "Имя cookie сеанса."),
    ] = "PHPSESSID"
    session_hours: Annotated[
        float,
        Meta(gt=0),
        said(
            "How many hours an exchange may stay silent and still go on.",
            "Сколько часов тишины не прерывают сеанс обмена.",
        ),
    ] = 6.0
    zip: Annotated[
        bool,
        said("Offer 1C to pack its files into one archive.", "Предлагать 1С упаковывать файлы в один архив."),
    ] = True
    file_limit: Annotated[
        Bytes,
        said(
            "Bytes 1C sends in one request; smaller survives bad lines.",
            "Сколько байт 1С передаёт за один запрос; на плохой связи ставьте меньше.",
        ),
    ] = 2 * MIB
    max_file: Annotated[
        Bytes, said("Largest file taken, bytes.", "Самый большой файл, который примем, байт.")
    ] = 2048 * MIB
    max_session: Annotated[
        Bytes,
        said(
            "Most bytes one exchange may upload or unpack.",
            "Сколько байт можно передать или распаковать за один обмен.",
        ),
    ] = 8192 * MIB
    max_files: Annotated[
        Count, said("Most files in one exchange.", "Сколько файлов может быть в одном обмене.")
    ] = 200_000
    max_picture: Annotated[
        Count, said("Largest picture taken, bytes.", "Самая большая картинка, которую примем, байт.")
    ] = 20 * MIB
    max_pixels: Annotated[
        Count,
        said(
            "Largest picture taken, width × height.",
            "Самая большая картинка, которую примем, ширина × высота в точках.",
        ),
    ] = 50_000_000
    orders: Annotated[
        bool,
        said(
            "Let 1C take orders here and bring its changes to them (type=sale).",
            "Отдавать 1С заказы и принимать их изменения из неё (type=sale).",
        ),
    ] = False
    orders_at_once: Annotated[
        Count,
        said(
            "Most orders in one answer; 1C asks again for the rest.",
            "Сколько заказов отдавать за один запрос; за остальными 1С обратится снова.",
        ),
    ] = 2000
    orders_in_chunks: Annotated[
        bool,
        said(
            "Send orders while they are being written, of a length not told beforehand; 1C before 8.3 cannot take that.",
            "Отдавать заказы по мере записи, не сообщая длину заранее; 1С до 8.3 так не умеет.",
        ),
    ] = False
    orders_version: Annotated[
        Literal["2.05", "2.07", "2.08", "2.09", "2.10", "3.1"],
        said("CommerceML version of order documents.", "Версия CommerceML, в которой отдавать заказы."),
    ] = "2.09"
    order: Annotated[
        OrderTables, said("Tables of the order exchange, below.", "Таблицы обмена заказами, см. ниже.")
    ] = OrderTables()
    full_export: Annotated[
        Literal["deactivate", "nothing"],
        said(
            "What becomes of goods a complete export does not list.",
            "Что делать с товарами, которых нет в полной выгрузке: deactivate — снять с продажи, nothing — ничего.",
        ),
    ] = "deactivate"
    price_types: Annotated[
        dict[str, str],
        said(
            "Price type in 1C (name or id) → our key, - for one not to be read. Retail is `base`; unnamed ones go by their id.",
            "Вид цены в 1С (название или Ид) → наш ключ, - — не читать. Розничная — base; неназванные идут под своим Ид.",
        ),
    ] = {}
    warehouses: Annotated[
        dict[str, str],
        said(
            "Warehouse in 1C (name or id) → our key, - for one nothing is sold from; unnamed ones go by their id.",
            "Склад в 1С (название или Ид) → наш ключ, - — с него не продаём; неназванные идут под своим Ид.",
        ),
    ] = {}
    only_warehouse: Annotated[
        str,
        Meta(min_length=1),
        said(
            "Key of the stock where 1C names no warehouse.",
            "Под каким ключом хранить остаток, если склад не назван.",
        ),
    ] = "main"
    properties: Annotated[
        dict[str, str],
        said(
            "Property in 1C (id or name) → our code; unnamed ones go by their id.",
            "Свойство в 1С (Ид или название) → наш код; неназванные идут под своим Ид.",
        ),
    ] = {}
    currencies: Annotated[
        dict[str, str],
        said(
            "Currency as 1C writes it → ISO 4217 code, over the built-in list.",
            "Валюта, как её пишет 1С, → код ISO 4217; в дополнение к встроенному списку.",
        ),
    ] = {}
    units: Annotated[
        dict[str, str],
        said(
            "Unit as 1C writes it → OKEI code, over the built-in list.",
            "Единица измерения, как её пишет 1С, → код ОКЕИ; в дополнение к встроенному списку.",
        ),
    ] = {}
    vat: Annotated[
        dict[str, str],
        said(
            "VAT rate as 1C writes it, in the catalogue and in orders → `22`, `10`, … or `none`. Of several names of a rate the first is written.",
            "Ставка НДС, как её пишет 1С в каталоге и заказах, → 22, 10, … или none (без НДС). Из нескольких имён ставки в 1С уходит первое.",
        ),
    ] = {}
    kinds: Annotated[
        dict[str, str],
        said(
            "Type of goods in 1C → `goods`, `service` or `set`.",
            "Вид номенклатуры в 1С → goods (товар), service (услуга) или set (комплект).",
        ),
    ] = {}
    size_unit: Annotated[
        Literal["m", "cm", "mm"],
        said(
            "What 1C measures length, width and height in.",
            "В чём 1С измеряет длину, ширину и высоту: м, см или мм.",
        ),
    ] = "m"
