"""What goes between processes, as the configuration names it."""

from __future__ import annotations

import base64
import json
import os
import subprocess
import sys
from collections.abc import Mapping
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import nkeys
import pytest

from openinteractions.config import Config, ConfigError, load
from openinteractions.engine.signal_ports import Signal
from openinteractions.storage.events.opening import Between, open_events
from openinteractions.storage.sqlite import SqliteStore
from tests.nats import Nats, nats_server
from tests.storage.events.log_acceptance import Follower, append, batch, first
from tests.storage.events.signal_acceptance import END, Ears, all_heard
from tests.storage.records import record

TLS = Path(__file__).parents[2] / "fixtures" / "tls"

SERVER = ["--tls", "--tlscert", f"{TLS}/server.pem", "--tlskey", f"{TLS}/server.key"]

MODELS = '[endpoints.play]\ndialect = "scripted"\n[models."*"]\nendpoint = "play"\n'


def configured(folder: Path, text: str, **environ: str) -> Config:
    file = folder / "oi.toml"
    file.write_text(
        f'[store]\nurl = "sqlite:///{folder}/oi.db"\n[events]\n{text}\n{MODELS}'
    )
    return load(file, environ=environ)


async def hear_each_other(a: Between, b: Between, *, names: str = "ab") -> None:
    """Check that a signal and a batch get from one process to the other."""
    ears = Ears(a.signals), Ears(b.signals)
    a.signals.send(Signal.CANCEL, "v1_1", to=names[1])
    await ears[1].until(lambda heard: (Signal.CANCEL, "v1_1") in heard)
    a.signals.send(*END)
    await all_heard(*ears)
    async with Follower(b.log, "v1_1") as follower:
        await append(a.log, "v1_1", first(), batch(1, 2))
        assert await follower.until(batch(1, 2)) == [first(), batch(1, 2)]


async def check(config: Config) -> None:
    async with AsyncExitStack() as stack:
        a = await open_events(config, "a", None, stack)
        b = await open_events(config, "b", None, stack)
        await hear_each_other(a, b)


async def test_one_machine_needs_nothing_but_the_database(tmp_path: Path) -> None:
    config = configured(tmp_path, "")
    async with AsyncExitStack() as stack:
        processes = []
        for process in "ab":
            store = await SqliteStore.open(config.store.path)
            stack.push_async_callback(store.close)
            processes.append(await open_events(config, process, store, stack))
        await store.add(record("v1_1"), [])
        await hear_each_other(processes[0], processes[1])
        assert (tmp_path / "oi.db.signals").is_dir()


async def test_without_nats_a_store_elsewhere_leaves_each_process_alone(
    tmp_path: Path,
) -> None:
    async with AsyncExitStack() as stack:
        config = configured(tmp_path, "")
        a = await open_events(config, "a", None, stack)
        b = await open_events(config, "b", None, stack)
        ears = Ears(a.signals), Ears(b.signals)
        a.signals.send(*END)

        assert await all_heard(ears[0]) == [[END]]
        assert ears[1].heard == []
        await hear_each_other(a, a, names="aa")


async def test_many_machines_are_joined_by_nats(tmp_path: Path, nats: Nats) -> None:
    await check(configured(tmp_path, f'url = "{nats.url}"\nstream = "opened"'))


async def test_nats_that_is_not_there_keeps_nobody_from_starting(
    tmp_path: Path,
) -> None:
    async with AsyncExitStack() as stack:
        config = configured(tmp_path, 'url = "nats://127.0.0.1:1"')
        a = await open_events(config, "a", None, stack)
        ears = Ears(a.signals)
        a.signals.send(*END)

        assert await all_heard(ears) == [[END]]


async def test_a_missing_package_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ours = "openinteractions.storage.events.nats."
    for name in list(sys.modules):
        if name.startswith((ours, "nats.")) or name == "nats":
            monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "nats", None)
    async with AsyncExitStack() as stack:
        config = configured(tmp_path, 'url = "nats://127.0.0.1:1"')
        with pytest.raises(
            ConfigError, match=r'pip install "openinteractions\[nats\]"'
        ):
            await open_events(config, "a", None, stack)


def test_nats_is_imported_by_those_only_who_use_it() -> None:
    program = (
        "import sys, openinteractions.storage.events.opening\n"
        "sys.exit('nats' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", program], check=False, timeout=60)

    assert done.returncode == 0


