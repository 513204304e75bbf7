"""Real files: skipped, loudly, where they are absent."""

import os
from collections import Counter
from pathlib import Path

import pytest

from obmen.formats.commerceml import inspect, open_document, validate

SAMPLES = (
    Path(os.environ.get("OBMEN_SAMPLES", Path(__file__).parents[4] / "shared" / "samples")) / "commerceml"
)

pytestmark = pytest.mark.skipif(
    not SAMPLES.is_dir(), reason=f"REAL FILES NOT READ: no folder {SAMPLES}; set OBMEN_SAMPLES"
)


def test_a_real_catalogue_is_counted():
    summary = inspect([SAMPLES / "ut_import0_1.xml"])

    assert (summary.groups, summary.properties, summary.products, summary.deleted) == (1, 12, 36, 1)
    assert (summary.schema, summary.generation, summary.encoding) == ("2.07", "2.07 native", "utf-8")
    assert summary.findings == ()


def test_a_real_package_of_offers_is_counted():
    summary = inspect([SAMPLES / "ut_offers0_1.xml"])

    assert (summary.offers, summary.price_types, summary.warehouses) == (44, 1, 3)
    assert (summary.prices, summary.stock_rows, summary.offers_with_characteristics) == (44, 132, 0)


def test_offers_without_a_product_are_found_when_both_files_are_given():
    summary = inspect([SAMPLES / "ut_offers0_1.xml", SAMPLES / "ut_import0_1.xml"])

    assert {finding.code: finding.count for finding in summary.findings} == {"orphan_offer": 8}


def test_orders_of_a_shop_and_of_1c_are_counted():
    summary = inspect([SAMPLES / "site_query_response_cp1251.xml", SAMPLES / "onec_orders_back_2_09.xml"])

    assert (summary.documents, summary.orders) == (4, 4)
    assert summary.encoding == "windows-1251, utf-8"


def test_a_real_product_is_read_with_its_barcode_unit_and_decimal_comma():
    with open_document(SAMPLES / "ut_import0_1.xml") as document:
        product = next(item for item in document if getattr(item, "sku", None) == "PM-421-WP")

    assert product.barcodes == ("8809288404089",)
    assert product.unit.code == "796"
    assert product.properties["38409b0c-29da-11e9-80c9-0cc47ab29cd1"] == ("1,4",)


@pytest.mark.parametrize("chunk_size", [1, 100, 4096])
def test_real_files_read_alike_however_they_are_cut(chunk_size: int):
    for path in SAMPLES.glob("*.xml"):
        with open_document(path) as whole, open_document(path, chunk_size=chunk_size) as cut:
            assert list(whole) == list(cut)


def test_real_files_pass_the_check():
    names = Counter(path.suffix for path in SAMPLES.glob("*.xml"))

    assert names[".xml"] >= 4
    for path in SAMPLES.glob("*.xml"):
        validate(path)
