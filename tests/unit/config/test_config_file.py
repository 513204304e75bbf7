from decimal import Decimal
from pathlib import Path

import pytest
from configured import BASE, CONNECTORS, ENV, GOODS, Desk

from obmen.config import Every, FaultyConfig, load_config
from obmen.config.faults import place
from obmen.errors import ConfigError
from obmen.sync.derived import Selling
from obmen.sync.guard import Limits


def test_a_file_without_sections_has_the_defaults(read, tmp_path):
    config = read(base="")

    assert (config.hub.host, config.hub.port, config.hub.language) == ("127.0.0.1", 8017, "auto")
    assert f"sqlite:///{tmp_path}/obmen.db" == config.hub.ledger
    assert tmp_path / "spool" == config.hub.spool
    assert Limits() == config.guards.limits()
    assert config.connections == {}


def test_connections_get_their_vendors_settings(read, tmp_path):
    config = read("prices = { retail = 1 }\nmirrors.north = { code = 'n' }\n")
    erp, shop = config.connections["erp"], config.connections["shop"]

    assert isinstance(erp.connector, Desk)
    assert (erp.settings.login, erp.settings.password, erp.settings.portion) == ("robot", "sesame", 50)
    assert shop.settings.hook == "https://shop.test/hook"
    assert shop.settings.prices == {"retail": 1}
    assert shop.settings.mirrors["north"].code == "n"
    assert tmp_path / "pictures" == shop.settings.folder
    assert ("erp", erp.settings, "ports") == erp.open("ports")


def test_the_rest_of_the_hub_is_read(read):
    config = read(
        '[hub]\nledger = "postgresql://db/obmen"\nport = 80\ntime_zone = "Asia/Yekaterinburg"\nspool = "/var/spool/obmen"\n'
        '[guards]\nzero = 1\n[offer]\nselling_warehouses = ["main"]\nsafety_stock = 0.5\n'
    )

    assert config.hub.ledger == "postgresql://db/obmen"
    assert config.zone.key == "Asia/Yekaterinburg"
    assert Path("/var/spool/obmen") == config.hub.spool
    assert config.guards.limits().zero == 1.0
    assert Decimal("0.5") == config.offer.safety_stock


def test_every_fault_is_told_at_once_with_its_place_and_the_choices(refuse):
    told = refuse(
        """
        limits = ["many"]
        colour = "red"
        [hub]
        port = 0
        laanguage = "ru"
        time_zone = "Moscow"
        [gards]
        [sync.product]
        creators = ["erp"]
        owners = { default = "epr", skuu = "erp" }
        readers = ["shop", "shopp"]
        """
    )

    assert told == [
        "[gards] — no such section; known: hub, connections, sync, guards, offer, alerts; did you mean «guards»?",
        "[hub] laanguage — no such setting; known: ledger, host, port, trusted_proxies, language, time_zone, spool, keep_exchanges_days, keep_journal_days; did you mean «language»?",
        "[hub] port = 0: expected a whole number from 1 to 65535",
        "[connections.shop] colour — no such setting; known: hook, prices, mirrors, folder, limits, type, match, keyed_by, silent_after, schedule, functions",
        '[connections.shop] limits = ["many"]: expected a list [a whole number, …]',
        '[sync.product] owners.default = "epr": no such connection; known: erp, shop, origin, each; did you mean «erp»?',
        "[sync.product] owners.skuu — no such field; known: default, name, full_name, slug, sku, barcodes, parent, categories, description, summary, pictures, unit, vat, weight, length, width, height, brand, manufacturer, country, kind, properties, active; did you mean «sku»?",
        '[sync.product] readers[1] = "shopp": no such connection; known: erp, shop; did you mean «shop»?',
    ]


def test_the_error_carries_all_faults_in_both_languages(read):
    with pytest.raises(ConfigError) as caught:
        read("[hub]\nport = 0\nlanguage = 'fr'\n")

    assert "obmen.toml: 2 ошибки, исправьте файл" in caught.value.text("ru")
    assert "[hub] port = 0: ожидается целое число от 1 до 65535" in caught.value.text("ru")
    assert '[hub] language = "fr": expected one of: auto, en, ru' in caught.value.text("en")
    assert caught.value.code == "config.faults"


