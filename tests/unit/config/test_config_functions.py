import pytest
from configured import BASE

from obmen.errors import ConfigError

RULES = '''\
"""The integrator's own."""
from dataclasses import dataclass


@dataclass
class Rate:
    text: str


def vat_for(name):
    """Choose a rate."""
    return Rate({"книга": "10"}[name]).text
'''


@pytest.fixture
def rule(read, tmp_path):
    def _rule(reference="rules:vat_for", source=RULES):
        (tmp_path / "rules.py").write_text(source, encoding="utf-8")
        base = BASE.replace('login = "robot"', f'login = "robot"\nvat = "{reference}"')
        return read(base=base).connections["erp"].settings.vat

    return _rule


def test_a_function_beside_the_configuration_is_called(rule):
    assert rule()("книга") == "10"


def test_it_knows_where_it_stands(rule, tmp_path):
    found = rule()

    assert (found.file, found.line, found.reference) == (tmp_path / "rules.py", 10, "rules:vat_for")


def test_what_goes_wrong_inside_names_file_line_and_function(rule):
    with pytest.raises(ConfigError) as caught:
        rule()("журнал")

    assert caught.value.ru == "rules.py, строка 12, функция vat_for: KeyError: 'журнал'; исправьте функцию"


@pytest.mark.parametrize(
    ("reference", "source", "en"),
    [
        (
            "rules",
            RULES,
            "a function is written file:function, such as rules:vat_for for vat_for in rules.py",
        ),
        ("../rules:vat_for", RULES, "a function is written file:function"),
        ("other:vat_for", RULES, "there is no other.py beside the configuration"),
        ("rules:vat_fr", RULES, "rules.py has no function vat_fr; known: vat_for; did you mean «vat_for»?"),
        ("rules:dataclass", "X = 1", "rules.py has no function dataclass; known: —"),
        ("rules:f", "def f(:\n", "rules.py cannot be run: line 1: SyntaxError: invalid syntax"),
        ("rules:f", "\n\n1 / 0\n", "rules.py cannot be run: line 3: ZeroDivisionError: division by zero"),
        ("rules:f", "import sys\nsys.exit(1)\n", "rules.py cannot be run: line 2: SystemExit: 1"),
    ],
)
def test_a_function_that_cannot_be_had_is_a_fault_with_its_place(rule, reference, source, en):
    with pytest.raises(ConfigError) as caught:
        rule(reference, source)

    assert f'[connections.erp] vat = "{reference}": {en}' in caught.value.en


def test_a_file_that_leads_out_of_the_folder_is_refused(read, tmp_path):
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "rules.py").write_text(RULES, encoding="utf-8")
    (tmp_path / "elsewhere.py").symlink_to(outside / "rules.py")
    base = BASE.replace('login = "robot"', 'login = "robot"\nvat = "elsewhere:vat_for"')

    with pytest.raises(ConfigError, match=r"elsewhere\.py leads out of the folder"):
        read(base=base)
