import pytest
from open_shop import make_step, opened

from obmen.connectors.contract import Done, Refused
from obmen.sync.shadow import Blocked

JPEG = b"\xff\xd8\xff\xe0"


@pytest.fixture
async def world(tmp_path):
    async with opened(tmp_path) as world:
        yield world


def uploads(world):
    return sum(asked.what == "catalog.productImage.add" for asked in world.shop.ledger.asked)


async def set_pictures(world, ref, shas):
    (outcome,) = await world.connection.push([make_step("product", ref=ref, pictures=shas)])
    return outcome


async def test_pictures_arrive_in_order_and_are_recognised_when_read(world):
    shas = [world.blob(JPEG + bytes([n])) for n in range(3)]
    ref = await world.create("product", name="Ботинки", pictures=shas)

    assert shas == (await world.look("product", ref))["pictures"]


async def test_the_first_picture_is_also_the_detail_and_the_preview(world):
    sha = world.blob(JPEG)
    ref = await world.create("product", name="Ботинки", pictures=[sha])

    state = world.shop.state
    element = state.elements.get(int(ref))
    names = {state.files.get(file_id).name for file_id in (element.detail_picture, element.preview_picture)}
    assert {f"{sha}.jpg"} == names


async def test_the_same_pictures_are_not_uploaded_again(world):
    shas = [world.blob(JPEG + bytes([n])) for n in range(2)]
    ref = await world.create("product", name="Ботинки", pictures=shas)
    before = uploads(world)
    await set_pictures(world, ref, shas)

    assert before == uploads(world)


async def test_one_more_picture_is_one_more_upload(world):
    shas = [world.blob(JPEG + bytes([n])) for n in range(3)]
    ref = await world.create("product", name="Ботинки", pictures=shas[:2])
    before = uploads(world)
    await set_pictures(world, ref, shas)

    assert before + 1 == uploads(world)


async def test_a_removed_picture_is_removed_and_a_new_order_is_kept(world):
    one, two, three = (world.blob(JPEG + bytes([n])) for n in range(3))
    ref = await world.create("product", name="Ботинки", pictures=[one, two, three])
    outcome = await set_pictures(world, ref, [three, one])

    assert [three, one] == outcome.returned["pictures"]


async def test_no_pictures_leaves_none_of_ours(world):
    ref = await world.create("product", name="Ботинки", pictures=[world.blob(JPEG)])
    await set_pictures(world, ref, [])

    element = world.shop.state.elements.get(int(ref))
    assert (
        (await world.look("product", ref))["pictures"],
        element.detail_picture,
        element.preview_picture,
    ) == ([], None, None)


async def test_pictures_of_others_stay_and_are_not_shown(world):
    ref = await world.create("product", name="Ботинки")
    content = ["manager.jpg", "/9j/4A=="]
    await world.connection._rest.call(
        "catalog.productImage.add", {"fields": {"productId": int(ref)}, "fileContent": content}, writes=True
    )
    sha = world.blob(JPEG)
    outcome = await set_pictures(world, ref, [sha])
    await set_pictures(world, ref, [])

    names = {file.name for file in world.shop.state.files}
    assert [sha] == outcome.returned["pictures"]
    assert "manager.jpg" in names


async def test_uploads_are_recognised_on_sites_that_rename_files(world):
    sha = world.blob(JPEG)
    ref = await world.create("product", name="Ботинки", pictures=[sha])
    for file in world.shop.state.files:
        file.name = f"random{file.id}.jpg"

    assert [sha] == (await world.look("product", ref))["pictures"]
    await world.connection.close()
    again = type(world)(world.shop, world.spool.parent)
    assert [sha] == (await again.look("product", ref))["pictures"]
    await again.connection.close()


async def test_bytes_that_are_not_here_yet_are_waited_for(world):
    sha = "a" * 64

    assert Blocked(f"blob:{sha}", sha[:12]) == world.connection.codec("product").encode("pictures", [sha])


async def test_bytes_lost_meanwhile_refuse_the_pictures_and_nothing_else(world):
    ref = await world.create("product", name="Ботинки")
    (outcome,) = await world.connection.push(
        [make_step("product", ref=ref, name="Сапоги", pictures=["a" * 64])]
    )

    assert isinstance(outcome, Refused)
    assert "pictures" in outcome.en
    assert (await world.look("product", ref))["name"] == "Сапоги"


async def test_a_product_without_a_gallery_says_nothing_of_pictures(world):
    state = world.shop.state
    for prop in [prop for prop in state.properties if prop.code == "MORE_PHOTO"]:
        state.properties.remove(prop)
    (done,) = await world.connection.push([make_step("product", name="Ботинки")])

    assert isinstance(done, Done)
    assert "pictures" not in done.returned
