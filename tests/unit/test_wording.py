"""Operators read words, not names of atoms."""

import pytest

from obmen.model import ENTITIES
from obmen.wording import FIELD

ATOMS = sorted({atom.name.partition(".")[0] for entity in ENTITIES.values() for atom in entity.atoms})


@pytest.mark.parametrize("atom", ATOMS)
def test_every_field_has_a_word_in_both_languages(atom):
    russian, english = FIELD[atom]

    assert russian != atom
    assert english


def test_no_word_is_of_a_field_that_is_not_there():
    assert set(ATOMS) == set(FIELD)
