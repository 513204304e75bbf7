"""The exchange of goods: `type=catalog`."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping

from obmen.connectors.onec.door.calls import Answer, Call, Mode
from obmen.connectors.onec.door.files import Files
from obmen.connectors.onec.imports import Imports
from obmen.connectors.onec.sentences import sentence
from obmen.connectors.onec.settings import Settings

_VERSION = "3.1"


class Catalog:
    """What 1C does to bring its goods."""

    def __init__(self, settings: Settings, files: Files, imports: Imports) -> None:
        self._settings = settings
        self._files = files
        self._imports = imports
        self.modes: Mapping[str, Mode] = {
            "checkauth": self._checkauth,
            "init": self._init,
            "file": files.file,
            "import": self._import,
            "deactivate": self._deactivate,
            "complete": self._complete,
        }

    async def _checkauth(self, _call: Call) -> Answer:
        return await self._files.checkauth(timed=True)

    async def _init(self, call: Call) -> Answer:
        return await self._files.init(call, packs=self._settings.zip, speaks=_VERSION)

    async def _import(self, call: Call) -> Answer:
        session = self._files.session(call)
        verdict, text = await self._imports.run(session, call.filename, call.intake)
        return Answer(f"{verdict}\n{text}")

    async def _deactivate(self, call: Call) -> Answer:
        session = self._files.session(call)
        text = await self._imports.deactivate(session, call.asked.get("timestamp", "").strip(), call.intake)
        return Answer(f"success\n{text}")

    async def _complete(self, call: Call) -> Answer:
        session = self._files.session(call)
        async with self._imports.lock(session):
            await asyncio.to_thread(self._imports.absorb, session)
        return Answer(f"success\n{sentence('complete', self._settings.answers_in)}")
