"""Spooling: what goes on is put in order, everything else comes out as it went in."""

from io import BytesIO

from obmen.connectors.contract import Portion
from obmen.engine.spooling import read_page, spool
from obmen.sync.shadow import Look


def portion(refs, position, *, entity="offer", more=False, complete=False):
    looks = tuple(Look(ref=ref, fields={"name": f"{ref} of {position}"}) for ref in refs)
    return Portion(entity=entity, looks=looks, position=position, more=more, complete=complete)


def pages(portions, *, page=1_000_000):
    file = BytesIO()
    size = spool(portions, file, page=page)
    file.seek(0)
    read = list(iter(lambda: read_page(file), None))
    assert file.tell() == size
    return read


def refs(page):
    return "".join(look.ref for look in page.looks)


def test_portions_that_stand_alone_come_out_as_they_went_in():
    given = [portion("ca", 2, entity="order"), portion("b", 3, entity="order"), portion("", 3, complete=True)]

    assert pages(given) == given


def test_what_goes_on_is_put_in_the_order_of_refs_and_reaches_as_far_as_its_last():
    (page,) = pages([portion("da", 2, more=True), portion("cb", 4)])

    assert (refs(page), page.position, page.more) == ("abcd", 4, False)


def test_looks_of_one_ref_keep_their_order():
    (page,) = pages([portion("ba", 2, more=True), portion("a", 3)])

    assert [look.fields["name"] for look in page.looks] == ["a of 2", "a of 3", "b of 2"]


def test_goods_and_offers_that_go_on_are_not_mixed():
    out = pages(
        [portion("b", 1, entity="product", more=True), portion("a", 2, more=True), portion("c", 3)],
    )

    assert [(page.entity, refs(page), page.more) for page in out] == [
        ("product", "b", True),
        ("offer", "ac", False),
    ]


def test_only_the_last_page_says_that_nothing_goes_on_and_that_everything_was_shown():
    out = pages([portion("abc", 3, complete=True)], page=1)

    assert [(refs(page), page.more, page.complete) for page in out] == [
        ("a", True, False),
        ("b", True, False),
        ("c", False, True),
    ]


def test_a_file_that_ends_while_it_goes_on_does_not_go_on():
    assert [page.more for page in pages([portion("a", 1, more=True)])] == [False]
