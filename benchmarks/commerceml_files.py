"""Seeded CommerceML files of any size: the raw material of the import benchmarks.

The same arguments always give the same bytes, on every machine. An offer takes a good 1 KB, tabs included,
as 1C writes it, and has one to three prices, stock in three warehouses, an article, a barcode, a unit and, every fourth time, characteristics.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import cache
from hashlib import blake2b
from pathlib import Path
from random import Random
from typing import Literal, NamedTuple

Order = Literal["given", "shuffled"]

PRICE_TYPES = ("Розничная", "Оптовая", "Закупочная")
WAREHOUSES = ("Основной склад", "Магазин", "Удалённый склад")

_NOUNS = ("Коврик", "Вентилятор", "Ботинки", "Кастрюля", "Фонарь", "Куртка", "Стол", "Кабель")
_MODELS = ("Prime", "Бриз", "ALPINE", "Север", "Classic", "Уют", "Portable", "Мастер")
_COLOURS = ("Бежевый", "Чёрный", "Белый", "Синий")
_SIZES = ("38", "40", "42", "44")
_PRICES_OF_OFFER = (1, 1, 1, 1, 2, 3)


class World(NamedTuple):
    """What a file tells of: ids, names, prices and stock follow from the seed."""

    seed: int
    formed_at: str = "2026-01-31T10:00:00"
    """The text of `ДатаФормирования`."""
    order: Order = "given"
    """How the same goods stand in the file."""
    edition: int = 0
    """Another edition has other prices and stock,"""
    change_share: float = 1.0
    """for this share of the offers."""


def guid(*parts: object) -> str:
    """Make a lower-case GUID that depends on the parts alone."""
    digest = blake2b(repr(parts).encode(), digest_size=16).hexdigest()
    return f"{digest[:8]}-{digest[8:12]}-{digest[12:16]}-{digest[16:20]}-{digest[20:]}"


_common = cache(guid)
"""Ids that stand in every offer."""


def write_offers(path: Path, numbers: Sequence[int], world: World) -> Path:
    """Write an offers file with everything in it, as schema 2.07 has it, and return its path."""
    return _write(path, numbers, world, _package(world, "2.07"), _whole_offer)


def write_goods(path: Path, numbers: Sequence[int], world: World) -> Path:
    """Write the goods behind these offers."""
    catalog = _common(world.seed, "catalog")
    head = (
        f"<Каталог>\n<Ид>{catalog}</Ид>\n<ИдКлассификатора>{catalog}</ИдКлассификатора>\n"
        "<Наименование>Каталог</Наименование>\n<Товары>\n"
    )
    return _write(path, numbers, world, ("2.07", head, "</Товары>\n</Каталог>\n"), _product)


def write_parts(folder: Path, numbers: Sequence[int], world: World) -> list[Path]:
    """Write the same offers as schema 2.09 cuts them: descriptions, prices and stock in a file each."""
    frame = _package(world, "2.09")
    return [
        _write(folder / "offers.xml", numbers, world, frame, _described_offer),
        _write(folder / "prices.xml", numbers, world, frame, _priced_offer),
        _write(folder / "rests.xml", numbers, world, frame, _counted_offer),
    ]


# --- files ------------------------------------------------------------------------------------------------------------

Frame = tuple[str, str, str]
"""Schema, and what stands before and behind the rows."""


def _write(
    path: Path, numbers: Sequence[int], world: World, frame: Frame, row: Callable[[World, int], str]
) -> Path:
    schema, head, tail = frame
    if world.order == "shuffled":
        numbers = Random(world.seed).sample(numbers, len(numbers))
    catalog = _common(world.seed, "catalog")
    with path.open("w", encoding="utf-8-sig", newline="\n") as file:
        file.write(
            '<?xml version="1.0" encoding="UTF-8"?>\n'
            f'<КоммерческаяИнформация xmlns="urn:1C.ru:commerceml_2" ВерсияСхемы="{schema}" '
            f'ДатаФормирования="{world.formed_at}">\n'
            f"<Классификатор>\n<Ид>{catalog}</Ид>\n<Наименование>Классификатор</Наименование>\n"
            f"</Классификатор>\n{head}"
        )
        file.writelines(row(world, number) for number in numbers)
        file.write(f"{tail}</КоммерческаяИнформация>\n")
    return path


def _package(world: World, schema: str) -> Frame:
    seed = world.seed
    catalog = _common(seed, "catalog")
    price_types = "".join(
        f"<ТипЦены>\n<Ид>{_common(seed, 'price', name)}</Ид>\n<Наименование>{name}</Наименование>\n"
        "<Валюта>RUB</Валюта>\n</ТипЦены>\n"
        for name in PRICE_TYPES
    )
    warehouses = "".join(
        f"<Склад>\n<Ид>{_common(seed, 'warehouse', name)}</Ид>\n<Наименование>{name}</Наименование>\n</Склад>\n"
        for name in WAREHOUSES
    )
    head = (
        '<ПакетПредложений СодержитТолькоИзменения="true">\n'
        f"<Ид>{catalog}#</Ид>\n<Наименование>Пакет предложений</Наименование>\n"
        f"<ИдКаталога>{catalog}</ИдКаталога>\n<ИдКлассификатора>{catalog}</ИдКлассификатора>\n"
        f"<ТипыЦен>\n{price_types}</ТипыЦен>\n<Склады>\n{warehouses}</Склады>\n<Предложения>\n"
    )
    return schema, head, "</Предложения>\n</ПакетПредложений>\n"


# --- rows -------------------------------------------------------------------------------------------------------------


def _product(world: World, number: int) -> str:
    return (
        f"\t\t\t<Товар>\n\t\t\t\t<Ид>{guid(world.seed, 'product', number)}</Ид>\n{_names(world, number)}"
        "\t\t\t\t<СтавкиНалогов>\n\t\t\t\t\t<СтавкаНалога>\n"
        "\t\t\t\t\t\t<Наименование>НДС</Наименование>\n\t\t\t\t\t\t<Ставка>22</Ставка>\n"
        "\t\t\t\t\t</СтавкаНалога>\n\t\t\t\t</СтавкиНалогов>\n\t\t\t</Товар>\n"
    )


def _whole_offer(world: World, number: int) -> str:
    return _offer(world, number, _described(world, number), _priced(world, number), _counted(world, number))


def _described_offer(world: World, number: int) -> str:
    return _offer(world, number, _described(world, number))


def _priced_offer(world: World, number: int) -> str:
    return _offer(world, number, _priced(world, number))


def _counted_offer(world: World, number: int) -> str:
    return _offer(world, number, _counted(world, number, wrapped=True))


def _offer(world: World, number: int, *parts: str) -> str:
    ref = guid(world.seed, "product", number)
    if _has_characteristics(number):
        ref = f"{ref}#{guid(world.seed, 'characteristic', number)}"
    return f"\t\t\t<Предложение>\n\t\t\t\t<Ид>{ref}</Ид>\n{''.join(parts)}\t\t\t</Предложение>\n"


def _has_characteristics(number: int) -> bool:
    return number % 4 == 3


def _roll(*parts: object) -> int:
    """Throw dice that depend on the parts alone: many times as fast as a `Random` for each offer."""
    return int.from_bytes(blake2b(repr(parts).encode(), digest_size=8).digest(), "big")


def _edition(world: World, number: int) -> int:
    """Return which edition's prices and stock an offer has."""
    changed = _roll(world.seed, number, "changes") % 10_000 < world.change_share * 10_000
    return world.edition if changed else 0


