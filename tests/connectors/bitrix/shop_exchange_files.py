"""Small CommerceML documents for the door's tests, written by hand."""

HEAD = '<?xml version="1.0" encoding="UTF-8"?>\n<КоммерческаяИнформация {ns}ВерсияСхемы="2.08" ДатаФормирования="2026-01-31T10:00:00">'
BASE, DISCOUNT = "BASE", "DISCOUNT"
MAIN, SHOP = "5f0c7a10-1d1e-11ee-9a01-00155d0a0001", "5f0c7a11-1d1e-11ee-9a01-00155d0a0001"


def goods(*nodes, classifier="", changes=False, catalog="FUTURE-1C-CATALOG", ns=""):
    return (
        HEAD.format(ns=ns)
        + f"<Классификатор><Ид>class</Ид><Наименование>Классификатор</Наименование>{classifier}</Классификатор>"
        + f'<Каталог СодержитТолькоИзменения="{str(changes).lower()}"><Ид>{catalog}</Ид><ИдКлассификатора>class</ИдКлассификатора>'
        + f"<Наименование>Основной каталог</Наименование><Товары>{''.join(nodes)}</Товары></Каталог></КоммерческаяИнформация>"
    )


def item(xml_id, name, inner="", version=""):
    number = f"<НомерВерсии>{version}</НомерВерсии>" if version else ""
    return f"<Товар><Ид>{xml_id}</Ид>{number}<Наименование>{name}</Наименование>{inner}</Товар>"


def offers(
    *nodes,
    head="",
    changes=True,
    package="FUTURE-1C-CATALOG#",
    catalog="FUTURE-1C-CATALOG",
    tag="ПакетПредложений",
):
    return (
        HEAD.format(ns="")
        + f'<{tag} СодержитТолькоИзменения="{str(changes).lower()}"><Ид>{package}</Ид><Наименование>Предложения</Наименование>'
        + f"<ИдКаталога>{catalog}</ИдКаталога><ИдКлассификатора>class</ИдКлассификатора>{head}"
        + f"<Предложения>{''.join(nodes)}</Предложения></{tag}></КоммерческаяИнформация>"
    )


def offer(xml_id, inner="", name=None):
    title = f"<Наименование>{name}</Наименование>" if name else ""
    return f"<Предложение><Ид>{xml_id}</Ид>{title}{inner}</Предложение>"


def prices(**by_type):
    rows = "".join(
        f"<Цена><ИдТипаЦены>{kind}</ИдТипаЦены><ЦенаЗаЕдиницу>{value}</ЦенаЗаЕдиницу><Валюта>руб.</Валюта></Цена>"
        for kind, value in by_type.items()
    )
    return f"<Цены>{rows}</Цены>"


def rests(**by_store):
    rows = "".join(
        f"<Склад><Ид>{store}</Ид><Количество>{amount}</Количество></Склад>"
        for store, amount in by_store.items()
    )
    return f"<Остатки><Остаток>{rows}</Остаток></Остатки>"
