# What stops the machine: itself, and Azure should nothing in it work any more.

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
