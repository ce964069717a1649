import copy
import pickle

import pytest

import alloquy
from conftest import START


def test_a_playbook_reads_back_equal(playbook):
    again = alloquy.read_playbook(alloquy.write_playbook(playbook), "again")
    assert again == playbook and hash(again) == hash(playbook)
    assert alloquy.playbook_hash(again) == alloquy.playbook_hash(playbook)
    assert len(alloquy.playbook_hash(playbook)) == 32


def test_a_playbook_is_built_of_its_parts(playbook):
    rebuilt = alloquy.Playbook(playbook.name, playbook.channels, playbook.topics, playbook.engagement,
                               playbook.reachability, playbook.lifecycles, playbook.urgency, playbook.models,
                               playbook.columns, playbook.actions)
    assert rebuilt == playbook
    assert copy.deepcopy(playbook) == playbook
    assert pickle.loads(pickle.dumps(playbook)) == playbook
    action = playbook.actions.actions[0]
    assert action.roles == frozenset({alloquy.RoleKind.student})
    assert action.value.points[0].euros == 5


def test_an_inconsistent_playbook_is_refused():
    wrong = alloquy.Playbook("x", reachability=alloquy.ReachabilityConfig(channels=["fax"]))
    with pytest.raises(alloquy.InvalidArgument, match="fax"):
        alloquy.Institution.in_memory(wrong, START)


def test_columns_have_the_documented_names(institution):
    names = tuple(institution.columns(START))
    assert names[: len(alloquy.column_names)] == alloquy.column_names
    assert {"engagement:this week", "channel:web", "channel:other", "topic:study"} <= set(names)
