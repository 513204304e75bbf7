"""Reading documents of the order exchange: orders, payments, shipments."""

from xml.etree.ElementTree import Element

from msgspec import UNSET

from obmen.formats.commerceml.fields import Fields, deleted_by
from obmen.formats.commerceml.items import Node, OrderDocument, Text
from obmen.formats.commerceml.values import key

#: ХозОперация of orders, spaces and case aside: the schema's word, and what order documents are called in 1C.
_ORDER_OPERATIONS = frozenset(("заказтовара", "заказклиента", "заказпокупателя", "заказ"))


class DocumentReader:
    """Turns `Документ` elements into order documents."""

    def __init__(self, fields: Fields) -> None:
        self._fields = fields

    def read(self, element: Element, container: int | None) -> OrderDocument:
        """Read one document; everything in it stays reachable through its node."""
        node = self._fields.node(element)
        document_id = node.text_of("Ид")
        mark = node.text_of("ПометкаУдаления")
        requisites = node.first("ЗначенияРеквизитов")
        for row in requisites.children if requisites else ():
            if row.text_of("Наименование") == "ПометкаУдаления" and mark is UNSET:
                mark = row.text_of("Значение")
        operation = node.text_of("ХозОперация")
        return OrderDocument(
            id=document_id if document_id is UNSET else key(document_id),
            number=node.text_of("Номер"),
            number_1c=node.text_of("Номер1С"),
            version=node.text_of("НомерВерсии"),
            operation=operation,
            date=node.text_of("Дата"),
            time=node.text_of("Время"),
            deleted=UNSET if mark is UNSET else deleted_by(UNSET, mark),
            currency=node.text_of("Валюта"),
            amount=self._fields.amounts[node.text_of("Сумма")],
            is_order=_is_order(node, operation),
            container=container,
            node=node,
        )


def _is_order(node: Node, operation: Text) -> bool:
    if operation:
        return "".join(operation.casefold().split()) in _ORDER_OPERATIONS
    # 1C sends orders back without ХозОперация; payments and shipments refer to their order by Основание.
    return node.first("Основание") is None and (
        node.first("Номер") is not None or node.first("Товары") is not None
    )
