"""Looks whether each flag of `train` that a page shows is there, and each file that it links to."""

import functools
import pathlib
import re
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
TRAIN = ROOT / ".build" / "release" / "train"
PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md"]
PAGES += [*sorted(ROOT.glob("docs/*.md")), *sorted(ROOT.glob("skills/*/*.md"))]

# A command ends with its line or code span, at a comment, a pipe, and where the trainer's own
# arguments begin; what is quoted is a value.
_COMMAND = re.compile(r"(?<![\w/.-])train ([a-z]+)\b([^`\n]*)")
_END = re.compile(r" #| -- |[|;&]")
_QUOTED = re.compile(r"'[^']*'|\"[^\"]*\"")
_FLAG = re.compile(r"(?<!\S)(--?[a-z]\w*)")
_LINK = re.compile(r"\]\((?!https?:)([^)#\s]*)#?([^)\s]*)\)")


@functools.lru_cache(None)
def flags_of(command):
    """The flags of a command; none where there is no such command."""
    told = subprocess.run([TRAIN, command, "--help"], capture_output=True, text=True)
    return set(re.findall(r"--?[a-z]\w*", told.stdout)) if told.returncode == 0 else set()


@functools.lru_cache(None)
def anchors_of(file):
    """What a link into a page may name: its headings, as GitHub writes them."""
    headings = re.findall(r"^#+ (.*)$", file.read_text(), re.M)
    return {re.sub(r"[^\w\- ]", "", text.lower()).replace(" ", "-") for text in headings}


def broken_links(page):
    """The links of a page to files or headings that are not there."""
    for name, anchor in _LINK.findall(page.read_text()):
        file = (page.parent / name) if name else page
        if not file.exists() or (anchor and anchor not in anchors_of(file)):
            yield f"{page.relative_to(ROOT)}: no {name}{anchor and '#'}{anchor}"


def main():
    """Exits with 1 after a line for each that is not there."""
    wrong, count = [line for page in PAGES for line in broken_links(page)], 0
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
