#!/usr/bin/env python3
"""Rebuilds `terraform providers schema -json` for chosen resources from a cdktf or cdktn wheel.

usage: schema_from_wheel.py WHEEL OUT NAME...
       NAME: google_compute_instance, data:google_compute_image, provider, all

    pip download --no-deps cdktf-cdktf-provider-google==16.12.1
    pip download --no-deps cdktn-provider-azurerm==16.4.0

The wheel holds a jsii tarball; each lib/<resource>/index.js carries, in its inline source map, the
generated TypeScript, and that spells out the schema: a line `// name - computed: c, optional: o,
required: r` per attribute, its type in the getter, and `isBlock`, list or set in the HCL functions.
Not in it: min_items and max_items other than 1, sensitive, the schema's version.
"""

import base64
import io
import json
import re
import sys
import tarfile
import zipfile

# What the wheel does not hold, for the resources in use.
PATCHES = {
    "google_storage_bucket_object.content": {"sensitive": True},
    "google_storage_bucket.lifecycle_rule": {"max_items": 100},
    "azurerm_linux_virtual_machine.admin_password": {"sensitive": True},
    "azurerm_linux_virtual_machine.custom_data": {"sensitive": True},
}
for _which in ("primary", "secondary"):
    for _key in ("access_key", "connection_string", "blob_connection_string"):
        PATCHES[f"azurerm_storage_account.{_which}_{_key}"] = {"sensitive": True}

PRIMITIVES = {"String": "string", "Number": "number", "Boolean": "bool", "Any": "dynamic"}
ATTRIBUTE = re.compile(
    r'^\s+"?(\w+)"?: \{\n\s+value: (.*?),\n\s+isBlock: (\w+),\n\s+type: "(\w+)",\n'
    r'\s+storageClassType: "(\w+)",',
    re.M | re.S,
)
FIELD = re.compile(
    r"^  // (\w+) - computed: (\w+), optional: (\w+), required: (\w+)\n"
    r"(.*?)(?=^  // \w+ - computed|^  // =====|\Z)",
    re.M | re.S,
)
MEMBER = r"private _\w+\??!? = new "
MAP = re.compile(
    MEMBER
    + r'cdkt[fn]\.(String|Number|Boolean|Any)Map(List|Set)?\(this, "\w+"(?:, (true|false))?\)'
)
LIST_LIST = re.compile(
    MEMBER + r'cdkt[fn]\.(String|Number|Boolean)ListList\(this, "\w+", (true|false)\)'
)
NESTED = re.compile(MEMBER + r'(\w+?)(List|Map|OutputReference)\(this, "\w+"(?:, (true|false))?\)')
SET = re.compile(r"cdkt[fn]\.Fn\.tolist\(this\.get(\w*?)ListAttribute")
NUMBER_SET = re.compile(r"cdkt[fn]\.Token\.asNumberList\(cdkt[fn]\.Fn\.tolist")
PLAIN = re.compile(r"this\.get(\w+?)Attribute\(")


def typescript(javascript):
    """The generated source inside a module's source map."""
    found = re.search(
        rb"sourceMappingURL=data:application/json;base64,([A-Za-z0-9+/=]+)", javascript
    )
    return json.loads(base64.b64decode(found.group(1)))["sourcesContent"][0]


def arguments_of(body):
    """{attribute: (is a block, kind, storage class, mapper)} from an HCL function's body."""
    found = ATTRIBUTE.findall(body)
    return {name: (block == "true", kind, store, val) for name, val, block, kind, store in found}


def flags(computed, optional, required):
    """Those that are set."""
    named = (("computed", computed), ("optional", optional), ("required", required))
    return {name: True for name, value in named if value == "true"}


def block_of(attributes, blocks):
    """A schema block without empty parts."""
    parts = (("attributes", attributes), ("block_types", blocks))
    return {name: part for name, part in parts if part}


