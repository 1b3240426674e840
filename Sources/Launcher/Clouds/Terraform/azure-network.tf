# The run's own network, where the user names none.

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
