"""Whom the hub believes about who calls."""

from __future__ import annotations


def test_a_proxy_that_is_no_address_is_refused_by_name(refuse):
    assert refuse('[hub]\ntrusted_proxies = ["nginx"]') == [
        "[hub] — trusted_proxies: «nginx» is neither an address nor a network; write it like 127.0.0.1"
    ]


def test_proxies_may_be_addresses_and_networks(read):
    assert read('[hub]\ntrusted_proxies = ["127.0.0.1", "10.0.0.0/8"]').hub.trusted_proxies == (
        "127.0.0.1",
        "10.0.0.0/8",
    )
