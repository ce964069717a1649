"""The stub, the module, __all__ and the docstrings' signatures hold the same names."""

import ast
import inspect
import itertools
import re
from pathlib import Path

import pytest

import alloquy
from alloquy import _core

PACKAGE = Path(alloquy.__file__).parent
STUB = ast.parse((PACKAGE / "_core.pyi").read_text(encoding="utf-8"))
DUNDERS = {"__init__", "__add__", "__sub__", "__contains__", "__getitem__", "__len__", "__enter__", "__exit__",
           "__lt__", "__le__", "__gt__", "__ge__"}
HELPERS = {"use_model"}  # written in Python


def public(names):
    return {name for name in names if not name.startswith("_")}


def parameters(node):
    arguments = node.args
    names = [a.arg for a in arguments.posonlyargs + arguments.args + arguments.kwonlyargs]
    return [name for name in names if name != "self"]


def is_property(node):
    return any(isinstance(d, ast.Name) and d.id == "property" for d in node.decorator_list)


def signatures(function):
    """Parameter names of each signature line that pybind11 puts in front of a docstring."""
    return [[re.match(r"\s*\*{0,2}(\w+)", piece).group(1) for piece in pieces] for pieces in argument_texts(function)]


def argument_texts(function):
    """The arguments of each signature line, self left out, as text."""
    lines = function.__doc__.splitlines()
    if len(lines) > 1 and lines[1] == "Overloaded function.":
        lines = [re.sub(r"^\d+\. ", "", line) for line in lines if re.match(r"^\d+\. \w+\(", line)]
    else:
        lines = lines[:1]
    result = []
    for line in lines:
        depth, names, start = 0, [], line.index("(") + 1
        text = line[start: line.rindex(") -> ")]
        piece = ""
        quote = None
        for character in text + ",":
            if quote:
                quote = None if character == quote else quote
            elif character in "'\"":
                quote = character
            elif character in "([{<":
                depth += 1
            elif character in ")]}>":
                depth -= 1
            elif character == "," and depth == 0:
                if piece.strip():
                    names.append(piece)
                piece = ""
                continue
            piece += character
        result.append([name for name in names if not re.match(r"\s*(self|arg0)\b", name)])
    return result


def defaults(function):
    """Default values that are plain constants, by parameter name, of all signatures."""
    found = {}
    for pieces in argument_texts(function):
        for piece in pieces:
            name, _, text = piece.partition(" = ")
            try:
                found.setdefault(re.match(r"\s*\*{0,2}(\w+)", name).group(1), []).append(ast.literal_eval(text))
            except (SyntaxError, ValueError):
                pass  # none, or an object
    return found


def stub_functions(body):
    functions = {}
    for node in body:
        if isinstance(node, ast.FunctionDef) and not is_property(node):
            functions.setdefault(node.name, []).append(parameters(node))
    return functions


def stub_defaults(body):
    """Default values that are plain constants, as (function, parameter, value)."""
    for node in body:
        if isinstance(node, ast.FunctionDef):
            arguments = node.args.args
            for argument, value in zip(arguments[len(arguments) - len(node.args.defaults):], node.args.defaults):
                if isinstance(value, ast.Constant) and value.value is not ...:
                    yield node.name, argument.arg, value.value


STUB_FUNCTIONS = stub_functions(STUB.body)
STUB_CLASSES = {node.name: node for node in STUB.body if isinstance(node, ast.ClassDef)}
CLASSES = {name: value for name, value in vars(_core).items() if isinstance(value, type)}
FUNCTIONS = {name: value for name, value in vars(_core).items() if callable(value) and not isinstance(value, type)}
BOUND = {name: kind for name, kind in CLASSES.items() if not issubclass(kind, Exception)}