def _names(world: World, number: int) -> str:
    noun, rest = divmod(_roll(world.seed, number, "name"), len(_NOUNS))[::-1]
    model = _MODELS[rest % len(_MODELS)]
    return (
        f"\t\t\t\t<Штрихкод>{4_600_000_000_000 + number}</Штрихкод>\n"
        f"\t\t\t\t<Артикул>{'АВЕКМ'[rest % 5]}-{number:06}</Артикул>\n"
        f"\t\t\t\t<Наименование>{_NOUNS[noun]} {model} {number}</Наименование>\n"
        '\t\t\t\t<БазоваяЕдиница Код="796">шт</БазоваяЕдиница>\n'
    )


def _described(world: World, number: int) -> str:
    return _names(world, number) + (_characteristics(world, number) if _has_characteristics(number) else "")


def _characteristics(world: World, number: int) -> str:
    dice = _roll(world.seed, number, "characteristics")
    rows = "".join(
        f"\t\t\t\t\t<ХарактеристикаТовара>\n\t\t\t\t\t\t<Наименование>{name}</Наименование>\n"
        f"\t\t\t\t\t\t<Значение>{values[dice % len(values)]}</Значение>\n\t\t\t\t\t</ХарактеристикаТовара>\n"
        for name, values in (("Цвет", _COLOURS), ("Размер", _SIZES))
    )
    return f"\t\t\t\t<ХарактеристикиТовара>\n{rows}\t\t\t\t</ХарактеристикиТовара>\n"


def _priced(world: World, number: int) -> str:
    kopecks = 1000 + _roll(world.seed, number, "price", _edition(world, number)) % 5_000_000
    rows = "".join(_prices(world.seed, kopecks, _PRICES_OF_OFFER[number % 6]))
    return f"\t\t\t\t<Цены>\n{rows}\t\t\t\t</Цены>\n"


def _prices(seed: int, kopecks: int, count: int) -> Iterator[str]:
    for name, percent in zip(PRICE_TYPES[:count], (100, 85, 70)[:count], strict=True):
        rubles, rest = divmod(kopecks * percent // 100, 100)
        yield (
            f"\t\t\t\t\t<Цена>\n\t\t\t\t\t\t<ИдТипаЦены>{_common(seed, 'price', name)}</ИдТипаЦены>\n"
            f"\t\t\t\t\t\t<ЦенаЗаЕдиницу>{rubles}{f'.{rest:02}' if rest else ''}</ЦенаЗаЕдиницу>\n"
            "\t\t\t\t\t\t<Валюта>RUB</Валюта>\n\t\t\t\t\t</Цена>\n"
        )


def _counted(world: World, number: int, *, wrapped: bool = False) -> str:
    roll = _roll(world.seed, number, "stock", _edition(world, number))
    # About a third of the quantities are above zero.
    stock = [
        (_common(world.seed, "warehouse", name), max(0, (roll >> 16 * place & 0xFFFF) % 1200 - 800))
        for place, name in enumerate(WAREHOUSES)
    ]
    if wrapped:
        rows = "".join(
            f"\t\t\t\t\t<Остаток>\n\t\t\t\t\t\t<Склад>\n\t\t\t\t\t\t\t<Ид>{ref}</Ид>\n"
            f"\t\t\t\t\t\t\t<Количество>{quantity}</Количество>\n\t\t\t\t\t\t</Склад>\n\t\t\t\t\t</Остаток>\n"
            for ref, quantity in stock
        )
        return f"\t\t\t\t<Остатки>\n{rows}\t\t\t\t</Остатки>\n"
    return "".join(
        f'\t\t\t\t<Склад ИдСклада="{ref}" КоличествоНаСкладе="{quantity}"/>\n' for ref, quantity in stock
    )
