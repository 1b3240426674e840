# The machine, and the identity by which it reads the code and the dataset and writes the output.

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
