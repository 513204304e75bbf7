import pytest
from configured import BASE, CONNECTORS, GOODS, Desk, Stall

from obmen.model import Record
from obmen.sync.facts import STAGES
from obmen.sync.rules import (
    Each,
    Forward,
    Latest,
    Once,
    Origin,
    Owner,
    Phase,
    Priority,
    Reader,
    Review,
    in_force,
)

SIX = (
    "".join(
        f"[connections.{name}]\ntype = 'stall'\nhook = '${{HOOK:-h}}'\n"
        for name in ("pim", "shop", "crm", "retail", "ali", "shop_b")
    )
    + "[connections.erp]\ntype = 'desk'\nlogin = 'robot'\npassword = '${ERP_PASSWORD}'\n"
)

TABLE = """
[sync.product]
creators = ["erp"]
owners   = { default = "pim", sku = "erp", barcodes = "erp", vat = "erp", slug = { rule = "once", by = "shop" } }
readers  = ["pim", "shop", "crm", "retail", "ali"]

[sync.offer]
creators = ["erp"]
owners   = { default = "erp", "prices.shop_b" = "shop_b" }
readers  = ["shop", "retail", "ali"]

[sync.order]
creators = ["shop", "ali"]
readers  = ["shop", "retail", "crm", { to = "erp", when = "confirmed and (prepaid implies paid)" }, { to = "ali", when = "origin = ali", only = ["shipments"] }]

[sync.order.owners]
default = "origin"
money = [{ until = "confirmed", owner = "origin" }, { owner = "retail" }]
stage = { rule = "forward", any = ["retail", "crm", "erp", "origin"] }
payments = "each"
shipments = "each"
returns = "each"
responsible = "crm"
"""


def order(origin="shop", **atoms):
    return Record(id=1, entity="order", origin=origin, atoms=atoms)


def owners(atom, written, *, entity="product", more=""):
    return (
        f"[sync.{entity}]\ncreators = ['erp']\nreaders = ['shop']\n{more}\n"
        f"[sync.{entity}.owners]\ndefault = 'erp'\n{atom} = {written}\n"
    )


def test_the_table_of_the_design_is_read(read):
    sync = read(TABLE, base=SIX).sync

    assert sync["product"].rule("name") == Owner("pim")
    assert sync["product"].rule("sku") == Owner("erp")
    assert sync["product"].rule("slug") == Once(by="shop")
    assert sync["offer"].rule("prices.shop_b") == Owner("shop_b")
    assert sync["offer"].rule("prices.retail") == Owner("erp")
    assert sync["order"].rule("number") == Origin()
    assert sync["order"].rule("payments.1") == Each()
    assert [reader.to for reader in sync["order"].readers] == ["shop", "retail", "crm", "erp", "ali"]


def test_a_readers_condition_and_choice_of_fields_are_kept(read):
    erp, ali = read(TABLE, base=SIX).sync["order"].readers[3:]

    assert erp.when(order(stage="confirmed"))
    assert not erp.when(order(stage="new"))
    assert (ali.receives("shipments.1"), ali.receives("number")) == (True, False)
    assert ali.when(order("ali"))


def test_a_phase_hands_the_field_over(read):
    rule = read(TABLE, base=SIX).sync["order"].rule("money")

    assert in_force(rule, order(stage="new")) == Origin()
    assert in_force(rule, order(stage="confirmed")) == Owner("retail")


def test_origin_among_several_is_the_system_each_record_was_born_in(read):
    rule = read(TABLE, base=SIX).sync["order"].rule("stage")

    assert in_force(rule, order("shop")) == Forward(STAGES, ("retail", "crm", "erp", "shop"))
    assert in_force(rule, order("ali")) == Forward(STAGES, ("retail", "crm", "erp", "ali"))


def test_with_one_creator_origin_among_several_is_that_creator(read):
    written = '{ rule = "forward", any = ["origin", "shop"] }'

    assert read(owners("stage", written, entity="order")).sync["order"].rule("stage") == Forward(
        STAGES, ("erp", "shop")
    )


@pytest.mark.parametrize(
    ("written", "rule"),
    [
        ("'shop'", Owner("shop")),
        ("'origin'", Origin()),
        ("{ owner = 'origin' }", Origin()),
        ("{ rule = 'once', by = 'shop', source = 'erp' }", Once(by="shop", source="erp")),
        ("{ rule = 'priority', order = ['shop', 'erp'] }", Priority(("shop", "erp"))),
        ("{ rule = 'review' }", Review()),
        ("{ rule = 'review', any = ['shop'] }", Review(("shop",))),
        ("{ rule = 'latest', any = ['shop'] }", Latest(("shop",))),
        ("[{ owner = 'shop' }]", Phase(((None, Owner("shop")),))),
    ],
)
def test_rules_are_written_in_their_several_ways(read, written, rule):
    assert read(owners("description", written)).sync["product"].rule("description") == rule


