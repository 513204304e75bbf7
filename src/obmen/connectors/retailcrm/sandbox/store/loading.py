"""Fetching feeds: on the account's own schedule, or because somebody pressed the button."""

import asyncio
from typing import Any

import aiohttp

from obmen.connectors.retailcrm.sandbox.state import CrmState
from obmen.connectors.retailcrm.sandbox.store.feed import Unreadable, load_feed

_TIMEOUT_S = 60.0
MAX_FEED = 256 * 1024 * 1024  # bytes


class FeedLoader:
    """Loads under way and the schedule."""

    def __init__(self, state: CrmState) -> None:
        self._state = state
        self._tags: dict[str, str] = {}  # address -> ETag of what was loaded last
        self._tasks: set[asyncio.Task[None]] = set()
        self._schedule: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Begin to load on schedule."""
        self._schedule = asyncio.get_running_loop().create_task(self._keep_loading())

    async def stop(self) -> None:
        """Drop the schedule and what is under way."""
        tasks = [*self._tasks, *([self._schedule] if self._schedule else [])]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def settle(self) -> None:
        """Wait until nothing is being loaded."""
        while self._tasks:
            await asyncio.gather(*self._tasks)

    def begin(self, site: str) -> str:
        """Start to load the feed of a shop; `settle` waits for it."""
        url = str(self._state.books["sites"][site].get("ymlUrl") or "")
        if not url:
            raise ValueError(f"The shop {site!r} has no ymlUrl.")
        self._state.books["sites"][site]["catalogLoadingAt"] = self._state.now()
        task = asyncio.get_running_loop().create_task(self._load(site, url))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return url

    async def _keep_loading(self) -> None:
        while True:
            await asyncio.sleep(self._state.setup.feed_every_s)
            for code, site in self._state.books["sites"].items():
                if site.get("loadFromYml") and site.get("ymlUrl"):
                    self.begin(code)

    async def _load(self, site: str, url: str) -> None:
        state, result = self._state, dict[str, Any](site=site)
        try:
            content, tag = await _fetch(url, self._tags.get(url, ""))
            if content is None:
                result["said"] = "not modified"
            else:
                loaded = load_feed(state, site, content)
                result |= {"said": "loaded", **loaded._asdict()}
                self._tags[url] = tag
            state.books["sites"][site]["catalogUpdatedAt"] = state.now()
        except (aiohttp.ClientError, TimeoutError, Unreadable) as exc:
            result["said"] = f"failed: {exc}"
        state.feeds.append(result)
        action = str(result["said"]).partition(":")[0]
        state.ledger.record_effect(by="feed", entity="catalogue", id=site, action=action)


async def _fetch(url: str, tag: str) -> tuple[bytes | None, str]:
    """Fetch a feed; None where it did not change since it was loaded last."""
    headers = {"If-None-Match": tag} if tag else {}
    timeout = aiohttp.ClientTimeout(total=_TIMEOUT_S)
    async with aiohttp.ClientSession(timeout=timeout) as http, http.get(url, headers=headers) as answer:
        if answer.status == 304:
            return None, tag
        if answer.status != 200:
            raise Unreadable(f"the address answered {answer.status}")
        content = await answer.content.read(MAX_FEED + 1)
        while not answer.content.at_eof() and len(content) <= MAX_FEED:
            content += await answer.content.read(MAX_FEED)
        if len(content) > MAX_FEED:
            raise Unreadable(f"the feed is larger than {MAX_FEED} bytes")
        return content, answer.headers.get("ETag", "")
