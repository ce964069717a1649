import pickle

import pytest

import alloquy

KINDS = [alloquy.PersonId, alloquy.OrganisationId, alloquy.DialogueId]


@pytest.mark.parametrize("kind", KINDS)
def test_ids_are_ordered_hashable_values(kind):
    assert kind(3).value == 3
    assert sorted([kind(2), kind(1)]) == [kind(1), kind(2)]
    assert len({kind(1), kind(1), kind(2)}) == 2
    assert pickle.loads(pickle.dumps(kind(5))) == kind(5)
    assert repr(kind(5)) == f"{kind.__name__}(5)"


def test_ids_of_different_kinds_are_never_equal():
    assert alloquy.PersonId(1) != alloquy.DialogueId(1)


@pytest.mark.parametrize("kind", KINDS)
def test_ids_cannot_be_changed(kind):
    with pytest.raises(AttributeError):
        kind(1).value = 2


@pytest.mark.parametrize("wrong", [1.5, "1", None, 2**63])
def test_an_id_is_a_whole_number_of_64_bits(wrong):
    with pytest.raises(TypeError):
        alloquy.PersonId(wrong)
