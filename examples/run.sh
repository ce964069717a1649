#!/usr/bin/env bash
# From nothing to today's plan: installs what is missing, builds, makes a sample institution, prints whom to call and
# whom to write today, in which language and why.
#   bash examples/run.sh [--people 5000] [--list 15]
# With real students of the Open University (OULAD): whom to call on one day, and what became of them.
#   bash examples/run.sh --oulad FOLDER [--day 56] [--calls 200] [--list 200]
set -euo pipefail
called_from=$PWD
cd "$(dirname "$0")/.."
people=5000 list=() oulad=() folder=
while [ $# -gt 0 ]; do
    case $1 in
    --people) people=${2:?--people takes a number} ;;
    --list) list=(--list "${2:?--list takes a number}") ;;
    --oulad) folder=$(cd "$called_from" && cd "${2:?--oulad takes a folder}" && pwd) ;;
    --day | --calls) oulad+=("$1" "${2:?$1 takes a number}") ;;
    *)
        sed -n '2,6p' "$0" >&2
        exit 2
        ;;
    esac
    shift 2
done

source examples/prepare.sh
prepare_packages
echo "building (about two minutes the first time)"
configure_and_build release sample_institution 04_nightly 05_call_list
work=build/examples-data
mkdir -p "$work"
if [ -n "$folder" ]; then
    rm -f "$work"/oulad.alloquy*
    build/release/examples/05_call_list --oulad "$folder" --journal "$work/oulad.alloquy" "${oulad[@]}" "${list[@]}"
else
    rm -rf "$work/sample"
    build/release/examples/sample_institution "$work/sample" --people "$people" --end 2026-11-16
    echo
    build/release/examples/04_nightly --data "$work/sample" --now 2026-11-16T07:00:00Z "${list[@]}"
fi
