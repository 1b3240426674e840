# A run on Azure: its group and its storage account of two containers here; its network, machine and switch in the files beside
# this one.

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
