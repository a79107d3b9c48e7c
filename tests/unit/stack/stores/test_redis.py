"""What Redis is told to fill."""

from slipway.stack.stores import redis


def test_a_quarter_is_left_for_the_copy_that_saving_makes():
    assert redis.fill(256 * 2**20) == 192 * 2**20