class Module:
    """One resource's module."""

    def __init__(self, source):
        self.classes = dict(
            re.findall(r"^export class (\w+) extends [^\n]*\{\n(.*?)^\}$", source, re.S | re.M)
        )
        functions = re.findall(
            r"^export function (\w+)ToHclTerraform\(.*?\n(.*?)^\}$", source, re.S | re.M
        )
        self.hcl = {name.lower(): arguments_of(body) for name, body in functions}
        self.interfaces = dict(
            re.findall(r"^export interface (\w+)[^\n]*\{\n(.*?)^\}$", source, re.S | re.M)
        )

    def type_of(self, body):
        """A type as the schema has it, or (how nested, class) for a structure."""
        if found := MAP.search(body):
            kind = ["map", PRIMITIVES[found.group(1)]]
            outer = "set" if found.group(3) == "true" else "list"
            return [outer, kind] if found.group(2) else kind
        if found := LIST_LIST.search(body):
            outer = "set" if found.group(2) == "true" else "list"
            return [outer, ["list", PRIMITIVES[found.group(1)]]]
        if found := NESTED.search(body):
            name, how, is_set = found.groups()
            outer = "set" if is_set == "true" else "list"
            return {"List": outer, "Map": "map", "OutputReference": "single"}[how], name
        if SET.search(body) or NUMBER_SET.search(body):
            return ["set", "number" if "NumberList" in body else "string"]
        if found := PLAIN.search(body):
            kind = found.group(1)
            if kind.endswith("Map"):
                return ["map", PRIMITIVES[kind[:-3]]]
            lists = {"List": ["list", "string"], "NumberList": ["list", "number"]}
            return lists.get(kind) or PRIMITIVES[kind]
        raise ValueError(body[:400])

    def block(self, name, hcl):
        """The block that a class describes."""
        attributes, blocks = {}, {}
        for field, computed, optional, required, body in FIELD.findall(self.classes[name]):
            said, kind = flags(computed, optional, required), self.type_of(body)
            if not isinstance(kind, tuple):
                if field in hcl and hcl[field][1] == "set" and kind[0] == "list":
                    kind = ["set", kind[1]]
                attributes[field] = {"type": kind, **said}
            elif field in hcl and hcl[field][0] and computed == "false":
                how, inner = kind
                mode = "single" if hcl[field][1] == "struct" else hcl[field][1]
                arguments = self.hcl.get(inner.lower(), {})
                nested = {
                    "nesting_mode": mode,
                    "block": self.block(inner + "OutputReference", arguments),
                }
                if required == "true":
                    nested["min_items"] = 1
                if how == "single" and hcl[field][1] != "struct":
                    nested["max_items"] = 1
                blocks[field] = nested
            else:  # an attribute made of objects
                outer = hcl[field][1] if field in hcl else kind[0]
                shape = self.object(kind[1] + "OutputReference")
                attributes[field] = {"type": ["set" if outer == "set" else "list", shape], **said}
        return block_of(attributes, blocks)

    def object(self, name):
        """The object type that a class describes."""
        out = {}
        for field, _, _, _, body in FIELD.findall(self.classes[name]):
            kind = self.type_of(body)
            if isinstance(kind, tuple):
                outer = "list" if kind[0] == "single" else kind[0]
                kind = [outer, self.object(kind[1] + "OutputReference")]
            out[field] = kind
        return ["object", out]

    def resource(self):
        """The resource's name and block."""
        for name, body in self.classes.items():
            if found := re.search(r'public static readonly tfResourceType = "(\w+)"', body):
                arguments = arguments_of(body.partition("synthesizeHclAttributes")[2])
                return found.group(1), self.block(name, arguments)
        raise ValueError("no resource in this module")

    def provider(self):
        """The block of the provider's configuration."""
        body = next(body for body in self.classes.values() if "tfResourceType" in body)
        interface = next(name for name in self.interfaces if name.endswith("ProviderConfig"))
        arguments = arguments_of(body.partition("synthesizeHclAttributes")[2])
        return self.structure(arguments, interface)

    def structure(self, hcl, interface):
        """A block with no class of its own: flags come from the TypeScript interface."""
        primitive = {"string": "string", "number": "number", "boolean": "bool"}
        attributes, blocks = {}, {}
        found = re.findall(r"^  readonly (\w+)(\??): ([^;]+);", self.interfaces[interface], re.M)
        members = {name.lower(): (optional, kind) for name, optional, kind in found}
        for name, (is_block, kind, store, mapper) in hcl.items():
            if name == "alias":
                continue
            optional, typed = members[name.replace("_", "")]
            if is_block:
                inner = re.search(r"(\w+)ToHclTerraform", mapper).group(1).lower()
                spelt = next(one for one in self.interfaces if one.lower() == inner)
                nested = {"nesting_mode": kind, "block": self.structure(self.hcl[inner], spelt)}
                if not optional:
                    nested["min_items"] = 1
                if "[]" not in typed:
                    nested["max_items"] = 1
                blocks[name] = nested
            else:
                simple = kind == "simple"
                element = primitive[store if simple else re.sub(r"(List|Map)$", "", store)]
                attributes[name] = {
                    "optional" if optional else "required": True,
                    "type": element if simple else [kind, element],
                }
        return block_of(attributes, blocks)


def modules(wheel, wanted, provider):
    """(folder, JavaScript) for each wanted module of a wheel."""
    folders = set()
    for name in wanted:
        plain = name.removeprefix("data:").removeprefix(provider + "_").replace("_", "-")
        folders.add(f"data-{provider}-{plain}" if name.startswith("data:") else plain)
    inner = next(name for name in wheel.namelist() if name.endswith(".jsii.tgz"))
    with tarfile.open(fileobj=io.BytesIO(wheel.read(inner))) as archive:
        for member in archive:
            found = re.fullmatch(r"package/lib/([\w-]+)/index\.js", member.name)
            if found and (found.group(1) in folders or "all" in wanted):
                yield found.group(1), archive.extractfile(member).read()


def main():
    """The command line."""
    path, out, wanted = sys.argv[1], sys.argv[2], set(sys.argv[3:])
    wheel = zipfile.ZipFile(path)
    inner = next(name for name in wheel.namelist() if name.endswith(".jsii.tgz"))
    provider = re.search(r"provider-(\w+)@", inner).group(1)
    resources, sources, configuration, version = {}, {}, {}, None
    for folder, javascript in modules(wheel, wanted, provider):
        found = re.search(rb"providerVersion: '([\d.]+)'", javascript)
        version = version or found.group(1).decode()
        module = Module(typescript(javascript))
        if folder == "provider":
            configuration = module.provider()
            continue
        name, block = module.resource()
        kind = sources if folder.startswith(f"data-{provider}-") else resources
        kind[name] = {"version": 0, "block": block}
    for place, said in PATCHES.items():
        name, _, item = place.partition(".")
        if name in resources:
            block = resources[name]["block"]
            (block["attributes"].get(item) or block["block_types"][item]).update(said)
    schema = {
        "provider": {"version": 0, "block": configuration},
        "resource_schemas": resources,
        "data_source_schemas": sources,
    }
    document = {
        "format_version": "1.0",
        "provider_version": version,
        "provider_schemas": {f"registry.terraform.io/hashicorp/{provider}": schema},
    }
    with open(out, "w") as file:
        json.dump(document, file, sort_keys=True, separators=(",", ":"))
    print(f"{provider} {version}: {len(resources)} resources, {len(sources)} data sources")


if __name__ == "__main__":
    main()
