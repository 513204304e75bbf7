"""The entities and their atoms: the one list of what a record may hold and what each piece means.

An *atom* is decided as a whole. A name ending in ``.*`` is a family: ``prices.*`` holds ``prices.retail`` and
``prices.b2b``, each an atom of its own. The reference page of the docs is generated from here.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache

import msgspec

from obmen.model.order import inherit, normal_money, normal_part
from obmen.model.people import may_be_one_name, share_one
from obmen.model.values import Value


class Atom(msgspec.Struct, frozen=True, kw_only=True):
    """One piece of a record that is decided together, and its properties for the merge."""

    name: str
    doc: str
    ru: str
    """The same in Russian."""
    partner: str | None = None
    """Entity whose record id the value is; its wire form is that record's ref, decoded by binding."""
    many: bool = False
    """With `partner`: the value is a list of record ids."""
    inside: str | None = None
    """With `partner`: the value is an object, and each element of its list of this name names one partner, under the
    partner's entity: ``{"lines": [{"offer": 17, …}]}``."""
    loose: bool = False
    """With `partner`: a system that does not hold the partner takes the record without it."""
    alike: Callable[[Value, Value], bool] | None = None
    """Tells whether two values may be one person's, where a key is shared by several: a family's phone."""
    normal: Callable[[Value], Value] | None = None
    """Brings a decoded value into its one spelling; raises `BadValue` for one that contradicts itself."""
    inherit: Callable[[Value, Value], Value] | None = None
    """Completes a value taken from a system with what that system does not carry: called with old and new."""
    volatile: bool = False
    """Falls by itself in a selling system; that fall is never put back."""
    derived: bool = False
    """Computed from other atoms of the record; nobody asserts it."""


class Entity(msgspec.Struct, frozen=True, kw_only=True, cache_hash=True):
    """A kind of record. `rank` orders deliveries inside a lane: partners go first."""

    name: str
    rank: int
    atoms: tuple[Atom, ...]
    lane_by: str | None = None
    """The partner atom whose record this one shares a lane with (an offer with its product)."""
    dated_by: str | None = None
    """The atom with the moment a record began at in the world; a go-live date goes by it."""
    natural: tuple[str, ...] = ()
    """What an unknown object is recognised by where the configuration says nothing, in this order."""

    def atom(self, name: str) -> Atom:
        """Return the atom of this name, or of its family; `KeyError` names the entity and what it knows."""
        return _atom(self, name)


@lru_cache(maxsize=65536)
def _atom(entity: Entity, name: str) -> Atom:
    family = f"{name.partition('.')[0]}.*"
    for atom in entity.atoms:
        if atom.name in {name, family}:
            return atom
    known = ", ".join(atom.name for atom in entity.atoms)
    raise KeyError(f"{entity.name} has no atom «{name}»; known: {known}")


ACTIVE = Atom(
    name="active",
    doc="Whether it is sold or shown; removal is `false`, never a deletion.",
    ru="Продаётся или показывается; снятие с продажи — `false`, а не удаление.",
)

CATEGORY = Entity(
    name="category",
    rank=10,
    atoms=(
        Atom(name="name", doc="Name shown to buyers.", ru="Название для покупателей."),
        Atom(
            name="parent",
            doc="The category it stands in.",
            ru="Раздел, в котором лежит раздел.",
            partner="category",
        ),
        Atom(name="slug", doc="Symbolic code of its address.", ru="Символьный код для адреса."),
        Atom(name="sort", doc="Order among its siblings.", ru="Порядок среди соседей."),
        Atom(name="description", doc="Text of its page, HTML.", ru="Текст страницы, HTML."),
        ACTIVE,
    ),
)

