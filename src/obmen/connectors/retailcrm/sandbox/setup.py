"""How the account's administrator set it up, and which troubles it has."""

import msgspec

from obmen.connectors.retailcrm.sandbox.rows import Key

SCOPES = (
    "order_read",
    "order_write",
    "customer_read",
    "customer_write",
    "store_read",
    "store_write",
    "reference_read",
    "reference_write",
    "integration_read",
    "integration_write",
    "custom_fields_read",
    "custom_fields_write",
    "user_read",
    "analytics_write",
)
API_KEY = "s4ndb0xr3t4ilcrmk3y0000000000000"
OTHER_KEY = "0th3r1nt3gr4t10nk3y0000000000000"


class Setup(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Options of one account."""

    keys: tuple[Key, ...] = (Key(key=API_KEY, scopes=SCOPES), Key(key=OTHER_KEY, scopes=SCOPES))
    exists: bool = True  # False: the sub-domain is nobody's, and the web server answers in HTML
    time_zone: str = "Europe/Moscow"
    rate_limit: tuple[int, float] | None = (10, 10.0)  # burst and requests per second, for each key
    batch: int = 50  # orders, customers or products in one call
    store_batch: int = 250  # offers in one call
    strict_history: bool = True  # sinceId together with page is refused, as since May 2023
    history_limit: int = 100  # records, where none is asked
    # Orders and customers
    links_guests: bool = True  # an order without a customer gets one, by phone or e-mail, or a new one
    unique_numbers: bool = False  # a number may then be borne by one order of a shop only
    assigns_managers: bool = False  # a rule gives every order of the API a manager
    moves_items: bool = False  # lines take the status that belongs to the order's
    round_to: str = ""  # sums of goods are rounded down to so much: "1" leaves whole roubles
    # The catalogue
    feed_every_s: float = 4 * 3600.0  # how often feeds of shops with loadFromYml are fetched
    feed_deactivates: bool = True  # what a feed does not name is switched off
    # Triggers: shares of calls between 0 and 1
    trigger_loss: float = 0.0
    trigger_repeat: float = 0.0
    trigger_reorder: float = 0.0
    trigger_delay_s: float = 0.0
