"""What Azure answers: computed attributes, and blobs in an emulator where one runs."""

import json
import os
import urllib.error
import urllib.parse
import urllib.request
import uuid

from .google import number

SUBSCRIPTION = "00000000-0000-0000-0000-000000000000"
KINDS = {
    "azurerm_linux_virtual_machine": "Microsoft.Compute/virtualMachines",
    "azurerm_managed_disk": "Microsoft.Compute/disks",
    "azurerm_virtual_network": "Microsoft.Network/virtualNetworks",
    "azurerm_public_ip": "Microsoft.Network/publicIPAddresses",
    "azurerm_network_interface": "Microsoft.Network/networkInterfaces",
    "azurerm_network_security_group": "Microsoft.Network/networkSecurityGroups",
    "azurerm_storage_account": "Microsoft.Storage/storageAccounts",
    "azurerm_user_assigned_identity": "Microsoft.ManagedIdentity/userAssignedIdentities",
}


def stable_uuid(*key):
    """The same UUID for the same key."""
    return str(uuid.uuid5(uuid.NAMESPACE_URL, repr(key)))


def facts(kind, state, config):
    """The computed attributes of a resource."""
    subscription = config.get("subscription_id") or os.environ.get("ARM_SUBSCRIPTION_ID")
    subscription = subscription or SUBSCRIPTION
    name = state.get("name")
    group = state.get("resource_group_name") or name
    root = f"/subscriptions/{subscription}"
    path = f"{root}/resourceGroups/{group}"
    if kind in KINDS:
        path = f"{path}/providers/{KINDS[kind]}/{name}"
    found = {"id": path}
    if kind == "azurerm_public_ip":
        found["ip_address"] = f"203.0.113.{number(name)}"
    elif kind == "azurerm_linux_virtual_machine":
        found["private_ip_address"] = f"10.10.0.{number(name)}"
        found["public_ip_address"] = f"203.0.113.{number(name)}"
    elif kind == "azurerm_user_assigned_identity":
        found["principal_id"] = stable_uuid("principal", path)
        found["client_id"] = stable_uuid("client", path)
    elif kind == "azurerm_storage_container":
        container = f"{state.get('storage_account_id')}/blobServices/default/containers/{name}"
        found = {"id": container, "resource_manager_id": container}
    elif kind == "azurerm_storage_blob":
        account, container = state.get("storage_account_name"), state.get("storage_container_name")
        found["id"] = f"https://{account}.blob.core.windows.net/{container}/{name}"
    elif kind == "azurerm_subnet":
        network = f"Microsoft.Network/virtualNetworks/{state.get('virtual_network_name')}"
        found["id"] = f"{root}/resourceGroups/{group}/providers/{network}/subnets/{name}"
    elif kind == "azurerm_role_definition":
        key = stable_uuid("role", state.get("scope"), name)
        path = f"{root}/providers/Microsoft.Authorization/roleDefinitions/{key}"
        found = {"id": f"{path}|{state.get('scope')}", "role_definition_resource_id": path}
    elif kind == "azurerm_role_assignment":
        role = state.get("role_definition_name") or state.get("role_definition_id")
        key = stable_uuid(state.get("scope"), role, state.get("principal_id"))
        place = "providers/Microsoft.Authorization/roleAssignments"
        found["id"] = f"{state.get('scope')}/{place}/{key}"
        found["role_definition_id"] = f"{root}/providers/Microsoft.Authorization/{role}"
    elif kind == "azurerm_dev_test_global_vm_shutdown_schedule":
        machine = str(state.get("virtual_machine_id"))
        place, _, vm = machine.partition("/providers/Microsoft.Compute/virtualMachines/")
        found["id"] = f"{place}/providers/Microsoft.DevTestLab/schedules/shutdown-computevm-{vm}"
    elif kind == "azurerm_network_interface_security_group_association":
        ends = (state.get("network_interface_id"), state.get("network_security_group_id"))
        found["id"] = "|".join(map(str, ends))
    elif kind == "azurerm_virtual_machine_data_disk_attachment":
        disk = str(state.get("managed_disk_id")).rsplit("/", 1)[-1]
        found["id"] = f"{state.get('virtual_machine_id')}/dataDisks/{disk}"
    elif kind == "azurerm_client_config":
        found = {"subscription_id": subscription, "object_id": stable_uuid("owner")}
        found |= {"id": stable_uuid("config"), "client_id": stable_uuid("cli")}
        found |= {"tenant_id": stable_uuid("tenant")}
    elif kind == "azurerm_resources":
        found = {"id": f"resource-{stable_uuid(name)}", "resources": resources(state, root)}
    return found


