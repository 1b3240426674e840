# A run on Azure: one resource group with a storage account of two containers, a network with one machine in it, and an
# identity for the machine.

terraform {
  required_version = ">= 1.5"
  required_providers {
    azurerm = {
      source  = "hashicorp/azurerm"
      version = "4.81.0" # 4.75 is the first that knows persist_id_on_create_before_polling_for_completion
    }
  }
}

provider "azurerm" {
  subscription_id                 = local.login.subscriptionId
  tenant_id                       = local.login.tenantId
  client_id                       = local.login.clientId
  client_secret                   = local.login.clientSecret
  resource_provider_registrations = "core"
  resource_providers_to_register  = ["Microsoft.DevTestLab"] # of the daily shutdown, which "core" has not
  storage_use_azuread             = true                     # the account takes no keys
  features {
    storage {
      data_plane_available = false # queues and websites, for which the login has no role, are not looked at
    }
    # A machine that Azure could not place stays there, failed, and holds its name and its interface. Known by the state it is
    # removed, by the next zone's apply or by destroy (github.com/hashicorp/terraform-provider-azurerm/issues/7516).
    persist_id_on_create_before_polling_for_completion = true
    resource_group {
      prevent_deletion_if_contains_resources = false # what the portal added to the run goes with the run
    }
  }
}

data "azurerm_client_config" "run" {}

# The dataset's account may stand in any resource group.
data "azurerm_resources" "dataset" {
  count = length(local.dataset) > 0 ? 1 : 0
  type  = "Microsoft.Storage/storageAccounts"
  name  = local.dataset[0]
}

locals {
  # As az prints a service principal (which is what rclone reads too), or with --json-auth.
  principal = local.credentials_path == null ? {} : jsondecode(file(local.credentials_path))
  login = merge(
    { subscriptionId = var.project, tenantId = null, clientId = null, clientSecret = null },
    { for theirs, ours in { tenant = "tenantId", appId = "clientId", password = "clientSecret" } : ours => local.principal[theirs] if can(local.principal[theirs]) },
    local.principal,
    var.project == null ? {} : { subscriptionId = var.project },
  )
  region  = replace(var.zone, "/-[1-3]$/", "")
  home    = coalesce(var.bucket_region, local.region)
  zone    = can(regex("-[1-3]$", var.zone)) ? substr(var.zone, -1, 1) : null
  dataset = var.dataset_bucket != null && var.grant_dataset_access ? split("/", var.dataset_bucket) : []
  image   = coalesce(var.image, "microsoft-dsvm:ubuntu-hpc:2404:latest")
  urn     = startswith(local.image, "/") ? [] : [split(":", local.image)]
  # Local NVMe disks (A100, H100), or a temporary SSD that the image mounts at /mnt, where /mnt/train then lies (T4).
  has_local_ssd   = can(regex("(?i)^Standard_(NC[0-9]+as_T4_v3|NC[0-9]+ads_A100_v4|NC[0-9]+ad[a-z]*_H100_v5|ND[0-9]+.*_v[45])$", var.machine_type))
  dataset_disk_gb = coalesce(var.dataset_disk_gb, local.has_local_ssd ? 0 : 256)
  subscription    = "/subscriptions/${data.azurerm_client_config.run.subscription_id}"
  group           = "${local.subscription}/resourceGroups/${var.run_slug}"

  machine = {
    CLOUD        = "azure"
    AGENT_SOURCE = "https://${coalesce(var.storage_account_name, "none")}.blob.core.windows.net/code/train-agent"
    DATA_DISK    = local.dataset_disk_gb > 0 ? 1 : 0
    IDENTITY     = var.identity != null ? var.identity : "${local.group}/providers/Microsoft.ManagedIdentity/userAssignedIdentities/${var.run_slug}"
  }
  outputs = {
    instance_name     = azurerm_linux_virtual_machine.run.name
    instance_id       = azurerm_linux_virtual_machine.run.id
    zone              = var.zone
    region            = local.region
    project           = data.azurerm_client_config.run.subscription_id
    public_ip         = var.ssh_cidr == null ? "" : var.public_address ? azurerm_public_ip.run[0].ip_address : azurerm_network_interface.run.private_ip_address
    code_bucket_url   = "az://${azurerm_storage_account.run.name}/${azurerm_storage_container.run["code"].name}"
    output_bucket_url = "az://${azurerm_storage_account.run.name}/${azurerm_storage_container.run["output"].name}"
    console_url       = "https://portal.azure.com/#resource${azurerm_linux_virtual_machine.run.id}/overview"
    billing = concat([
      { what = "machine ${var.machine_type} (until it is deallocated: being off is not enough)", until = "power-off" },
      { what = "boot disk, ${var.disk_size_gb} GB", until = "finish" },
      { what = "storage account ${azurerm_storage_account.run.name}, by what it holds", until = "finish" },
    ], var.public_address ? [{ what = "external address", until = "finish" }] : [], local.dataset_disk_gb > 0 ? [{ what = "dataset disk, ${local.dataset_disk_gb} GB", until = "finish" }] : [])
  }
}

