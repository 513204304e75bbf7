"""Seeded CommerceML files of any size: the raw material of the import benchmarks.

The same arguments always give the same bytes, on every machine. An offer takes about 1 KB and has one to
three prices, stock in three warehouses, an article, a barcode, a unit and, every fourth time, characteristics.
"""

from collections.abc import Iterator
from hashlib import blake2b
from pathlib import Path
from random import Random
from typing import Literal

Order = Literal["given", "reversed", "shuffled"]

PRICE_TYPES = ("Розничная", "Оптовая", "Закупочная")
WAREHOUSES = ("Основной склад", "Магазин", "Удалённый склад")

_NOUNS = ("Коврик", "Вентилятор", "Ботинки", "Кастрюля", "Фонарь", "Куртка", "Стол", "Кабель")
_MODELS = ("Prime", "Бриз", "ALPINE", "Север", "Classic", "Уют", "Portable", "Мастер")
_COLOURS = ("Бежевый", "Чёрный", "Белый", "Синий")
_SIZES = ("38", "40", "42", "44")


def guid(*parts: object) -> str:
    """Make a lower-case GUID that depends on the parts alone."""
    digest = blake2b(repr(parts).encode(), digest_size=16).hexdigest()
    return f"{digest[:8]}-{digest[8:12]}-{digest[12:16]}-{digest[16:20]}-{digest[20:]}"


def write_offers(
    path: Path,
    count: int,
    *,
    seed: int = 1,
    formed_at: str = "2026-01-31T10:00:00",
    order: Order = "given",
    change_share: float = 0.0,
) -> Path:
    """Write an offers file of `count` offers and return its path.

    Args:
        path: the file to write.
        count: how many offers.
        seed: names the world: ids, names, prices and stock follow from it.
        formed_at: the text of `ДатаФормирования`.
        order: how the same offers stand in the file.
        change_share: the share of offers whose prices and stock differ from the same file with 0.
    """
    numbers = list(range(count))
    if order == "reversed":
        numbers.reverse()
    elif order == "shuffled":
        Random(seed).shuffle(numbers)
    with path.open("w", encoding="utf-8-sig", newline="\n") as file:
        file.write(_frame(seed, formed_at))
        for start in range(0, count, 500):
            file.writelines(_offer(seed, number, change_share) for number in numbers[start : start + 500])
        file.write("\t\t</Предложения>\n\t</ПакетПредложений>\n</КоммерческаяИнформация>\n")
    return path


def _frame(seed: int, formed_at: str) -> str:
    catalog = guid(seed, "catalog")
    return (
        '<?xml version="1.0" encoding="UTF-8"?>\n'
        '<КоммерческаяИнформация xmlns="urn:1C.ru:commerceml_2" ВерсияСхемы="2.07" '
        f'ДатаФормирования="{formed_at}">\n'
        f"\t<Классификатор>\n\t\t<Ид>{catalog}</Ид>\n\t\t<Наименование>Классификатор</Наименование>\n"
        "\t</Классификатор>\n"
        '\t<ПакетПредложений СодержитТолькоИзменения="true">\n'
        f"\t\t<Ид>{catalog}#</Ид>\n\t\t<Наименование>Пакет предложений</Наименование>\n"
        f"\t\t<ИдКаталога>{catalog}</ИдКаталога>\n\t\t<ИдКлассификатора>{catalog}</ИдКлассификатора>\n"
        "\t\t<ТипыЦен>\n"
        + "".join(
            f"\t\t\t<ТипЦены>\n\t\t\t\t<Ид>{guid(seed, 'price', name)}</Ид>\n"
            f"\t\t\t\t<Наименование>{name}</Наименование>\n\t\t\t\t<Валюта>RUB</Валюта>\n\t\t\t</ТипЦены>\n"
            for name in PRICE_TYPES
        )
        + "\t\t</ТипыЦен>\n\t\t<Склады>\n"
        + "".join(
            f"\t\t\t<Склад>\n\t\t\t\t<Ид>{guid(seed, 'warehouse', name)}</Ид>\n"
            f"\t\t\t\t<Наименование>{name}</Наименование>\n\t\t\t</Склад>\n"
            for name in WAREHOUSES
        )
        + "\t\t</Склады>\n\t\t<Предложения>\n"
    )


def _offer(seed: int, number: int, change_share: float) -> str:
    fixed = Random(f"{seed}:{number}")
    changed = fixed.random() < change_share
    moving = Random(f"{seed}:{number}:{changed}")
    price = moving.randrange(1000, 5_000_000)
    stock = [moving.choice((0, 0, moving.randrange(1, 400))) for _ in WAREHOUSES]
    characteristic = f"#{guid(seed, 'characteristic', number)}" if number % 4 == 3 else ""
    return (
        "\t\t\t<Предложение>\n"
        f"\t\t\t\t<Ид>{guid(seed, 'product', number)}{characteristic}</Ид>\n"
        f"\t\t\t\t<Штрихкод>{4_600_000_000_000 + number}</Штрихкод>\n"
        f"\t\t\t\t<Артикул>{fixed.choice('АВЕКМ')}-{number:06}</Артикул>\n"
        f"\t\t\t\t<Наименование>{fixed.choice(_NOUNS)} {fixed.choice(_MODELS)} {number}</Наименование>\n"
        '\t\t\t\t<БазоваяЕдиница Код="796 " НаименованиеПолное="Штука" МеждународноеСокращение="PCE">шт'
        "</БазоваяЕдиница>\n"
        + (_characteristics(fixed) if characteristic else "")
        + "\t\t\t\t<Цены>\n"
        + "".join(_prices(seed, price, 1 + fixed.randrange(3)))
        + f"\t\t\t\t</Цены>\n\t\t\t\t<Количество>{sum(stock)}</Количество>\n"
        + "".join(
            f'\t\t\t\t<Склад ИдСклада="{guid(seed, "warehouse", name)}" КоличествоНаСкладе="{quantity}"/>\n'
            for name, quantity in zip(WAREHOUSES, stock, strict=True)
        )
        + "\t\t\t</Предложение>\n"
    )


def _characteristics(fixed: Random) -> str:
    return (
        "\t\t\t\t<ХарактеристикиТовара>\n"
        f"\t\t\t\t\t<ХарактеристикаТовара><Наименование>Цвет</Наименование><Значение>{fixed.choice(_COLOURS)}"
        "</Значение></ХарактеристикаТовара>\n"
        f"\t\t\t\t\t<ХарактеристикаТовара><Наименование>Размер</Наименование><Значение>{fixed.choice(_SIZES)}"
        "</Значение></ХарактеристикаТовара>\n"
        "\t\t\t\t</ХарактеристикиТовара>\n"
    )


def _prices(seed: int, kopecks: int, count: int) -> Iterator[str]:
    for name, percent in zip(PRICE_TYPES[:count], (100, 85, 70)[:count], strict=True):
        rubles, rest = divmod(kopecks * percent // 100, 100)
        yield (
            f"\t\t\t\t\t<Цена>\n\t\t\t\t\t\t<ИдТипаЦены>{guid(seed, 'price', name)}</ИдТипаЦены>\n"
            f"\t\t\t\t\t\t<ЦенаЗаЕдиницу>{rubles}{f'.{rest:02}' if rest else ''}</ЦенаЗаЕдиницу>\n"
            "\t\t\t\t\t\t<Валюта>RUB</Валюта>\n\t\t\t\t\t</Цена>\n"
        )