PRODUCT = Entity(
    name="product",
    rank=20,
    lane_by="parent",
    atoms=(
        Atom(name="name", doc="Name shown to buyers.", ru="Название для покупателей."),
        Atom(name="full_name", doc="Name for printed documents.", ru="Полное название для печати."),
        Atom(
            name="slug",
            doc="Symbolic code of its address; made at creation and never again.",
            ru="Символьный код для адреса; создаётся один раз и больше не меняется.",
        ),
        Atom(
            name="sku",
            doc="The merchant's article; neither unique nor always present.",
            ru="Артикул; бывает неуникальным и бывает пустым.",
        ),
        Atom(name="barcodes", doc="Barcodes, a sorted list.", ru="Штрихкоды, список по порядку."),
        Atom(
            name="parent",
            doc="The product this one is a variant of.",
            ru="Товар, вариант которого это.",
            partner="product",
        ),
        Atom(
            name="categories",
            doc="Categories it stands in.",
            ru="Разделы, в которых лежит товар.",
            partner="category",
            many=True,
        ),
        Atom(name="description", doc="Full text, HTML.", ru="Подробное описание, HTML."),
        Atom(name="summary", doc="Short text, HTML.", ru="Краткое описание, HTML."),
        Atom(
            name="pictures",
            doc="Pictures in order, each by the SHA-256 of its bytes; the first is the main one.",
            ru="Картинки по порядку, каждая — SHA-256 своего содержимого; первая главная.",
        ),
        Atom(
            name="unit",
            doc="Base unit, OKEI code: 796 piece, 166 kg, 006 metre.",
            ru="Базовая единица, код ОКЕИ: 796 штука, 166 кг, 006 метр.",
        ),
        Atom(
            name="vat",
            doc="VAT rate, `22` … or `none`; no default.",
            ru="Ставка НДС: `22` … или `none` (без НДС); по умолчанию никакой.",
        ),
        Atom(name="weight", doc="Weight, grams.", ru="Вес, граммы."),
        Atom(name="length", doc="Length, millimetres.", ru="Длина, миллиметры."),
        Atom(name="width", doc="Width, millimetres.", ru="Ширина, миллиметры."),
        Atom(name="height", doc="Height, millimetres.", ru="Высота, миллиметры."),
        Atom(name="brand", doc="Brand.", ru="Бренд."),
        Atom(name="manufacturer", doc="Who makes it.", ru="Производитель."),
        Atom(name="country", doc="Country of origin.", ru="Страна происхождения."),
        Atom(
            name="kind",
            doc="`goods`, `service` or `set`.",
            ru="`goods` товар, `service` услуга, `set` комплект.",
        ),
        Atom(
            name="properties.*",
            doc="One property each, by its canonical code.",
            ru="По одному свойству, под его кодом.",
        ),
        ACTIVE,
    ),
)

OFFER = Entity(
    name="offer",
    rank=30,
    lane_by="product",
    atoms=(
        Atom(name="product", doc="What is sold.", ru="Что продаётся.", partner="product"),
        Atom(
            name="name",
            doc="Name of this variant as its system prints it.",
            ru="Название варианта, как его печатает система.",
        ),
        Atom(name="sku", doc="Article of this variant.", ru="Артикул варианта."),
        Atom(
            name="barcodes",
            doc="Barcodes of this variant, a sorted list.",
            ru="Штрихкоды варианта, список по порядку.",
        ),
        Atom(
            name="characteristics",
            doc="What makes it differ: pairs of name and value; empty for a bare offer.",
            ru="Чем отличается: пары «название — значение»; у простого предложения пусто.",
        ),
        Atom(name="unit", doc="Unit the price is for, OKEI code.", ru="За какую единицу цена, код ОКЕИ."),
        Atom(name="prices.*", doc="Price by price type, money.", ru="Цена по типу цены, деньги."),
        Atom(
            name="stock.*",
            doc="Stock by warehouse, a quantity; may be negative where the owner counts so.",
            ru="Остаток по складу; бывает отрицательным, если так считает главный.",
        ),
        Atom(
            name="available",
            doc="What may be sold: stock of the selling warehouses, never below zero.",
            ru="Сколько можно продать: остаток складов продажи, не меньше нуля.",
            volatile=True,
            derived=True,
        ),
        ACTIVE,
    ),
)