async def test_tls_with_certificates_on_both_sides(tmp_path: Path) -> None:
    verifying = ["--tlsverify", "--tlscacert", f"{TLS}/ca.pem"]
    with nats_server(tmp_path / "nats", *SERVER, *verifying) as server:
        url = server.url.replace("nats:", "tls:")
        ours = f'cert_file = "{TLS}/client.pem"\nkey_file = "{TLS}/client.key"'
        trusted = f'url = "{url}"\nca_file = "{TLS}/ca.pem"'
        await check(configured(tmp_path, f"{trusted}\n{ours}"))

        for text in (trusted, f'url = "{url}"\n{ours}'):
            async with AsyncExitStack() as stack:
                config = configured(tmp_path, text)
                stranger = await open_events(config, "a", None, stack)
                assert not stranger.log._stream.connection.is_there  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('ca_file = "no.pem"', r"events\.ca_file: no\.pem cannot be read"),
        ('ca_file = "{0}/oi.toml"', r"events\.ca_file: has no certificates"),
        (
            'cert_file = "{0}/oi.toml"\nkey_file = "{0}/oi.toml"',
            r"events\.cert_file: it and key_file are no certificate",
        ),
        ('credentials_file = "{0}"', r"events\.credentials_file: .* cannot be read"),
    ],
)
async def test_a_file_that_cannot_be_used_is_named(
    tmp_path: Path, text: str, message: str
) -> None:
    config = configured(tmp_path, f'url = "tls://127.0.0.1:1"\n{text.format(tmp_path)}')
    async with AsyncExitStack() as stack:
        with pytest.raises(ConfigError, match=message):
            await open_events(config, "a", None, stack)


@pytest.mark.parametrize(
    ("options", "text", "environ"),
    [
        (
            ["--user", "oi", "--pass", "of-the-tests"],
            'user = "oi"\npassword_env = "PASSWORD"',
            {"PASSWORD": "of-the-tests"},
        ),
        (["--auth", "of-the-tests"], 'token_env = "T"', {"T": "of-the-tests"}),
    ],
)
async def test_secrets_come_from_the_environment(
    tmp_path: Path, options: list[str], text: str, environ: Mapping[str, str]
) -> None:
    with nats_server(tmp_path / "nats", *options) as server:
        await check(configured(tmp_path, f'url = "{server.url}"\n{text}', **environ))


def key(prefix: int) -> nkeys.KeyPair:
    return nkeys.from_seed(nkeys.encode_seed(os.urandom(32), prefix))


def name_of(one: nkeys.KeyPair) -> str:
    return str(one.public_key.decode())


def plain(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).decode().rstrip("=")


def token(issuer: nkeys.KeyPair, subject: nkeys.KeyPair, **says: Any) -> str:
    """A JWT as NATS's tools make it."""
    claims = {
        "jti": plain(os.urandom(16)),
        "iat": 1,
        "iss": name_of(issuer),
        "sub": name_of(subject),
        "name": "tests",
        "nats": {"version": 2, **says},
    }
    parts = [{"typ": "JWT", "alg": "ed25519-nkey"}, claims]
    body = ".".join(plain(json.dumps(part).encode()) for part in parts)
    return f"{body}.{plain(issuer.sign(body.encode()))}"


async def test_a_credentials_file_is_a_way_in(tmp_path: Path) -> None:
    operator, account = key(nkeys.PREFIX_BYTE_OPERATOR), key(nkeys.PREFIX_BYTE_ACCOUNT)
    user = key(nkeys.PREFIX_BYTE_USER)
    everything = dict.fromkeys(
        ["subs", "data", "payload", "imports", "exports", "conn", "leaf"], -1
    )
    everything |= {"wildcards": True}
    kept = dict.fromkeys(["mem_storage", "disk_storage", "streams", "consumer"], -1)
    owner = token(operator, account, type="account", limits=everything | kept)
    system = key(nkeys.PREFIX_BYTE_ACCOUNT)
    administration = token(operator, system, type="account", limits=everything)
    settings = tmp_path / "nats.conf"
    settings.write_text(
        f"operator: {token(operator, operator, type='operator')}\n"
        "resolver: MEMORY\n"
        "resolver_preload: {\n"
        f"{name_of(account)}: {owner}\n{name_of(system)}: {administration}\n"
        "}\n"
        f"system_account: {name_of(system)}\n"
    )
    unlimited = dict.fromkeys(["subs", "data", "payload"], -1)
    mine = token(account, user, type="user", pub={}, sub={}, **unlimited)
    credentials = tmp_path / "oi.creds"
    credentials.write_text(
        f"-----BEGIN NATS USER JWT-----\n{mine}\n------END NATS USER JWT------\n\n"
        "-----BEGIN USER NKEY SEED-----\n"
        f"{user.seed.decode()}\n"
        "------END USER NKEY SEED------\n"
    )
    with nats_server(tmp_path / "nats", "-c", str(settings)) as server:
        text = f'url = "{server.url}"\ncredentials_file = "{credentials}"'
        await check(configured(tmp_path, text))
