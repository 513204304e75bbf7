"""Identity: a connection must lead to the system it has always led to.

A copy of a shop has the same keys and another address. Whoever copies a configuration with its database and turns it
to the copy would read the copy's facts as the shop's, and write to ids that mean something else there. So the address
is remembered, and another one pauses the connection until a person says that the system has moved.
"""

from __future__ import annotations

from obmen.connectors.contract import Identified
from obmen.engine import issues
from obmen.engine.hub import Hub
from obmen.errors import ConfigError
from obmen.ledger.contract import Tx
from obmen.sync.reasons import Reason

PAUSED, ACTIVE = "paused", "active"
ANOTHER = Reason.ANOTHER_SYSTEM.code


def recognise(tx: Tx, hub: Hub) -> None:
    """Compare where connections lead with where they led before; pause those that lead elsewhere.

    One that leads where it should again goes on.
    """
    for name, connection in hub.connections.items():
        if not isinstance(connection, Identified):
            continue
        before = tx.identity_of(name)
        is_stopped = tx.state_of(name) == (PAUSED, ANOTHER)
        if not before:
            tx.put_identity(name, connection.identity)
        elif before != connection.identity:
            tx.put_state(name, PAUSED, ANOTHER)
            tx.open_issues([issues.another_system(name, before, connection.identity)], at=hub.now())
        elif is_stopped:
            _go_on(tx, hub, name)


def trust(tx: Tx, hub: Hub, name: str) -> str | None:
    """Take the system a connection leads to for the one it has always led to; return where it led before.

    None where it leads there anyway.
    """
    connection = hub.connections[name]
    before = tx.identity_of(name)
    if not isinstance(connection, Identified) or before == connection.identity:
        return None
    tx.put_identity(name, connection.identity)
    _go_on(tx, hub, name)
    return before


def refuse_another(tx: Tx, hub: Hub, name: str) -> None:
    """Raise `ConfigError` where a connection leads to another system than before."""
    connection = hub.connections[name]
    if isinstance(connection, Identified) and tx.state_of(name) == (PAUSED, ANOTHER):
        issue = issues.another_system(name, tx.identity_of(name), connection.identity)
        raise ConfigError("hub.another_system", issue.en, issue.ru)


def _go_on(tx: Tx, hub: Hub, name: str) -> None:
    tx.put_state(name, ACTIVE, "")
    tx.close_issues([issues.another_system_key(name)], at=hub.now())