@pytest.mark.parametrize(
    ("atom", "written", "en"),
    [
        ("name", "'shp'", 'name = "shp": no such connection; known: erp, shop, origin, each; did you mean «shop»?'),
        ("name", "'each'", 'name = "each": `each` is for elements with a maker of their own; here: properties'),
        ("name", "{ rule = 'once' }", 'name = { rule = "once" }: once needs `by`: the connection whose field it is afterwards'),
        ("name", "{ rule = 'once', by = 'x' }", 'name.by = "x": no such connection; known: erp, shop'),
        ("name", "{ rule = 'once', by = 'shop', source = 'x' }", 'name.source = "x": no such connection; known: erp, shop'),
        ("name", "{ rule = 'forward' }", 'name = { rule = "forward" }: forward is for facts with ranks; known: order.stage'),
        ("name", "{ rule = 'priority', order = ['shop'] }", 'name = { rule = "priority", order = ["shop"] }: priority needs `order` with two connections or more'),
        ("name", "{ rule = 'review', any = ['shop', 'x'] }", 'name.any[1] = "x": no such connection; known: erp, shop, origin'),
        ("name", "{ rule = 'newest' }", 'name.rule = "newest": no such rule; known: once, forward, priority, review, latest'),
        ("name", "{ rule = 'review', owner = 'shop' }", 'name = { rule = "review", owner = "shop" }: either owner or rule is needed; rules: once, forward, priority, review, latest'),
        ("name", "{ bye = 'shop', rule = 'once', by = 'shop' }", "name.bye — no such setting; known: owner, rule, by, source, any, order, until; did you mean «by»?"),
        ("name", "{ owner = 'shop', until = 'active' }", 'name = { owner = "shop", until = "active" }: a phase needs a next one: [{ until = …, owner = … }, { owner = … }]'),
        ("name", "[{ owner = 'erp', until = 'active' }]", 'name[0] = { owner = "erp", until = "active" }: the last phase has no `until`: add who decides afterwards'),
        ("name", "[{ owner = 'erp' }, { owner = 'shop' }]", 'name[0] = { owner = "erp" }: only the last phase does without `until`'),
        ("name", "[{ owner = 'erp', until = 'acttive' }, { owner = 'shop' }]", 'name[0].until = "acttive": column 1, «acttive»: this word is not known'),
        ("name", "[]", "name = []: no phase is given"),
        ("name", "5", "name = 5: expected a table"),
        ("'name.ru'", "'shop'", '"name.ru" — no such field; known: default, name, full_name'),
    ],
)  # fmt: skip
def test_a_rule_that_cannot_work_is_refused(refuse, atom, written, en):
    told = refuse(owners(atom, written))

    assert len(told) == 1
    assert told[0].startswith(f"[sync.product] owners.{en}")


def test_a_computed_field_has_no_owner(refuse):
    told = refuse(owners("available", "'shop'", entity="offer") + owners("name", "'erp'"))

    assert told == [
        '[sync.offer] owners.available = "shop": this field is computed; name owners for the fields it is computed from'
    ]


@pytest.mark.parametrize(
    ("atom", "written", "who"),
    [
        ("name", "{ rule = 'latest', any = ['shop'] }", "shop"),
        ("description", "{ rule = 'latest', any = ['erp', 'shop'] }", "erp"),
        ("description", "{ rule = 'latest', any = ['shop', 'origin'] }", "erp"),
        ("description", "{ rule = 'latest' }", "erp"),
    ],
)
def test_latest_is_refused_where_a_vendor_keeps_no_true_change_time(refuse, atom, written, who):
    told = refuse(owners(atom, written))

    assert len(told) == 1
    assert (
        f"latest needs a true change time of this field, which {who} has not; use priority or review"
        in told[0]
    )


def test_latest_holds_for_members_of_a_family_with_change_times(read):
    text = owners("'properties.colour'", "{ rule = 'latest', any = ['shop'] }")

    assert read(text).sync["product"].rule("properties.colour") == Latest(("shop",))


