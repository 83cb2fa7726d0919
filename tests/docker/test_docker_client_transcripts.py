"""Word for word what the genuine client 28.2.2 prints (see tests/data/docker/README.md)."""

from __future__ import annotations

import json

import pytest
from docker_client_fake import FakeEngine
from docker_client_transcripts import DATA, execute, transcript, world, written

READING = (
    "info", "version", "swarm", "node", "nodes", "network", "networks", "containers", "service",
)  # fmt: skip
"""Calls that change nothing."""

USAGE = list(transcript("usage.txt"))


@pytest.mark.parametrize(("command", "expected"), USAGE, ids=[command for command, _ in USAGE])
def test_a_command_that_is_refused_is_refused_in_docker_words(command: str, expected: str) -> None:
    engine = FakeEngine()
    assert written(execute(engine, command)) == expected
    assert all(request[0] in READING for request in engine.requests)


def test_a_session_prints_what_docker_prints() -> None:
    engine = world()
    for command, expected in transcript("world.txt"):
        assert written(execute(engine, command)) == expected, command


def neutral(value: object) -> object:
    """Leave out what the API reads as "not given"."""
    if isinstance(value, dict):
        kept = {key: neutral(item) for key, item in value.items()}
        return {k: v for k, v in kept.items() if v not in (None, "", 0, False, [], {})}
    return [neutral(item) for item in value] if isinstance(value, list) else value


CALLS = {
    "/swarm/init": "swarm_init", "/swarm/join": "swarm_join", "/swarm/leave": "swarm_leave",
    "/swarm/update": "swarm_update", "/networks/create": "network_create",
    "/networks/*/connect": "network_connect", "/networks/*/disconnect": "network_disconnect",
    "/containers/create": "container_create", "/containers/*/start": "container_start",
    "/containers/*/attach": "container_attach", "/containers/*/exec": "exec",
    "/services/create": "service_create", "/services/*/update": "service_update",
    "/nodes/*/update": "node_update", "DELETE /services/*": "service_remove",
    "DELETE /containers/*": "container_remove",
}  # fmt: skip


def call_name(request: dict[str, str]) -> tuple[str, str]:
    """The engine call that stands for an HTTP request, and the object that it names."""
    prefix = "" if request["method"] == "POST" else f"{request['method']} "
    parts = request["path"].strip("/").split("/")
    if f"{prefix}{request['path']}" in CALLS:
        return CALLS[f"{prefix}{request['path']}"], ""
    pattern = "/".join([parts[0], "*", *parts[2:]])
    return CALLS[f"{prefix}/{pattern}"], parts[1]


def test_the_requests_are_those_that_docker_sends() -> None:
    """Same requests in the same order with the same bodies, from ``swarm init`` on."""
    engine = FakeEngine()
    for entry in json.loads((DATA / "requests.json").read_text()):
        engine.requests.clear()
        execute(engine, entry["command"])
        sent = [request for request in engine.requests if request[0] not in READING]
        expected = [(*call_name(request), request["body"]) for request in entry["requests"]]
        expected.sort(key=lambda call: call[0] == "container_attach")  # attach waits, so it is last
        assert [call[0] for call in sent] == [name for name, _, _ in expected], entry["command"]
        for call, (_, ref, body) in zip(sent, expected, strict=True):
            if ref:
                assert call[1] == ref
            if body is not None:
                body.get("HostConfig", {}).pop("MemorySwappiness", None)
                assert neutral(find_body(call)) == body, entry["command"]


def find_body(call: tuple[object, ...]) -> dict[str, object]:
    """The request body among the arguments of a recorded call."""
    return next(argument for argument in call if isinstance(argument, dict))