resource "azurerm_resource_group" "run" {
  name     = var.run_slug
  location = local.home
  tags     = local.labels
}

resource "azurerm_storage_account" "run" {
  #checkov:skip=CKV_AZURE_33:There are no queues.
  #checkov:skip=CKV_AZURE_59:Nothing in it is public; laptop and machine reach it over the public end point, with an identity each.
  #checkov:skip=CKV_AZURE_206:Nobody needs a training's output in a second region.
  #checkov:skip=CKV2_AZURE_1:Encrypted with Microsoft's key; a key of the customer's own would be one more thing to clean up.
  #checkov:skip=CKV2_AZURE_33:Laptop and machine reach it over the public end point; a private one is billed by the hour.
  #checkov:skip=CKV2_AZURE_38:Soft delete would keep, and bill, every checkpoint that the trainer overwrites.
  #checkov:skip=CKV2_AZURE_41:There are no shared access signatures to expire.
  name                             = var.storage_account_name
  resource_group_name              = azurerm_resource_group.run.name
  location                         = local.home
  account_tier                     = "Standard"
  account_replication_type         = "LRS"
  account_kind                     = "StorageV2"
  min_tls_version                  = "TLS1_2"
  https_traffic_only_enabled       = true
  allow_nested_items_to_be_public  = false
  shared_access_key_enabled        = false
  default_to_oauth_authentication  = true
  cross_tenant_replication_enabled = false
  local_user_enabled               = false
  tags                             = local.labels

  lifecycle {
    precondition {
      condition     = var.storage_account_name != null
      error_message = "storage_account_name is needed on Azure."
    }
  }
}

resource "azurerm_storage_container" "run" {
  #checkov:skip=CKV2_AZURE_21:An access log of a container that lives as long as one training would outlive it.
  for_each              = toset(["code", "output"])
  name                  = each.key
  storage_account_id    = azurerm_storage_account.run.id
  container_access_type = "private"
}

resource "azurerm_storage_blob" "code" {
  for_each               = local.code_objects
  name                   = each.key
  storage_account_name   = azurerm_storage_account.run.name
  storage_container_name = azurerm_storage_container.run["code"].name
  type                   = "Block"
  source                 = each.value
  content_md5            = filemd5(each.value)

  # The right to write it, and to remove it in the end. Azure can take ten minutes until it knows of it: until then this
  # fails with 403, and is applied again (learn.microsoft.com/azure/role-based-access-control/troubleshooting).
  depends_on = [azurerm_role_assignment.owner]
}

resource "azurerm_user_assigned_identity" "run" {
  count               = var.identity == null ? 1 : 0
  name                = var.run_slug
  resource_group_name = azurerm_resource_group.run.name
  location            = local.region
  tags                = local.labels
}

locals {
  containers = "${azurerm_storage_account.run.id}/blobServices/default/containers"
  grants = merge({
    code   = { scope = "${local.containers}/${azurerm_storage_container.run["code"].name}", role = "Storage Blob Data Reader" }
    output = { scope = "${local.containers}/${azurerm_storage_container.run["output"].name}", role = "Storage Blob Data Contributor" }
    }, length(local.dataset) == 0 ? {} : {
    dataset = {
      scope = "${try(data.azurerm_resources.dataset[0].resources[0].id, "")}/blobServices/default/containers/${try(local.dataset[1], "")}"
      role  = "Storage Blob Data Reader"
    }
  })
  # learn.microsoft.com/azure/storage/blobs/storage-auth-abac-examples: read or list blobs with a path
  blobs = "Microsoft.Storage/storageAccounts/blobServices/containers/blobs"
  asked = {
    "NOT SubOperationMatches{'Blob.List'}" = "@Resource[${local.blobs}:path]"
    "SubOperationMatches{'Blob.List'}"     = "@Request[${local.blobs}:prefix]"
  }
  below = [for prefix in var.dataset_prefix[*] : join(" AND ", [for operation, name in local.asked :
    "(!(ActionMatches{'${local.blobs}/read'} AND ${operation}) OR (${name} StringEquals '${prefix}' OR ${name} StringStartsWith '${prefix}/'))"
  ])]
}

