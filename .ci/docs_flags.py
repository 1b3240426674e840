"""Looks whether each `train COMMAND --flag` that a page shows is one that the built program has."""

import functools
import pathlib
import re
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
TRAIN = ROOT / ".build" / "release" / "train"
PAGES = [ROOT / "README.md", *sorted(ROOT.glob("docs/*.md")), *sorted(ROOT.glob("skills/*/*.md"))]

# A command ends with its line or code span, at a comment, a pipe, and where the trainer's own
# arguments begin; what is quoted is a value.
_COMMAND = re.compile(r"(?<![\w/.-])train ([a-z]+)\b([^`\n]*)")
_END = re.compile(r" #| -- |[|;&]")
_QUOTED = re.compile(r"'[^']*'|\"[^\"]*\"")
_FLAG = re.compile(r"(?<!\S)(--?[a-z]\w*)")


@functools.lru_cache(None)
def flags_of(command):
    """The flags of a command; none where there is no such command."""
    told = subprocess.run([TRAIN, command, "--help"], capture_output=True, text=True)
    return set(re.findall(r"--?[a-z]\w*", told.stdout)) if told.returncode == 0 else set()


def main():
    """Exits with 1 after a line for each flag that is not there."""
    wrong, count = [], 0
    for page in PAGES:
        text = page.read_text().replace("\\\n", " ")
        for command, rest in _COMMAND.findall(text):
            used = _FLAG.findall(_END.split(_QUOTED.sub("''", rest))[0])
            for flag in used:
                count += 1
                if flag not in flags_of(command):
                    wrong.append(f"{page.relative_to(ROOT)}: train {command} has no {flag}")
    print(f"{count} flags in {len(PAGES)} pages")
    sys.exit("\n".join(wrong) if wrong else 0)


if __name__ == "__main__":
    main()
