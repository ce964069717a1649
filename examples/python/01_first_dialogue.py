# EXAMPLE 01_first_dialogue: what to say to two people next, and why.
# SHOWS   Institution, Fact, next, plan, explain, to_text        BEFORE  nothing
# NEEDS   nothing: the data is in this file                      PRINTS  ../expected/python_01_first_dialogue.txt
import json
import sys
from datetime import datetime, timedelta, timezone

import alloquy
from alloquy import Act, Direction, Fact, Interaction, RoleChange, RoleKind

PLAYBOOK = {
    "name": "first dialogue",
    "channels": ["email", "phone", "web"],
    "reachability": {"channels": ["email", "phone"]},
    "purposes": [{"name": "study guidance", "legal_basis": "public_task"}],
    "pools": [{"name": "advisers", "minutes": 30}],
    "contact_caps": [{"name": "two a week", "most": 2, "window_days": 7}],
    "actions": [
        {
            "name": "reminder",
            "purpose": "study guidance",
            "roles": ["student"],
            "value_euros": 5,
            "variants": [{"channel": "email", "language": "nl", "executor": "bot", "message": "reminder"}],
        },
        {
            "name": "call",
            "purpose": "study guidance",
            "roles": ["student"],
            "conditions": [{"column": "engagement", "below": 0.2}],
            "value_euros": 100,
            "variants": [
                {"channel": "phone", "language": "nl", "executor": "team", "pool": "advisers", "minutes": 20}
            ],
        },
    ],
}


def main() -> None:
    playbook = alloquy.read_playbook(json.dumps(PLAYBOOK), "first dialogue")
    start = datetime(2026, 2, 2, 8, 0, tzinfo=timezone.utc)
    now = datetime(2026, 3, 2, 8, 0, tzinfo=timezone.utc)
    with alloquy.Institution.in_memory(playbook, now) as institution:
        busy = institution.person("sis", "1001", start)
        quiet = institution.person("sis", "1002", start)
        facts = []
        for person in (busy, quiet):
            facts.append(Fact(person, start, start, "sis", "role", RoleChange(RoleKind.student)))
            facts.append(
                Fact(person, start, start, "sis", "attributes",
                     alloquy.AttributeStatement({"language": "nl", "zone": "Europe/Amsterdam"}))
            )
        for day in range(20):
            at = start + timedelta(days=day, hours=2)
            facts.append(Fact(busy, at, at, "web", f"visit {day}", Interaction("web", Act.visited, Direction.inbound)))
        institution.record(facts)

        for name, person in (("busy", busy), ("quiet", quiet)):
            score = institution.engagement(person, now)
            print(f"{name}: engagement {score.fraction:.3f}")
            for part in score.parts:
                print(f"    {part.name}: {part.contribution:.3f} of {part.share}")
            print("   ", alloquy.to_text(institution.next(person, now), playbook).replace("\n", "\n    "))

        # Without minutes nobody is called: the second best action takes its place, and the reason stands beside it.
        plan = institution.plan(now, {"advisers": 0})
        print("\nwithout advisers:", plan.to_arrays()["action"].tolist())
        print("   ", alloquy.to_text(institution.explain(quiet, plan), playbook).replace("\n", "\n    "))


if __name__ == "__main__":
    try:
        main()
    except alloquy.Error as error:
        sys.exit(f"error: {error}")
