"""What the recorded schemas do not hold: defaults, what replaces a resource, what a cloud takes.

Written by hand for the resources in use, from the providers' documentation and the clouds' own.
"""

import dataclasses

# What names a resource.
IDENTITY = ("name", "account_id", "bucket", "zone", "region", "project", "scope", "role")

# Changing one of these replaces any resource that no line below knows better.
FORCE_NEW = ["name", "location", "project", "region", "zone", "bucket", "account_id", "role"]
FORCE_NEW += ["member", "resource_group_name", "storage_account_id", "scope", "principal_id"]


@dataclasses.dataclass(frozen=True)
class Rules:
    """The rules of one provider."""

    exists: str
    known_at_plan: tuple
    defaults: dict
    force_new: dict
    enums: dict
    checks: dict
    # kind: the kind that holds it, and by which attribute
    held_by: dict = dataclasses.field(default_factory=dict)
    in_use: str = ""

    def shared(self, kind):
        """Whether creating it where it is already is no conflict."""
        return kind.endswith(("_iam_member", "_bucket_object"))


def one(blocks):
    """The only block of a kind, or an empty one."""
    return (blocks or [{}])[0] or {}
