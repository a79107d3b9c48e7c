"""What Redis is told to fill, and what the app may do there."""

import pytest

from slipway.config.settings import Settings
from slipway.environment import ROOT
from slipway.stack import contract, render
from slipway.stack.model import build
from slipway.stack.stores import redis
from slipway.stack.voice import REFERENCES


def test_a_quarter_is_left_for_the_copy_that_saving_makes():
    assert redis.fill(256 * 2**20) == 192 * 2**20


@pytest.mark.parametrize("flavour", ("redis", "valkey"))
def test_the_app_is_a_user_of_its_own_and_the_stack_the_administrator(flavour):
    settings = Settings(redis=flavour)
    at = contract.addresses(settings)
    assert contract.app(settings, at, REFERENCES)["REDIS_URL"].startswith("redis://app:${REDIS_APP_PASSWORD:?")
    assert contract.ops(settings, at, REFERENCES)["REDIS_URL"].startswith("redis://:${REDIS_PASSWORD:?")
    text = render.files(build(settings), ROOT)["local.yaml"]
    assert r"user app on >%s ~* &* +@all -@admin -@dangerous" in text


def test_commands_that_the_app_needs_are_given_back_by_a_setting():
    assert redis.rights(Settings(redis_app_commands="flushdb,client|list")).endswith(" +sort_ro +flushdb +client|list")
