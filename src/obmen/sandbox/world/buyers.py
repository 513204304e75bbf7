"""Who buys in the simulated shops: people and firms with Russian names, phones as people type them, and towns."""

import random
from collections.abc import Iterator
from functools import cache
from typing import Literal

import msgspec

# Location codes as a shop keeps them. Those of Moscow and St Petersburg are the vendor's, the others this world's own.
LOCATIONS = {
    "0000073738": "Москва",
    "0000103664": "Санкт-Петербург",
    "0000720001": "Тюмень",
    "0000720002": "Тобольск",
    "0000720003": "Ишим",
}


class Buyer(msgspec.Struct, frozen=True, kw_only=True):
    """A buyer; a firm has a TIN."""

    key: str
    last_name: str
    first_name: str
    middle_name: str = ""
    email: str
    phone: str
    location: str
    postcode: str
    address: str
    company: str = ""
    tin: str = ""
    kpp: str = ""
    legal_address: str = ""

    @property
    def kind(self) -> Literal["person", "firm"]:
        """Tell a person from a firm."""
        return "firm" if self.company else "person"

    @property
    def full_name(self) -> str:
        """Return the name as people write it."""
        return " ".join(filter(None, (self.last_name, self.first_name, self.middle_name)))

    @property
    def city(self) -> str:
        """Return the town of the buyer's location."""
        return LOCATIONS[self.location]


BUYERS = (
    Buyer(
        key="sokolova",
        last_name="Соколова",
        first_name="Анна",
        middle_name="Викторовна",
        email="sokolova@example.ru",
        phone="+7 (903) 123-45-67",
        location="0000720001",
        postcode="625003",
        address="ул. Республики, д. 14, оф. 3",
        company="ИП Соколова",
        tin="720300123407",
        legal_address="625003, г. Тюмень, ул. Республики, д. 14, оф. 3",
    ),
    Buyer(
        key="petrov",
        last_name="Петров",
        first_name="Илья",
        middle_name="Сергеевич",
        email="i.petrov@example.ru",
        phone="89044901122",
        location="0000720001",
        postcode="625026",
        address="ул. Мельникайте, д. 102, кв. 45",
    ),
    Buyer(
        key="smirnova",
        last_name="Смирнова-Ёлкина",
        first_name="Ольга",
        email="olga.elkina@example.ru",
        phone="8 (916) 555-01-02 доб. 7",
        location="0000073738",
        postcode="101000",
        address="Мясницкая ул., д. 26, кв. 8",
    ),
    Buyer(
        key="remstroy",
        last_name="Гусев",
        first_name="Павел",
        middle_name="Андреевич",
        email="zakaz@remstroy.example",
        phone="+7 3456 22-33-44",
        location="0000720002",
        postcode="626150",
        address="ул. Знаменского, д. 5, склад 2",
        company="ООО «РемСтрой-72»",
        tin="7206012345",
        kpp="720601001",
        legal_address="626150, Тюменская обл., г. Тобольск, ул. Знаменского, д. 5",
    ),
)

_LAST = (
    "Иванов",
    "Кузнецов",
    "Попов",
    "Васильев",
    "Морозов",
    "Волков",
    "Зайцев",
    "Павлов",
    "Козлов",
    "Орлов",
)
_FIRST = ("Александр", "Дмитрий", "Максим", "Сергей", "Андрей", "Алексей", "Артём", "Егор", "Роман", "Кирилл")
_MIDDLE = ("Иванович", "Петрович", "Олегович", "Юрьевич", "Павлович", "Николаевич")
_STREETS = ("ул. Ленина", "ул. Мира", "ул. Советская", "пр-кт Победы", "ул. Садовая", "ул. Школьная")


@cache
def buyer(key: str) -> Buyer:
    """Find a buyer by key."""
    found = next((each for each in BUYERS if each.key == key), None)
    if found is None:
        raise LookupError(f"There is no buyer {key!r}; known: {', '.join(each.key for each in BUYERS)}.")
    return found


def invented_buyers(seed: int, count: int) -> Iterator[Buyer]:
    """Invent so many people for tests of load; equal seeds give equal people."""
    source = random.Random(f"buyers:{seed}")
    towns = tuple(LOCATIONS)
    for number in range(1, count + 1):
        yield Buyer(
            key=f"buyer-{number}",
            last_name=source.choice(_LAST),
            first_name=source.choice(_FIRST),
            middle_name=source.choice(_MIDDLE),
            email=f"buyer{number}@example.ru",
            phone=f"+79{source.randrange(10**8, 10**9)}",
            location=source.choice(towns),
            postcode=str(source.randrange(625000, 628000)),
            address=f"{source.choice(_STREETS)}, д. {source.randrange(1, 120)}, кв. {source.randrange(1, 300)}",
        )
