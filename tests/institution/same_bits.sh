#!/usr/bin/env bash
# Builds print_state_hash with GCC and Clang, without optimisation and with all of it, and compares what they print.
set -euo pipefail
source=$1 work=$2
rm -rf "$work"
mkdir -p "$work"
build() { # NAME COMPILER FLAGS...
    local name=$1 compiler=$2
    shift 2
    "$compiler" -std=c++20 -ffp-contract=off "$@" -I"$source/include" -I"$source/src" -I"$source/tests" -o "$work/$name" \
        "$source/tests/institution/print_state_hash.cpp" "$source"/src/store/*.cpp "$source"/src/io/*.cpp \
        -lsqlite3 -lsodium -lz -lpthread
}
clang=$(command -v clang++ || command -v clang++-14 || true)
builds=("gcc-O0 g++ -O0" "gcc-O3-v3 g++ -O3 -march=x86-64-v3")
if [ -n "$clang" ]; then
    builds+=("clang-O0 $clang -O0" "clang-O3-v3 $clang -O3 -march=x86-64-v3")
else
    echo "no clang++ here: GCC alone is compared"
fi
[ "$(uname -m)" = x86_64 ] || builds=("${builds[@]/-march=x86-64-v3/}")
grep -q avx2 /proc/cpuinfo || builds=("${builds[@]/-march=x86-64-v3/}")
building=()
for each in "${builds[@]}"; do
    # shellcheck disable=SC2086
    build $each &
    building+=($!)
    # As many at once as there are cores.
    if [ ${#building[@]} -ge "$(nproc)" ]; then
        wait "${building[0]}"
        building=("${building[@]:1}")
    fi
done
for process in "${building[@]}"; do wait "$process"; done
expected=
for each in "${builds[@]}"; do
    name=${each%% *}
    line=$("$work/$name")
    echo "$name: $line"
    if [ -n "$expected" ] && [ "$line" != "$expected" ]; then
        echo "$name differs" >&2
        exit 1
    fi
    expected=$line
done
