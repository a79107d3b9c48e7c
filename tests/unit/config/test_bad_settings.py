"""Every kind of bad `.env`: what the error says of it, and that it says nothing of secrets."""

from __future__ import annotations

import pytest

from slipway.config import envfile
from slipway.errors import SettingsError
from tests.unit.conftest import SECRETS, text_of

FORM = 'KEY=value, KEY="a value with spaces", or # a comment'
RANDOM = "16 or more random characters"

# lines of .env -> where, found, expected
LINES = {
    "no equals sign": (b"PROJECT", ".env line 1", "a line that is not KEY=value", FORM),
    "prose": (b"PROJECT=shop\nthis is prose\n", ".env line 2", "a line that is not KEY=value", FORM),
    "open quote": (b'# first\nAPP_COMMAND="serve\n', ".env line 2", "a line that is not KEY=value", FORM),
    "unknown key, near": (b"PROJECT=shop\nPORJECT=shop\n", ".env line 2", "unknown key PORJECT", "PROJECT, perhaps"),
    "unknown key, far": (
        b"ZZZ=1",
        ".env line 1",
        "unknown key ZZZ",
        "a key of .env.example, or APP_ENV_NAME for the app's own environment",
    ),
    "lower case": (
        b"redis_memory=1GB",
        ".env line 1",
        "unknown key redis_memory",
        "a key of .env.example, or APP_ENV_NAME for the app's own environment",
    ),
    "app key that is no name": (b"'APP_ENV_A}B'=1", ".env line 1", "unknown key APP_ENV_A}B", None),
    "app key without a name": (b"APP_ENV_=1", ".env line 1", "unknown key APP_ENV_", None),
    "a key twice": (
        b"PROJECT=a\n\nPROJECT=b",
        ".env line 3",
        "PROJECT a second time (first: PROJECT in .env line 1)",
        "each key once",
    ),
    "a secret twice": (
        b"REDIS_PASSWORD=5ecreT-a\nREDIS_PASSWORD=5ecreT-b",
        ".env line 2",
        "REDIS_PASSWORD a second time (first: REDIS_PASSWORD in .env line 1)",
        "each key once",
    ),
    "not UTF-8": (b"PROJECT=caf\xe9", ".env", "byte 11 is not UTF-8", "a text file in UTF-8"),
    "UTF-16": ("PROJECT=shop".encode("utf-16"), ".env", "byte 0 is not UTF-8", "a text file in UTF-8"),
    "NUL": (b"APP_ENV_X=a\0b", ".env", "a NUL character", "a text file in UTF-8"),
    "name": (
        b"PROJECT=My Shop",
        "PROJECT in .env line 1",
        '"My Shop"',
        "lower-case letters, digits and -, a letter first",
    ),
    "name, CRLF": (b"# x\r\nPROJECT=Shop\r\n", "PROJECT in .env line 2", '"Shop"', None),
    "name, BOM": (b"\xef\xbb\xbfPROJECT=Shop", "PROJECT in .env line 1", '"Shop"', None),
    "number": (b"APP_PORT=eighty", "APP_PORT in .env line 1", '"eighty"', "a whole number"),
    "a proxy that is a name": (
        b"TRUSTED_PROXIES=10.0.0.5,traefik",
        "TRUSTED_PROXIES in .env line 1",
        '"10.0.0.5,traefik"',
        "addresses or networks such as 10.0.0.5, 192.168.0.0/16, 2001:db8::/32, or the word private; not everybody",
    ),
    "a proxy network with an address in it": (
        b"TRUSTED_PROXIES=10.0.0.5/8",
        "TRUSTED_PROXIES in .env line 1",
        '"10.0.0.5/8"',
        None,
    ),
    "everybody as a proxy": (b"TRUSTED_PROXIES=::/0", "TRUSTED_PROXIES in .env line 1", '"::/0"', None),
    "TLS at a proxy without a domain": (
        b"DOMAIN_TLS=proxy\nTRUSTED_PROXIES=private",
        "DOMAIN in .env",
        "no value",
        "the public host name that the proxy serves, because DOMAIN_TLS=proxy",
    ),
    "TLS at a proxy that nobody trusts": (
        b"DOMAIN_TLS=proxy\nDOMAIN=shop.example.org",
        "TRUSTED_PROXIES in .env",
        "no value",
        "the address of the proxy that ends TLS, or private, because DOMAIN_TLS=proxy",
    ),
    "fraction": (b"APP_PORT=80.5", "APP_PORT in .env line 1", '"80.5"', "a whole number"),
    "port too large": (b"HTTP_PORT=70000", "HTTP_PORT in .env line 1", '"70000"', "less than or equal to 65535"),
    "port zero": (b"HTTP_PORT=0", "HTTP_PORT in .env line 1", '"0"', "greater than or equal to 1"),
    "choice": (b"ENGINE=podman", "ENGINE in .env line 1", '"podman"', "'auto', 'docker', 'embedded' or 'dokploy'"),
    "boolean": (b"LOAD_FIXTURES=flase", "LOAD_FIXTURES in .env line 1", '"flase"', "true or false"),
    "size": (b"APP_MEMORY=512", "APP_MEMORY in .env line 1", '"512"', "a size such as 512MB or 2GB"),
    "size that is none": (b"REDIS_MEMORY=0MB", "REDIS_MEMORY in .env line 1", '"0MB"', "a size of 16MB or more"),
    "a size of any length": (
        b"APP_MEMORY=" + b"9" * 400 + b"GB",
        "APP_MEMORY in .env line 1",
        f'"{"9" * 80}…"',
        "a size such as 512MB or 2GB",
    ),
    "more than any machine has": (
        b"APP_MEMORY=2000TB",
        "APP_MEMORY in .env line 1",
        '"2000TB"',
        "a size of 16MB or more, and 1024TB or less",
    ),
    "no such port": (b"POSTGRES_EXPOSE=127.0.0.1:65536", "POSTGRES_EXPOSE in .env line 1", '"127.0.0.1:65536"', None),
    "no such port in a URL": (
        b"S3_PROVIDER=external\nS3_ENDPOINT=https://s3:99999",
        "S3_ENDPOINT in .env line 2",
        '"https://s3:99999"',
        None,
    ),
    "a port that is a word": (
        b"POSTGRES=external\nDATABASE_URL=postgres://u:5ecreT-x@h:port/x",
        "DATABASE_URL in .env line 2",
        "a value that is not shown, because it is secret",
        "postgresql://user:password@host:5432/database",
    ),
    "a host that never closes": (
        b"HOOK_URL=https://[::1/x",
        "HOOK_URL in .env line 1",
        "a value that is not shown, because it is secret",
        "an http or https URL",
    ),
    "a duration that Postgres cannot count": (
        b"MIGRATE_LOCK_TIMEOUT=2147484s",
        "MIGRATE_LOCK_TIMEOUT in .env line 1",
        '"2147484s"',
        None,
    ),
    "a name that DNS cannot hold": (
        b"DOMAIN=" + b"a" * 64 + b".org",
        "DOMAIN in .env line 1",
        f'"{"a" * 64}.org"',
        None,
    ),
    "a blank that looks like another": (
        "APP_COMMAND=serve\u00a0".encode(),
        ".env line 1",
        "the blank U+00A0 in APP_COMMAND, outside of quotes, where some programs drop it",
        None,
    ),
    "a key over two lines": (b"'A\nB'=1", ".env line 1", "a line that is not KEY=value", FORM),
    "a line of a pasted key": (b"5ecreT" * 11 + b"=", ".env line 1", "unknown key of 66 characters", None),
    "little memory": (b"POSTGRES_MEMORY=64MB", "POSTGRES_MEMORY in .env line 1", '"64MB"', "128MB or more"),
    "path": (
        b"APP_READY_PATH=ready",
        "APP_READY_PATH in .env line 1",
        '"ready"',
        "a path that starts with /, such as /ready",
    ),
    "host name": (
        b"DOMAIN=https://x.org",
        "DOMAIN in .env line 1",
        '"https://x.org"',
        "a host name such as app.example.org",
    ),
    "not loopback": (
        b"POSTGRES_EXPOSE=0.0.0.0:5432",
        "POSTGRES_EXPOSE in .env line 1",
        '"0.0.0.0:5432"',
        "a loopback address with a port, such as 127.0.0.1:5432",
    ),
    "other digits": (
        "POSTGRES_EXPOSE=127.0.0.1:٥٤٣٢".encode(),
        "POSTGRES_EXPOSE in .env line 1",
        '"127.0.0.1:٥٤٣٢"',
        None,
    ),
    "duration": (b"MIGRATE_LOCK_TIMEOUT=5 s", "MIGRATE_LOCK_TIMEOUT in .env line 1", '"5 s"', None),
    "image": (
        b"APP_IMAGE=${IMAGE}",
        "APP_IMAGE in .env line 1",
        '"${IMAGE}"',
        "an image reference such as ghcr.io/team/app:1.2",
    ),
    "bucket": (
        b"S3_BUCKETS=ok,No_Good",
        "S3_BUCKETS in .env line 1",
        '"ok,No_Good"',
        "bucket names: 3 to 63 of a-z 0-9 . -",
    ),
    "no bucket": (b"S3_BUCKETS=','", "S3_BUCKETS in .env line 1", '","', "at least one bucket name"),
    "endpoint with a path": (
        b"S3_PROVIDER=external\nS3_ENDPOINT=https://s3/x/y",
        "S3_ENDPOINT in .env line 2",
        '"https://s3/x/y"',
        None,
    ),
    "external without a URL": (
        b"POSTGRES=external",
        "DATABASE_URL in .env",
        "no value",
        "the URL of the database, because POSTGRES=external",
    ),
    "a URL without external": (
        b"DATABASE_URL=postgresql://u:5ecreT-a@db/x",
        "DATABASE_URL in .env line 1",
        "a value that is not shown, because it is secret",
        "no value, because POSTGRES=bundled; set POSTGRES=external to use that database",
    ),
    "a URL of another kind": (
        b"POSTGRES=external\nDATABASE_URL=mysql://u:5ecreT-a@db/x",
        "DATABASE_URL in .env line 2",
        "a value that is not shown, because it is secret",
        "postgresql://user:password@host:5432/database",
    ),
    "migrations elsewhere": (
        b"MIGRATE_DATABASE_URL=postgresql://u:5ecreT-a@db/x",
        "MIGRATE_DATABASE_URL in .env line 1",
        "a value that is not shown, because it is secret",
        "no value, because POSTGRES=bundled makes its own roles",
    ),
    "an archive of an external database": (
        b"POSTGRES=external\nDATABASE_URL=postgresql://u:5ecreT-a@db/x\nPITR=true",
        "PITR in .env line 3",
        '"true"',
        "false, because POSTGRES=external is archived where it runs",
    ),
    "an archive of 17": (
        b"PITR=yes\nPOSTGRES_VERSION=17",
        "POSTGRES_VERSION in .env line 2",
        '"17"',
        "18, because PITR=true needs the directories of that version",
    ),
    "an archive of embedded": (
        b"PITR=yes\nENGINE=embedded",
        "PITR in .env line 1",
        '"yes"',
        "false, because the embedded engine has no pgBackRest; ENGINE=docker has",
    ),
    "an archive among the app's objects": (
        b"S3_BUCKETS=app,arch\nPITR_BUCKET=arch",
        "PITR_BUCKET in .env line 2",
        '"arch"',
        "a bucket of its own, none of S3_BUCKETS",
    ),
    "the archive's own bucket among the app's": (
        b"S3_BUCKETS=slipway-local-pitr",
        "PITR_BUCKET in .env",
        "no value",
        "a bucket of its own, none of S3_BUCKETS",
    ),
    "a stack too long for a bucket": (
        f"PITR=true\nPROJECT={'p' * 31}\nENVIRONMENT={'e' * 31}".encode(),
        "PITR_BUCKET in .env",
        "no value",
        f"a name of 3 to 63 characters, because {'p' * 31}-{'e' * 31}-pitr has 68",
    ),
    "half of a second archive": (
        b"PITR_REPO2_BUCKET=far",
        "PITR_REPO2_ENDPOINT in .env",
        "no value",
        "a value, because PITR_REPO2_BUCKET has one",
    ),
    "store without a URL": (
        b"S3_PROVIDER=external",
        "S3_ENDPOINT in .env",
        "no value",
        "the URL of the object store, because S3_PROVIDER=external",
    ),
    "a store's URL alone": (
        b"S3_ENDPOINT=https://s3.example.org",
        "S3_ENDPOINT in .env line 1",
        '"https://s3.example.org"',
        "no value unless S3_PROVIDER=external",
    ),
    "a store that Debian lacks": (
        b"IMAGES=debian\nS3_PROVIDER=minio",
        "S3_PROVIDER in .env line 2",
        '"minio"',
        "rclone or external, because Debian packages no other store (IMAGES=debian)",
    ),
    "a version that Debian lacks": (
        b"IMAGES=debian\nPOSTGRES_VERSION=17",
        "POSTGRES_VERSION in .env line 2",
        '"17"',
        "18, the version that IMAGES=debian builds",
    ),
    "a key that garage refuses": (
        b"S3_PROVIDER=garage\nS3_ACCESS_KEY=5ecreT-a",
        "S3_ACCESS_KEY in .env line 2",
        "a value that is not shown, because it is secret",
        "GK and 24 hexadecimal digits, because S3_PROVIDER=garage takes no other form",
    ),
    "a password that no URL holds": (
        b"REDIS_PASSWORD=5ecreT/a@b",
        "REDIS_PASSWORD in .env line 1",
        "a value that is not shown, because it is secret",
        "letters, digits and . _ ~ - only (it stands inside a URL)",
    ),
}


