"""The examples in the docstrings print what they say."""

import doctest

import numpy as np
import pytest

import alloquy


def documented():
    for name in alloquy.__all__:
        value = getattr(alloquy, name)
        yield name, value
        if isinstance(value, type):
            for member, inner in vars(value).items():
                yield f"{name}.{member}", getattr(inner, "__func__", inner)


EXAMPLES = {
    name: test
    for name, value in documented()
    for test in [doctest.DocTestParser().get_doctest(value.__doc__ or "", {}, name, None, 0)]
    if test.examples
}


def test_there_are_examples():
    assert {"Instant", "Fact", "Institution", "read_playbook"} <= set(EXAMPLES)


@pytest.mark.parametrize("name", sorted(EXAMPLES))
def test_example(name):
    test = EXAMPLES[name]
    test.globs = {"alloquy": alloquy, "np": np}
    failures = []
    doctest.DocTestRunner(optionflags=doctest.NORMALIZE_WHITESPACE).run(test, out=failures.append)
    assert not failures, "".join(failures)
