from obmen.formats import commerceml


def test_every_exported_name_exists_and_is_sorted():
    assert sorted(commerceml.__all__) == commerceml.__all__
    assert all(hasattr(commerceml, name) for name in commerceml.__all__)
