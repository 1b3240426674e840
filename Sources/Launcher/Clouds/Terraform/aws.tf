# A run on AWS: two buckets, a network with one machine in it, and a role for the machine.

terraform {
  required_version = ">= 1.5"
  required_providers {
    aws = {
      source  = "hashicorp/aws"
      version = "5.100.0"
    }
  }
}

# The buckets' region.
provider "aws" {
  region                   = local.home
  shared_credentials_files = local.credentials_path[*]
  default_tags {
    tags = local.labels
  }
}

# The machine's, with its network: another one where the first had no machine. All that belongs to it hangs on the network,
# which is removed before Terraform goes on elsewhere.
provider "aws" {
  alias                    = "machine"
  region                   = local.region
  shared_credentials_files = local.credentials_path[*]
  default_tags {
    tags = local.labels
  }
}

data "aws_caller_identity" "run" {}

data "aws_partition" "run" {}

data "aws_availability_zones" "run" {
  provider = aws.machine
  #checkov:skip=CKV_AWS_394:A new zone of Amazon's adds one more subnet and moves none.
  state = "available"
  filter {
    name   = "opt-in-status"
    values = ["opt-in-not-required"]
  }
}

data "aws_ec2_instance_type" "run" {
  provider      = aws.machine
  instance_type = var.machine_type
}

# The Deep Learning Base AMI (Ubuntu 22.04): driver, CUDA and the aws command, no frameworks.
data "aws_ssm_parameter" "image" {
  provider = aws.machine
  count    = var.image == null ? 1 : 0
  name     = "/aws/service/deeplearning/ami/x86_64/base-oss-nvidia-driver-gpu-ubuntu-22.04/latest/ami-id"
}

# How large a disk the image wants.
data "aws_ami" "run" {
  provider           = aws.machine
  include_deprecated = true
  filter {
    name   = "image-id"
    values = [local.image]
  }
}

# The network that the user names, instead of one of the run's own.
data "aws_subnet" "given" {
  provider = aws.machine
  count    = var.subnet == null ? 0 : 1
  id       = var.subnet
}

data "aws_vpc" "given" {
  provider = aws.machine
  count    = local.own_network ? 0 : 1
  default  = var.subnet == null && var.network == "default" ? true : null
  id       = var.subnet != null ? data.aws_subnet.given[0].vpc_id : var.network == "default" ? null : var.network
}

data "aws_subnets" "given" {
  provider = aws.machine
  count    = local.own_network || var.subnet != null ? 0 : 1
  filter {
    name   = "vpc-id"
    values = [data.aws_vpc.given[0].id]
  }
  filter {
    name   = "availability-zone"
    values = [var.zone]
  }
}

data "aws_iam_instance_profile" "given" {
  count = var.identity == null ? 0 : 1
  name  = var.identity
}

locals {
  own_network     = var.network == null && var.subnet == null
  vpc             = local.own_network ? aws_vpc.run[0].id : data.aws_vpc.given[0].id
  subnets         = local.own_network ? [for zone, subnet in aws_subnet.run : subnet.id if zone == var.zone] : var.subnet != null ? [for subnet in data.aws_subnet.given : subnet.id if subnet.availability_zone == var.zone] : sort(data.aws_subnets.given[0].ids)
  region          = replace(var.zone, "/[a-z]$/", "")
  home            = coalesce(var.bucket_region, local.region)
  has_local_ssd   = data.aws_ec2_instance_type.run.instance_storage_supported
  dataset_disk_gb = coalesce(var.dataset_disk_gb, local.has_local_ssd ? 0 : 200)
  image           = var.image == null ? data.aws_ssm_parameter.image[0].insecure_value : var.image
  arn             = "arn:${data.aws_partition.run.partition}:s3:::"

  image_gb = max(0, [for disk in data.aws_ami.run.block_device_mappings : tonumber(lookup(disk.ebs, "volume_size", 0)) if disk.device_name == data.aws_ami.run.root_device_name]...)

  machine = {
    CLOUD        = "aws"
    AGENT_SOURCE = "s3://${local.buckets.code}/train-agent"
    DATA_DISK    = local.dataset_disk_gb > 0 ? 1 : 0
    REGION       = local.home
  }
  outputs = {
    instance_name     = var.run_slug
    instance_id       = aws_instance.run.id
    zone              = var.zone
    region            = local.region
    project           = data.aws_caller_identity.run.account_id
    public_ip         = var.ssh_cidr == null ? "" : var.public_address ? aws_instance.run.public_ip : aws_instance.run.private_ip
    code_bucket_url   = "s3://${aws_s3_bucket.run["code"].id}"
    output_bucket_url = "s3://${aws_s3_bucket.run["output"].id}"
    console_url       = "https://${local.region}.console.aws.amazon.com/ec2/home?region=${local.region}#InstanceDetails:instanceId=${aws_instance.run.id}"
    billing = concat([
      { what = "machine ${var.machine_type}", until = "power-off" },
      { what = "boot disk, ${var.disk_size_gb} GB", until = "finish" },
      { what = "buckets ${local.buckets.code} and ${local.buckets.output}, by what they hold", until = "finish" },
    ], var.public_address ? [{ what = "external address", until = "power-off" }] : [], local.dataset_disk_gb > 0 ? [{ what = "dataset disk, ${local.dataset_disk_gb} GB", until = "finish" }] : [])
  }
}