def test_a_value_of_the_environment_that_is_no_text_is_refused_before_it_is_written_anywhere(load):
    error = refusal(load, b"", environ={**fill(b""), "APP_CONTEXT": "caf\udce9"})
    assert (error.where, error.found) == ("APP_CONTEXT in the environment", "character 4 is not UTF-8")


@pytest.mark.parametrize(("content", "where", "found", "expected"), LINES.values(), ids=LINES)
def test_a_bad_line_is_refused_with_its_place_and_what_belongs_there(load, content, where, found, expected):
    error = refusal(load, content, environ=fill(content))
    assert (error.where, error.found) == (where, found)
    assert error.expected == expected if expected else error.expected
    assert error.next and error.code == 2


def fill(content: bytes) -> dict[str, str]:
    """The secrets that a case does not speak of, from the environment, so that only its own line is wrong."""
    return {key: value for key, value in SECRETS.items() if key.encode() not in content}


def refusal(load, content: bytes, **options) -> SettingsError:
    with pytest.raises(SettingsError) as caught:
        load(content, **options)
    for text in (str(caught.value), repr(caught.value.fields()), *map(str, caught.value.args)):
        assert "5ecreT" not in text
    # A cause or context with the value would print it in a debugger's or reporter's traceback.
    assert caught.value.__suppress_context__ or caught.value.__context__ is None
    return caught.value


