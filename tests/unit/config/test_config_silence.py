"""How long a system that calls by itself may stay silent."""


def test_a_silence_is_told_after_three_quarters_of_an_hour_unless_said_otherwise(read):
    config = read('[connections.desk]\ntype = "desk"\nlogin = "r"\npassword = "p"\nsilent_after = "1d"\n')

    assert config.connections["erp"].silent_after_s == 45 * 60
    assert config.connections["desk"].silent_after_s == 24 * 3600


def test_a_silence_that_is_no_duration_is_a_fault(refuse):
    (fault,) = refuse(
        '[connections.desk]\ntype = "desk"\nlogin = "r"\npassword = "p"\nsilent_after = "soon"\n'
    )

    assert "silent_after" in fault
    assert "a duration is written like" in fault
