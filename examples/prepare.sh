# Sourced by the run scripts: installs packages where they are missing, makes the Python environment, builds.

# Debian's packages, those named as arguments too; calls the package manager only if something is missing.
prepare_packages() {
    local wanted=(g++ cmake ninja-build ccache libboost-dev libboost-graph-dev libsqlite3-dev libsodium-dev zlib1g-dev
        nlohmann-json3-dev doctest-dev tzdata "$@")
    local missing=() package
    for package in "${wanted[@]}"; do
        dpkg-query -W -f='${Status}' "$package" 2>/dev/null | grep -q 'install ok installed' || missing+=("$package")
    done
    [ ${#missing[@]} -eq 0 ] && return
    echo "installing: ${missing[*]}"
    local as_root=()
    [ "$(id -u)" -eq 0 ] || as_root=(sudo)
    "${as_root[@]}" apt-get update -qq
    "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive \
        apt-get install -y -qq --no-install-recommends "${missing[@]}" >/dev/null
}

# A Python environment of our own for the package's tests and examples. It rests on the system's Python, whose headers
# are among the packages; another python3 may stand first in the path.
prepare_python() {
    local venv=$PWD/build/venv
    if [ ! -e "$venv/ready" ]; then
        echo "making the Python environment"
        /usr/bin/python3 -m venv "$venv"
        "$venv/bin/pip" install -q --disable-pip-version-check numpy pandas pytest pyarrow matplotlib \
            scikit-learn mypy "$@"
        touch "$venv/ready"
    fi
    export ALLOQUY_PYTHON=$venv/bin/python
}

# configure_and_build PRESET [TARGET...]: all targets where none is named. Quiet unless something goes wrong.
configure_and_build() {
    local preset=$1 launcher=() python=()
    shift
    mkdir -p build
    command -v ccache >/dev/null && launcher=(-DCMAKE_CXX_COMPILER_LAUNCHER=ccache)
    if [ -n "${ALLOQUY_PYTHON:-}" ]; then
        python=(-DALLOQUY_PYTHON=ON "-DPython3_EXECUTABLE=$ALLOQUY_PYTHON" "-DPython_EXECUTABLE=$ALLOQUY_PYTHON")
    fi
    cmake --preset "$preset" -G Ninja "${launcher[@]}" "${python[@]}" >build/configure.log 2>&1 \
        || { cat build/configure.log; return 1; }
    cmake --build --preset "$preset" ${1:+--target "$@"} >build/build.log 2>&1 || { tail -n 60 build/build.log; return 1; }
}