def test_module_package_and_stub_have_the_same_names():
    module = public(vars(_core))
    constants = {node.target.id for node in STUB.body if isinstance(node, ast.AnnAssign) and node.value is None}
    assert set(alloquy.__all__) == module | HELPERS | {"__version__"}
    assert len(alloquy.__all__) == len(set(alloquy.__all__))
    assert all(hasattr(alloquy, name) for name in alloquy.__all__)
    assert public(STUB_FUNCTIONS) | public(STUB_CLASSES) | public(constants) == module


def same(ours, stub, what):
    # One signature may stand in the stub as several overloads with the same parameters, or the other way round.
    assert [key for key, _ in itertools.groupby(ours)] == [key for key, _ in itertools.groupby(stub)], what


@pytest.mark.parametrize("name", sorted(FUNCTIONS))
def test_functions_have_the_same_parameters(name):
    same(signatures(FUNCTIONS[name]), STUB_FUNCTIONS[name], name)


@pytest.mark.parametrize("name", sorted(BOUND))
def test_classes_have_the_same_members(name):
    kind, node = BOUND[name], STUB_CLASSES[name]
    assert kind.__doc__ and len(kind.__doc__) > 10, f"{name} has no docstring"
    stub_properties = {n.name for n in node.body if isinstance(n, ast.FunctionDef) and is_property(n)}
    stub_values = {n.target.id for n in node.body if isinstance(n, ast.AnnAssign)}
    functions = stub_functions(node.body)
    if hasattr(kind, "__members__"):
        assert public(stub_values) == set(kind.__members__)
        return
    own = vars(kind)
    assert stub_properties == {n for n, v in own.items() if isinstance(v, property)}
    methods = {n: v for n, v in own.items() if callable(getattr(v, "__func__", v)) and not isinstance(v, property)}
    assert public(functions) == public(methods)
    for method in set(functions) | (DUNDERS & set(methods)):
        if method in ("__hash__", "__eq__"):
            continue
        function = getattr(methods[method], "__func__", methods[method])
        if method == "__init__" and "->" not in function.__doc__:
            assert method not in functions
            continue
        same(signatures(function), functions[method], f"{name}.{method}")


def test_default_values_are_those_of_the_stub():
    checked = 0
    owners = [(vars(_core), STUB.body)] + [(vars(kind), STUB_CLASSES[name].body) for name, kind in BOUND.items()]
    for owner, body in owners:
        for name, parameter, value in stub_defaults(body):
            function = getattr(owner[name], "__func__", owner[name])
            assert value in defaults(function).get(parameter, []), (name, parameter)
            checked += 1
    assert checked > 100


@pytest.mark.parametrize("name", sorted(BOUND))
def test_everything_public_has_a_docstring(name):
    kind = BOUND[name]
    for member, value in vars(kind).items():
        if member.startswith("_") or hasattr(kind, "__members__"):
            continue
        text = getattr(value, "__func__", value).__doc__ or ""
        if not isinstance(value, property):
            text = "\n".join(text.splitlines()[1:])
        assert text.strip(), f"{name}.{member} has no docstring"


@pytest.mark.parametrize("name", sorted(HELPERS))
def test_helpers_are_typed_and_documented(name):
    helper = getattr(alloquy, name)
    signature = inspect.signature(helper)
    assert len(helper.__doc__) > 100
    kinds = [parameter.annotation for parameter in signature.parameters.values()] + [signature.return_annotation]
    assert inspect.Signature.empty not in kinds


def test_equal_values_have_hashes():
    for name, kind in BOUND.items():
        if "__eq__" in vars(kind):
            assert kind.__hash__ is not None, name


def test_the_types_are_consistent(monkeypatch, tmp_path):
    api = pytest.importorskip("mypy.api", reason="mypy is not installed")
    monkeypatch.chdir(tmp_path)
    for path in [PACKAGE / "_core.pyi", PACKAGE / "host_models.py"]:
        out, _, status = api.run(["--strict", "--ignore-missing-imports", str(path)])
        assert status == 0, out
