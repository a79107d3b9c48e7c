"""Every combination of stores, versions, images and targets: it renders, it parses, and it keeps the house rules."""

from __future__ import annotations

import itertools
import os
import re
import subprocess
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from pathlib import Path

import pytest
import yaml

from slipway.config import envfile
from slipway.config.settings import Settings
from slipway.environment import ROOT
from slipway.stack import model, render, stores
from tests.unit.conftest import settings_of

PROVIDERS = ("minio", "rustfs", "garage", "rclone", "external")
POSTGRES = {
    "18": {},
    "17": {"postgres_version": "17"},
    "external": {"postgres": "external", "database_url": "postgresql://u:5ecreT-url@db/x"},
}


def settings(images: str, target: str, provider: str, postgres: str, redis: str) -> Settings:
    return settings_of(
        images=images,
        environment=target,
        s3_provider=provider,
        redis=redis,
        **POSTGRES[postgres],
        s3_access_key="GK" + "0" * 24,
        s3_endpoint="https://s3.example.org" if provider == "external" else "",
    )


def possible(images: str, provider: str, postgres: str) -> bool:
    return images == "registry" or (provider in ("rclone", "external") and postgres != "17")


CASES = {
    "-".join(case): settings(*case)
    for case in itertools.product(
        ("registry", "debian"), ("local", "production"), PROVIDERS, POSTGRES, ("redis", "valkey")
    )
    if possible(case[0], case[2], case[3])
}
MORE = {
    "https": settings_of(environment="production", domain="app.example.org"),
    "copies": settings_of(
        offsite_s3_bucket="copies",
        offsite_s3_endpoint="https://s3.example.org",
        offsite_s3_prefix="team/a",
        offsite_lock_days=30,
        offsite_s3_access_key="5ecreT-away-1",
        offsite_s3_secret_key="5ecreT-away-2",
    ),
    "leaving": settings_of(supabase_db_url="postgresql://postgres:5ecreT-there@db.example.org:5432/postgres"),
    "exposed": settings_of(postgres_expose="127.0.0.1:5433"),
    "own app": settings_of(
        app_image="ghcr.io/team/app:1.2",
        app_command="serve --flag 'a b' \"$X\"",
        app_replicas=3,
        app_env={"TOKEN": "5ecreT-token"},
    ),
}
ELSEWHERE = {
    "pitr_repo2_endpoint": "https://s3.example.org",
    "pitr_repo2_bucket": "far",
    "pitr_repo2_access_key": "5ecreT-key",
    "pitr_repo2_secret_key": "5ecreT-secret",
}
ARCHIVED = {
    "archived": settings_of(pitr=True),
    "archived, debian": settings_of(pitr=True, images="debian"),
    "archived, server": settings_of(pitr=True, environment="production", pitr_queue_max="1GB"),
    "archived twice": settings_of(pitr=True, **ELSEWHERE),
}
ALL = CASES | MORE | ARCHIVED


@cache
def text_of(name: str) -> str:
    return render.files(model.build(ALL[name]), ROOT)[f"{ALL[name].environment}.yaml"]


@cache
def parsed(name: str) -> dict:
    return yaml.load(text_of(name), yaml.CSafeLoader)


def once(service: dict) -> bool:
    """Whether it gives the volumes their owners, or is a part of a release, and ends."""
    return "profiles" in service or "/own" in str(service["command"] if "command" in service else "")


# rule -> whether a service keeps it
RULES = {
    "restarts, or is done": lambda service: service["restart"] == ("no" if once(service) else "always"),
    "reaps": lambda service: service["init"] is True,
    "bounded memory": lambda service: service["mem_limit"] >= 16 * 2**20,
    "no swap beside it": lambda service: service["memswap_limit"] == service["mem_limit"],
    "read only": lambda service: service["read_only"] is True or "garage" in service["image"],
    "bounded memory for files": lambda service: all("size=" in each for each in service.get("tmpfs", [])),
    "not root": lambda service: not str(service.get("user", "")).startswith("0") or once(service),
    "bounded processes": lambda service: service["pids_limit"] >= 100,
    "no capability": lambda service: service["cap_drop"] == ["ALL"],
    "gains no rights": lambda service: service["security_opt"] == ["no-new-privileges:true"],
    "bounded log": lambda service: service["logging"]["options"].keys() == {"max-size", "max-file"},
    "time to stop": lambda service: int(service["stop_grace_period"].removesuffix("s")) >= 10,
    "environment in list form": lambda service: isinstance(service.get("environment", []), list),
    "not privileged": lambda service: not {"privileged", "network_mode", "pid", "ipc", "devices"} & service.keys(),
    "no engine socket": lambda service: not any("docker.sock" in volume for volume in service.get("volumes", [])),
    "no file with secrets": lambda service: "env_file" not in service,
}


