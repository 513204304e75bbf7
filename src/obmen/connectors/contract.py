"""What a connector offers the hub, and the values that pass between them.

A vendor implements the protocols it can: `Source` and `Target` for systems that are asked, `Door` for those that
come by themselves. `Connection` is what every configured account has. Nothing here knows a vendor.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterator, Callable, Collection, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Protocol, TypeAlias, runtime_checkable

import msgspec
from aiohttp import web

from obmen.errors import BadInput
from obmen.model import Value
from obmen.sync.shadow import Codec, Look, Wire


class Doubt(msgspec.Struct, frozen=True, kw_only=True):
    """Something a person should know, though the write goes on or has happened."""

    code: str
    en: str
    ru: str


class Act(msgspec.Struct, frozen=True, kw_only=True):
    """What a source's own history says somebody else did to an object, whether or not it still shows."""

    ref: str
    name: str
    """What the source calls this line of its history; the same act is journalled once."""
    atom: str
    before: Value
    after: Value
    by: str
    at: str
    """ISO 8601 UTC."""


class Page(msgspec.Struct, frozen=True, kw_only=True):
    """Some looks of one entity and the cursor behind them; the cursor is stored with the page or not at all."""

    entity: str
    looks: tuple[Look, ...]
    cursor: str
    last: bool
    """Nothing more to read now."""
    acts: tuple[Act, ...] = ()
    doubts: tuple[Doubt, ...] = ()
    """What a person should know of the connection as a whole; told once."""


class Step(msgspec.Struct, frozen=True, kw_only=True):
    """One write: the atoms a system is behind on, in its own wire form."""

    record: int
    entity: str
    ref: str | None
    """None creates."""
    fields: dict[str, Wire]
    held: dict[str, Wire] = {}
    """Everything that system last showed of this record; for vendors that take whole sets."""
    mark: str = ""
    """Put on the created object where the vendor has room for it, to recognise it after a lost answer."""
    keys: dict[str, str] = {}
    """Refs of the record in the systems the connection is keyed by: `{"xml_id": "<1C id>"}`."""
    title: str = ""
    whole: dict[str, Wire] = {}
    """Every atom the system is shown, where `Traits.whole` says that it takes whole objects; empty elsewhere."""
    attempt: int = 0
    """Ledger tick at which it was written down; an answer belongs to one attempt and no other."""

    @property
    def external_code(self) -> str:
        """Return the code a created object bears: its ref in the system the connection is keyed by, else our mark."""
        return self.keys.get("xml_id") or self.mark

    @property
    def external_codes(self) -> frozenset[str]:
        """Return the codes by which an object made of it, now or earlier, is found."""
        return frozenset({self.external_code, self.mark} - {""})


class Done(msgspec.Struct, frozen=True, kw_only=True):
    """The write happened. `returned` is the object as the system gave it back, in atoms; None where it gives none."""

    record: int
    ref: str
    returned: dict[str, Wire] | None = None
    doubts: tuple[Doubt, ...] = ()


class Pending(msgspec.Struct, frozen=True, kw_only=True):
    """The system took the write and will answer later."""

    record: int
    job: str
    check_in_s: float


class Refused(msgspec.Struct, frozen=True, kw_only=True):
    """The system refused this record; the text is its own, ours adds the way out."""

    record: int
    code: str
    en: str
    ru: str


class Unlanded(msgspec.Struct, frozen=True, kw_only=True):
    """The write certainly did not happen; try again, not before the hint."""

    record: int
    code: str
    text: str
    retry_after_s: float | None = None
    doubts: tuple[Doubt, ...] = ()
    """What led up to it may have left something all the same."""


class Unknown(msgspec.Struct, frozen=True, kw_only=True):
    """Nobody knows whether the write happened: look before repeating."""

    record: int
    code: str
    text: str
    doubts: tuple[Doubt, ...] = ()


class Missing(msgspec.Struct, frozen=True, kw_only=True):
    """The object to update is not there any more."""

    record: int


Outcome: TypeAlias = Done | Pending | Refused | Unlanded | Unknown | Missing


class Finding(msgspec.Struct, frozen=True, kw_only=True):
    """One line of a check: what was looked at, whether it holds, and what to do when it does not."""

    ok: bool
    warning: bool = False
    """Where it does not hold, the exchange works all the same; somebody should know."""
    code: str
    en: str
    ru: str


class Traits(msgspec.Struct, frozen=True, kw_only=True):
    """What the engine must know about one entity in one vendor."""

    required: tuple[str, ...] = ()
    """Atoms without which nothing can be created."""
    defaults: dict[str, Wire] = {}
    """What the vendor puts into atoms a create does not name."""
    batch: int = 50
    """Steps per push."""
    unique_key: bool = False
    """Whether the vendor itself refuses a second object with our key."""
    whole: bool = False
    """Whether a write shows the whole object and not only what has changed: the system replaces what it has."""
    recognised: bool = False
    """Whether its objects come from elsewhere: they are found, never made, and one we do not know is nobody's business."""
    reserves: bool = False
    """Of orders: whether an order placed here lowers what may be sold here by itself."""


