"""Offers of the account's catalogue: known, priced and counted here, made by the feed."""
