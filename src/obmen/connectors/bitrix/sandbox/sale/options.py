"""How the administrator set the sales up."""

from typing import Literal

import msgspec


class SaleOptions(msgspec.Struct, frozen=True, kw_only=True):
    """Options of the `sale` module and of its exchange with 1C."""

    # Numbers: a stock shop numbers orders by their id, others by a counter, with a prefix or by date.
    number_template: Literal["id", "counter", "prefix", "date"] = "id"
    number_prefix: str = "BX-"
    number_start: int = 5001
    # Consequences
    mails: tuple[str, ...] = ("new_order", "paid", "status", "cancelled", "shipped", "tracking")
    receipts: bool = True  # a cash register prints what pay systems with CAN_PRINT_CHECK take
    receipt_mails: bool = True
    status_on_paid: str = ""  # the status an order takes by itself once it is paid
    cancels_paid: bool = True  # whether a paid or shipped order may be cancelled
    reservation: bool = False
    reserve_on: Literal["order", "payment", "delivery"] = "order"
    vat_on_top: bool = False  # prices of goods with vatIncluded N grow by the tax at checkout
    shows_system_shipments: bool = False
    # Trouble: shares of saves and of events between 0 and 1
    save_warning: float = 0.0  # saved, and yet answered by an error
    event_loss: float = 0.0
    event_repeat: float = 0.0
    event_reorder: float = 0.0
    event_delay_s: float = 0.0
    application_token: str = "51856fefc120afa4b628cc82d3935cce"  # noqa: S105 (a door into a toy)
    # The exchange of orders with 1C
    sale_exchange_right: bool = True  # the login's group is in 1C_SALE_GROUP_PERMISSIONS
    one_c_prefix: str = ""  # of the number of an order in documents
    one_c_currency: str = "руб"
    one_c_profiles: tuple[int, ...] = (1, 2)  # payer types whose properties the "1C profile" maps
    one_c_paid_only: bool = False
    one_c_allowed_only: bool = False
    one_c_from_status: str = ""  # by sort
    one_c_pay_systems: bool = True  # default pay systems for payments of 1C are chosen
    one_c_deducts_on_delivery: bool = False  # "allow deduction on delivery"
    one_c_new_orders: bool = False  # 1C_IMPORT_NEW_ORDERS
    one_c_changes_status: bool = False  # 1C_CHANGE_STATUS_FROM_1C
    one_c_status_on_delivery: str = "F"  # 1C_FINAL_STATUS_ON_DELIVERY
    orders_per_query: int = 1000  # what one slice of INTERVAL holds
