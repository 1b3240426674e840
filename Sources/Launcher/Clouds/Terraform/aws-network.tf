# The run's own network, where the user names none.

resource "aws_vpc" "run" {
  provider = aws.machine
  count    = local.own_network ? 1 : 0
  #checkov:skip=CKV2_AWS_11:Flow logs of a network with one machine cost more than they tell.
  cidr_block           = "10.10.0.0/16"
  enable_dns_hostnames = true
  tags                 = { Name = var.run_slug }
}

# One for each zone of the region, so that going on to the next zone changes nothing but the machine.
resource "aws_subnet" "run" {
  provider          = aws.machine
  for_each          = toset(local.own_network ? data.aws_availability_zones.run.names : [])
  vpc_id            = aws_vpc.run[0].id
  availability_zone = each.key
  cidr_block        = cidrsubnet(aws_vpc.run[0].cidr_block, 8, index(split("", "abcdefghijklmnopqrstuvwxyz"), substr(each.key, -1, 1)))
  tags              = { Name = "${var.run_slug}-${each.key}" }

  # What holds it is a machine that Terraform lost at a Ctrl-C: by default it would be waited for, for 20 minutes.
  timeouts {
    delete = "3m"
  }
}

resource "aws_internet_gateway" "run" {
  provider = aws.machine
  count    = local.own_network ? 1 : 0
  vpc_id   = aws_vpc.run[0].id

  timeouts {
    delete = "3m"
  }
}

resource "aws_route" "internet" {
  provider               = aws.machine
  count                  = local.own_network ? 1 : 0
  route_table_id         = aws_vpc.run[0].main_route_table_id
  destination_cidr_block = "0.0.0.0/0"
  gateway_id             = aws_internet_gateway.run[0].id
}

# Every network comes with a group that lets its members talk to each other; here it lets nobody.
resource "aws_default_security_group" "run" {
  provider = aws.machine
  count    = local.own_network ? 1 : 0
  vpc_id   = aws_vpc.run[0].id
}

resource "aws_security_group" "run" {
  provider    = aws.machine
  name        = var.run_slug
  description = "SSH from the laptop, nothing else"
  vpc_id      = local.vpc
}

resource "aws_vpc_security_group_ingress_rule" "ssh" {
  provider          = aws.machine
  count             = var.ssh_cidr == null ? 0 : 1
  security_group_id = aws_security_group.run.id
  description       = "SSH from the laptop"
  cidr_ipv4         = var.ssh_cidr
  ip_protocol       = "tcp"
  from_port         = 22
  to_port           = 22
}

# pip, apt and the user's own code fetch from where they like.
resource "aws_vpc_security_group_egress_rule" "all" {
  provider          = aws.machine
  security_group_id = aws_security_group.run.id
  description       = "Packages, buckets, datasets"
  cidr_ipv4         = "0.0.0.0/0"
  ip_protocol       = "-1"
}
