"""What a build is told of this machine's package indexes: what a build can use, and to nobody else."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest

from slipway.stack import build_secrets, npm_secrets, pip_secrets


def written(path: Path, text: str) -> Path:
    """The path of a file that now has this text."""
    path.write_text(text)
    return path


@pytest.mark.parametrize(
    ("listing", "text"),
    [
        ("", ""),
        ("global.index-url='https://u:p@one.test/simple'", "[global]\nindex-url = https://u:p@one.test/simple\n"),
        (
            "global.extra-index-url='file:///srv/a https://two.test/s'",
            "[global]\nextra-index-url = https://two.test/s\n",
        ),
        ("global.find-links='/opt/wheels'\n:env:.cert='/c.pem'", ""),
        ("global.timeout='5'\ninstall.timeout='6'\n:env:.timeout='7'", "[global]\ntimeout = 7\n"),
        ("wheel.index-url='https://other.test'", ""),
        ("global.trusted-host='a.test\\nb.test'", "[global]\ntrusted-host = a.test b.test\n"),
    ],
)
def test_a_build_is_told_what_pip_follows_here_and_no_folder_of_this_machine(listing, text):
    assert pip_secrets.config_text(pip_secrets.effective(listing)) == text


def test_the_ca_bundle_is_the_one_that_pip_was_told_first(tmp_path):
    cert, other = written(tmp_path / "cert", "one"), written(tmp_path / "other", "two")
    assert pip_secrets.ca_bundle({"cert": str(cert)}, {"SSL_CERT_FILE": str(other)}) == b"one"
    assert pip_secrets.ca_bundle({}, {"SSL_CERT_FILE": str(other)}) == b"two"
    assert pip_secrets.ca_bundle({"cert": str(tmp_path / "gone")}, {}) == b""


@pytest.mark.parametrize(
    ("text", "environ", "told"),
    [
        ("", {}, ""),
        ("audit=false\ncafile=/c.pem\n; registry=https://no.test\n", {}, ""),
        ('registry = "https://one.test/"\n', {}, "registry = https://one.test/\n"),
        ("registry=https://one.test/", {"NPM_CONFIG_REGISTRY": "https://two.test/"}, "registry = https://two.test/\n"),
        ("", {"npm_config_registry": "file:///srv/npm"}, ""),
        ("@team:registry=https://one.test/", {}, "@team:registry = https://one.test/\n"),
        ("//one.test/:_authToken=${TOKEN}", {"TOKEN": "t0ken"}, "//one.test/:_authToken = t0ken\n"),
        ("//one.test/:_authToken=${TOKEN}", {}, "//one.test/:_authToken = ${TOKEN}\n"),
        ("", {"NPM_CONFIG_HTTPS_PROXY": "http://p.test:3128"}, "https-proxy = http://p.test:3128\n"),
    ],
)
def test_a_build_is_told_where_npm_finds_packages_here_and_nothing_else_of_its_user(text, environ, told):
    assert npm_secrets.config_text(text, environ) == told


def test_the_users_npmrc_is_where_npm_looks_for_it(tmp_path):
    written(tmp_path / ".npmrc", "one"), written(tmp_path / "other", "two")
    assert npm_secrets.user_file({"HOME": str(tmp_path)}) == "one"
    assert npm_secrets.user_file({"HOME": "/x", "NPM_CONFIG_USERCONFIG": str(tmp_path / "other")}) == "two"
    assert npm_secrets.user_file({"HOME": str(tmp_path / "gone")}) == ""


def test_secrets_are_readable_by_this_user_alone_and_gone_after_the_build(monkeypatch):
    monkeypatch.setenv("PIP_INDEX_URL", "https://u:p@one.test/simple")
    monkeypatch.setenv("NPM_CONFIG_REGISTRY", "https://u:p@two.test/npm")
    with build_secrets.secrets() as files:
        assert "https://u:p@one.test/simple" in files["pip_conf"].read_text()
        assert "https://u:p@two.test/npm" in files["npmrc"].read_text()
        assert {stat.S_IMODE(path.stat().st_mode) for path in files.values()} == {0o600}
        kept = dict(files)
    assert not any(path.exists() for path in kept.values())
