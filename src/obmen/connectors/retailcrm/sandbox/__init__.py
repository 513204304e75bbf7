"""The simulated RetailCRM account: API, catalogue feeds, triggers, staff, and counts for verdicts."""

from obmen.connectors.retailcrm.sandbox.rows import Key
from obmen.connectors.retailcrm.sandbox.server import Crm
from obmen.connectors.retailcrm.sandbox.setup import API_KEY, OTHER_KEY, SCOPES, Setup
from obmen.connectors.retailcrm.sandbox.state import CrmState
from obmen.connectors.retailcrm.sandbox.triggers import Trigger

__all__ = ["API_KEY", "OTHER_KEY", "SCOPES", "Crm", "CrmState", "Key", "Setup", "Trigger"]
