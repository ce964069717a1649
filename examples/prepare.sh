# Sourced by the run scripts: installs packages where they are missing, makes the Python environment, builds.

# Debian's packages; asks for the package manager only if something is missing.
prepare_packages() {
    local wanted=(g++ cmake ninja-build ccache libboost-dev libboost-graph-dev libsqlite3-dev libsodium-dev zlib1g-dev
        nlohmann-json3-dev doctest-dev pybind11-dev python3-dev python3-venv tzdata "$@")
    local missing=()
    for package in "${wanted[@]}"; do
        dpkg-query -W -f='${Status}' "$package" 2>/dev/null | grep -q 'install ok installed' || missing+=("$package")
    done
    [ ${#missing[@]} -eq 0 ] && return
    echo "installing: ${missing[*]}"
    local as_root=()
    [ "$(id -u)" -eq 0 ] || as_root=(sudo)
    "${as_root[@]}" apt-get update -qq
    DEBIAN_FRONTEND=noninteractive "${as_root[@]}" apt-get install -y -qq --no-install-recommends "${missing[@]}" >/dev/null
}

# A Python environment of our own with numpy, pandas and pytest; of the system's Python, whose headers are installed.
prepare_python() {
    venv=build/venv
    if [ ! -e "$venv/ready" ]; then
        /usr/bin/python3 -m venv "$venv"
        "$venv/bin/pip" install -q --disable-pip-version-check numpy pandas pytest pyarrow setuptools wheel
        touch "$venv/ready"
    fi
    export ALLOQUY_PYTHON="$PWD/$venv/bin/python"
}

# configure_and_build PRESET [CMAKE ARGUMENT...]
configure_and_build() {
    local preset=$1
    shift
    local launcher=()
    command -v ccache >/dev/null && launcher=(-DCMAKE_CXX_COMPILER_LAUNCHER=ccache)
    cmake --preset "$preset" -G Ninja "${launcher[@]}" ${ALLOQUY_PYTHON:+-DPython3_EXECUTABLE="$ALLOQUY_PYTHON"} \
        ${ALLOQUY_PYTHON:+-DPython_EXECUTABLE="$ALLOQUY_PYTHON"} "$@" >"build/configure.log" 2>&1 \
        || { cat build/configure.log; return 1; }
    cmake --build --preset "$preset"
}
