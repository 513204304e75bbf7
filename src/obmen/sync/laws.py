"""The laws of the merge, each with a switch that only the referee may turn off.

A test that cannot fail proves nothing: the referee switches each law off and must notice. Nothing in the product
passes anything but `ALL`.
"""

from __future__ import annotations

from enum import Enum


class Law(Enum):
    """One rule of the core, named by what it forbids or demands."""

    READ_FENCE = "a look older than the last settled look is superseded"
    WRITE_FENCE = "a look older than the end of our last write is superseded and repeated"
    SOURCE_ORDER = "a file older than the newest file that spoke of an atom is superseded"
    ONE_CONVERSATION = "looks at a binding wait while a write to it is open"
    LOOK_BEFORE_WRITE = "atoms the target may decide are looked at before they are written"
    FIND_BEFORE_CREATE = "a system is searched immediately before something is created in it"
    LEASE = "an unknown outcome is looked up only when the write can no longer land"
    SENT = "what we wrote is remembered beside what came back"
    BLOCK_UNREADABLE = "a value that cannot be decoded is neither taken nor overwritten"
    OWN_UNREADABLE = "a value that cannot be decoded but was written by us is ours to replace"
    ECHO_BY_MEANING = "another spelling of the same meaning is an echo"
    ECHO_MOVES_SENT = "an echo by meaning moves what we believe we sent as well"
    AGREE_FIRST = "what already agrees with the record is not a change"
    CODE_SET = "a many-to-one code agrees with every value it may stand for"
    OWNERS = "a system that may not decide is refused and gets the owner's value back"
    FIRST_CONTACT = "without a shadow the record stands"
    BOTH_CHANGED = "where both changed, the rule of the atom decides"
    FORWARD = "ranked facts never go back"
    CLASH = "cancelled against shipped is a person's"
    ONCE = "what is filled once is the reader's own afterwards"
    BASELINE = "what we did not send with a create is a baseline, never an assertion"
    DECLARED_DEFAULT = "after a looked-up create the base of unsent atoms is the declared default"
    OWN_ECHO_ON_RESOLVE = "our own value, found again after a lost answer, is ours"
    VOLATILE = "the fall of a selling system's stock is never put back"
    TUG_OF_WAR = "the same value is not written a third time in a day against the same resistance"
    TWO_IS_AN_ISSUE = "two candidates are a person's, never a choice"
    CREATORS = "only a creator brings new records"
    GATE_BIRTH_ONLY = "a reader's condition gates its first delivery, not the later ones"
    RECOMPUTE = "what a system is behind on is recomputed whenever anything it depends on changed"
    COMPLETE_ONLY = "absence is computed over a complete exchange only"
    GUARDS = "mass changes are held and asked about"
    PARTNER_WAKES = "a record that waits for a partner wakes when it is bound"
    RECREATE_NEVER = "what was deleted there is not created again by itself"


Laws = frozenset[Law]
ALL: Laws = frozenset(Law)
