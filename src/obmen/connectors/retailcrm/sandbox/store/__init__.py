"""Goods: catalogue, its feed, stock and prices."""
