"""Orders in the simulated 1C: its book of orders, and the exchange it carries them with."""
