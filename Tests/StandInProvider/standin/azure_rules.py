"""What Azure's provider and cloud take and refuse."""

import re

from .rules import Rules


def azure_machine(state):
    """What Azure refuses at once."""
    if state.get("priority") == "Spot" and not state.get("eviction_policy"):
        yield "an eviction_policy must be specified when priority is set to Spot"
    if state.get("priority") != "Spot" and state.get("eviction_policy"):
        yield "an eviction_policy can only be specified when priority is set to Spot"
    if state.get("disable_password_authentication") and not state.get("admin_ssh_key"):
        yield "at least one admin_ssh_key must be specified when passwords are disabled"
    if len(state.get("custom_data") or "") > 87380:
        yield "custom_data: more than 64 KB"


def azure_shutdown(state):
    """The daily time of a shutdown, as the provider validates it."""
    hour = state.get("daily_recurrence_time")
    if isinstance(hour, str) and not re.fullmatch(r"(0[0-9]|1[0-9]|2[0-3]|[0-9])[0-5][0-9]", hour):
        yield f'expected value of daily_recurrence_time to match HHMM, not "{hour}"'


# Roles of Azure's own that are used; others do not exist here. What a Contributor may not do are
# role definitions (learn.microsoft.com/azure/role-based-access-control/built-in-roles).
AZURE_ROLES = (
    "Storage Blob Data Reader",
    "Storage Blob Data Contributor",
    "Desktop Virtualization Power On Off Contributor",
    "Virtual Machine Contributor",
)


def azure_role(state):
    """A role by name must be one."""
    name = state.get("role_definition_name")
    if isinstance(name, str) and name not in AZURE_ROLES:
        yield f'loading Role Definition List: could not find role "{name}"'
    # learn.microsoft.com/azure/role-based-access-control/conditions-format
    condition = state.get("condition")
    if bool(condition) != (state.get("condition_version") == "2.0"):
        yield '"condition" and "condition_version" must be set together'
    if condition and (condition.count("(") != condition.count(")") or condition.count("'") % 2):
        yield "unexpected status 400 with error: InvalidRoleAssignmentCondition"


def azure_storage(state):
    """This project's own rules for stores."""
    if state.get("allow_nested_items_to_be_public") is not False:
        yield "allow_nested_items_to_be_public must be false"
    if state.get("https_traffic_only_enabled") is not True:
        yield "https_traffic_only_enabled must be true"


def azure_firewall(state):
    """This project's own rules for the way in, as on Google."""
    for rule in state.get("security_rule") or []:
        way = tuple(rule.get(key) for key in ("access", "protocol", "destination_port_range"))
        if rule.get("direction") == "Inbound" and way != ("Allow", "Tcp", "22"):
            yield f"security_rule: only Tcp 22 may be open, not {way}"
        if rule.get("source_address_prefix") in ("*", "Internet", "Any"):
            yield "security_rule: all the world must be said in full"


AZURE = Rules(
    exists='A resource with the ID "{id}" already exists - to be managed via Terraform this '
    "resource needs to be imported into the State.",
    known_at_plan=(),
    defaults={"azurerm_managed_disk": {"public_network_access_enabled": True}},
    force_new={
        "azurerm_linux_virtual_machine": [
            "name", "location", "zone", "resource_group_name", "admin_username", "custom_data",
            "priority", "eviction_policy", "source_image_reference", "admin_ssh_key",
        ],
        "azurerm_managed_disk": ["name", "location", "zone", "resource_group_name"],
        "azurerm_virtual_machine_data_disk_attachment": [
            "managed_disk_id", "virtual_machine_id", "lun",
        ],
        "azurerm_network_interface_security_group_association": [
            "network_interface_id", "network_security_group_id",
        ],
        "azurerm_dev_test_global_vm_shutdown_schedule": ["virtual_machine_id", "location"],
    },
    enums={
        "azurerm_linux_virtual_machine": {
            "priority": ["Regular", "Spot"],
            "eviction_policy": ["Deallocate", "Delete"],
            "os_disk.caching": ["None", "ReadOnly", "ReadWrite"],
        },
        "azurerm_storage_container": {"container_access_type": ["blob", "container", "private"]},
        "azurerm_managed_disk": {"network_access_policy": ["AllowAll", "AllowPrivate", "DenyAll"]},
    },
    checks={
        "azurerm_linux_virtual_machine": azure_machine,
        "azurerm_storage_account": azure_storage,
        "azurerm_dev_test_global_vm_shutdown_schedule": azure_shutdown,
        "azurerm_role_assignment": azure_role,
        "azurerm_network_security_group": azure_firewall,
    },
    held_by={
        "azurerm_network_interface": ("azurerm_linux_virtual_machine", "network_interface_ids"),
    },
    in_use="deleting Network Interface: unexpected status 400 (400 Bad Request) with error: "
    "NicInUse: Network Interface {id} is used by existing resource {holder}. "
    "In order to delete the network interface, it must be dissociated from the resource.",
)  # fmt: skip
