#!/usr/bin/env bash
# From nothing to today's plan: installs what is missing, builds, makes a sample institution, prints whom to call and
# whom to write today, in which language and why, and who is in which segment.
#   bash examples/run.sh [--people 5000] [--list 15]
# With real students of the Open University (OULAD): whom to call on one day, and what became of them.
#   bash examples/run.sh --oulad FOLDER [--day 56] [--calls 200] [--list 200]
# The same by a learned model, in Python, with a gain curve as an image:
#   bash examples/run.sh --who-to-call FOLDER [--day 56] [--calls 200]
# The segments alone, of either: their sizes, who came and went, how they overlap, who just missed one and why.
#   bash examples/run.sh --segments [--people 5000]
#   bash examples/run.sh --segments --oulad FOLDER [--day 56]
set -euo pipefail
called_from=$PWD
cd "$(dirname "$0")/.."
people=5000 list=() oulad=() day=() folder= learned= segments=
while [ $# -gt 0 ]; do
    case $1 in
    --segments)
        segments=yes
        shift
        continue
        ;;
    --people) people=${2:?--people takes a number} ;;
    --list) list=(--list "${2:?--list takes a number}") ;;
    --oulad) folder=$(cd "$called_from" && cd "${2:?--oulad takes a folder}" && pwd) ;;
    --who-to-call)
        folder=$(cd "$called_from" && cd "${2:?--who-to-call takes a folder}" && pwd)
        learned=yes
        ;;
    --day) day=("$1" "${2:?$1 takes a number}") ;;
    --calls) oulad+=("$1" "${2:?$1 takes a number}") ;;
    *)
        sed -n '2,11p' "$0" >&2
        exit 2
        ;;
    esac
    shift 2
done

source examples/prepare.sh
work=build/examples-data
mkdir -p "$work"
if [ -n "$learned" ]; then
    prepare_packages python3-dev python3-venv pybind11-dev
    prepare_python
    echo "building (about four minutes the first time)"
    configure_and_build release alloquy_python
    PYTHONPATH=build/release/python "$ALLOQUY_PYTHON" examples/python/who_to_call.py "$folder" "${day[@]}" "${oulad[@]}" \
        --image "$work/who_to_call.png"
    exit
fi
prepare_packages
echo "building (about two minutes the first time)"
configure_and_build release sample_institution 04_nightly 05_call_list 06_segments
if [ -n "$folder" ] && [ -n "$segments" ]; then
    build/release/examples/06_segments --oulad "$folder" "${day[@]}"
elif [ -n "$folder" ]; then
    rm -f "$work"/oulad.alloquy*
    build/release/examples/05_call_list --oulad "$folder" --journal "$work/oulad.alloquy" "${day[@]}" "${oulad[@]}" \
        "${list[@]}"
else
    rm -rf "$work/sample"
    build/release/examples/sample_institution "$work/sample" --people "$people" --end 2026-11-16
    if [ -z "$segments" ]; then
        echo
        build/release/examples/04_nightly --data "$work/sample" --now 2026-11-16T07:00:00Z "${list[@]}"
    fi
    echo
    build/release/examples/06_segments --data "$work/sample" --now 2026-11-16T07:00:00Z
fi
