#!/usr/bin/env bash
# Timings beside their peers, as `name value` lines: bash tests/bench/run.sh NAME
#   append   the journal against a bare sqlite3 loop       fold   interactions into signals, against DuckDB and polars
set -euo pipefail
cd "$(dirname "$0")/../.."
name=${1:?append or fold}
source examples/prepare.sh
prepare_packages python3-venv >&2
work=build/bench-data/$name
mkdir -p "$work"
cmake -S . -B build/bench -G Ninja -DCMAKE_BUILD_TYPE=Release -DALLOQUY_BENCH=ON >build/bench.log
cmake --build build/bench --target "bench_$name" >&2
case $name in
append)
    build/bench/tests/bench_append "$work"
    ;;
fold)
    venv=build/venv-bench
    if [ ! -e "$venv/ready" ]; then
        /usr/bin/python3 -m venv "$venv"
        "$venv/bin/pip" install -q --disable-pip-version-check numpy polars duckdb pyarrow >&2
        touch "$venv/ready"
    fi
    build/bench/tests/bench_fold "$work" | tee "$work/own.txt"
    "$venv/bin/python" tests/bench/fold_peers.py "$work" "$(awk '/fold_two_threads_seconds/ {print $2}' "$work/own.txt")"
    rm -f "$work"/*.u32 "$work"/*.u16 "$work"/*.i64 "$work"/*.f64
    ;;
*)
    echo "no such bench: $name" >&2
    exit 2
    ;;
esac
