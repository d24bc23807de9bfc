"""[store], [files] and [objects]: where they lie, their keys, every refusal."""

from __future__ import annotations

from pathlib import Path

import pytest

from openinteractions.config import Objects, show, unset_variables
from tests.config.texts import SHARED, loaded, refusal


@pytest.mark.parametrize(
    ("url", "path"),
    [
        (None, "data/oi.db.objects"),
        ("file:///var/lib/oi", "/var/lib/oi"),
        ("file:/var/lib/oi", "/var/lib/oi"),
        ("file:media/here", "media/here"),
    ],
)
def test_objects_lie_where_the_url_says_or_beside_the_database(
    url: str | None, path: str
) -> None:
    assert Objects(url=url).path(Path("data/oi.db")) == Path(path)


@pytest.mark.parametrize(
    ("url", "bucket"),
    [
        (None, None),
        ("file:///s3://media", None),
        ("s3://media", ("media", "")),
        ("s3://media/", ("media", "")),
        ("s3://media/one", ("media", "one/")),
        ("s3://media/one/two/", ("media", "one/two/")),
    ],
)
def test_a_bucket_has_a_name_and_maybe_a_prefix(
    url: str | None, bucket: tuple[str, str] | None
) -> None:
    assert Objects(url=url).bucket == bucket


BUCKET = """
[objects]
url = "s3://media/oi"
endpoint_url = "https://minio.internal:9000"
region = "eu"
access_key_id_env = "S3_ID"
secret_access_key_env = "S3_SECRET"
[endpoints.play]
dialect = "scripted"
[models."*"]
endpoint = "play"
"""


def test_the_key_of_a_bucket_comes_from_the_environment_and_is_not_shown() -> None:
    config = loaded(BUCKET, S3_ID="s3cret-id", S3_SECRET="s3cret", OTHER="x")

    assert config.bucket_key == ("s3cret-id", "s3cret")
    assert unset_variables(config) == []
    text = show(config)
    assert "s3cret" not in text
    assert (
        """\
[objects]
url = "s3://media/oi"
endpoint_url = "https://minio.internal:9000"
region = "eu"
access_key_id_env = "S3_ID"  # set
secret_access_key_env = "S3_SECRET"  # set
"""
        in text
    )


def test_a_key_of_a_bucket_that_is_not_set_is_named() -> None:
    assert unset_variables(loaded(BUCKET, S3_ID="k")) == [
        (
            "objects.secret_access_key_env: the environment variable S3_SECRET is not "
            "set; it should have the key of the bucket"
        )
    ]
    keyless = BUCKET.replace('access_key_id_env = "S3_ID"', "").replace(
        'secret_access_key_env = "S3_SECRET"', ""
    )
    assert loaded(keyless).bucket_key is None


@pytest.mark.parametrize(
    ("url", "text"),
    [
        ("postgresql://h/d", "postgresql://h/d"),
        ("postgresql://u@h:1/d", "postgresql://u@h:1/d"),
        ("postgresql://u:p@h/d", "postgresql://u@h/d"),
        ("postgresql://:p@h/d", "postgresql://@h/d"),
        ("postgresql://u:p%40x:y@z@h,h2:5/d", "postgresql://u@h,h2:5/d"),
        ("postgresql://h/d?user=u&password=p", "postgresql://h/d?user=u"),
        (
            "postgresql://h/d?password=p&sslmode=require",
            "postgresql://h/d?sslmode=require",
        ),
        ("postgresql://h/d?sslpassword=p&password=q&x=y", "postgresql://h/d?x=y"),
        ("postgresql:///d?host=/run/pg", "postgresql:///d?host=/run/pg"),
    ],
)
def test_no_password_of_the_store_is_shown(url: str, text: str) -> None:
    config = loaded(SHARED.replace("postgresql://db/oi", url))

    assert config.store.shown == text
    assert f'url = "{text}"\n' in show(config)


def test_the_password_of_the_store_comes_from_the_environment() -> None:
    text = f'{SHARED}password_env = "PW"'

    assert loaded(text, PW="secret").environment == {"PW": "secret"}
    assert 'password_env = "PW"  # set\n' in show(loaded(text, PW="secret"))
    assert "secret" not in show(loaded(text, PW="secret"))
    problem = (
        "store.password_env: the environment variable PW is not set; it should have "
        "the password of the database"
    )
    assert unset_variables(loaded(text)) == [problem]


