import numpy as np
import pytest

import alloquy
from conftest import NOW, START, add_student, fact, visit


def test_a_fact_enters_once(institution):
    person = institution.person("sis", "1", START)
    assert institution.record(visit(person, "k", START)) == alloquy.Entry.entered
    assert institution.record([visit(person, "k", START)]) == [alloquy.Entry.already_there]
    assert institution.record(visit(person, "k", START, quantity=2)) == alloquy.Entry.conflict
    assert institution.journal.fact_count == institution.journal.last_seq == 1


def test_facts_come_back_with_their_words(institution):
    person = institution.person("sis", "1", START)
    given = [
        visit(person, "a", START),
        fact(person, "b", alloquy.RoleChange(alloquy.RoleKind.student, "history", "main"), NOW),
    ]
    institution.record(given)
    assert institution.journal.facts_of(person) == given


def test_a_journal_can_be_checked_and_copied(playbook, tmp_path):
    path, copy = tmp_path / "a.alloquy", tmp_path / "b.alloquy"
    with alloquy.Institution.open(path, playbook, START) as institution:
        person = add_student(institution, "1")
        institution.record(visit(person, "k", START))
        journal = institution.journal
        assert journal.verify() == [] and journal.integrity_check() == []
        journal.checkpoint()
        head, state = journal.chain_head(), institution.state_hash()
        assert len(head) == len(state) == 32
        journal.backup(copy)
        with pytest.raises(alloquy.StoreError):
            journal.backup(copy)
    with alloquy.Institution.open(copy, playbook, START) as institution:
        assert institution.journal.chain_head() == head and institution.state_hash() == state


def test_many_people_at_once(institution):
    journal = institution.journal
    ids = journal.people("sis", ["a", "b", "a"], START)
    assert ids.dtype == np.int64 and ids[0] == ids[2] != ids[1]
    assert institution.find_person("sis", "b").value == ids[1]
    numbered = journal.people("numbers", np.array([17, -3]), START)
    assert institution.find_person("numbers", "-3").value == numbered[1]
    with pytest.raises(alloquy.InvalidArgument, match="keys"):
        journal.people("sis", [1, 2], START)
    assert journal.person_count == 4


def test_keys_are_linked_and_hidden(institution):
    person = institution.person("sis", "4711", START)
    institution.journal.link_key(person, "crm", "secret")
    keys = institution.journal.keys_of(person)
    assert [(key.system, key.key) for key in keys] == [("crm", "secret"), ("sis", "4711")]
    assert "secret" not in repr(keys)


def test_organisations_are_made_on_first_mention(institution):
    journal = institution.journal
    made = journal.organisation("crm", "o1", alloquy.OrganisationKind.employer, "Works")
    assert journal.find_organisation("crm", "o1") == made
    assert journal.organisation(made) == alloquy.Organisation(made, alloquy.OrganisationKind.employer, "Works")
    assert journal.organisation(alloquy.OrganisationId(99)) is None
