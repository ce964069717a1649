#!/usr/bin/env bash
# Installs what the tests need, builds everything and runs every test: C++, Python, architecture, consumers, examples.
#   bash tests/run.sh [PRESET]      PRESET: release (default), debug, asan-ubsan, tsan
# Under a sanitizer the Python package is left out: the interpreter is not built for it.
set -euo pipefail
cd "$(dirname "$0")/.."
preset=${1:-release}
source examples/prepare.sh
prepare_packages clang python3-dev python3-venv pybind11-dev
prepare_python
case $preset in
asan-ubsan | tsan)
    echo "the Python package is left out under $preset"
    peer=$ALLOQUY_PYTHON
    unset ALLOQUY_PYTHON
    export PATH="$(dirname "$peer"):$PATH"
    ;;
esac
echo "building $preset"
configure_and_build "$preset"
ctest --preset "$preset" -j "$(nproc)"