def test_a_zone_nobody_knows_is_refused(refuse):
    assert refuse('[hub]\ntime_zone = "Moscow"') == [
        "[hub] — no such time zone as «Moscow»; known are names like Europe/Moscow, Asia/Yekaterinburg"
    ]


def test_a_missing_variable_is_named_with_its_place(refuse):
    assert refuse(env={}) == [
        "[connections.erp] password — the environment has no variable ERP_PASSWORD; set it, or give it a default after its name and :-"
    ]


def test_a_missing_variable_is_named_in_russian(refuse):
    assert refuse(env={}, language="ru") == [
        "[connections.erp] password — в окружении нет переменной ERP_PASSWORD; задайте её или допишите значение после имени и :-"
    ]


def test_a_number_may_come_from_the_environment(read):
    config = read('[hub]\nport = "${PORT:-9000}"\n', env=ENV | {"PORT": "9100"})

    assert config.hub.port == 9100


def test_a_wrong_value_from_the_environment_is_shown_as_written(refuse):
    assert refuse('[hub]\nport = "${PORT}"\n', env=ENV | {"PORT": "topsecret"}) == [
        '[hub] port = "${PORT}": expected a whole number from 1 to 65535'
    ]


def test_a_reference_is_put_in_wherever_it_stands_and_may_be_escaped(read):
    config = read('[offer]\nselling_warehouses = ["a-${X}-${Y:-y}", "$${X}"]\n', env=ENV | {"X": "x"})

    assert config.offer.selling_warehouses == ("a-x-y", "${X}")


def test_a_malformed_reference_is_refused(refuse):
    assert "[hub] host — a variable is written ${NAME}" in refuse('[hub]\nhost = "${my-host}"')[0]


def test_a_secret_in_the_file_is_a_warning_and_not_a_fault(read):
    config = read(base=BASE.replace("${ERP_PASSWORD}", "sesame"))

    assert [(finding.code, finding.ru) for finding in config.findings] == [
        (
            "config.secret.literal",
            "[connections.erp] password — секрет записан прямо в файле; держите его в окружении и напишите ${ERP_PASSWORD}",
        )
    ]


@pytest.mark.parametrize(
    ("text", "count"),
    [
        ('[hub]\nledger = "postgresql://me:sesame@db/obmen"', 1),
        ('[hub]\nledger = "postgresql://me:${PASSWORD:-x}@db/obmen"', 0),
        ('[hub]\nledger = "sqlite:///other.db"', 0),
        ('[hub]\nledger = "postgresql://db:5432/obmen"', 0),
    ],
)
def test_a_password_inside_an_address_is_a_secret_too(read, text, count):
    assert count == len(read(text).findings)


def test_a_faulty_secret_is_never_shown(refuse):
    told = refuse(
        base=BASE.replace('"${ERP_PASSWORD}"', "[12345678]").replace("${SHOP_HOOK:-https", "${SHOP_HOOK:-ftp")
    )

    assert told == [
        '[connections.erp] password — expected a text in ""',
        "[connections.shop] — hook is not a web address",
    ]


