"""Checks what `train` printed with --json against the published schema: NAME [--lines] < OUTPUT.

A field that the schema does not name is a mistake here, though not for a reader: so the schema
cannot fall behind the programs.
"""

import json
import pathlib
import sys

import jsonschema

SCHEMA = pathlib.Path(__file__).resolve().parent.parent / "docs" / "schemas" / "train.schema.json"


def closed(part):
    """The same schema, in which an object has no other fields than those that are named."""
    if isinstance(part, list):
        return [closed(item) for item in part]
    if not isinstance(part, dict):
        return part
    copy = {key: closed(value) for key, value in part.items()}
    if part.get("type") == "object" and isinstance(part.get("properties"), dict):
        copy["additionalProperties"] = False
    return copy


def main():
    """Exits with 1 at the first document that does not fit, and names the place in it."""
    name = sys.argv[1]
    schema = closed(json.loads(SCHEMA.read_text())) | {"$ref": f"#/$defs/{name}"}
    jsonschema.Draft202012Validator.check_schema(schema)
    checker = jsonschema.Draft202012Validator(schema)
    text = sys.stdin.read()
    documents = text.splitlines() if "--lines" in sys.argv else [text]
    if not any(documents):
        sys.exit(f"no {name} was printed")
    for document in documents:
        for mistake in checker.iter_errors(json.loads(document)):
            sys.exit(f"{name}: {mistake.json_path}: {mistake.message}")


if __name__ == "__main__":
    main()