def keeps_unfinished(config):
    """Whether the provider writes an id into the state before it waits for the creation to end."""
    (features,) = config.get("features") or [{}]
    return bool(features.get("persist_id_on_create_before_polling_for_completion"))


def resources(state, root):
    """An account of any name stands in the group `shared`, unless its name says that it is none."""
    kind, name = state.get("type"), state.get("name")
    if not name or name.startswith("missing"):
        return []
    path = f"{root}/resourceGroups/shared/providers/{kind}/{name}"
    group = {"resource_group_name": "shared", "location": "eastus", "tags": {}}
    return [{"id": path, "name": name, "type": kind, **group}]


def refusal(kind, state, config, living):
    """Why the account lets the provider not at its data; None where it does. See refusals.json.

    living: a function that tells the living resources of a kind
    """
    (features,) = config.get("features") or [{}]
    (storage,) = (features or {}).get("storage") or [{}]
    keyless = state.get("shared_access_key_enabled") is False
    if kind == "azurerm_dev_test_global_vm_shutdown_schedule":
        # A subscription knows of no service until it is registered, and "core" leaves this one out
        known = config.get("resource_providers_to_register") or []
        return None if "Microsoft.DevTestLab" in known else "not_registered"
    if kind == "azurerm_storage_account":
        # It looks at queues and website too, for which nobody has a role
        looks = (storage or {}).get("data_plane_available") is not False
        return "keys_are_off" if keyless and looks else None
    if kind != "azurerm_storage_blob":
        return None
    name = state.get("storage_account_name")
    accounts = [one for one in living("azurerm_storage_account") if one["name"] == name]
    if not config.get("storage_use_azuread"):
        keyless = any(one.get("shared_access_key_enabled") is False for one in accounts)
        return "keys_are_off" if keyless else None
    ids = [one["id"] for one in accounts]
    # A role counts for all that its scope holds
    may = any(
        any((one + "/").startswith(grant["scope"] + "/") for one in ids)
        and grant["principal_id"] == stable_uuid("owner")
        and grant["role_definition_name"] == "Storage Blob Data Contributor"
        for grant in living("azurerm_role_assignment")
    )
    return None if may else "role_on_its_way"


def backend(event, kind, state, config):
    """Accounts, containers and blobs are real where TFSHIM_AZURE_BLOB names an emulator.

    http://HOST:PORT; addressed by path, /ACCOUNT/CONTAINER/BLOB, with any bearer token.
    """
    base = os.environ.get("TFSHIM_AZURE_BLOB")
    if not base or event not in ("create", "delete"):
        return
    method = {"create": "PUT", "delete": "DELETE"}[event]
    if kind == "azurerm_storage_account":
        value = {"name": state["name"], "removed": event == "delete"}
        call("POST", f"{base}/_emu/account", json.dumps(value).encode())
    elif kind == "azurerm_storage_container":
        account = state["storage_account_id"].rsplit("/", 1)[-1]
        call(method, f"{base}/{account}/{state['name']}?restype=container")
    elif kind == "azurerm_storage_blob":
        place = f"{state['storage_account_name']}/{state['storage_container_name']}"
        data = None
        if event == "create":
            with open(state["source"], "rb") as file:
                data = file.read()
        call(method, f"{base}/{place}/{urllib.parse.quote(state['name'])}", data)


def call(method, url, body=None):
    """One request to the emulator; what is there or gone already is fine."""
    headers = {"x-ms-version": "2021-08-06", "x-ms-blob-type": "BlockBlob"}
    headers |= {"Authorization": "Bearer standin", "Content-Type": "application/octet-stream"}
    request = urllib.request.Request(url, method=method, data=body or b"", headers=headers)
    try:
        urllib.request.urlopen(request, timeout=60).close()
    except urllib.error.HTTPError as error:
        if error.code not in (404, 409):
            raise OSError(f"unexpected status {error.code}: {error.read()[:300]!r}") from error