# change of one secret of a staging environment -> what is found
WEAK = {
    "short": ({"REDIS_PASSWORD": "5ecreT-of-15-ch"}, "a secret of 15 characters"),
    "a word": ({"POSTGRES_PASSWORD": "5ecreT-minioadmin-5ecreT"}, "a secret made of a word that attackers try first"),
    "a word in capitals": (
        {"S3_SECRET_KEY": "MyPaSsWoRd5ecreTMyPaSsWoRd"},
        "a secret made of a word that attackers try first",
    ),
    "few characters": ({"S3_SECRET_KEY": "abcabcabcabcabcabcabcabc"}, "a secret of 3 different characters"),
    "shared": (
        {"REDIS_PASSWORD": "5ecreT-one-for-both", "S3_SECRET_KEY": "5ecreT-one-for-both"},
        "the same secret as another key's",
    ),
    "empty": ({"REDIS_PASSWORD": ""}, "no value"),
}


@pytest.mark.parametrize(("change", "found"), WEAK.values(), ids=WEAK)
def test_a_weak_secret_outside_local_is_refused(load, change, found):
    error = refusal(load, text_of(SECRETS | change).encode(), on="staging")
    assert error.where == f"{next(iter(change))} in .env.staging"
    assert error.found == found
    assert error.expected == ("a random secret" if found == "no value" else RANDOM)