resource "aws_s3_bucket" "run" {
  #checkov:skip=CKV2_AWS_6:Access by the public is blocked below; the check does not see it through for_each.
  #checkov:skip=CKV_AWS_18:An access log of a bucket that lives as long as one training would outlive it.
  #checkov:skip=CKV_AWS_21:Versions would keep, and bill, every checkpoint that the trainer overwrites.
  #checkov:skip=CKV_AWS_144:Nobody needs a training's output in a second region.
  #checkov:skip=CKV_AWS_145:Encrypted with S3's own key; a KMS key would be one more thing to clean up.
  #checkov:skip=CKV2_AWS_61:The bucket goes with the run, nothing in it grows old.
  #checkov:skip=CKV2_AWS_62:Nobody listens for events.
  for_each      = local.buckets
  bucket        = each.value
  force_destroy = true
}

resource "aws_s3_bucket_public_access_block" "run" {
  for_each                = aws_s3_bucket.run
  bucket                  = each.value.id
  block_public_acls       = true
  block_public_policy     = true
  ignore_public_acls      = true
  restrict_public_buckets = true
}

resource "aws_s3_bucket_ownership_controls" "run" {
  for_each = aws_s3_bucket.run
  bucket   = each.value.id
  rule {
    object_ownership = "BucketOwnerEnforced"
  }
}

resource "aws_s3_bucket_server_side_encryption_configuration" "run" {
  for_each = aws_s3_bucket.run
  bucket   = each.value.id
  rule {
    apply_server_side_encryption_by_default {
      sse_algorithm = "AES256"
    }
  }
}

resource "aws_s3_bucket_policy" "run" {
  for_each = aws_s3_bucket.run
  bucket   = each.value.id
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = concat([{
      Sid       = "OnlyEncryptedConnections"
      Effect    = "Deny"
      Principal = "*"
      Action    = "s3:*"
      Resource  = [each.value.arn, "${each.value.arn}/*"]
      Condition = { Bool = { "aws:SecureTransport" = "false" } }
      }], [for role in local.given_roles : {
      # A role of the user's own need not know the names of a run's buckets.
      Sid       = "Machine"
      Effect    = "Allow"
      Principal = { AWS = role }
      Action = concat(["s3:ListBucket", "s3:GetBucketLocation", "s3:ListBucketMultipartUploads", "s3:GetObject"],
      each.key == "output" ? ["s3:PutObject", "s3:DeleteObject", "s3:AbortMultipartUpload", "s3:ListMultipartUploadParts"] : [])
      Resource  = [each.value.arn, "${each.value.arn}/*"]
      Condition = { Bool = { "aws:SecureTransport" = "true" } }
    }])
  })
  depends_on = [aws_s3_bucket_public_access_block.run]
}

resource "aws_s3_object" "code" {
  for_each    = local.code_objects
  bucket      = aws_s3_bucket.run["code"].id
  key         = each.key
  source      = each.value
  source_hash = filemd5(each.value)
  # S3 allows an object ten tags of its own; the bucket has them.
  override_provider {
    default_tags {
      tags = {}
    }
  }
}

resource "aws_iam_role" "run" {
  count = var.identity == null ? 1 : 0
  name  = var.run_slug
  assume_role_policy = jsonencode({
    Version   = "2012-10-17"
    Statement = [{ Effect = "Allow", Action = "sts:AssumeRole", Principal = { Service = "ec2.amazonaws.com" } }]
  })
}