@runtime_checkable
class Connection(Protocol):
    """One configured account of one system."""

    name: str
    vendor: str
    visible_after_s: float
    """How long a write may take to become visible, and an unanswered one to land."""

    def traits(self, entity: str) -> Traits:
        """Return what the engine must know about an entity here."""

    def codec(self, entity: str) -> Codec:
        """Return the translation of an entity with today's mapping."""

    async def check(self) -> Sequence[Finding]:
        """Ask the system whether everything needed is there; one real call at least, nothing written."""

    async def close(self) -> None:
        """Let go of sockets and files."""


@runtime_checkable
class Identified(Protocol):
    """A system that can be told from a copy of it with the same keys."""

    identity: str
    """Its address without secrets, such as `shop.example.ru`."""


@runtime_checkable
class Abreast(Protocol):
    """A system slow enough to answer that several packs of records are written to it side by side."""

    packs: int
    """How many, at most."""


@runtime_checkable
class Source(Protocol):
    """A system that is asked what it holds."""

    async def pull(self, entity: str, cursor: str) -> Page:
        """Read the next page behind the cursor (empty: from the beginning); cursors are in the system's clock."""

    async def look(self, entity: str, refs: Sequence[str]) -> Sequence[Look]:
        """Read these objects now; one that is not there comes back with `gone`."""

    def walk(self, entity: str) -> AsyncIterator[Page]:
        """Read everything, for reconciliation; the last page has `last`."""


@runtime_checkable
class Nicknames(Protocol):
    """A source whose hooks may name objects by ids of another system."""

    async def named(self, entity: str, names: Sequence[str]) -> Sequence[tuple[str, str]]:
        """Return name and ref of every object that bears one of these names."""


@runtime_checkable
class Dated(Protocol):
    """A source that can be asked for what changed since a moment."""

    def cursor_since(self, moment: float) -> str:
        """Return the cursor behind which lies what changed since then, epoch seconds."""


@runtime_checkable
class Target(Protocol):
    """A system that is written to."""

    async def push(self, steps: Sequence[Step]) -> Sequence[Outcome]:
        """Write steps of one entity; every step gets its own outcome, in any order."""

    async def find(self, entity: str, steps: Sequence[Step]) -> Mapping[int, Sequence[str]]:
        """Return, per record, the refs of objects that carry its mark or keys. Two refs are an issue, not a choice."""

    def effects(self, step: Step) -> Collection[str]:
        """Return what a write may set off that cannot be taken back: `buyer_mail`, `receipt`, `deduction`, `robot`.

        A name may come several times: two receipts are two.
        """


@runtime_checkable
class Door(Protocol):
    """A system that comes and takes what is meant for it: nothing is pushed there."""

    collects: tuple[str, ...]
    """Entities it takes."""

    def called(self, step: Step) -> str:
        """Return what the document of a step is called there: the record's ref once it has been taken."""


class Card(msgspec.Struct, frozen=True, kw_only=True):
    """A record as files for everybody to fetch are made of it."""

    entity: str
    record: int
    ref: str
    """Its ref in the system the connection is keyed by; empty where it has none."""
    refs: dict[str, str]
    """Its refs, by connection."""
    atoms: dict[str, Value]
    """Canonical values; partners are record ids."""


@runtime_checkable
class Publisher(Protocol):
    """A system that fetches a file of everything."""

    publishes: tuple[str, ...]
    """Entities the file is made of, in this order; empty where none is wanted."""
    publish_every_s: float

    async def publish(self, cards: AsyncIterator[Card]) -> Doubt | None:
        """Write the file anew, whole, and put it in the place of the old one; say why where it was not.

        Withdrawn records come as well: `active` says so.
        """


class Envelope(msgspec.Struct, frozen=True, kw_only=True):
    """Something that came by itself and cannot be asked for again: a file, a message, a webhook."""

    connection: str
    kind: str
    """`file`, `message`, `hook`, or `absence`: what was not seen since `since` is gone."""
    name: str
    """As the sender calls it; for people."""
    key: str
    """The same thing twice has the same key and is accepted once."""
    path: str = ""
    """Where the bytes of a file lie."""
    body: bytes = b""
    session: str = ""
    """The sender's exchange it belongs to."""
    since: float = 0.0
    """With `absence`: epoch seconds the exchange began at."""
    scope: str = ""
    """With `absence`: the catalogue it speaks of; empty means the whole connection."""


def wake_up(
    connection: str, entity: str, refs: Sequence[str] = (), *, name: str, key: str, names: Sequence[str] = ()
) -> Envelope:
    """Return a thin webhook as an envelope: these objects of the connection have changed and are to be looked at.

    `names` are ids of another system (`Nicknames`).
    """
    body = msgspec.json.encode({"entity": entity, "refs": refs, "names": names})
    return Envelope(connection=connection, kind="hook", name=name, key=key, body=body)


