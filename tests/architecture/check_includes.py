"""Fails when a file includes one from a lower floor or a library that its floor must not see, or is left out of
CMakeLists.txt: a header that is not installed, a source that is not compiled."""

import pathlib
import re
import sys

# Each floor includes only itself and what stands before it. `dialogue`, `webcare`, `community` and `route` never
# include each other.
FLOORS = ["", "time", "model", "graph", "score", "segment", "route", "community", "webcare", "dialogue", "decide",
          "engine", "store", "io", "report", "institution"]
SIBLINGS = {"dialogue", "webcare", "community", "route"}
CORE = set(FLOORS[: FLOORS.index("engine") + 1])
# Third-party headers and the floors (of include/ and src/) that may see them.
LIBRARIES = {
    r"boost/date_time": {"time"},
    r"boost/graph": {"graph"},
    r"sqlite3\.h": {"store"},
    r"sodium\.h": {"store", "io"},
    r"nlohmann/": {"io"},
    r"zlib\.h": {"io"},
    r"(filesystem|fstream)$": {"store", "io", "report", "institution"},
}
# Public headers keep compiled libraries out altogether.
HIDDEN = [r"sqlite3\.h", r"sodium\.h", r"nlohmann/", r"zlib\.h"]


def floor_of(path: str) -> str:
    """The floor of a path below include/alloquy or src."""
    parts = pathlib.PurePosixPath(path).parts
    if len(parts) > 1:
        return parts[0]
    stem = pathlib.PurePosixPath(path).stem
    return {"institution": "institution", "followed_segments": "institution", "alloquy": "institution"}.get(stem, "")


def problems(root: pathlib.Path):
    """Yields one line for each include that points the wrong way."""
    for base in (root / "include" / "alloquy", root / "src"):
        public = base.name == "alloquy"
        for path in sorted(base.rglob("*.[hc]pp")):
            name = path.relative_to(base).as_posix()
            floor = floor_of(name)
            if floor not in FLOORS:
                yield f"{name}: folder '{floor}' is no floor"
                continue
            for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
                match = re.match(r"\s*#\s*include\s*([<\"])([^>\"]+)[>\"]", line)
                if not match:
                    continue
                quote, target = match.groups()
                place = f"{path.relative_to(root).as_posix()}:{number}"
                if quote == '"' and public:
                    yield f"{place}: public headers include with <>"
                own = target.removeprefix("alloquy/") if target.startswith("alloquy/") else None
                if own is not None:
                    other = floor_of(own)
                    if other not in FLOORS:
                        yield f"{place}: '{target}' lies on no floor"
                    elif FLOORS.index(other) > FLOORS.index(floor):
                        yield f"{place}: '{floor}' includes '{other}', a lower floor"
                    elif other != floor and other in SIBLINGS and floor in SIBLINGS:
                        yield f"{place}: '{floor}' includes its sibling '{other}'"
                    continue
                for library, floors in LIBRARIES.items():
                    if re.match(library, target):
                        if floor not in floors:
                            yield f"{place}: '{target}' is not for '{floor}'"
                        if public and library in HIDDEN:
                            yield f"{place}: '{target}' stays out of public headers"


def unlisted(root: pathlib.Path):
    """Yields one line for each header or source that CMakeLists.txt does not name."""
    listed = set(re.findall(r"[\w/.]+\.[hc]pp", (root / "CMakeLists.txt").read_text(encoding="utf-8")))
    for path in [*(root / "include").rglob("*.hpp"), *(root / "src").rglob("*.cpp")]:
        name = path.relative_to(root).as_posix()
        if name not in listed:
            yield f"CMakeLists.txt: does not name '{name}'"


def main() -> int:
    """Checks the tree given, or proves on a tree of bad files that the check can fail."""
    root = pathlib.Path(sys.argv[1])
    found = [*problems(root), *sorted(unlisted(root))]
    expected = int(sys.argv[2]) if len(sys.argv) > 2 else 0
    for line in found:
        print(line)
    print(f"{len(found)} problems, {expected} expected")
    return 0 if len(found) == expected else 1


if __name__ == "__main__":
    sys.exit(main())
