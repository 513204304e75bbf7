import pytest
from open_shop import GUID, ScriptedFaults, make_step, opened

from obmen.connectors.bitrix.connector.job import Job
from obmen.connectors.bitrix.sandbox import Setup
from obmen.connectors.contract import Done, Missing, Refused, Unknown, Unlanded
from obmen.errors import AuthFailed, Rejected

BOOTS = {"name": "Ботинки «Тундра» 42", "sku": "BT-42", "vat": "22", "active": True}


@pytest.fixture
async def world(tmp_path):
    async with opened(tmp_path) as world:
        yield world


async def test_a_new_product_carries_the_1c_key_and_a_latin_code(world):
    ref = await world.create("product", xml_id=GUID, **BOOTS)

    element = world.shop.state.elements.get(int(ref))
    assert (element.xml_id, element.code) == (GUID, "botinki-tundra-42")


async def test_without_a_1c_key_the_mark_is_the_external_code(world):
    (done,) = await world.connection.push([make_step("product", mark="obmen:7", record=7, **BOOTS)])

    (look,) = await world.connection.look("product", [done.ref])
    assert (look.keys["xml_id"], look.mark) == ("obmen:7", 7)


async def test_the_mark_gives_way_to_the_1c_key_once_it_is_known(world):
    (done,) = await world.connection.push([make_step("product", mark="obmen:7", record=7, **BOOTS)])
    await world.connection.push([make_step("product", ref=done.ref, record=7, xml_id=GUID, name="Ботинки")])

    assert world.shop.state.elements.get(int(done.ref)).xml_id == GUID


async def test_what_comes_back_is_what_stands_in_the_shop(world):
    (done,) = await world.connection.push([make_step("product", xml_id=GUID, **BOOTS)])

    assert await world.look("product", done.ref) == done.returned
    assert {atom: done.returned[atom] for atom in BOOTS} == BOOTS


async def test_a_full_product_comes_back_as_it_was_sent(tmp_path):
    sent = {
        "name": "Кабель ВВГ «3×2,5»",
        "sku": "ВВГ-3",
        "barcodes": ["4601234567890"],
        "description": "<p>Медь &amp; ПВХ</p>",
        "summary": "Кабель, 100 % меди + оболочка",
        "unit": "006",
        "vat": "none",
        "weight": "350.5",
        "length": "1000",
        "width": "12",
        "height": "8",
        "manufacturer": "Конкорд",
        "properties.tags": ["a=б", "в&г"],
        "active": True,
    }
    async with opened(tmp_path, create_choices=True, properties={"tags": "CML2_TRAITS"}) as world:
        step = make_step("product", **{atom.replace(".", "__"): wire for atom, wire in sent.items()})
        (done,) = await world.connection.push([step])

    assert {atom: done.returned[atom] for atom in sent} == sent


async def test_codes_of_namesakes_differ_in_one_batch_and_across_batches(world):
    steps = [make_step("product", record=n, name="Кабель") for n in (1, 2)]
    done = [
        *await world.connection.push(steps),
        *await world.connection.push([make_step("product", record=3, name="Кабель")]),
    ]

    looks = [await world.look("product", one.ref) for one in done]
    assert [look["slug"] for look in looks] == ["kabel", "kabel-2", "kabel-3"]


async def test_the_code_stays_when_the_name_changes_and_when_another_is_asked_for(world):
    ref = await world.create("product", **BOOTS)
    await world.connection.push([make_step("product", ref=ref, name="Сапоги", slug="sapogi")])

    look = await world.look("product", ref)
    assert (look["name"], look["slug"]) == ("Сапоги", "botinki-tundra-42")


async def test_sections_are_created_in_their_parent_and_products_in_their_sections(world):
    root = await world.create("category", record=1, name="Обувь", sort=100, description="<p>Тёплая</p>")
    boots = await world.create("category", record=2, name="Ботинки", parent=root)
    ref = await world.create("product", record=3, categories=sorted([root, boots]), **BOOTS)

    assert root == (await world.look("category", boots))["parent"]
    assert sorted([root, boots]) == (await world.look("product", ref))["categories"]


async def test_removal_deactivates(world):
    ref = await world.create("product", **BOOTS)
    await world.connection.push([make_step("product", ref=ref, active=False)])

    assert world.shop.state.elements.get(int(ref)).active == "N"


async def test_what_stands_there_already_is_not_written_again(world):
    ref = await world.create("product", **BOOTS)
    before = world.writes()
    (done,) = await world.connection.push([make_step("product", ref=ref, **BOOTS)])

    assert before == world.writes()
    assert Done(record=1, ref=ref, returned=done.returned) == done


async def test_other_properties_survive_a_change_of_one(world):
    ref = await world.create("product", barcodes=["4601234567890"], **BOOTS)
    await world.connection.push([make_step("product", ref=ref, sku="BT-43")])

    look = await world.look("product", ref)
    assert (look["sku"], look["barcodes"]) == ("BT-43", ["4601234567890"])