class Portion(msgspec.Struct, frozen=True, kw_only=True):
    """Some looks out of an envelope, and how far into it they reach."""

    entity: str
    looks: tuple[Look, ...]
    position: int
    """Elements of the envelope consumed so far; reading resumes behind it."""
    scope: str = ""
    """The catalogue these objects belong to."""
    complete: bool = False
    """The envelope has shown every object of the entity in `scope`: what it did not show is gone."""
    more: bool = False
    """What follows goes on with it: their looks may be settled in any order, and reading resumes before both."""


class Progress(msgspec.Struct, frozen=True, kw_only=True):
    """How far the hub has got with an envelope."""

    id: int
    state: str
    """`waiting`, `working`, `done` or `failed`."""
    done: int
    en: str = ""
    ru: str = ""


Recall: TypeAlias = Callable[[str, Collection[str]], Mapping[str, str]]
"""Tell, for an entity and refs of the system being read, which traces the ledger keeps of each (`sync.traces`)."""


def forget(_entity: str, _refs: Collection[str]) -> Mapping[str, str]:
    """Remember nothing: everything is read."""
    return {}


@runtime_checkable
class Unpacker(Protocol):
    """A system whose envelopes the hub opens."""

    def unpack(self, envelope: Envelope, position: int, *, recall: Recall = forget) -> Iterator[Portion]:
        """Read an envelope from behind `position`, off the event loop and in bounded memory.

        An object whose bytes `recall` knows may come as a look that says no more than that (`Look.same`).

        Raises `BadInput` before the first portion when the envelope as a whole cannot be used.
        """


@runtime_checkable
class Importer(Protocol):
    """A system whose exports may also lie on disk."""

    def envelopes(self, paths: Sequence[Path], session: str) -> Iterator[Envelope | BadInput]:
        """Yield the exports found in files and folders, in the order they build on each other.

        What cannot be used comes as the sentence that says why; the rest goes on.
        """


@runtime_checkable
class Tidying(Protocol):
    """A system with leavings of its own in the spool."""

    async def tidy(self) -> None:
        """Remove what has expired; called every hour."""


class Intake(Protocol):
    """What the hub offers a receiver."""

    async def accept(self, envelope: Envelope) -> int:
        """Store an envelope for good and return its number; the same key returns the same number."""

    async def progress(self, number: int, *, wait_s: float) -> Progress:
        """Tell how far an envelope has got, waiting for its end up to `wait_s`."""

    def offer(
        self, connection: str, entity: str, *, session: str, number: int, limit: int, keep_s: float
    ) -> AsyncGenerator[Sequence[Step], None]:
        """Yield what a `Door` may take now, in portions, `limit` steps at most; each is written down before it is given.

        `number` counts the offers of a session from 1. Whatever is not said to be taken within `keep_s` is offered
        again, to whoever comes.
        """

    async def taken(self, connection: str, *, session: str, offers: Collection[int]) -> int:
        """Note that a session has taken these of its offers; return how many records that was.

        Whatever else it was offered is offered again.
        """

    async def untaken(self, connection: str, *, but: str) -> int:
        """Offer again what all sessions but this one were offered and have not said to have taken; return how much."""

    async def refuse(self, connection: str, entity: str, refused: Sequence[Refused]) -> None:
        """Take back steps of an offer that cannot be put into words for the system."""


@runtime_checkable
class Receiver(Protocol):
    """A system that calls us."""

    routes: tuple[str, ...]
    """Paths the gateway gives to this connection, such as `/bitrix/admin/1c_exchange.php`."""

    async def receive(self, request: web.Request, intake: Intake) -> web.StreamResponse:
        """Answer a request in the system's own form; what it brings is in the inbox before the answer leaves."""


class Budget(Protocol):
    """A connection's right to call, shared by all who use the connection."""

    async def take(self, calls: int = 1) -> None:
        """Wait until this many calls may be made."""

    async def ready(self) -> None:
        """Wait until a call could be made at once; nothing is taken."""

    async def freeze(self, seconds: float) -> None:
        """Let nobody call for so long: the vendor asked."""


class Exchange(msgspec.Struct, frozen=True, kw_only=True):
    """One request and its answer for the exchange log, secrets already masked, bodies cut to a readable length."""

    connection: str
    direction: str
    """`out` or `in`."""
    what: str
    """The vendor's method or mode."""
    request: str
    answer: str
    status: int
    took_s: float
    error: str = ""


class Ports(msgspec.Struct, frozen=True, kw_only=True):
    """What the hub gives a connection to work with."""

    budget: Budget
    log: Callable[[Exchange], None]
    now: Callable[[], float]
    """Epoch seconds."""
    spool: Path
    """A folder of the connection's own for files on their way."""


class Connector(Protocol):
    """A vendor: its name, its settings, and how a connection is opened."""

    vendor: str
    settings: type[msgspec.Struct]

    def open(self, name: str, settings: msgspec.Struct, ports: Ports) -> Connection:
        """Return a connection; nothing is sent until it is used. `settings` is of the type above."""
