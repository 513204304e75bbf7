"""Record the demo as a picture for the README: `python -m obmen.cli.demo.picture docs/demo.svg`."""

from __future__ import annotations

import re
import sys
from pathlib import Path

from rich.terminal_theme import MONOKAI

from obmen.cli.app import screen, word
from obmen.cli.demo.command import demo

WIDTH = 104
_FRAME = (
    '<svg class="rich-terminal" viewBox="0 0 {width} {height}" xmlns="http://www.w3.org/2000/svg">\n'
    "<style>.{unique_id}-matrix {{ font-family: Consolas, Menlo, 'DejaVu Sans Mono', monospace; "
    "font-size: {char_height}px; line-height: {line_height}px; }} "
    ".{unique_id}-title {{ font-size: 18px; font-weight: bold; font-family: arial; }}\n{styles}</style>\n"
    '<defs><clipPath id="{unique_id}-clip-terminal"><rect width="{terminal_width}" height="{terminal_height}"/>'
    "</clipPath>{lines}</defs>\n{chrome}\n"
    '<g transform="translate({terminal_x}, {terminal_y})" clip-path="url(#{unique_id}-clip-terminal)">'
    '{backgrounds}<g class="{unique_id}-matrix">{matrix}</g></g>\n</svg>\n'
)
"""Rich's own frame without its web fonts: the picture asks nobody for anything."""


def record(path: Path) -> None:
    """Play the demo and save what the watcher sees."""
    screen.record = True
    screen.width = WIDTH
    demo(seed=17)
    path.parent.mkdir(parents=True, exist_ok=True)
    title = word("make demo — всё на этом компьютере", "make demo — everything on this machine")
    drawn = screen.export_svg(title=title, theme=MONOKAI, code_format=_FRAME, unique_id="demo")
    path.write_text(re.sub(r"[ \t]+\n", "\n", drawn), encoding="utf-8")


if __name__ == "__main__":
    record(Path(sys.argv[1]))
