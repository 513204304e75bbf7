"""SQL truth: records, bindings, shadows, outbox, journal and everything else that must survive."""