resource "azurerm_role_assignment" "run" {
  for_each             = var.identity == null ? local.grants : {} # an identity that is given has its rights already
  scope                = each.value.scope
  role_definition_name = each.value.role
  principal_id         = azurerm_user_assigned_identity.run[0].principal_id
  principal_type       = "ServicePrincipal" # saves the wait for the directory to know the identity
  condition            = each.key == "dataset" ? one(local.below) : null
  condition_version    = each.key == "dataset" && length(local.below) > 0 ? "2.0" : null

  lifecycle {
    precondition {
      condition     = !can(regex("['\\\\]", coalesce(var.dataset_prefix, "none")))
      error_message = "dataset_prefix must have no quote and no backslash, which a condition cannot hold."
    }
    precondition {
      condition     = !startswith(each.value.scope, "/blobServices") && !endswith(each.value.scope, "/")
      error_message = "dataset_bucket must be ACCOUNT/CONTAINER, with an account of this subscription."
    }
  }
}

# Who starts the run uploads its code and reads its output; being the owner alone does not allow that.
resource "azurerm_role_assignment" "owner" {
  count                = var.identity == null ? 1 : 0
  scope                = azurerm_storage_account.run.id
  role_definition_name = "Storage Blob Data Contributor"
  principal_id         = data.azurerm_client_config.run.object_id
}

# Starting and stopping this one machine. The built-in role with the fewest rights that may deallocate: a role of our own would
# need an owner to make it, and stay behind where the group is removed by hand
# (learn.microsoft.com/azure/role-based-access-control/built-in-roles/compute).
resource "azurerm_role_assignment" "deallocate" {
  count                = var.identity == null ? 1 : 0
  scope                = azurerm_linux_virtual_machine.run.id
  role_definition_name = "Desktop Virtualization Power On Off Contributor"
  principal_id         = azurerm_user_assigned_identity.run[0].principal_id
  principal_type       = "ServicePrincipal"
}

# A switch outside the machine, should nothing in it work any more: Azure deallocates it once a day at this time, which the
# agent puts off for as long as it lives. Azure takes this name alone for it.
resource "azurerm_dev_test_global_vm_shutdown_schedule" "run" {
  virtual_machine_id    = azurerm_linux_virtual_machine.run.id
  location              = local.region
  daily_recurrence_time = formatdate("hhmm", timeadd(timestamp(), "23h"))
  timezone              = "UTC"
  tags                  = local.labels

  notification_settings {
    enabled = false
  }

  lifecycle {
    ignore_changes = [daily_recurrence_time] # the machine moves it on
  }
}

# Putting the switch off, and nothing else: the role stands at the schedule alone.
resource "azurerm_role_assignment" "shutdown" {
  count                = var.identity == null ? 1 : 0
  scope                = azurerm_dev_test_global_vm_shutdown_schedule.run.id
  role_definition_name = "Virtual Machine Contributor"
  principal_id         = azurerm_user_assigned_identity.run[0].principal_id
  principal_type       = "ServicePrincipal"
}

resource "azurerm_virtual_network" "run" {
  count               = var.subnet == null ? 1 : 0
  name                = var.run_slug
  resource_group_name = azurerm_resource_group.run.name
  location            = local.region
  address_space       = ["10.10.0.0/16"]
  tags                = local.labels
}

resource "azurerm_subnet" "run" {
  #checkov:skip=CKV2_AZURE_31:The security group stands at the machine's interface, the only one in the subnet.
  count                = var.subnet == null ? 1 : 0
  name                 = "machines"
  resource_group_name  = azurerm_resource_group.run.name
  virtual_network_name = azurerm_virtual_network.run[0].name
  address_prefixes     = ["10.10.0.0/24"]
}

resource "azurerm_network_security_group" "run" {
  name                = var.run_slug
  resource_group_name = azurerm_resource_group.run.name
  location            = local.region
  tags                = local.labels
  dynamic "security_rule" {
    for_each = var.ssh_cidr[*]
    content {
      name                       = "ssh"
      priority                   = 100
      direction                  = "Inbound"
      access                     = "Allow"
      protocol                   = "Tcp"
      source_port_range          = "*"
      destination_port_range     = "22"
      source_address_prefix      = security_rule.value
      destination_address_prefix = "*"
    }
  }
}

