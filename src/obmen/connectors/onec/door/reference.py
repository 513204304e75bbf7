"""The exchange of 1C's own directories: `type=reference`. They are taken politely and nothing is made of them."""

from __future__ import annotations

from collections.abc import Mapping

from obmen.connectors.onec.door.calls import Answer, Call, Mode
from obmen.connectors.onec.door.files import Files
from obmen.connectors.onec.sentences import Refusal, sentence
from obmen.connectors.onec.settings import Settings

_VERSION = "2.09"


class Reference:
    """What 1C does to bring its directories; a shop would keep them as highload blocks."""

    def __init__(self, settings: Settings, files: Files) -> None:
        self._settings = settings
        self._files = files
        self.modes: Mapping[str, Mode] = {
            "checkauth": self._checkauth,
            "init": self._init,
            "file": self._file,
            "import": self._import,
        }

    async def _checkauth(self, _call: Call) -> Answer:
        return await self._files.checkauth(timed=False)

    async def _init(self, call: Call) -> Answer:
        return await self._files.init(call, packs=False, speaks=_VERSION)

    async def _file(self, call: Call) -> Answer:
        """Read a piece to its end, so that 1C hears the answer, and keep nothing."""
        self._files.session(call)
        name, size = call.filename, 0
        async for block in call.request.content.iter_chunked(1 << 16):
            size += len(block)
            if size > self._settings.max_file:
                raise Refusal("file_too_big", name=name, limit=self._settings.max_file)
        return Answer("success\n", f"success\n({size} bytes, not kept)")

    async def _import(self, call: Call) -> Answer:
        self._files.session(call)
        told = sentence("reference_ignored", self._settings.answers_in, name=call.filename)
        return Answer(f"success\n{told}")