async def test_empty_values_clear_the_field(world):
    ref = await world.create("product", description="<p>Текст</p>", weight="350", **BOOTS)
    await world.connection.push(
        [make_step("product", ref=ref, description=None, sku=None, weight=None, vat=None, categories=[])]
    )

    look = await world.look("product", ref)
    assert (look["description"], look["sku"], look["weight"], look["vat"]) == (None, None, None, None)


async def test_a_refused_step_leaves_its_neighbours_alone(world):
    steps = [
        make_step("product", record=1, name="Молоток"),
        make_step("product", record=2, name="Пила", categories=["99999"]),
        make_step("product", record=3, name="Клещи"),
    ]
    outcomes = await world.connection.push(steps)

    assert [Done, Refused, Done] == [type(outcome) for outcome in outcomes]
    assert "categories" in outcomes[1].en
    assert "categories" in outcomes[1].ru


async def test_an_object_that_went_away_is_missing(world):
    ref = await world.create("product", **BOOTS)
    world.shop.act("delete", element=int(ref))
    outcomes = await world.connection.push([make_step("product", ref=ref, name="Иное")])

    assert [Missing(record=1)] == outcomes


async def test_a_lost_answer_is_unknown_and_the_object_is_found_by_its_key(world):
    await world.look("product", "1")
    step = make_step("product", xml_id=GUID, **BOOTS)
    world.shop.faults = ScriptedFaults(["", "lost_answer"])  # asking for codes is answered, creating is not
    (outcome,) = await world.connection.push([step])

    found = await world.connection.find("product", [step])
    assert isinstance(outcome, Unknown)
    assert [str(element.id) for element in world.shop.state.elements] == found[1]


async def test_an_answer_lost_after_the_first_write_is_unknown_for_its_steps_only(world):
    product = await world.create("product", **BOOTS)
    world.shop.faults = ScriptedFaults(["", "", "lost_answer"])  # read, quantity, prices
    outcomes = await world.connection.push(
        [
            make_step("offer", record=2, product=product, available="3", prices__retail="10.00 RUB"),
            make_step("offer", record=3, product="99999", prices__retail="10.00 RUB"),
        ]
    )

    assert [Unknown, Refused] == [type(outcome) for outcome in outcomes]


async def test_two_with_the_same_external_code_are_both_returned(world):
    first = await world.create("product", xml_id=GUID, **BOOTS)
    second = world.shop.act("copy", element=int(first))
    found = await world.connection.find("product", [make_step("product", xml_id=GUID)])

    assert {1: [first, str(second)]} == found


async def test_a_write_that_was_never_sent_is_unlanded(world):
    await world.look("product", "1")
    await world.shop.stop()
    outcomes = await world.connection.push([make_step("product", name="Пила")])

    assert [Unlanded] == [type(outcome) for outcome in outcomes]


async def test_missing_rights_stop_the_connection(tmp_path):
    async with opened(tmp_path, Setup(catalog_right="R")) as world:
        with pytest.raises(AuthFailed):
            await world.connection.push([make_step("product", name="Пила")])


async def test_a_copy_of_the_shop_on_another_host_is_not_written_to(tmp_path):
    async with opened(tmp_path, host="shop.example") as world:
        with pytest.raises(AuthFailed, match="copy"):
            await world.connection.push([make_step("product", name="Пила")])


async def test_new_products_may_wait_for_an_editor(tmp_path):
    async with opened(tmp_path, new_products="hidden") as world:
        ref = await world.create("product", **BOOTS)

        assert world.shop.state.elements.get(int(ref)).active == "N"


async def test_a_missing_choice_is_added_once_where_the_settings_allow(tmp_path):
    async with opened(tmp_path, create_choices=True) as world:
        steps = [make_step("product", record=n, name=f"Дрель {n}", manufacturer="Интерскол") for n in (1, 2)]
        outcomes = await world.connection.push(steps)

        assert [outcome.returned["manufacturer"] for outcome in outcomes] == ["Интерскол", "Интерскол"]
        assert len(world.shop.state.enums) == 1


async def test_a_batch_of_fifty_products_takes_few_requests(world):
    await world.look("product", "1")
    before = world.budget.calls
    outcomes = await world.connection.push(
        [make_step("product", record=n, name=f"Болт М{n}") for n in range(50)]
    )

    assert {Done} == {type(outcome) for outcome in outcomes}
    assert world.budget.calls - before <= 5


def test_an_error_is_no_refusal_when_the_value_stands_there_all_the_same():
    job = Job(make_step("product", ref="7", name="Пила"))
    job.refuse({"name"}, Rejected("bitrix.refused", "saved with warnings", "сохранено с предупреждениями"))

    assert job.settle({"name": "Пила"}) == Done(record=1, ref="7", returned={"name": "Пила"})
    assert isinstance(job.settle({"name": "Молоток"}), Refused)
