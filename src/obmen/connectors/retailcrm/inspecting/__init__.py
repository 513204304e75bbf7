"""What recorded answers of the API hold: totals over the files as they stand, and what is odd in them."""

from obmen.connectors.retailcrm.inspecting.counting import KINDS, Summary, inspect

__all__ = ["KINDS", "Summary", "inspect"]
