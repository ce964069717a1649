import copy
import pickle
from datetime import date

import pytest

import alloquy
from alloquy import Act, Direction, Interaction
from conftest import NOW, START, fact


def test_contents_are_immutable_values_with_keywords():
    a = Interaction(channel="email", act=Act.clicked, direction=Direction.inbound, topic="study", quantity=3)
    b = Interaction("email", Act.clicked, Direction.inbound, "study", quantity=3)
    assert a == b and hash(a) == hash(b)
    assert a != Interaction("email", Act.clicked, Direction.outbound)
    with pytest.raises(AttributeError):
        a.channel = "phone"


def test_repr_shows_no_personal_data():
    secret = "a secret 4711"
    content = Interaction("email", Act.replied, Direction.inbound, text=secret)
    shown = [
        content,
        fact(alloquy.PersonId(1), secret, content),
        alloquy.AttributeStatement({"region": secret}),
        alloquy.ObligationChange("fee", alloquy.ObligationStep.opened, item=secret),
    ]
    for value in shown:
        assert secret not in repr(value)
    assert "channel='email'" in repr(content)


def test_values_survive_pickling_and_copying():
    values = [
        fact(alloquy.PersonId(1), "k", Interaction("email", Act.replied, Direction.inbound, text="x")),
        fact(alloquy.PersonId(1), "k", alloquy.AttributeStatement({"n": 1.5, "d": date(2026, 1, 1), "b": True})),
        fact(alloquy.PersonId(1), "k",
             alloquy.RelationChange(alloquy.RelationKind.works_at, alloquy.OrganisationId(4))),
        alloquy.Organisation(alloquy.OrganisationId(1), alloquy.OrganisationKind.employer, "A school"),
    ]
    for value in values:
        assert pickle.loads(pickle.dumps(value)) == value
        assert copy.deepcopy(value) == value


def test_attribute_values_keep_their_type():
    given = {"flag": True, "count": 3, "share": 0.5, "since": date(2026, 1, 2), "region": "north", "gone": None}
    statement = alloquy.AttributeStatement(given)
    values = {attribute.name: attribute.value for attribute in statement.attributes}
    assert values["flag"] is True
    assert values["count"] == 3.0 and type(values["count"]) is float
    assert values["since"] == alloquy.Day.from_ymd(2026, 1, 2)
    assert values["region"] == "north" and values["gone"] is None


@pytest.mark.parametrize("wrong", [2**53 + 1, b"bytes", [1], 1j])
def test_an_attribute_value_that_would_lose_something_is_refused(wrong):
    with pytest.raises(alloquy.InvalidArgument) as caught:
        alloquy.AttributeStatement({"x": wrong})
    assert str(wrong) not in str(caught.value)


def test_a_quantity_is_never_narrowed():
    for wrong in [2**32, -1, 1.5]:
        with pytest.raises(TypeError):
            Interaction("web", Act.visited, Direction.inbound, quantity=wrong)


def test_inverse_is_its_own_inverse():
    for kind in alloquy.RelationKind.__members__.values():
        assert alloquy.inverse(alloquy.inverse(kind)) == kind


def test_objections_follow_article_21():
    # GDPR art. 21(1): points (e) and (f) of art. 6(1) only.
    stopped = {name for name, basis in alloquy.LegalBasis.__members__.items() if alloquy.can_be_objected_to(basis)}
    assert stopped == {"public_task", "legitimate_interests"}


def test_a_profile_is_the_fold_of_facts(institution):
    person = institution.person("sis", "1", START)
    other = institution.person("sis", "2", START)
    institution.record(
        [
            fact(person, "a", alloquy.RoleChange(alloquy.RoleKind.student, programme="history")),
            fact(person, "b", alloquy.AttributeStatement({"language": "nl", "birth_year": 2001})),
            fact(person, "c", alloquy.ConsentStatement("news", alloquy.ConsentDecision.given, channel="email")),
            fact(person, "d", alloquy.RelationChange(alloquy.RelationKind.mentored_by, other)),
            fact(person, "e", alloquy.DialogueChange(alloquy.DialogueId(9), alloquy.DialogueStep.opened,
                                                     tone=alloquy.Tone.complaint)),
            fact(person, "f", alloquy.EnrolmentChange("history", alloquy.EnrolmentStatus.enrolled)),
            fact(person, "g", alloquy.ObligationChange("fee", alloquy.ObligationStep.opened, due=NOW)),
            fact(person, "h", alloquy.Result("exam 1", 0.75)),
            fact(person, "i", alloquy.ObligationChange("exam", alloquy.ObligationStep.opened, "exam 1", weight=40)),
        ]
    )
    profile = institution.profile(person)
    assert profile.language == "nl" and profile.zone == ""
    assert profile.roles == (alloquy.Role(alloquy.RoleKind.student, "history", None, START, None),)
    assert alloquy.current_roles(profile, NOW) == frozenset({alloquy.RoleKind.student})
    assert alloquy.primary_role(profile.roles, NOW) == profile.roles[0]
    assert alloquy.attribute(profile, "birth_year") == 2001
    assert alloquy.attribute(profile, "region") is None
    assert profile.consents[0].given and profile.consents[0].channel == "email"
    assert profile.dialogues[0].is_open and profile.dialogues[0].tone == alloquy.Tone.complaint
    assert profile.enrolments[0].programme == "history"
    assert profile.obligations[0].due == NOW and profile.obligations[0].is_open
    assert [obligation.weight for obligation in profile.obligations] == [None, 40]
    assert institution.journal.facts_of(person)[-1].content.weight == 40
    assert profile.results[0].fraction == 0.75
    # What the docstring says of weights holds.
    assert "in [0, 1e9]" in alloquy.ObligationChange.weight.__doc__
    assert "in [0, 1e9]" in alloquy.Obligation.weight.__doc__
    opened = alloquy.ObligationStep.opened
    institution.record([fact(other, "least", alloquy.ObligationChange("exam", opened, "x", weight=0)),
                        fact(other, "most", alloquy.ObligationChange("exam", opened, "y", weight=1e9))])
    for wrong in [-1.0, 1e9 + 1]:
        with pytest.raises(alloquy.InvalidArgument, match="weight"):
            institution.record([fact(other, "z", alloquy.ObligationChange("exam", opened, "z", weight=wrong))])
    # The other side holds the inverse.
    assert institution.profile(other).relations[0].kind == alloquy.RelationKind.mentor_of
    assert pickle.loads(pickle.dumps(profile)) == profile
