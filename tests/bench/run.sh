#!/usr/bin/env bash
# Timings and scores beside their peers, as `name value` lines: bash tests/bench/run.sh NAME
#   append     the journal against a bare sqlite3 loop
#   fold       interactions into signals, against DuckDB and polars
#   segments   fifty segments of a million people, against DuckDB; what one interaction costs
#   score_all  all standard scores of a million people
#   lifecycle  BG/NBD and BG/BB on CDNOW and gifts, against lifetimes
#   oulad      who fails or withdraws (OULAD), against scikit-learn and LightGBM
#   bank       who says yes on the phone (bank-marketing), against scikit-learn and LightGBM
# Real data are read from ALLOQUY_DATA, else ../shared/data.
set -euo pipefail
cd "$(dirname "$0")/../.."
name=${1:?append, fold, segments, score_all, lifecycle, oulad or bank}
data=${ALLOQUY_DATA:-$PWD/../shared/data}
source examples/prepare.sh
prepare_packages python3-dev python3-venv pybind11-dev >&2
work=build/bench-data/$name
mkdir -p "$work"

# An environment of their own for peers: packages NAME PACKAGE...
peers() {
    local venv=build/venv-bench-$1
    shift
    if [ ! -e "$venv/ready" ]; then
        /usr/bin/python3 -m venv "$venv"
        "$venv/bin/pip" install -q --disable-pip-version-check numpy "$@" >&2
        touch "$venv/ready"
    fi
    python=$venv/bin/python
}
build() {
    cmake -S . -B build/bench -G Ninja -DCMAKE_BUILD_TYPE=Release -DALLOQUY_BENCH=ON -DALLOQUY_DEVELOPER=ON >build/bench.log
    cmake --build build/bench --target "$@" >&2
}
# The Python package, built for the environment of the peers.
build_package() {
    cmake -S . -B build/bench-python -G Ninja -DCMAKE_BUILD_TYPE=Release -DALLOQUY_PYTHON=ON -DALLOQUY_DEVELOPER=OFF \
        "-DPython3_EXECUTABLE=$PWD/$python" "-DPython_EXECUTABLE=$PWD/$python" >build/bench-python.log
    cmake --build build/bench-python >&2
    export PYTHONPATH=$PWD/build/bench-python/python
}
need() {
    [ -e "$data/$1" ] || { echo "no $1 in $data: set ALLOQUY_DATA" >&2; exit 2; }
}
case $name in
append)
    build bench_append
    build/bench/tests/bench_append "$work"
    ;;
fold)
    build bench_fold
    peers fold polars duckdb pyarrow
    build/bench/tests/bench_fold "$work" | tee "$work/own.txt"
    own() { awk -v name="$1" '$1 == name {print $2}' "$work/own.txt"; }
    "$python" tests/bench/fold_peers.py "$work" "$(own fold_two_threads_seconds)" "$(own fold_sum_30)"
    rm -f "$work"/*.u32 "$work"/*.u16 "$work"/*.i32
    ;;
segments)
    build bench_segments
    peers segments duckdb pyarrow
    build/bench/tests/bench_segments "$work" | tee "$work/own.txt"
    "$python" tests/bench/segments_peers.py "$work" "$(awk '$1 == "rebuild_50_segments_1m_seconds" {print $2}' "$work/own.txt")"
    rm -f "$work"/*.u32 "$work"/*.u8 "$work"/*.i64 "$work"/people.csv
    ;;
score_all)
    build bench_score_all
    build/bench/tests/bench_score_all
    ;;
lifecycle)
    need cdnow
    build bench_lifecycle
    peers lifecycle lifetimes
    "$python" tests/bench/lifecycle_peers.py build/bench/tests/bench_lifecycle "$data"
    ;;
oulad)
    need oulad
    peers models pandas scikit-learn lightgbm
    build_package
    "$python" tests/bench/oulad_models.py "$data/oulad" "$work"
    ;;
bank)
    need bank-marketing
    peers models pandas scikit-learn lightgbm
    build_package
    "$python" tests/bench/bank_models.py "$data/bank-marketing"
    ;;
*)
    echo "no such bench: $name" >&2
    exit 2
    ;;
esac
