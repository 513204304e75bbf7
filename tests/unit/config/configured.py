"""Two vendors with small settings, and texts that connect them."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from obmen.config import PythonRule


class Mirror(msgspec.Struct, frozen=True, kw_only=True):
    code: str
    weight: int = 1


class DeskSettings(msgspec.Struct, frozen=True, kw_only=True):
    login: Annotated[
        str, Meta(description="Login it comes with.", extra={"ru": "Имя, с которым она входит."})
    ]
    password: Annotated[str, Meta(description="Password.", extra={"ru": "Пароль.", "secret": True})]
    portion: Annotated[int, Meta(description="Orders at a time.", ge=1, le=500)] = 50
    charset: Literal["utf-8", "windows-1251"] = "utf-8"
    vat: PythonRule | None = None


class StallSettings(msgspec.Struct, frozen=True, kw_only=True):
    hook: Annotated[str, Meta(description="Address with its key.", extra={"secret": True})]
    prices: Annotated[dict[str, int], Meta(description="Price types.")] = {}
    mirrors: dict[str, Mirror] = {}
    folder: Path = Path("pictures")
    limits: tuple[int, ...] = ()

    def __post_init__(self):
        if self.hook.startswith("ftp:"):
            raise ValueError("hook is not a web address")


class Desk:
    vendor = "desk"
    settings = DeskSettings
    EXAMPLE: dict[str, object] = {"login": "robot", "password": "sesame", "charset": "windows-1251"}  # noqa: RUF012 - a constant of a connector

    def open(self, name, settings, ports):
        return (name, settings, ports)


class Stall:
    vendor = "stall"
    settings = StallSettings
    change_times = {"product": ("description", "properties")}  # noqa: RUF012 - a constant of a connector

    def open(self, name, settings, ports):
        return (name, settings, ports)


CONNECTORS = (Desk(), Stall())

BASE = """
[connections.erp]
type = "desk"
login = "robot"
password = "${ERP_PASSWORD}"

[connections.shop]
type = "stall"
hook = "${SHOP_HOOK:-https://shop.test/hook}"
"""

GOODS = """
[sync.category]
creators = ["erp"]
owners = { default = "erp" }
readers = ["shop"]

[sync.product]
creators = ["erp"]
owners = { default = "erp", slug = { rule = "once", by = "shop" } }
readers = ["shop"]

[sync.offer]
creators = ["erp"]
owners = { default = "erp" }
readers = ["shop"]
"""

ENV = {"ERP_PASSWORD": "sesame"}
