"""Inbound HTTP: the exchange door, webhooks, health."""