@pytest.mark.parametrize("rule", RULES)
def test_every_service_of_every_combination_keeps_the_rule(rule):
    assert [
        (name, service) for name in ALL for service, body in parsed(name)["services"].items() if not RULES[rule](body)
    ] == []


@pytest.mark.parametrize("name", ALL)
def test_only_the_gateway_publishes_and_on_a_laptop_only_on_loopback(name):
    services, expose = parsed(name)["services"], ALL[name].postgres_expose
    published = {service: body["ports"] for service, body in services.items() if "ports" in body}
    assert published.pop("postgres", []) == ([f"{expose}:5432"] if expose else [])
    assert set(published) == {"gateway"}
    assert all(port.startswith("127.0.0.1:") for port in published["gateway"]) == ALL[name].local


@pytest.mark.parametrize("name", ALL)
def test_stores_are_on_the_inner_network_alone_and_are_watched(name):
    document = parsed(name)
    kept = [document["services"][store] for store in stores.NAMES if store in document["services"]]
    assert document["networks"]["data"] == {"internal": True}
    assert (
        all(body["networks"] == ["data"] for body in kept)
        or ALL[name].postgres_expose
        or (ALL[name].pitr_repo2_endpoint and document["services"]["redis"]["networks"] == ["data"])
    )
    assert all(body["healthcheck"]["test"] for body in kept)
    assert all(
        any(volume.startswith(f"{store}:") for volume in document["services"][store]["volumes"])
        for store in stores.NAMES
        if store in document["services"]
    )


@pytest.mark.parametrize("name", ALL)
def test_who_holds_every_password_has_a_way_out_only_where_something_of_the_stack_is_out_there(name):
    settings = ALL[name]
    elsewhere = bool(settings.s3_endpoint or settings.offsite_s3_bucket or settings.postgres == "external")
    elsewhere |= bool(settings.supabase_db_url.get_secret_value())
    assert ("edge" in parsed(name)["services"]["ops"]["networks"]) == elsewhere


@pytest.mark.parametrize("name", ALL)
def test_volumes_are_the_named_ones_and_all_are_declared(name):
    document = parsed(name)
    used = {volume.split(":")[0] for body in document["services"].values() for volume in body.get("volumes", [])}
    own = {volume for volume in used if not volume.startswith("..")}
    assert own == set(document["volumes"])
    assert used - own == ({"../migrations", "../fixtures"} if ALL[name].local else set())


@pytest.mark.parametrize("name", ALL)
def test_every_reference_is_a_secret_that_must_be_set_or_an_image_or_fingerprint(name):
    body = text_of(name).split("services:", 1)[1]
    references = re.findall(r"(?<!\$)\$\{([A-Z0-9_]+)(:\?|:-)", body)
    assert len(references) == len(re.findall(r"(?<!\$)(?:\$\$)*\$(?!\$)", body))
    for key, form in references:
        assert (envfile.secret(key) and form == ":?") or (key.startswith("SLIPWAY_") and form == ":-")


@pytest.mark.parametrize("name", ALL)
def test_what_a_service_waits_for_is_in_the_file(name):
    services = parsed(name)["services"]
    assert all(needed in services for body in services.values() for needed in body.get("depends_on", ()))


@pytest.fixture(scope="module")
def compose() -> list[str]:
    """The compose plugin. Reading a file needs no engine."""
    argv = ["docker", "compose"]
    try:
        found = subprocess.run([*argv, "version"], capture_output=True, check=False).returncode == 0
    except FileNotFoundError:
        found = False
    return argv if found else pytest.skip("no docker CLI with the compose plugin on this machine")


def test_docker_compose_accepts_every_file(compose, tmp_path):
    def refused(name: str) -> str:
        path = tmp_path / f"{name}.yaml"
        path.write_text(text_of(name), encoding="utf-8")
        return read_by(compose, path, ALL[name])

    with ThreadPoolExecutor(4) as pool:
        answers = dict(zip(ALL, pool.map(refused, ALL), strict=True))
    assert {name: answer for name, answer in answers.items() if answer} == {}


def read_by(compose: list[str], path: Path, of: Settings) -> str:
    """What compose has against a file, given the secrets that its references name."""
    from slipway.config.credentials import secrets_of

    done = subprocess.run(
        [*compose, "-f", str(path), "config", "-q"],
        text=True,
        check=False,
        capture_output=True,
        env={"PATH": os.environ["PATH"], "HOME": str(path.parent), **secrets_of(of)},
    )
    return done.stderr.strip() or ("" if done.returncode == 0 else f"exit code {done.returncode}")


def test_docker_compose_names_the_secret_that_is_not_set(compose, tmp_path):
    path = tmp_path / "local.yaml"
    path.write_text(text_of("own app"), encoding="utf-8")
    assert "is not set; ./invoke up sets it" in read_by(compose, path, Settings())