@pytest.mark.parametrize(
    ("base", "en"),
    [
        (
            "[connections.x]\nlogin = 'a'",
            "[connections.x] — say which system it is: type = one of desk, stall",
        ),
        (
            "[connections.x]\ntype = 'dusk'",
            '[connections.x] type = "dusk": no such type of connection; known: desk, stall; did you mean «desk»?',
        ),
        (
            "[connections.x]\ntype = 'stall'",
            "[connections.x] — the setting `hook` is missing: Address with its key.",
        ),
        ("[connections]\nx = 1", "[connections.x] = 1: expected a table"),
        ("connections = 1", "[connections] = 1: expected tables"),
        (
            "[connections.x]\ntype='stall'\nhook='${H:-h}'\nmirrors.a = {}",
            "[connections.x] mirrors.a — the setting `code` is missing",
        ),
        (
            "[connections.x]\ntype='stall'\nhook='${H:-h}'\nmatch='sku'",
            '[connections.x] match = "sku": expected a list of keys: ["xml_id", "sku"]',
        ),
        (
            "[connections.x]\ntype='stall'\nhook='${H:-h}'\nmatch.good=['sku']",
            "[connections.x] match.good — no such entity; known: category, product, offer, customer, order",
        ),
    ],
)
def test_a_connection_says_what_it_lacks(refuse, base, en):
    assert [en] == refuse(base=base)


@pytest.mark.parametrize("name", ["origin", "each", "default", "Shop", "a-b", "магазин"])
def test_a_name_that_would_be_mistaken_is_refused(refuse, name):
    told = refuse(base=f'[connections."{name}"]\ntype = "stall"\nhook = "${{H:-h}}"')

    assert len(told) == 1
    assert "a connection is named in small Latin letters" in told[0]


def test_a_connection_of_unknown_type_does_not_blame_those_who_name_it(refuse):
    told = refuse(GOODS, base=BASE.replace('"stall"', '"stal"'))

    assert len(told) == 1


def test_keys_to_match_by_are_the_connections_then_the_entitys(read):
    config = read(
        "match = { product = ['xml_id', 'sku'] }\n"
        + GOODS.replace("[sync.offer]", "[sync.offer]\nmatch = ['xml_id']").replace(
            "[sync.product]", "[sync.product]\nmatch = ['sku']"
        )
    )

    assert config.match_keys("shop", "product") == ("xml_id", "sku")
    assert config.match_keys("erp", "product") == ("sku",)
    assert config.match_keys("shop", "offer") == ("xml_id",)
    assert config.match_keys("shop", "category") == ()


def test_a_connection_names_whose_refs_it_keeps(read):
    connections = read("keyed_by = 'erp'").connections

    assert connections["shop"].keyed_by == "erp"
    assert connections["erp"].keyed_by is None


@pytest.mark.parametrize("name", ["epr", "shop"])
def test_refs_are_kept_of_another_connection_only(refuse, name):
    told = refuse(f"keyed_by = '{name}'")

    assert len(told) == 1
    assert f'[connections.shop] keyed_by = "{name}": no such other connection; known: erp' in told[0]


def test_guards_and_offers_are_given_as_the_merge_knows_them(read):
    config = read("[guards]\nzero = 0.5\n[offer]\nselling_warehouses = ['main']\nsafety_stock = 2\n")

    assert config.guards.limits() == Limits(zero=0.5)
    assert config.offer.selling() == Selling(warehouses=("main",), safety="2")


def test_a_negative_reserve_is_refused(refuse):
    assert refuse("[offer]\nsafety_stock = -1") == ["[offer] — safety_stock cannot be below 0"]


def test_a_slip_in_toml_names_its_line(read):
    with pytest.raises(ConfigError, match=r"obmen.toml is not TOML: .*line 2") as caught:
        read(base="[hub]\nport = \n")

    assert caught.value.code == "config.toml"


def test_a_file_from_notepad_is_read(tmp_path):
    path = tmp_path / "obmen.toml"
    path.write_bytes("\ufeff[hub]\r\nport = 81\r\n".encode())

    assert load_config(path, connectors=CONNECTORS, env={}).hub.port == 81


def test_another_encoding_is_named(tmp_path):
    path = tmp_path / "obmen.toml"
    path.write_bytes("# склад\n".encode("cp1251"))

    with pytest.raises(ConfigError, match="not UTF-8"):
        load_config(path, connectors=CONNECTORS, env={})


def test_a_file_that_is_not_there_is_named(tmp_path):
    with pytest.raises(ConfigError, match=r"obmen.toml cannot be read: No such file"):
        load_config(tmp_path / "obmen.toml", connectors=CONNECTORS, env={})


