"""Print the dependencies that the pyproject.toml named in the first argument declares, a line each."""

import sys

try:
    import tomllib
except ImportError:  # before Python 3.11
    from pip._vendor import tomli as tomllib

with open(sys.argv[1], "rb") as file:
    project = tomllib.load(file).get("project", {})
for dependency in project.get("dependencies", []):
    print(dependency)
