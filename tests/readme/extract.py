"""Takes the code blocks out of README.md: the C++ program, what it prints, the Python program.

usage: extract.py README.md OUT_FOLDER
"""

import pathlib
import re
import sys


def main():
    text = pathlib.Path(sys.argv[1]).read_text(encoding="utf-8")
    out = pathlib.Path(sys.argv[2])
    out.mkdir(parents=True, exist_ok=True)
    for language, name in (("cpp", "readme.cpp"), ("text", "readme.txt"), ("python", "readme.py")):
        blocks = re.findall(rf"^```{language}\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)
        if len(blocks) != 1:
            sys.exit(f"README.md: expected one block of {language}, got {len(blocks)}")
        (out / name).write_text(blocks[0], encoding="utf-8")


if __name__ == "__main__":
    main()
