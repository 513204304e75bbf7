"""The shop's orders: its `sale` module behind REST, the exchange door, its buyers and its managers."""
