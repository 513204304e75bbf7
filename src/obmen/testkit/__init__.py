"""What proves the hub: the referee, the kill harness, the conformance suite."""
