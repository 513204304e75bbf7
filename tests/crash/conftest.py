"""The kill harness of orders plays on the stage of the acceptance tests."""

import sys
from pathlib import Path

sys.path.append(str(Path(__file__).parents[1] / "acceptance"))
