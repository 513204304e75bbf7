"""Leavings of 1C's exchanges: what was uploaded and never imported goes with its session."""

from obmen.connectors.onec.sessions import SessionStore

HOUR = 3600.0


def test_an_expired_session_goes_with_its_uploads_and_a_living_one_stays(tmp_path):
    store = SessionStore(tmp_path, lifetime_s=6 * HOUR)
    old = store.begin("old", "t", now=0.0)
    store.uploads(old).mkdir(parents=True)
    (store.uploads(old) / "import0_1.xml").write_text("<xml/>")
    young = store.begin("young", "t", now=5 * HOUR)
    store.purge(now=7 * HOUR)

    assert [folder.name for folder in tmp_path.iterdir()] == [young.id]
    assert store.find("old", now=7 * HOUR) is None
    assert store.find("young", now=7 * HOUR) is not None
