"""`obmen run` whose clock stands a while ahead, and which may end by SIGKILL at one of its own commits.

OBMEN_LATER_S   seconds its clock is ahead of this machine's, so that what a killed hub had claimed is free again
OBMEN_DIES_AT   number of the commit it dies at, with OBMEN_DIES `before` or `after` it; never where it is not set
"""

from __future__ import annotations

import os
import signal
import threading
import time

LATER_S = float(os.environ.get("OBMEN_LATER_S", "0"))
DIES_AT = int(os.environ.get("OBMEN_DIES_AT", "0"))
DIES_BEFORE = os.environ.get("OBMEN_DIES") == "before"

machine_time = time.time
time.time = lambda: machine_time() + LATER_S

from obmen.cli import main  # noqa: E402 - the clock is set first
from obmen.ledger.sql import SqlLedger  # noqa: E402

commits = 0
counting = threading.Lock()
run_here = SqlLedger.run_here


def mortal(self, work):
    """Run a function in a transaction, and die before or after its commit when it is time."""
    global commits  # noqa: PLW0603 - there is one process, and it counts
    with counting:
        commits += 1
        is_last = commits == DIES_AT

    def last(tx):
        result = work(tx)
        if is_last and DIES_BEFORE:
            os.kill(os.getpid(), signal.SIGKILL)
        return result

    result = run_here(self, last)
    if is_last:
        os.kill(os.getpid(), signal.SIGKILL)
    return result


SqlLedger.run_here = mortal

if __name__ == "__main__":
    main()
