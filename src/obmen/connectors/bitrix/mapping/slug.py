"""The symbolic code of a new object: its name in Latin letters, after ГОСТ 7.79 as shops write it."""

from __future__ import annotations

import re

LONGEST = 100
"""Characters; the column takes 255, addresses stay readable with fewer."""

_LATIN = dict(
    zip(
        "абвгдеёжзийклмнопрстуфхцчшщъыьэюяєіїґ",
        "a,b,v,g,d,e,yo,zh,z,i,y,k,l,m,n,o,p,r,s,t,u,f,kh,ts,ch,sh,shch,,y,,e,yu,ya,ye,i,yi,g".split(","),  # noqa: SIM905 (a table is read in two lines)
        strict=True,
    )
)


def slug(name: str) -> str:
    """Return the code of a name: lower-case Latin letters, digits and hyphens; never empty."""
    latin = "".join(_LATIN.get(letter, letter) for letter in name.casefold())
    words = re.sub(r"[^a-z0-9]+", "-", latin).strip("-")
    if len(words) > LONGEST:
        words = words[:LONGEST].rpartition("-")[0] or words[:LONGEST]
    return words or "item"


def variants(code: str, count: int = 30) -> list[str]:
    """Return the codes to try when one is taken."""
    return [f"{code[: LONGEST - 4]}-{number}" for number in range(2, count + 2)]