@pytest.mark.parametrize(
    ("text", "en"),
    [
        (GOODS.replace("[sync.product]", "[sync.productt]"), ["[sync.productt] — no such entity; known: category, product, offer, customer, order; did you mean «product»?", '[sync.offer] readers[0] = "shop": offer.product needs product: add «shop» to the readers of [sync.product]']),
        (GOODS + "[sync.customer]\nowners = { default = 'erp' }", ['[sync.customer] — say who may bring new records: creators = ["<connection>"]']),
        (GOODS + "[sync.customer]\ncreators = ['erp']", ['[sync.customer] owners — say who decides all other fields: default = "<connection>" or "origin"']),
        (GOODS + "[sync.customer]\ncreators = ['epr', 'shp']\nowners = { default = 'erp' }", ['[sync.customer] creators[0] = "epr": no such connection; known: erp, shop; did you mean «erp»?', '[sync.customer] creators[1] = "shp": no such connection; known: erp, shop; did you mean «shop»?']),
        (GOODS + "[sync.customer]\ncreators = 'erp'\nowners = { default = 'x' }", ['[sync.customer] creators = "erp": expected a list [a text in "", …]', '[sync.customer] owners.default = "x": no such connection; known: erp, shop, origin, each']),
        (GOODS + "[sync.customer]\ncreators = ['erp']\nowners = { default = 'erp' }\nreaders = ['shop', { to = 'shop' }]", ['[sync.customer] readers[1] = { to = "shop" }: this reader is named twice']),
        (GOODS + "[sync.customer]\ncreators = ['erp']\nowners = { default = 'erp' }\nreaders = [{ to = 'shop', only = ['nam'] }]", ["[sync.customer] readers[0].only[0] — no such field; known: name, phones, emails, birthday, responsible, properties; did you mean «name»?"]),
        (GOODS + "[sync.customer]\ncreators = ['erp']\nowners = { default = 'erp' }\nreaders = [{ to = 'shop', when = 'paid' }]", ['[sync.customer] readers[0].when = "paid": column 1, «paid»: this word is not known; known: origin, name, phones, emails, birthday, responsible, properties']),
        (GOODS + "[sync.customer]\ncreators = ['erp']\nowners = { default = 'erp' }\nreaders = [{ when = 'name' }, 5]", ["[sync.customer] readers[0] — the setting `to` is missing: The connection.", "[sync.customer] readers[1] = 5: expected a table"]),
    ],
)  # fmt: skip
def test_a_slip_in_a_section_is_named(refuse, text, en):
    assert refuse(text) == en


def test_a_reader_of_offers_must_receive_their_products(refuse):
    text = GOODS.replace("[sync.offer]", "[sync.offer]\nmatch = []").replace(
        'by = "shop" } }\nreaders = ["shop"]', 'by = "shop" } }\nreaders = []'
    )

    assert refuse(text, language="ru") == [
        '[sync.offer] readers[0] = "shop": полю offer.product нужна сущность product: добавьте «shop» в readers [sync.product]'
    ]


def test_a_reader_that_brings_the_partners_itself_holds_them(read):
    text = (
        GOODS.replace('[sync.offer]\ncreators = ["erp"]', '[sync.offer]\ncreators = ["shop"]')
        .replace('default = "erp" }\nreaders = ["shop"]\n', 'default = "erp" }\nreaders = ["erp"]\n')
        .replace('by = "shop" } }\nreaders = ["shop"]', 'by = "shop" } }\nreaders = []')
    )

    assert read(text).sync["offer"].readers == (Reader(to="erp"),)


def test_a_reader_without_categories_may_take_products_by_their_other_fields(read, refuse):
    bare = GOODS.replace(
        'default = "erp" }\nreaders = ["shop"]\n\n[sync.product]', 'default = "erp" }\n\n[sync.product]'
    )
    chosen = bare.replace(
        'by = "shop" } }\nreaders = ["shop"]', 'by = "shop" } }\nreaders = [{ to = "shop", only = ["name"] }]'
    )

    assert refuse(bare) == [
        '[sync.product] readers[0] = "shop": product.categories needs category: add «shop» to the readers of [sync.category]'
    ]
    assert read(chosen).sync["product"].reader("shop").only == ("name",)


def test_partners_that_are_not_exchanged_at_all_are_nobodys_fault(read):
    text = GOODS[GOODS.index("[sync.product]") :]

    assert read(text).sync.keys() == {"product", "offer"}


def test_a_connector_without_change_times_is_no_ground_for_latest(refuse):
    assert (
        "which shop has not"
        in refuse(
            owners("description", "{ rule = 'latest', any = ['shop'] }"),
            base="[connections.shop]\ntype='desk'\nlogin='x'\npassword='${ERP_PASSWORD}'\n[connections.erp]\ntype='stall'\nhook='${H:-h}'\n",
            connectors=(Desk(), CONNECTORS[1]),
        )[0]
    )


def test_a_vendor_that_gets_its_goods_from_elsewhere_needs_no_products(read):
    class Crm(Stall):
        vendor = "crm"
        recognises = ("offer",)

    base = BASE.replace('type = "stall"', 'type = "crm"')
    text = """
[sync.product]
creators = ["erp"]
owners = { default = "erp" }
readers = []

[sync.offer]
creators = ["erp"]
owners = { default = "erp" }
readers = ["shop"]
"""
    assert read(text, base=base, connectors=(Desk(), Crm())).sync["offer"].reader("shop") is not None
