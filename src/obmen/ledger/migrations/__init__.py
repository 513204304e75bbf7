"""Steps from each schema of the ledger to the next, run by `obmen.ledger.schema`."""