REFUSED = {
    "store that is not there": (
        '[store]\nurl = "mysql://oi:secret@db/oi"',
        (
            'store.url: "mysql://oi@db/oi" is not a store that this version has; '
            'write "sqlite:///openinteractions.db" or "postgresql://user@host/database"'
        ),
    ),
    "PostgreSQL that is no URL": (
        '[store]\nurl = "postgresql://oi:secret@[db/oi"',
        (
            'store.url: "postgresql://oi@[db/oi" is not a URL; '
            'write it as "postgresql://user@host/name"'
        ),
    ),
    "PostgreSQL without a place for bytes": (
        '[store]\nurl = "postgresql://db/oi"',
        (
            "objects.url: missing; there is no directory beside PostgreSQL: give a "
            'bucket, "s3://bucket/prefix", or a directory that all servers share, '
            '"file:///srv/openinteractions/objects"'
        ),
    ),
    "two passwords": (
        SHARED.replace("db/", "oi:secret@db/") + 'password_env = "PW"',
        "store.password_env: is of no use beside the password in the url",
    ),
    "password where its variable belongs": (
        f'{SHARED}password_env = "s3cret!"',
        (
            "store.password_env: not the name of an environment variable; "
            "the key itself belongs into the environment"
        ),
    ),
    "too few connections": (
        f"{SHARED}connections = 2",
        "store.connections: 2 is out of range; it should be between 3 and 1000",
    ),
    "password of a file": (
        '[store]\npassword_env = "PW"',
        "store.password_env: is for PostgreSQL; leave it out",
    ),
    "connections to a file": (
        "[store]\nconnections = 5",
        "store.connections: is for PostgreSQL; leave it out",
    ),
    "file that lives for no time": (
        "[files]\nttl_hours = 0",
        "files.ttl_hours: 0 is out of range; it should be above 0",
    ),
    "upload that may take no time": (
        "[files]\nupload_ttl_hours = -1",
        "files.upload_ttl_hours: -1 is out of range; it should be above 0",
    ),
    "file without bytes": (
        "[files]\nmax_bytes = 0",
        "files.max_bytes: 0 is out of range; it should be above 0",
    ),
    "objects that are no URL": (
        '[objects]\nurl = "/var/lib/oi"',
        (
            'objects.url: "/var/lib/oi" is not a place for objects that this version '
            'has; write "file:///var/lib/openinteractions/objects", "file:objects" or '
            '"s3://bucket/prefix"'
        ),
    ),
    "objects on another host": (
        '[objects]\nurl = "file://host/var/lib/oi"',
        (
            'objects.url: "file://host/var/lib/oi" is not a place for objects that '
            'this version has; write "file:///var/lib/openinteractions/objects", '
            '"file:objects" or "s3://bucket/prefix"'
        ),
    ),
    "bucket that is none": (
        '[objects]\nurl = "s3://Bucket/../x"',
        (
            'objects.url: "s3://Bucket/../x" is not a place for objects that this '
            'version has; write "file:///var/lib/openinteractions/objects", '
            '"file:objects" or "s3://bucket/prefix"'
        ),
    ),
    "server of a directory": (
        '[objects]\nurl = "file:objects"\nendpoint_url = "http://minio:9000"',
        (
            "objects.endpoint_url: a directory has no server; leave it out, or use "
            'url = "s3://…"'
        ),
    ),
    "server of a bucket that is none": (
        '[objects]\nurl = "s3://media"\nendpoint_url = "minio:9000"',
        (
            'objects.endpoint_url: "minio:9000" is not a URL of a server; '
            'write it as "https://host/path", without query or fragment'
        ),
    ),
    "half a key of a bucket": (
        '[objects]\nurl = "s3://media"\nsecret_access_key_env = "SECRET"',
        "objects.access_key_id_env: missing; secret_access_key_env needs it",
    ),
    "key of a bucket in the file": (
        (
            '[objects]\nurl = "s3://media"\naccess_key_id_env = "k/y"\n'
            'secret_access_key_env = "s/cret"'
        ),
        (
            "objects.access_key_id_env: not the name of an environment variable; "
            "the key itself belongs into the environment"
        ),
    ),
    "file too large for a bucket": (
        '[files]\nmax_bytes = 10000000001\n[objects]\nurl = "s3://media"',
        (
            "files.max_bytes: 10000000001 is out of range; "
            "a bucket takes files of at most 10000000000 bytes"
        ),
    ),
    "nothing is kept": (
        "[store]\nttl_days = 0",
        "store.ttl_days: 0 is out of range; it should be above 0",
    ),
    "store without a path": (
        '[store]\nurl = "sqlite:///"',
        (
            'store.url: "sqlite:///" is not a store that this version has; '
            'write "sqlite:///openinteractions.db" or "postgresql://user@host/database"'
        ),
    ),
}


@pytest.mark.parametrize(
    ("text", "message"),
    [pytest.param(*case, id=name) for name, case in REFUSED.items()],
)
def test_a_mistake_in_the_file_is_told_in_one_line(text: str, message: str) -> None:
    assert refusal(text) == f"oi.toml: {message}"
