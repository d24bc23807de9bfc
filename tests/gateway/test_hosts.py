"""A server without keys answers this machine, not the pages in its browser."""

from __future__ import annotations

import pytest
from multidict import CIMultiDict, CIMultiDictProxy

from openinteractions.gateway.errors import RefusedError
from openinteractions.gateway.hosts import Hosts
from openinteractions.v1.interaction_pb2 import Interaction
from tests.gateway.doubles import face

PUBLIC = "https://ai.example.com/base"


def headers(**sent: str) -> CIMultiDictProxy[str]:
    return CIMultiDictProxy(CIMultiDict(sent))


OWN = [
    {},
    {"Host": "127.0.0.1:8080"},
    {"Host": "127.8.9.1"},
    {"Host": "localhost:8080"},
    {"Host": "LOCALHOST"},
    {"Host": "app.localhost"},
    {"Host": "[::1]:8080"},
    {"Host": "ai.example.com"},
    {"Host": "127.0.0.1", "Origin": "http://localhost:3000"},
    {"Host": "127.0.0.1", "Origin": "https://ai.example.com"},
]
FOREIGN = [
    {"Host": "evil.example"},
    {"Host": "evil.example:8080"},
    {"Host": "127.0.0.1.evil.example"},
    {"Host": "localhost.evil.example"},
    {"Host": "192.168.1.7"},
    {"Host": ""},
    {"Host": "[::1"},
    {"Host": "127.0.0.1", "Origin": "https://evil.example"},
    {"Host": "127.0.0.1", "Origin": "null"},
    {"Host": "127.0.0.1", "Origin": ""},
]


@pytest.mark.parametrize("sent", OWN, ids=str)
def test_this_machine_is_answered(sent: dict[str, str]) -> None:
    Hosts(PUBLIC).check(headers(**sent))


@pytest.mark.parametrize("sent", FOREIGN, ids=str)
def test_another_name_is_refused(sent: dict[str, str]) -> None:
    with pytest.raises(RefusedError, match="is not this machine"):
        Hosts(PUBLIC).check(headers(**sent))


def test_without_a_public_name_there_is_none() -> None:
    with pytest.raises(RefusedError):
        Hosts().check(headers(Host="ai.example.com"))


async def test_a_page_of_elsewhere_gets_a_403_and_nothing_happens() -> None:
    async with face(hosts=Hosts()) as made:
        made.service.answer = Interaction(id="v1_a")
        body = {"model": "m", "input": "x"}
        foreign = {"Origin": "https://evil.example"}
        status, answer = await made.ask("POST", "/v1/interactions", body, **foreign)
        assert (status, answer["error"]["code"]) == (403, "permission_denied")
        assert (await made.ask("POST", "/v1/interactions", body))[0] == 200
        assert len(made.service.calls) == 1