def test_strong_secrets_are_accepted_outside_local(load):
    assert load(text_of(SECRETS).encode(), on="staging").environment == "staging"


def test_weak_secrets_are_a_local_developers_own_business(load):
    assert load(text_of({key: "weak" for key in SECRETS}).encode()).local


@pytest.mark.parametrize(
    ("on", "next_step"),
    [("local", "./invoke init writes .env"), ("staging", "./invoke init --on staging writes .env.staging")],
)
def test_without_a_file_the_way_out_is_init(tmp_path, on, next_step):
    with pytest.raises(SettingsError) as caught:
        envfile.load(tmp_path, on, {})
    assert caught.value.where == f"POSTGRES_PASSWORD in {envfile.path_of(tmp_path, on).name}"
    assert caught.value.next == next_step


def test_a_bad_value_of_the_process_environment_is_blamed_on_it(load):
    error = refusal(load, b"APP_PORT=80", environ=SECRETS | {"APP_PORT": "none"})
    assert (error.where, error.found) == ("APP_PORT in the environment", '"none"')


def test_a_directory_in_place_of_the_file(tmp_path):
    (tmp_path / ".env").mkdir()
    with pytest.raises(SettingsError) as caught:
        envfile.load(tmp_path, "local", {})
    assert (caught.value.where, caught.value.found) == (".env", "Is a directory")


