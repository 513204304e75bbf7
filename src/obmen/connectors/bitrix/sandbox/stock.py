"""Stores and pieces: `catalog.store.*`, `catalog.storeproduct.*` (read-only but for bulkSave), `catalog.document.*`."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from obmen.connectors.bitrix.sandbox.calls import (
    Answer,
    Method,
    describes,
    fields_of,
    flag,
    gets,
    id_of,
    integer,
    lists,
    number,
    one,
    text,
)
from obmen.connectors.bitrix.sandbox.elements import save_product_row
from obmen.connectors.bitrix.sandbox.errors import RestError, missing_parameter
from obmen.connectors.bitrix.sandbox.listing import as_row
from obmen.connectors.bitrix.sandbox.rows import ZERO, Document, DocumentElement, Element, Store, StoreProduct
from obmen.connectors.bitrix.sandbox.state import ShopState

ARRIVAL, ADJUSTMENT, TRANSFER, RETURN, WRITE_OFF = "ASMRD"


def put_amount(
    state: ShopState, product_id: int, store_id: int, amount: Decimal, *, reserved: Decimal | None = None
) -> None:
    """Set the pieces of a product in a store; without a number the reserve stays."""
    held = state.store_products.first(product_id=product_id, store_id=store_id)
    if held is None:
        row = StoreProduct(
            product_id=product_id, store_id=store_id, amount=amount, quantity_reserved=reserved or ZERO
        )
        state.store_products.insert(row)
    elif reserved is None:
        state.store_products.change(held, amount=amount)
    else:
        state.store_products.change(held, amount=amount, quantity_reserved=reserved)


def in_active_stores(state: ShopState, product_id: int) -> tuple[Decimal, Decimal]:
    """Sum amounts and reserves of a product over the active stores."""
    active = {store.id for store in state.stores if store.active == "Y"}
    held = [row for row in state.store_products.where(product_id=product_id) if row.store_id in active]
    return sum((row.amount for row in held), ZERO), sum((row.quantity_reserved for row in held), ZERO)


def recount(state: ShopState, product: Element) -> None:
    """Recalculate the quantity of a product from its stores, as inventory control does."""
    amount, reserved = in_active_stores(state, product.id)
    save_product_row(state, product, quantity=amount - reserved, quantity_reserved=reserved)


# Stores.

_STORE_TEXTS = {
    "title": "title", "address": "address", "code": "code", "xmlId": "xml_id", "description": "description",
}  # fmt: skip
_STORE_FLAGS = {"active": "active", "issuingCenter": "issuing_center", "shippingCenter": "shipping_center"}


def _add_store(state: ShopState, params: Mapping[str, Any]) -> Answer:
    fields = fields_of(params, "address")
    if state.setup.edition == "small" and len(state.stores):
        raise RestError(0, "The edition of the product allows only one store")
    store = Store(date_modify=state.now(), **_read_store(fields))
    return Answer({"store": as_row(state.stores.insert(store))})


def _update_store(state: ShopState, params: Mapping[str, Any]) -> Answer:
    store = one(state.stores, params, "Store")
    changes = _read_store(fields_of(params))
    return Answer({"store": as_row(state.stores.change(store, **changes, date_modify=state.now()))})


def _delete_store(state: ShopState, params: Mapping[str, Any]) -> Answer:
    store = one(state.stores, params, "Store")
    for row in state.store_products.where(store_id=store.id):
        state.store_products.remove(row)
    state.stores.remove(store)
    return Answer(True)


def _read_store(fields: Mapping[str, Any]) -> dict[str, Any]:
    read: dict[str, Any] = {
        name: text(fields[shown]) for shown, name in _STORE_TEXTS.items() if shown in fields
    }
    read |= {name: flag(fields[shown]) for shown, name in _STORE_FLAGS.items() if shown in fields}
    if "sort" in fields:
        read["sort"] = integer(fields["sort"]) or 100
    return read


# Pieces per store.


def _bulk_save(state: ShopState, params: Mapping[str, Any]) -> Answer:
    """Upsert amounts; both switches must be on, and a reserve that is not sent becomes nought."""
    if not state.setup.inventory_control:
        raise RestError(200040400010, "Inventory control is disabled")
    if not state.setup.one_c_mode:
        raise RestError(200040400020, "Inventory control is not in 1C mode")
    items = params.get("items")
    if not isinstance(items, list) or not all(isinstance(item, dict) for item in items):
        raise missing_parameter("items")
    touched: dict[int, Element] = {}
    for item in items:
        product = state.elements.get(id_of(item, "productId"))
        store = state.stores.get(id_of(item, "storeId"))
        if product is None or store is None:
            raise RestError(0, "Product or store does not exist")
        value = item.get("value")
        if not isinstance(value, dict):
            raise missing_parameter("value")
        amount, reserved = number(value.get("amount")) or ZERO, number(value.get("quantityReserved")) or ZERO
        put_amount(state, product.id, store.id, amount, reserved=reserved)
        touched[product.id] = product
    for product in touched.values():
        recount(state, product)
    return Answer(True)


# Documents: deltas, not states.


def _mode_status(state: ShopState, _: Mapping[str, Any]) -> Answer:
    return Answer("Y" if state.setup.inventory_control else "N")


def _add_document(state: ShopState, params: Mapping[str, Any]) -> Answer:
    fields = fields_of(params, "docType", "responsibleId")
    if fields["docType"] not in (ARRIVAL, ADJUSTMENT, TRANSFER, RETURN, WRITE_OFF):
        raise RestError("0", "DOC_TYPE isn't available")
    document = Document(
        doc_type=fields["docType"],
        currency=text(fields.get("currency")),
        responsible_id=integer(fields["responsibleId"]),
        site_id=text(fields.get("siteId")),
        doc_number=text(fields.get("docNumber")),
        title=text(fields.get("title")),
        commentary=text(fields.get("commentary")),
        date_modify=state.now(),
    )
    return Answer({"document": as_row(state.documents.insert(document))})


def _add_line(state: ShopState, params: Mapping[str, Any]) -> Answer:
    fields = fields_of(params, "docId", "elementId", "amount")
    document = state.documents.get(integer(fields["docId"]))
    if document is None or document.status != "N":
        raise RestError(
            "ERROR_DOCUMENT_STATUS", "Document not found" if document is None else "Conducted document"
        )
    line = DocumentElement(
        doc_id=document.id,
        element_id=id_of(fields, "elementId"),
        store_from=integer(fields.get("storeFrom")),
        store_to=integer(fields.get("storeTo")),
        amount=number(fields["amount"]) or ZERO,
        purchasing_price=number(fields.get("purchasingPrice")),
    )
    return Answer({"documentElement": as_row(state.document_elements.insert(line))})


def _conduct(state: ShopState, params: Mapping[str, Any]) -> Answer:
    _conduct_one(state, id_of(params))
    return Answer(True)


def _conduct_list(state: ShopState, params: Mapping[str, Any]) -> Answer:
    ids = params.get("documentIds")
    if not isinstance(ids, list) or not ids:
        raise missing_parameter("documentIds")
    for document_id in ids:
        _conduct_one(state, integer(document_id) or 0)
    return Answer(True)


def _cancel(state: ShopState, params: Mapping[str, Any]) -> Answer:
    document = state.documents.get(id_of(params))
    if document is None or document.status != "Y":
        raise RestError("0", "Error cancelling document conduct: Document has not been conducted yet")
    _move(state, document, sign=-1)
    state.documents.change(document, status="C", date_modify=state.now())
    return Answer(True)


def _conduct_one(state: ShopState, document_id: int) -> None:
    document = state.documents.get(document_id)
    if document is None:
        raise RestError("0", "Document not found")
    if not state.setup.inventory_control:
        raise RestError("0", "Warehouse accounting must be enabled to conduct the document")
    if state.setup.one_c_mode:
        raise RestError("0", "Documents are not conducted by hand while stock is kept by 1C")
    if document.status == "Y":
        raise RestError("0", "The document is already conducted")
    _move(state, document, sign=1)
    state.documents.change(document, status="Y", date_modify=state.now())


def _move(state: ShopState, document: Document, *, sign: int) -> None:
    """Add the lines to the store they come to and take them from the store they leave, all or none."""
    adds, takes = document.doc_type in "ASRM", document.doc_type in "DM"
    deltas: dict[tuple[int, int], Decimal] = {}
    for line in state.document_elements.where(doc_id=document.id):
        for wanted, store_id, way in ((adds, line.store_to, sign), (takes, line.store_from, -sign)):
            if not wanted:
                continue
            if state.stores.get(store_id) is None or state.elements.get(line.element_id) is None:
                raise RestError("0", f"Document conducting error: no store or product in line {line.id}")
            key = (line.element_id, store_id or 0)
            deltas[key] = deltas.get(key, ZERO) + way * line.amount
    after = {key: _held(state, *key) + delta for key, delta in deltas.items()}
    if any(amount < 0 for amount in after.values()):
        raise RestError("0", "Document conducting error: not enough goods in the store")
    for (product_id, store_id), amount in after.items():
        put_amount(state, product_id, store_id, amount)
    for product_id in dict.fromkeys(product_id for product_id, _ in after):
        product = state.elements.get(product_id)
        if product is not None:
            recount(state, product)


def _held(state: ShopState, product_id: int, store_id: int) -> Decimal:
    row = state.store_products.first(product_id=product_id, store_id=store_id)
    return row.amount if row else ZERO


METHODS: dict[str, Method] = {
    "catalog.store.add": _add_store,
    "catalog.store.update": _update_store,
    "catalog.store.delete": _delete_store,
    "catalog.store.get": gets(lambda state: state.stores, "store", "Store"),
    "catalog.store.list": lists(lambda state: state.stores, "stores"),
    "catalog.store.getFields": describes(Store, "store"),
    "catalog.storeproduct.get": gets(lambda state: state.store_products, "storeProduct", "storeProduct"),
    "catalog.storeproduct.list": lists(lambda state: state.store_products, "storeProducts"),
    "catalog.storeproduct.getFields": describes(StoreProduct, "storeProduct"),
    "catalog.storeproduct.bulkSave": _bulk_save,
    "catalog.document.mode.status": _mode_status,
    "catalog.document.add": _add_document,
    "catalog.document.list": lists(lambda state: state.documents, "documents"),
    "catalog.document.conduct": _conduct,
    "catalog.document.conductList": _conduct_list,
    "catalog.document.cancel": _cancel,
    "catalog.document.element.add": _add_line,
    "catalog.document.element.list": lists(lambda state: state.document_elements, "documentElements"),
}
