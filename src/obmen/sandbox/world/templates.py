"""Invents goods by the thousand for tests of load: fixings, wires, abrasives, paints and shoes in sizes."""

import random
from collections.abc import Iterator
from decimal import Decimal

from obmen.sandbox.world.drafts import OfferDraft, ProductDraft

_MAKERS = ("Крепстандарт", "Зубр", "Tech-Krep", "Северсталь-метиз", "Сибртех", "Вихрь")
_COLORS = ("Белый", "Чёрный", "Серый", "Красный", "Синий", "Зелёный")
_LITRES = ("0.9", "2.7", "9")


def invented(seed: int, count: int) -> Iterator[ProductDraft]:
    """Invent so many products; every one has a name and an article of its own."""
    source = random.Random(f"templates:{seed}")
    makers = (_screw, _wire, _disk, _enamel, _shoe)
    for number in range(1, count + 1):
        yield makers[number % len(makers)](number, source)


def _screw(number: int, source: random.Random) -> ProductDraft:
    diameter, length = source.choice(("3.5", "4.2", "4.8", "5", "6")), source.randrange(16, 200, 5)
    maker = source.choice(_MAKERS)
    return ProductDraft(
        article=f"SH-{number:06d}",
        name=f"Шуруп {_ru(diameter)}×{length} мм, исполнение {number}",
        group="screws",
        sort="Крепёж",
        price=_kopecks(source, 90, 2_500),
        stock=_pieces(source),
        maker=maker,
        weight=Decimal(source.randrange(3, 90)) / 1000,
        values={"brand": maker, "diameter": diameter, "length": str(length), "material": "Сталь"},
    )


def _wire(number: int, source: random.Random) -> ProductDraft:
    section = source.choice(("1,5", "2,5", "4", "6", "10"))
    return ProductDraft(
        article=f"PR-{number:06d}",
        name=f"Провод ПуГВ {section} мм², партия {number}",
        group="cables",
        sort="Кабельная продукция",
        unit="006",
        price=_kopecks(source, 1_500, 40_000),
        stock=(Decimal(source.randrange(0, 4000)) / 2, Decimal(source.randrange(0, 400)) / 2),
        maker="Конкорд",
        values={"brand": "Конкорд", "material": "Медь", "country": "Россия"},
    )


def _disk(number: int, source: random.Random) -> ProductDraft:
    diameter = source.choice(("115", "125", "150", "230"))
    return ProductDraft(
        article=f"KR-{number:06d}",
        name=f"Круг лепестковый {diameter} мм, P{source.choice((40, 60, 80, 120))}, серия {number}",
        group="consumables",
        sort="Расходные материалы",
        price=_kopecks(source, 4_000, 60_000),
        stock=_pieces(source),
        maker="Луга",
        weight=Decimal("0.080"),
        values={"brand": "Луга", "diameter": diameter, "country": "Россия"},
    )


def _enamel(number: int, source: random.Random) -> ProductDraft:
    base = source.randrange(30_000, 120_000)
    return ProductDraft(
        article=f"EM-{number:06d}",
        name=f"Эмаль акриловая «Оттенок {number}»",
        group="enamels",
        sort="Лакокрасочные материалы",
        price=_roubles(base),
        maker="Лакра",
        weight=Decimal("1.200"),
        values={"brand": "Лакра", "color": source.choice(_COLORS)},
        offers=tuple(
            OfferDraft(
                name=f"{_ru(litres)} л",
                price=_roubles(int(base * Decimal(litres)) + 1),
                stock=_pieces(source),
                traits={"volume": litres},
            )
            for litres in _LITRES
        ),
    )


def _shoe(number: int, source: random.Random) -> ProductDraft:
    return ProductDraft(
        article=f"OB-{number:06d}",
        name=f"Полуботинки рабочие, модель {number}",
        group="boots",
        sort="Спецобувь",
        price=_kopecks(source, 150_000, 600_000),
        maker="Восток-Сервис",
        weight=Decimal("1.300"),
        markable=True,
        values={"brand": "Урал", "material": "Кожа", "color": source.choice(_COLORS)},
        offers=tuple(
            OfferDraft(name=str(size), stock=_pieces(source), traits={"size": str(size)})
            for size in range(40, 46)
        ),
    )


def _ru(number: str) -> str:
    return number.replace(".", ",")


def _roubles(kopecks: int) -> Decimal:
    return Decimal(kopecks) / 100


def _kopecks(source: random.Random, low: int, high: int) -> Decimal:
    return _roubles(source.randrange(low, high))


def _pieces(source: random.Random) -> tuple[Decimal, Decimal]:
    return Decimal(source.randrange(0, 400)), Decimal(source.randrange(0, 40))
