"""Settings of whoever calls a vendor over the network, said once; each vendor has defaults of its own."""

from __future__ import annotations

from typing import Annotated, TypeAlias

from msgspec import Meta

from obmen.setting import said

Positive: TypeAlias = Annotated[float, Meta(gt=0)]

Proxy: TypeAlias = Annotated[
    str, said("http:// or socks5:// proxy to this system.", "Прокси до этой системы: http:// или socks5://.")
]
CaFile: TypeAlias = Annotated[
    str,
    said(
        "File of certificates to trust besides the system's.",
        "Файл сертификатов, которым доверять кроме системных.",
    ),
]
ConnectTimeout: TypeAlias = Annotated[
    Positive, said("Longest wait for a connection, seconds.", "Сколько секунд ждать соединения.")
]
AnswerTimeout: TypeAlias = Annotated[
    Positive, said("Longest wait for an answer, seconds.", "Сколько секунд ждать ответа.")
]