resource "aws_iam_role_policy" "run" {
  count = var.identity == null ? 1 : 0
  name  = "buckets"
  role  = aws_iam_role.run[0].id
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = concat([
      {
        Sid      = "List"
        Effect   = "Allow"
        Action   = ["s3:ListBucket", "s3:GetBucketLocation", "s3:ListBucketMultipartUploads"]
        Resource = [for name in concat(values(local.buckets), length(local.below) == 0 ? local.granted : []) : "${local.arn}${name}"]
      },
      {
        Sid      = "Read"
        Effect   = "Allow"
        Action   = ["s3:GetObject"]
        Resource = concat([for name in values(local.buckets) : "${local.arn}${name}/*"], local.readable)
      },
      {
        Sid      = "Write"
        Effect   = "Allow"
        Action   = ["s3:PutObject", "s3:DeleteObject", "s3:AbortMultipartUpload", "s3:ListMultipartUploadParts"]
        Resource = ["${local.arn}${local.buckets.output}/*"]
      },
      {
        # A dataset under a customer's key: S3 asks for it in the machine's name, for the objects above and no others
        # (docs.aws.amazon.com/kms/latest/developerguide/conditions-kms.html, kms:ViaService).
        Sid       = "Decrypt"
        Effect    = "Allow"
        Action    = ["kms:Decrypt"]
        Resource  = ["arn:${data.aws_partition.run.partition}:kms:*:*:key/*"]
        Condition = { StringLike = { "kms:ViaService" = "s3.*.amazonaws.com" } }
      },
      ], [for prefix in local.below : {
        Sid       = "ListDataset"
        Effect    = "Allow"
        Action    = ["s3:ListBucket"]
        Resource  = ["${local.arn}${local.granted[0]}"]
        Condition = { StringLike = { "s3:prefix" = [prefix, "${prefix}/*"] } }
    }])
  })
}

locals {
  given_roles = data.aws_iam_instance_profile.given[*].role_arn
  own_stop    = local.cloud_limit_seconds != null && var.identity == null
  granted     = var.dataset_bucket != null && var.grant_dataset_access ? [var.dataset_bucket] : []
  # A pattern that means its own text (docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_variables.html).
  below = [for prefix in var.grant_dataset_access ? var.dataset_prefix[*] : [] :
  replace(replace(replace(prefix, "$", "$${$}"), "*", "$${*}"), "?", "$${?}")]
  readable = [for pair in setproduct(local.granted, length(local.below) == 0 ? ["*"] : flatten([for prefix in local.below : [prefix, "${prefix}/*"]])) :
  "${local.arn}${pair[0]}/${pair[1]}"]
}

resource "aws_iam_instance_profile" "run" {
  count = var.identity == null ? 1 : 0
  name  = var.run_slug
  role  = aws_iam_role.run[0].name
}

# A switch outside the machine, should nothing in it work any more: EventBridge stops it at the limit.
resource "aws_scheduler_schedule" "stop" {
  #checkov:skip=CKV_AWS_297:It says which machine to stop and when, and nothing else.
  provider                     = aws.machine
  count                        = local.cloud_limit_seconds == null ? 0 : 1
  name                         = var.run_slug
  description                  = "Stops the machine of one run; made by ai-training-engine."
  schedule_expression          = "at(${formatdate("YYYY-MM-DD'T'hh:mm:ss", timeadd(timestamp(), "${local.cloud_limit_seconds}s"))})"
  schedule_expression_timezone = "UTC"
  flexible_time_window {
    mode = "OFF"
  }
  target {
    # docs.aws.amazon.com/scheduler/latest/UserGuide/managing-targets-universal.html
    arn      = "arn:${data.aws_partition.run.partition}:scheduler:::aws-sdk:ec2:stopInstances"
    role_arn = local.own_stop ? aws_iam_role.stop[0].arn : local.given_roles[0]
    input    = jsonencode({ InstanceIds = [aws_instance.run.id] })
  }
  depends_on = [aws_iam_role_policy.stop]
  lifecycle {
    ignore_changes = [schedule_expression] # the limit counts from the first apply
  }
}

resource "aws_iam_role" "stop" {
  count = local.own_stop ? 1 : 0
  name  = "${var.run_slug}-stop"
  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Action    = "sts:AssumeRole"
      Principal = { Service = "scheduler.amazonaws.com" }
      Condition = { StringEquals = { "aws:SourceAccount" = data.aws_caller_identity.run.account_id } }
    }]
  })
}

