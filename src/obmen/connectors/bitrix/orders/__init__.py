"""Orders of the shop: read and written over REST."""
