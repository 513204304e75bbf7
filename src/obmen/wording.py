"""What people call the fields of records: (Russian, English)."""

FIELD = {
    "active": ("в продаже", "on sale"),
    "address": ("адрес", "address"),
    "available": ("можно продать", "available"),
    "barcodes": ("штрихкоды", "barcodes"),
    "brand": ("бренд", "brand"),
    "buyer": ("покупатель", "buyer"),
    "cancelled": ("отменён", "cancelled"),
    "categories": ("разделы", "categories"),
    "characteristics": ("характеристика", "characteristics"),
    "comment": ("комментарий", "comment"),
    "contact": ("контакт и реквизиты", "contact"),
    "country": ("страна", "country"),
    "delivery": ("доставка", "delivery"),
    "description": ("описание", "description"),
    "full_name": ("полное наименование", "full name"),
    "height": ("высота, мм", "height, mm"),
    "kind": ("вид", "kind"),
    "length": ("длина, мм", "length, mm"),
    "manufacturer": ("производитель", "manufacturer"),
    "money": ("состав и суммы", "lines and sums"),
    "name": ("наименование", "name"),
    "note": ("комментарий менеджера", "managers' note"),
    "number": ("номер", "number"),
    "numbers": ("номер в", "number in"),
    "parent": ("входит в", "belongs to"),
    "payments": ("оплата", "payment"),
    "pictures": ("картинки", "pictures"),
    "placed": ("оформлен", "placed"),
    "prices": ("цена", "price"),
    "product": ("товар", "product"),
    "properties": ("свойство", "property"),
    "responsible": ("ответственный", "responsible"),
    "returns": ("возврат", "return"),
    "shipments": ("отгрузка", "shipment"),
    "site": ("сайт", "site"),
    "sku": ("артикул", "article"),
    "slug": ("символьный код", "symbolic code"),
    "sort": ("сортировка", "sort order"),
    "source": ("источник", "source"),
    "stage": ("статус", "stage"),
    "stock": ("остаток", "stock"),
    "summary": ("краткое описание", "summary"),
    "unit": ("единица", "unit"),
    "vat": ("НДС", "VAT"),
    "weight": ("вес, г", "weight, g"),
    "width": ("ширина, мм", "width, mm"),
}


def field_of(atom: str) -> tuple[str, str]:
    """Return what people call an atom; members of families keep their own name."""
    known, _, member = atom.partition(".")
    ru, en = FIELD.get(known, (known, known))
    return (f"{ru} {member}", f"{en} {member}") if member else (ru, en)