# In no zone, so that the next zone can have it too.
resource "azurerm_public_ip" "run" {
  count               = var.public_address ? 1 : 0
  name                = var.run_slug
  resource_group_name = azurerm_resource_group.run.name
  location            = local.region
  allocation_method   = "Static"
  sku                 = "Standard"
  tags                = local.labels
}

resource "azurerm_network_interface" "run" {
  #checkov:skip=CKV2_AZURE_39:The serial console asks for a password, and the machine has none.
  #checkov:skip=CKV_AZURE_119:The laptop reaches the machine over its address; SSH alone is let in, from the laptop alone.
  name                = var.run_slug
  resource_group_name = azurerm_resource_group.run.name
  location            = local.region
  tags                = local.labels
  ip_configuration {
    name                          = "public"
    subnet_id                     = var.subnet == null ? azurerm_subnet.run[0].id : var.subnet
    private_ip_address_allocation = "Dynamic"
    public_ip_address_id          = one(azurerm_public_ip.run[*].id)
  }
}

resource "azurerm_network_interface_security_group_association" "run" {
  network_interface_id      = azurerm_network_interface.run.id
  network_security_group_id = azurerm_network_security_group.run.id
}

resource "azurerm_linux_virtual_machine" "run" {
  name                            = var.run_slug
  resource_group_name             = azurerm_resource_group.run.name
  location                        = local.region
  zone                            = local.zone
  size                            = var.machine_type
  admin_username                  = "train"
  disable_password_authentication = true
  allow_extension_operations      = false
  network_interface_ids           = [azurerm_network_interface.run.id]
  custom_data                     = base64encode(local.user_data)
  priority                        = var.spot ? "Spot" : "Regular"
  eviction_policy                 = var.spot ? "Deallocate" : null
  max_bid_price                   = var.spot ? -1 : null
  secure_boot_enabled             = var.secure_boot
  vtpm_enabled                    = var.secure_boot # both are "trusted launch", which not every image can
  source_image_id                 = length(local.urn) == 0 ? local.image : null
  tags                            = local.labels

  dynamic "admin_ssh_key" {
    for_each = var.ssh_public_key[*]
    content {
      username   = "train"
      public_key = admin_ssh_key.value
    }
  }

  dynamic "source_image_reference" {
    for_each = local.urn
    content {
      publisher = source_image_reference.value[0]
      offer     = source_image_reference.value[1]
      sku       = source_image_reference.value[2]
      version   = source_image_reference.value[3]
    }
  }

  os_disk {
    name                 = "${var.run_slug}-boot"
    caching              = "ReadWrite"
    storage_account_type = "Premium_LRS"
    disk_size_gb         = var.disk_size_gb
  }

  identity {
    type         = "UserAssigned"
    identity_ids = [var.identity == null ? azurerm_user_assigned_identity.run[0].id : var.identity]
  }

  boot_diagnostics {} # the serial console's log, in an account of Microsoft's

  depends_on = [azurerm_storage_blob.code, azurerm_role_assignment.run, azurerm_network_interface_security_group_association.run]

  lifecycle {
    precondition {
      condition     = var.ssh_public_key != null
      error_message = "ssh_public_key is needed on Azure, which makes no machine without a login."
    }
    precondition {
      condition     = length(local.urn) == 0 || length(try(local.urn[0], [])) == 4
      error_message = "image must be PUBLISHER:OFFER:SKU:VERSION or a resource id."
    }
  }
}

resource "azurerm_managed_disk" "dataset" {
  #checkov:skip=CKV_AZURE_93:Encrypted with Microsoft's key; a key of the customer's own would be one more thing to clean up.
  count                         = local.dataset_disk_gb > 0 ? 1 : 0
  name                          = "${var.run_slug}-dataset"
  resource_group_name           = azurerm_resource_group.run.name
  location                      = local.region
  zone                          = local.zone
  storage_account_type          = "Premium_LRS"
  create_option                 = "Empty"
  disk_size_gb                  = local.dataset_disk_gb
  network_access_policy         = "DenyAll"
  public_network_access_enabled = false
  tags                          = local.labels
}

resource "azurerm_virtual_machine_data_disk_attachment" "dataset" {
  count              = length(azurerm_managed_disk.dataset)
  managed_disk_id    = azurerm_managed_disk.dataset[0].id
  virtual_machine_id = azurerm_linux_virtual_machine.run.id
  lun                = 10
  caching            = "ReadOnly"
}
