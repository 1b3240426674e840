"""Provider values: their wire form, and walking them by a recorded schema."""

import hashlib
import json

import msgpack
from tf.gen import tfplugin_pb2 as pb


class Unknown:
    """A value that is known only after apply."""

    def __repr__(self):
        return "(unknown)"


UNKNOWN = Unknown()


def decode(value):
    """Python data from a DynamicValue."""
    if value.msgpack:
        return msgpack.unpackb(
            value.msgpack, ext_hook=lambda code, data: UNKNOWN, strict_map_key=False
        )
    return json.loads(value.json) if value.json else None


def encode(value):
    """A DynamicValue from Python data."""
    packed = msgpack.packb(value, default=lambda other: msgpack.ExtType(0, b"\0"))
    return pb.DynamicValue(msgpack=packed)


NESTED = pb.Schema.NestedBlock
NESTING = {
    "single": NESTED.SINGLE,
    "list": NESTED.LIST,
    "set": NESTED.SET,
    "map": NESTED.MAP,
    "group": NESTED.GROUP,
}


def block_message(block):
    """The protobuf form of a schema block as `terraform providers schema -json` prints it."""
    return pb.Schema.Block(
        attributes=[
            pb.Schema.Attribute(
                name=name,
                type=json.dumps(attribute["type"]).encode(),
                required=attribute.get("required", False),
                optional=attribute.get("optional", False),
                computed=attribute.get("computed", False),
                sensitive=attribute.get("sensitive", False),
            )
            for name, attribute in sorted(block.get("attributes", {}).items())
        ],
        block_types=[
            NESTED(
                type_name=name,
                block=block_message(nested["block"]),
                nesting=NESTING[nested["nesting_mode"]],
                min_items=nested.get("min_items", 0),
                max_items=nested.get("max_items", 0),
            )
            for name, nested in sorted(block.get("block_types", {}).items())
        ],
    )


def schema_message(schema):
    """The protobuf form of a resource's schema."""
    return pb.Schema(version=schema.get("version", 0), block=block_message(schema["block"]))


def walk(block, value, visit, path=()):
    """A copy of a value in which visit(path, attribute, value) has decided every attribute."""
    attributes = block.get("attributes", {}).items()
    out = {name: visit(path + (name,), item, value.get(name)) for name, item in attributes}
    for name, nested in block.get("block_types", {}).items():
        inner, item = nested["block"], value.get(name)
        if isinstance(item, list):
            item = [
                walk(inner, one, visit, path + (name, index)) if isinstance(one, dict) else one
                for index, one in enumerate(item)
            ]
        elif isinstance(item, dict) and nested["nesting_mode"] == "map":
            item = {key: walk(inner, one, visit, path + (name, key)) for key, one in item.items()}
        elif isinstance(item, dict):
            item = walk(inner, item, visit, path + (name,))
        out[name] = item
    return out


def dotted(path):
    """boot_disk.initialize_params.size for a path through blocks and list indices."""
    return ".".join(step for step in path if isinstance(step, str))


def dig(value, path):
    """The value at a path, None where there is none."""
    for step in path:
        try:
            value = value[step]
        except (KeyError, IndexError, TypeError):
            return None
    return value


def pluck(value, path):
    """Every value at a dotted path, through lists."""
    if isinstance(value, list):
        return [pluck(one, path) for one in value]
    if not path:
        return value
    return pluck(value.get(path[0]), path[1:]) if isinstance(value, dict) else value


def has_unknown(value):
    """Whether any part of a value is known only after apply."""
    if isinstance(value, dict):
        value = list(value.values())
    return value is UNKNOWN or (isinstance(value, list) and any(map(has_unknown, value)))


def merge(old, new):
    """Old with new laid over it, through dicts and lists of equal length."""
    if isinstance(old, dict) and isinstance(new, dict):
        return {**old, **{key: merge(old.get(key), item) for key, item in new.items()}}
    if isinstance(old, list) and isinstance(new, list) and len(old) == len(new):
        return [merge(first, second) for first, second in zip(old, new, strict=True)]
    return new


def made_up(kind, resource, path, seed):
    """A stable value for a computed attribute that no rule knows better."""
    digest = hashlib.sha256(repr((resource, path, seed)).encode()).hexdigest()
    if kind == "string":
        return f"{path[-1]}-{digest[:10]}"
    if kind == "number":
        return int(digest[:8], 16)
    if kind == "bool":
        return False
    if kind == "dynamic":
        return None
    if kind[0] == "object":
        return {key: made_up(one, resource, path + (key,), seed) for key, one in kind[1].items()}
    return {} if kind[0] == "map" else []


def known(value):
    """A value without what is known only after apply."""
    if isinstance(value, list):
        return [known(item) for item in value]
    if isinstance(value, dict):
        return {key: known(item) for key, item in value.items()}
    return None if value is UNKNOWN else value