ORDER = Entity(
    name="order",
    rank=50,
    dated_by="placed",
    atoms=(
        Atom(name="number", doc="Number shown to people.", ru="Номер, который видят люди."),
        Atom(
            name="numbers.*",
            doc="The number it bears in one more system, by connection.",
            ru="Номер заказа в другой системе, по подключению.",
        ),
        Atom(name="placed", doc="When it was placed, a moment.", ru="Когда оформлен."),
        Atom(name="site", doc="Which site or counter it came from.", ru="С какого сайта или точки пришёл."),
        Atom(
            name="stage",
            doc="How far it has gone: new, confirmed, supply, assembling, delivery, done.",
            ru="Как далеко зашёл: new, confirmed, supply, assembling, delivery, done.",
        ),
        Atom(
            name="cancelled",
            doc="The reason it was cancelled; empty while it lives.",
            ru="Причина отмены; пока заказ жив, пусто.",
        ),
        Atom(
            name="money",
            doc="Lines, discounts, delivery price and total, decided together.",
            ru="Состав, скидки, доставка и итог — решаются вместе.",
            partner="offer",
            inside="lines",
            normal=normal_money,
            inherit=inherit,
        ),
        Atom(
            name="buyer",
            doc="Who bought, where customers are cards of their own.",
            ru="Кто купил, если клиенты — отдельные карточки.",
            partner="customer",
            loose=True,
        ),
        Atom(
            name="contact",
            doc="Whom to call and whom to invoice, as the order says.",
            ru="Кому звонить и на кого счёт, как указано в заказе.",
            inherit=inherit,
        ),
        Atom(
            name="address",
            doc="Where it goes.",
            ru="Куда везти.",
            inherit=inherit,
        ),
        Atom(
            name="delivery",
            doc="How it goes: service, profile, pickup point, date and interval.",
            ru="Как везти: служба, профиль, пункт выдачи, дата и интервал.",
            inherit=inherit,
        ),
        Atom(
            name="payments.*",
            doc="One payment each; it belongs to whoever made it.",
            ru="По одной оплате; хозяин — тот, кто провёл.",
            inherit=inherit,
        ),
        Atom(
            name="shipments.*",
            doc="One shipment each; it belongs to whoever made it.",
            ru="По одной отгрузке; хозяин — тот, кто отгрузил.",
            partner="offer",
            inside="lines",
            normal=normal_part,
            inherit=inherit,
        ),
        Atom(
            name="returns.*",
            doc="One return each; it belongs to whoever made it.",
            ru="По одному возврату; хозяин — тот, кто оформил.",
            partner="offer",
            inside="lines",
            normal=normal_part,
            inherit=inherit,
        ),
        Atom(name="responsible", doc="The manager in charge.", ru="Ответственный менеджер."),
        Atom(name="comment", doc="The buyer's comment.", ru="Комментарий покупателя."),
        Atom(
            name="note",
            doc="The managers' comment; never mixed with the buyer's.",
            ru="Комментарий менеджеров; с комментарием покупателя не смешивается.",
        ),
        Atom(
            name="source",
            doc="Where the buyer came from: utm marks, client ids, referrer, coupon.",
            ru="Откуда пришёл покупатель: метки utm, идентификаторы, реферер, купон.",
            inherit=inherit,
        ),
        Atom(
            name="properties.*",
            doc="One more property of the order each, by its canonical code.",
            ru="По одному свойству заказа, под его кодом.",
        ),
    ),
)

CUSTOMER = Entity(
    name="customer",
    rank=40,
    natural=("emails+phones", "emails+name", "phones+name"),
    atoms=(
        Atom(
            name="name",
            doc="Full name, as people are listed: last name, first name, patronymic.",
            ru="Полное имя, как в списках: фамилия, имя, отчество.",
            alike=may_be_one_name,
        ),
        Atom(
            name="phones",
            doc="Phones in international form, a sorted list.",
            ru="Телефоны в международном виде, список по порядку.",
            alike=share_one,
        ),
        Atom(
            name="emails",
            doc="E-mail addresses in small letters, a sorted list.",
            ru="Адреса электронной почты строчными буквами, список по порядку.",
            alike=share_one,
        ),
        Atom(name="birthday", doc="Birthday, `1990-05-17`.", ru="День рождения, `1990-05-17`."),
        Atom(name="responsible", doc="The manager in charge.", ru="Ответственный менеджер."),
        Atom(
            name="properties.*",
            doc="One more property of the customer each, by its canonical code.",
            ru="По одному свойству клиента, под его кодом.",
        ),
    ),
)

ENTITIES = {entity.name: entity for entity in (CATEGORY, PRODUCT, OFFER, CUSTOMER, ORDER)}
