"""The shapes of orders, customers and records of the history, as the API shows them.

Sources: fixtures of the vendor's PHP client, types of its Go client, pages "Orders", "Customers" and "History" (v5).
"""

from __future__ import annotations

from obmen.connectors.retailcrm.shapes import ANY, CODE, NUMBER, TEXT, Rows, Shape, Table, named

_FREE = Table({}, open=True)
_EXTERNAL_IDS = Rows(named("code value"))
ADDRESS = named(
    "externalId name index countryIso country region city cityType street streetType building flat block house housing "
    "metro notes text intercomCode",
    number="id regionId cityId streetId floor",
    flag="isMain",
)
CONTRAGENT = named(
    "contragentType legalName legalAddress INN OKPO KPP OGRN OGRNIP certificateNumber certificateDate BIK bank "
    "bankAddress corrAccount bankAccount"
)
_SOURCE = named("source medium campaign keyword content")
_OFFER = named(
    "displayName externalId xmlId name article vatRate",
    number="id",
    properties=_FREE,
    unit=named("code name sym", flag="default active"),
    barcode=TEXT,
)
ITEM = named(
    "externalId productName comment vatRate createdAt",
    number="id quantity initialPrice purchasePrice discountManualAmount discountManualPercent discountTotal "
    "bonusesChargeTotal bonusesCreditTotal loyaltyAmount",
    flag="isCanceled",
    externalIds=_EXTERNAL_IDS,
    priceType=CODE,
    status=CODE,
    offer=_OFFER,
    prices=Rows(named(number="price quantity")),
    discounts=Rows(named("type", number="amount")),
    properties=Rows(named("code name value"), keyed=True),
    markingCodes=Rows(TEXT),
    markingObjects=Rows(_FREE),
)
PAYMENT = named("externalId paidAt comment", number="id amount", type=CODE, status=CODE)
_SPAN = named("from to custom")
DELIVERY = named(
    "date vatRate integrationCode",
    number="cost netCost",
    code=CODE,
    service=CODE,
    time=_SPAN,
    address=ADDRESS,
    data=_FREE,
)
CUSTOMER = named(
    "type externalId uuid nickName firstName lastName patronymic sex birthday email createdAt presumableSex photoUrl site "
    "discountCardNumber browserId subscribed emailMarketingUnsubscribedAt firstClientId lastClientId",
    number="id managerId marginSumm totalSumm averageSumm ordersCount costSumm personalDiscount cumulativeDiscount "
    "avgMarginSumm maturationTime mgCustomerId",
    flag="isContact vip bad",
    phones=Rows(named("number oldNumber")),
    address=ADDRESS,
    mainAddress=ADDRESS,
    contragent=CONTRAGENT,
    segments=Rows(_FREE),
    tags=Rows(ANY),
    source=_SOURCE,
    customFields=_FREE,
    mainCompany=_FREE,
    mainCustomerContact=_FREE,
    customerSubscriptions=Rows(_FREE),
    mgCustomers=Rows(_FREE),
)
_COMPANY = named(
    "externalId name uuid brand site createdAt",
    number="id",
    flag="isMain active",
    contragent=CONTRAGENT,
    address=ADDRESS,
    customFields=_FREE,
    customer=_FREE,
    marginSumm=NUMBER,
    totalSumm=NUMBER,
    averageSumm=NUMBER,
    ordersCount=NUMBER,
    costSumm=NUMBER,
)
ORDER = named(
    "externalId number createdAt statusUpdatedAt statusComment currency lastName firstName patronymic phone "
    "additionalPhone email customerComment managerComment countryIso privilegeType markDatetime fullPaidAt shipmentDate "
    "clientId dialogId uuid site",
    number="id slug summ totalSumm prepaySum purchaseSumm discountManualAmount discountManualPercent "
    "personalDiscountPercent bonusesCreditTotal bonusesChargeTotal mark managerId weight length width height",
    flag="call expired fromApi shipped isFromCart applyRound",
    orderType=CODE,
    orderMethod=CODE,
    status=CODE,
    shipmentStore=CODE,
    customer=CUSTOMER,
    contact=CUSTOMER,
    company=_COMPANY,
    contragent=CONTRAGENT,
    delivery=DELIVERY,
    marketplace=named("code orderId externalId"),
    source=_SOURCE,
    items=Rows(ITEM),
    payments=Rows(PAYMENT, keyed=True),
    links=Rows(_FREE),
    customFields=_FREE,
    loyaltyAccount=_FREE,
    loyaltyLevel=_FREE,
    loyaltyEventDiscount=_FREE,
)
_BRIEF = named("externalId site status type", number="id managerId", flag="deleted")
RECORD = named(
    "createdAt source field",
    number="id",
    flag="created deleted",
    oldValue=ANY,
    newValue=ANY,
    user=named(number="id"),
    apiKey=named(flag="current"),
    order=ORDER,
    customer=CUSTOMER,
    item=ITEM,
    payment=PAYMENT,
    combinedTo=_BRIEF,
    ancestor=_BRIEF,
    address=ADDRESS,
    company=_COMPANY,
    contact=_FREE,
)


def _part(text: str = "", **more: Shape) -> Table:
    return Table({**named(text).fields, **more}, open=True)


SAID = {
    "money": _part("currency", totalSumm=NUMBER, items=Rows(ITEM), delivery=_part(cost=NUMBER)),
    "contact": _part("lastName firstName patronymic phone email", contragent=CONTRAGENT),
    "address": _part(delivery=_part(address=ADDRESS)),
    "delivery": _part(delivery=DELIVERY),
    "payments": _part(payments=Rows(PAYMENT, keyed=True)),
    "stage": _part("statusComment", status=CODE),
    "comment": _part("customerComment"),
    "note": _part("managerComment"),
    "source": _part(source=_SOURCE),
    "responsible": _part(managerId=NUMBER),
    "properties": _part(customFields=_FREE, customer=_part("externalId")),
    "buyer": _part(customer=_part("type", id=NUMBER), contact=_part(id=NUMBER)),
}
"""Which pieces of an order each of our atoms is read from; `properties` are the custom fields, wherever they go."""

SAID_OF_CUSTOMERS = {
    "name": _part("lastName firstName patronymic"),
    "phones": _part(phones=Rows(named("number oldNumber"))),
    "emails": _part("email"),
    "birthday": _part("birthday"),
    "responsible": _part(managerId=NUMBER),
    "properties": _part(customFields=_FREE),
}
"""The same of a customer."""
