"""Each program of examples/python prints what stands in examples/expected."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

import alloquy

EXAMPLES = Path(__file__).resolve().parents[3] / "examples"
PROGRAMS = sorted((EXAMPLES / "python").glob("[0-9][0-9]_*.py"))


@pytest.mark.parametrize("program", PROGRAMS, ids=lambda path: path.stem)
def test_example(program):
    package = str(Path(alloquy.__file__).absolute().parents[1])
    path = os.pathsep.join(filter(None, [package, os.environ.get("PYTHONPATH")]))
    run = subprocess.run([sys.executable, str(program)], capture_output=True, text=True, encoding="utf-8",
                         env={**os.environ, "PYTHONPATH": path, "PYTHONIOENCODING": "utf-8"}, timeout=120)
    assert run.returncode == 0, run.stderr
    expected = EXAMPLES / "expected" / f"python_{program.stem}.txt"
    assert run.stdout == expected.read_text(encoding="utf-8")