@pytest.mark.parametrize("on", ["Staging", "a b", "../x", "a/b", "-x", "é"])
def test_an_environment_that_cannot_be_a_name(tmp_path, on):
    with pytest.raises(SettingsError):
        envfile.load(tmp_path, on, SECRETS)


@pytest.mark.parametrize(
    ("on", "file", "shell", "where", "expected"),
    [
        ("staging", "", "ENVIRONMENT=production", "ENVIRONMENT in the environment", '"staging", as --on staging says'),
        (
            "production",
            "",
            "ENVIRONMENT=local",
            "ENVIRONMENT in the environment",
            '"production", as --on production says',
        ),
        (
            "staging",
            "ENVIRONMENT=production",
            "",
            "ENVIRONMENT in .env.staging line 1",
            '"staging", as --on staging says',
        ),
        (
            "local",
            "ENVIRONMENT=production",
            "ENVIRONMENT=staging",
            "ENVIRONMENT in the environment",
            '"production", as ENVIRONMENT in .env line 1 says',
        ),
        (
            "staging",
            "PROJECT=shop",
            "PROJECT=other",
            "PROJECT in the environment",
            '"shop", as PROJECT in .env.staging line 1 says',
        ),
    ],
)
def test_two_places_that_name_two_stacks_are_refused(tmp_path, on, file, shell, where, expected):
    envfile.path_of(tmp_path, on).write_text(file)
    environ = dict([shell.split("=")]) if shell else {}
    with pytest.raises(SettingsError) as caught:
        envfile.parse(tmp_path, on, environ)
    assert (caught.value.where, caught.value.expected) == (where, expected)


@pytest.mark.parametrize(
    ("on", "file", "shell", "stack"),
    [
        ("staging", "ENVIRONMENT=staging", {"ENVIRONMENT": "staging"}, "slipway-staging"),
        ("staging", "PROJECT=shop", {"ENVIRONMENT": ""}, "shop-staging"),
        ("local", "ENVIRONMENT=production", {}, "slipway-production"),
        ("local", "", {"ENVIRONMENT": "production", "PROJECT": "shop"}, "shop-production"),
    ],
)
def test_places_that_agree_or_say_nothing_name_the_stack(tmp_path, on, file, shell, stack):
    envfile.path_of(tmp_path, on).write_text(file)
    assert envfile.parse(tmp_path, on, shell).stack == stack


@pytest.mark.parametrize(
    "line", ['APP_ENV_DIR="D:\\vault\\new"', 'APP_ENV_KEY="first\\nsecond"', 'APP_ENV_KEY = "a\\\\b\\"c\\t"']
)
def test_what_could_be_a_control_character_is_refused_and_not_guessed(load, line):
    with pytest.raises(SettingsError) as caught:
        load(f"APP_ENV_A=1\n{line}\n".encode(), environ=SECRETS)
    assert caught.value.where == ".env line 2" and "single quotes" in caught.value.expected


@pytest.mark.parametrize(
    ("line", "value"),
    [
        ("APP_ENV_DIR='D:\\vault\\new'", "D:\\vault\\new"),
        ("APP_ENV_DIR=D:\\vault\\new", "D:\\vault\\new"),
        ('APP_ENV_DIR="D:\\\\new"', "D:\\new"),
        ('APP_ENV_DIR="say \\"hi\\""', 'say "hi"'),
    ],
)
def test_other_backslashes_are_taken_as_they_are_written(load, line, value):
    assert load(line.encode(), environ=SECRETS).app_env["DIR"].get_secret_value() == value


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        ("9" * 309, f'"{"9" * 80}…"'),
        ("postgres://u:hush@h/x", '"postgres://•••@h/x"'),
        ("1\x1b[31m", '"1\\x1b[31m"'),
    ],
)
def test_a_refused_value_is_told_in_short_and_without_what_may_be_secret(load, value, shown):
    with pytest.raises(SettingsError) as caught:
        load(b"", environ=SECRETS | {"REDIS_MEMORY": value})
    assert caught.value.found == shown