resource "aws_iam_role_policy" "stop" {
  count = local.own_stop ? 1 : 0
  name  = "stop"
  role  = aws_iam_role.stop[0].id
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Action    = ["ec2:StopInstances"]
      Resource  = ["arn:${data.aws_partition.run.partition}:ec2:*:${data.aws_caller_identity.run.account_id}:instance/*"]
      Condition = { StringEquals = { "aws:ResourceTag/run" = local.labels.run } }
    }]
  })
}

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

# A request that outlived its machine would make another: it must be found by its labels too.
resource "aws_ec2_tag" "spot_request" {
  provider    = aws.machine
  for_each    = var.spot ? local.labels : {}
  resource_id = aws_instance.run.spot_instance_request_id
  key         = each.key
  value       = each.value
}

resource "aws_instance" "run" {
  provider = aws.machine
  #checkov:skip=CKV_AWS_88:The laptop reaches the machine over its address; SSH alone is let in, from the laptop alone.
  #checkov:skip=CKV_AWS_126:Detailed monitoring is billed; the agent records the machine itself.
  #checkov:skip=CKV_AWS_135:Every GPU machine of today is EBS optimized by itself, and older ones refuse the setting.
  ami                         = local.image
  instance_type               = var.machine_type
  subnet_id                   = try(local.subnets[0], null)
  associate_public_ip_address = var.public_address
  vpc_security_group_ids      = [aws_security_group.run.id]
  iam_instance_profile        = var.identity == null ? aws_iam_instance_profile.run[0].name : var.identity
  user_data_base64            = base64gzip(local.user_data) # EC2 takes 16,384 bytes; cloud-init unpacks it
  tags                        = { Name = var.run_slug }
  volume_tags                 = merge(local.labels, { Name = var.run_slug })

  # Off, the machine keeps its disks: what the last sync could not bring out is still there.
  instance_initiated_shutdown_behavior = "stop"

  # Only a persistent request's machine can be stopped. After an interruption EC2 starts it again where there is room; a
  # power-off from inside disables the request; and the provider cancels it before it terminates the machine, which would
  # come back otherwise (docs.aws.amazon.com/AWSEC2/latest/UserGuide/spot-request-status.html).
  dynamic "instance_market_options" {
    for_each = var.spot ? ["spot"] : []
    content {
      market_type = "spot"
      spot_options {
        spot_instance_type             = "persistent"
        instance_interruption_behavior = "stop"
      }
    }
  }

  metadata_options {
    http_endpoint               = "enabled"
    http_tokens                 = "required"
    http_put_response_hop_limit = 1
  }

  root_block_device {
    volume_type           = "gp3"
    volume_size           = var.disk_size_gb
    throughput            = 500 # outputs lie here: at gp3's own 125 MB/s a checkpoint of 10 GB takes 80 s
    encrypted             = true
    delete_on_termination = true
  }

  dynamic "ebs_block_device" {
    for_each = local.dataset_disk_gb > 0 ? [local.dataset_disk_gb] : []
    content {
      device_name           = "/dev/sdf"
      volume_type           = "gp3"
      volume_size           = ebs_block_device.value
      iops                  = min(6000, 500 * ebs_block_device.value) # more per GB is refused
      throughput            = 500
      encrypted             = true
      delete_on_termination = true
    }
  }

  depends_on = [aws_s3_object.code, aws_iam_role_policy.run, aws_route.internet, aws_vpc_security_group_ingress_rule.ssh, aws_vpc_security_group_egress_rule.all]

  lifecycle {
    ignore_changes = [ami] # a new image between two applies must not replace a machine that trains
    precondition {
      condition     = contains(data.aws_availability_zones.run.names, var.zone)
      error_message = "${var.zone} is not a zone of ${local.region} that this account may use: ${join(", ", data.aws_availability_zones.run.names)}."
    }
    precondition {
      condition     = local.own_network || length(local.subnets) > 0
      error_message = "The network has no subnet in ${var.zone}, or the subnet is in another zone."
    }
    precondition {
      condition     = var.disk_size_gb >= local.image_gb
      error_message = "disk_size_gb must be at least ${local.image_gb}, the size of the image ${local.image}."
    }
    precondition {
      condition     = length(base64gzip(local.user_data)) * 3 / 4 <= 16384
      error_message = "job.json is too large for EC2's user data (16,384 bytes, packed)."
    }
  }
}
