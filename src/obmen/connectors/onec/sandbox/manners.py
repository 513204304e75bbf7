"""How a particular 1C behaves on the line: with whom it talks, its habits, and the mischief that befalls it."""

from typing import Literal

import msgspec

from obmen.connectors.onec.sandbox.request import Break


class Account(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The site as it is entered into the exchange node."""

    url: str  # of the exchange script, without a query
    login: str
    password: str

    def __repr__(self) -> str:
        """Show everything but the password."""
        return f"Account(url={self.url!r}, login={self.login!r}, password='***')"


class Manners(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Habits; the defaults are those of the exchange that ships inside 1C."""

    user_agent: str = "1C+Enterprise/8.3"
    content_type: str = "application/octet-stream"  # of a file; some builds call it a form
    all_post: bool = False  # some builds POST everything
    basic_always: bool = True  # Basic goes with every request, not with the first one only
    version: str = ""  # told to the site in `init`
    echo_sessid: bool = True  # old 1C reads three lines of `checkauth` and knows no token
    session_per_file: bool = False  # a login for every XML file, as commerceml-tester does
    backslashes: bool = False  # in names inside the archive
    deactivate: bool | None = None  # None = after a full export of a split generation
    complete: bool = False
    stop_at_failure: bool = True  # leave the files after a refused one
    retry: Literal["none", "file", "all"] = "none"  # what is sent again at once when the line breaks
    attempts: int = 1  # how often the whole exchange is started, as by its schedule
    timeout_s: float = 180.0  # of one request
    pause_s: float = 0.0  # between answers `progress`


class Mischief(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What goes wrong on purpose."""

    break_every: int = 0  # the line breaks at every so many requests; 0 = never
    break_how: Break = "answered"
    break_times: int = 0  # and no more often than this; 0 = without end
    wrong_password: bool = False
    without_cookie: bool = False
    wrong_cookie: bool = False  # the value of somebody else's session
    wrong_session: bool = False  # a `sessid` the site never gave out
    clock_skew_s: float = 0.0  # how far the clock of the 1C server is ahead
    wrong_mode: bool = False  # asks for `mode=importer`
    corrupt_archive: bool = False
