"""A small playbook and an institution in memory, and where the real data lie."""

import json
import os
from pathlib import Path

import pytest

import alloquy

START = alloquy.Instant.from_iso("2026-02-02T08:00:00Z")
NOW = alloquy.Instant.from_iso("2026-03-02T08:00:00Z")

PLAYBOOK = {
    "name": "test",
    "channels": ["email", "phone", "web"],
    "topics": ["study"],
    "reachability": {"channels": ["email", "phone"]},
    "purposes": [
        {"name": "guidance", "legal_basis": "public_task"},
        {"name": "news", "legal_basis": "consent"},
    ],
    "pools": [{"name": "advisers", "minutes": 40}],
    "actions": [
        {
            "name": "reminder",
            "purpose": "guidance",
            "roles": ["student"],
            "value_euros": 5,
            "variants": [{"channel": "email", "language": "nl", "executor": "bot"}],
        },
        {
            "name": "call",
            "purpose": "guidance",
            "roles": ["student"],
            "value_euros": 100,
            "variants": [
                {"channel": "phone", "language": "nl", "executor": "team", "pool": "advisers", "minutes": 20}
            ],
        },
        {
            "name": "newsletter",
            "purpose": "news",
            "roles": ["student", "alumnus"],
            "value_euros": 1,
            "variants": [{"channel": "email", "language": "nl", "executor": "bot"}],
        },
    ],
}


@pytest.fixture
def playbook():
    return alloquy.read_playbook(json.dumps(PLAYBOOK), "test")


@pytest.fixture
def institution(playbook):
    with alloquy.Institution.in_memory(playbook, START) as opened:
        yield opened


def fact(person, key, content, at=START, source="test"):
    return alloquy.Fact(person, at, at, source, key, content)


def add_student(institution, key):
    """A student who can be contacted."""
    person = institution.person("sis", key, START)
    institution.record(
        [
            fact(person, "role", alloquy.RoleChange(alloquy.RoleKind.student)),
            fact(person, "attributes", alloquy.AttributeStatement({"language": "nl", "zone": "Europe/Amsterdam"})),
        ]
    )
    return person


def visit(person, key, at, quantity=1):
    content = alloquy.Interaction("web", alloquy.Act.visited, alloquy.Direction.inbound, quantity=quantity)
    return fact(person, key, content, at)


@pytest.fixture
def data():
    """The folder of real data; the test is skipped without it."""
    source = Path(__file__).resolve().parents[3]
    folder = Path(os.environ.get("ALLOQUY_DATA", source.parent / "shared" / "data"))
    if not folder.is_dir():
        pytest.skip(f"no real data in {folder}")
    return folder