def test_schedules_go_from_the_exact_to_the_wide(read):
    shop = read(
        """
        [connections.shop.schedule]
        every = "1h"
        write = ["sat,sun"]
        product = { every = "15m", deliver = "live" }
        offer.prices = { write = ["18:00-10:00"] }
        "offer.prices.retail" = { write = [] }
        reconcile = { cron = "0 4 * * *" }
        """
    ).connections["shop"]

    assert Every(900) == shop.cadence("product")
    assert Every(3600) == shop.cadence("offer")
    assert shop.cadence("reconcile").text == "0 4 * * *"
    assert [window.start for window in shop.windows("offer", "prices.b2b")] == [18 * 60]
    assert shop.windows("offer", "prices.retail") == ()
    assert [window.start for window in shop.windows("offer", "stock.main")] == [0]
    assert [shop.delivers("product"), shop.delivers("offer")] == ["live", "plan"]


def test_without_a_schedule_nothing_runs_by_the_clock_and_nothing_is_written_without_a_plan(read):
    shop = read().connections["shop"]

    assert None is shop.cadence("product")
    assert None is shop.cadence("reconcile")
    assert shop.windows("offer", "prices.retail") == ()
    assert shop.delivers("product") == "plan"


def test_the_beat_of_a_connection_is_not_the_beat_of_its_reconciliation(read):
    assert None is read("schedule.every = '5m'").connections["shop"].cadence("reconcile")


@pytest.mark.parametrize(
    ("line", "en"),
    [
        (
            "every = 'often'",
            'every = "often": a duration is written like 30s, 15m, 1h30m or 1d, up to a year',
        ),
        (
            "product = { cron = 'daily' }",
            'product.cron = "daily": not a cron line: minute hour day month weekday, such as */15 * * * * or 0 4 * * MON-FRI',
        ),
        (
            "write = ['18:00-10:00', 'night']",
            'write[1] = "night": a window is written like 18:00-10:00, mon-fri 18:00-10:00 or sat,sun',
        ),
        ("product = { every = '1m', cron = '* * * * *' }", "product — either every or cron, not both"),
        (
            "productt = { every = '1m' }",
            "productt — nothing to schedule by this name; known: category, product, offer, customer, order, reconcile, every, cron, write, deliver; did you mean «product»?",
        ),
        (
            "offer.price = { write = [] }",
            "offer.price — no such field; known: product, name, sku, barcodes, characteristics, unit, prices, stock, available, active; did you mean «prices»?",
        ),
        (
            "'offer.' = { write = [] }",
            '"offer." — no such field; known: product, name, sku, barcodes, characteristics, unit, prices, stock, available, active',
        ),
        ("offer.prices = { every = '1m' }", 'offer.prices.every = "1m": here stands only: write'),
        ("reconcile = { deliver = 'live' }", 'reconcile.deliver = "live": here stands only: every, cron'),
        ("deliver = 'now'", 'deliver = "now": expected one of: live, plan'),
        ("offer = 5", "offer = 5: expected a table"),
    ],
)
def test_a_slip_in_a_schedule_is_named(refuse, line, en):
    assert [f"[connections.shop.schedule] {en}"] == refuse(f"[connections.shop.schedule]\n{line}\n")


def test_the_same_text_is_refused_in_the_same_words(refuse):
    text = "[hub]\nport = 0\nhst = 1\n[sync.productt]\n"

    assert refuse(text) == refuse(text)


def test_places_read_as_in_the_file():
    assert place(("sync", "product", "readers", 1)) == "[sync.product] readers[1]"
    assert place(("sync", "offer", "owners", "prices.b2b")) == '[sync.offer] owners."prices.b2b"'
    assert place(("hub",)) == "[hub]"


def test_faults_are_values(read):
    with pytest.raises(FaultyConfig) as caught:
        read("[hub]\nport = 0")

    assert [(fault.where, fault.got) for fault in caught.value.faults] == [(("hub", "port"), "0")]
