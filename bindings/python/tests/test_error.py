import pickle

import pytest

import alloquy


def test_the_tree_is_kept_and_every_class_has_a_python_parent():
    assert issubclass(alloquy.Error, RuntimeError)
    for kind, parent in [
        (alloquy.InvalidArgument, ValueError),
        (alloquy.NotFound, LookupError),
        (alloquy.ParseError, ValueError),
        (alloquy.StoreError, RuntimeError),
    ]:
        assert issubclass(kind, alloquy.Error)
        assert issubclass(kind, parent)


def test_a_message_is_not_quoted():
    # str(KeyError("x")) is "'x'"; NotFound must not do that.
    with pytest.raises(alloquy.NotFound) as caught:
        alloquy.read_zone("Europe/Nowhere")
    assert not str(caught.value).startswith("'")


def test_a_parse_error_has_every_issue_with_its_line():
    with pytest.raises(alloquy.ParseError) as caught:
        alloquy.read_playbook('{"name": 1,\n "channels": 2}', "bad.json")
    error = caught.value
    assert [issue.line for issue in error.issues] == [1, 2]
    assert error.line == 1
    assert [issue.pointer for issue in error.issues] == ["/name", "/channels"]
    assert "bad.json" in str(error)


def test_an_error_survives_pickling():
    with pytest.raises(alloquy.ParseError) as caught:
        alloquy.read_playbook("{", "bad.json")
    copy = pickle.loads(pickle.dumps(caught.value))
    assert type(copy) is alloquy.ParseError
    assert copy.issues == caught.value.issues
