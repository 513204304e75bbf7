"""What the vendors' simulators share: app, clock, faults, ledger, seeded world."""
