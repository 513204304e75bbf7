"""The hand-written pages: links lead somewhere, settings and commands they show exist, both languages have them."""

import re
import tomllib
from pathlib import Path

import msgspec
import pytest

from obmen.cli import cli
from obmen.cli.helps import commands, spoken
from obmen.config.alerts import Alerts
from obmen.config.tables import ConnectionTable, Guards, Hub, Offer, Timing
from obmen.connectors import SHIPPED
from obmen.model import ENTITIES

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"
PAGES = sorted([*ROOT.glob("*.md"), *DOCS.rglob("*.md"), *ROOT.glob("src/obmen/connectors/*/README.md")])
ENGLISH_ONLY = {"architecture.md", "how-to/add-a-connector.md", "reference/laws.md"}
SECTIONS = {"hub": Hub, "guards": Guards, "offer": Offer, "alerts": Alerts}


def named(page):
    return str(page.relative_to(ROOT))


def keys(struct):
    return {field.encode_name for field in msgspec.structs.fields(struct)}


def anchors(page):
    heads = re.findall(r"^#+ (.+)$", page.read_text(encoding="utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", head.casefold()).replace(" ", "-") for head in heads}


def unknown(document):
    """Name the settings of a document that nothing reads."""
    known = {**SECTIONS, **{f"connections.{vendor.vendor}": vendor.settings for vendor in SHIPPED}}
    by_name = {
        "erp": "connections.onec",
        "shop": "connections.bitrix",
        "crm": "connections.retailcrm",
        "crm2": "connections.retailcrm",
    }
    for section, table in document.items():
        if section in SECTIONS:
            yield from (f"{section}.{key}" for key in table if key not in keys(known[section]))
        if section == "connections":
            for name, settings in table.items():
                allowed = keys(known[by_name[name]]) | keys(ConnectionTable)
                yield from (f"{name}.{key}" for key in settings if key not in allowed)
                timings = keys(Timing) | {*ENTITIES, "reconcile", "offer"}
                yield from (
                    f"{name}.schedule.{key}" for key in settings.get("schedule", {}) if key not in timings
                )
        if section == "sync":
            for entity, rules in table.items():
                for atom in rules.get("owners", {}):
                    if atom != "default":
                        ENTITIES[entity].atom(atom)


@pytest.mark.parametrize("page", PAGES, ids=named)
def test_every_link_inside_the_project_leads_somewhere(page):
    text = page.read_text(encoding="utf-8")
    for target in re.findall(r"\]\((?!https?:)([^)\s]+)\)", text):
        path, _, anchor = target.partition("#")
        there = (page.parent / path).resolve() if path else page

        assert there.exists(), target
        assert not anchor or anchor in anchors(there), target


@pytest.mark.parametrize("page", PAGES, ids=named)
def test_every_command_that_is_shown_exists(page):
    known = {path for path, _ in commands(spoken(cli, "en"))}
    code = re.findall(r"```(?:sh|bash)\n(.*?)```|`([^`\n]+)`", page.read_text(encoding="utf-8"), re.DOTALL)
    shown = {
        name
        for pair in code
        for text in pair
        for name in re.findall(r"(?:^|[\s/(])obmen ([a-z][a-z-]+)", text)
    }

    assert shown - known == set()


@pytest.mark.parametrize("page", sorted(DOCS.rglob("how-to/*.md")), ids=named)
def test_every_setting_that_is_shown_exists(page):
    for block in re.findall(
        r"```toml\n(.*?)```", page.read_text(encoding="utf-8").replace("\n   ", "\n"), re.DOTALL
    ):
        assert list(unknown(tomllib.loads(block))) == []


def test_every_page_is_there_in_both_languages():
    english = {
        str(page.relative_to(DOCS)) for page in DOCS.rglob("*.md") if "ru" not in page.relative_to(DOCS).parts
    }
    russian = {str(page.relative_to(DOCS / "ru")) for page in (DOCS / "ru").rglob("*.md")}

    assert english - ENGLISH_ONLY == russian


def test_both_tutorials_type_the_same():
    said = {"нечего": "'nothing to write'", "Придержано,": "Held"}
    texts = [(DOCS / name).read_text(encoding="utf-8") for name in ("tutorial.md", "ru/tutorial.md")]
    english, russian = ("".join(re.findall(r"```bash\n(.*?)```", text, re.DOTALL)) for text in texts)
    for ru, en in said.items():
        russian = russian.replace(ru, en)

    assert english == russian


def test_pictures_are_small_and_ask_nobody_for_anything():
    for picture in DOCS.rglob("*.svg"):
        text = picture.read_text(encoding="utf-8")

        assert len(text.encode()) < 200_000
        assert re.findall(r"https?://(?!www\.w3\.org)\S+", text) == []
