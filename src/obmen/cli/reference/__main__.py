"""Write the reference pages into a folder: `python -m obmen.cli.reference docs`."""

import sys
from pathlib import Path

from obmen.cli.reference import write

for path in write(Path(sys.argv[1])):
    sys.stdout.write(f"{path}\n")
