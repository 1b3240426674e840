# A run on AWS: two buckets, a network with one machine in it, and a role for the machine.

terraform {
  required_version = ">= 1.5"
  required_providers {
    aws = {
      source  = "hashicorp/aws"
      version = "~> 5.100"
    }
  }
}

provider "aws" {
  region                   = local.region
  shared_credentials_files = local.credentials_path[*]
  default_tags {
    tags = local.labels
  }
}

data "aws_caller_identity" "run" {}

data "aws_partition" "run" {}

data "aws_availability_zones" "run" {
  #checkov:skip=CKV_AWS_394:A new zone of Amazon's adds one more subnet and moves none.
  state = "available"
  filter {
    name   = "opt-in-status"
    values = ["opt-in-not-required"]
  }
}

data "aws_ec2_instance_type" "run" {
  instance_type = var.machine_type
}

# The Deep Learning Base AMI (Ubuntu 22.04): driver, CUDA and the aws command, no frameworks.
data "aws_ssm_parameter" "image" {
  count = var.image == null ? 1 : 0
  name  = "/aws/service/deeplearning/ami/x86_64/base-oss-nvidia-driver-gpu-ubuntu-22.04/latest/ami-id"
}

locals {
  region          = replace(var.zone, "/[a-z]$/", "")
  has_local_ssd   = data.aws_ec2_instance_type.run.instance_storage_supported
  dataset_disk_gb = coalesce(var.dataset_disk_gb, local.has_local_ssd ? 0 : 200)
  image           = var.image == null ? data.aws_ssm_parameter.image[0].insecure_value : var.image
  arn             = "arn:${data.aws_partition.run.partition}:s3:::"

  machine = {
    CLOUD        = "aws"
    AGENT_SOURCE = "s3://${local.buckets.code}/train-agent"
    DATA_DISK    = local.dataset_disk_gb > 0 ? 1 : 0
    REGION       = local.region
  }
  outputs = {
    instance_name     = var.run_slug
    instance_id       = aws_instance.run.id
    zone              = var.zone
    region            = local.region
    project           = data.aws_caller_identity.run.account_id
    public_ip         = aws_instance.run.public_ip
    code_bucket_url   = "s3://${aws_s3_bucket.run["code"].id}"
    output_bucket_url = "s3://${aws_s3_bucket.run["output"].id}"
    console_url       = "https://${local.region}.console.aws.amazon.com/ec2/home?region=${local.region}#InstanceDetails:instanceId=${aws_instance.run.id}"
    billing = concat([
      { what = "machine ${var.machine_type}", until = "power-off" },
      { what = "external address", until = "power-off" },
      { what = "boot disk, ${var.disk_size_gb} GB", until = "finish" },
      { what = "buckets ${local.buckets.code} and ${local.buckets.output}, by what they hold", until = "finish" },
    ], local.dataset_disk_gb > 0 ? [{ what = "dataset disk, ${local.dataset_disk_gb} GB", until = "finish" }] : [])
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
    Statement = [{
      Sid       = "OnlyEncryptedConnections"
      Effect    = "Deny"
      Principal = "*"
      Action    = "s3:*"
      Resource  = [each.value.arn, "${each.value.arn}/*"]
      Condition = { Bool = { "aws:SecureTransport" = "false" } }
    }]
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
  name = var.run_slug
  assume_role_policy = jsonencode({
    Version   = "2012-10-17"
    Statement = [{ Effect = "Allow", Action = "sts:AssumeRole", Principal = { Service = "ec2.amazonaws.com" } }]
  })
}

resource "aws_iam_role_policy" "run" {
  name = "buckets"
  role = aws_iam_role.run.id
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      {
        Sid      = "List"
        Effect   = "Allow"
        Action   = ["s3:ListBucket", "s3:GetBucketLocation", "s3:ListBucketMultipartUploads"]
        Resource = [for name in concat(values(local.buckets), local.granted) : "${local.arn}${name}"]
      },
      {
        Sid      = "Read"
        Effect   = "Allow"
        Action   = ["s3:GetObject"]
        Resource = [for name in concat(values(local.buckets), local.granted) : "${local.arn}${name}/*"]
      },
      {
        Sid      = "Write"
        Effect   = "Allow"
        Action   = ["s3:PutObject", "s3:DeleteObject", "s3:AbortMultipartUpload", "s3:ListMultipartUploadParts"]
        Resource = ["${local.arn}${local.buckets.output}/*"]
      },
    ]
  })
}

locals {
  granted = var.dataset_bucket != null && var.grant_dataset_access ? [var.dataset_bucket] : []
}

resource "aws_iam_instance_profile" "run" {
  name = var.run_slug
  role = aws_iam_role.run.name
}

resource "aws_vpc" "run" {
  #checkov:skip=CKV2_AWS_11:Flow logs of a network with one machine cost more than they tell.
  cidr_block           = "10.10.0.0/16"
  enable_dns_hostnames = true
  tags                 = { Name = var.run_slug }
}

# One for each zone of the region, so that going on to the next zone changes nothing but the machine.
resource "aws_subnet" "run" {
  for_each          = toset(data.aws_availability_zones.run.names)
  vpc_id            = aws_vpc.run.id
  availability_zone = each.key
  cidr_block        = cidrsubnet(aws_vpc.run.cidr_block, 8, index(split("", "abcdefghijklmnopqrstuvwxyz"), substr(each.key, -1, 1)))
  tags              = { Name = "${var.run_slug}-${each.key}" }

  # What holds it is a machine that Terraform lost at a Ctrl-C: by default it would be waited for, for 20 minutes.
  timeouts {
    delete = "3m"
  }
}

resource "aws_internet_gateway" "run" {
  vpc_id = aws_vpc.run.id

  timeouts {
    delete = "3m"
  }
}

resource "aws_route" "internet" {
  route_table_id         = aws_vpc.run.main_route_table_id
  destination_cidr_block = "0.0.0.0/0"
  gateway_id             = aws_internet_gateway.run.id
}

# Every network comes with a group that lets its members talk to each other; here it lets nobody.
resource "aws_default_security_group" "run" {
  vpc_id = aws_vpc.run.id
}

resource "aws_security_group" "run" {
  name        = var.run_slug
  description = "SSH from the laptop, nothing else"
  vpc_id      = aws_vpc.run.id
}

resource "aws_vpc_security_group_ingress_rule" "ssh" {
  security_group_id = aws_security_group.run.id
  description       = "SSH from the laptop"
  cidr_ipv4         = var.ssh_cidr
  ip_protocol       = "tcp"
  from_port         = 22
  to_port           = 22
}

# pip, apt and the user's own code fetch from where they like.
resource "aws_vpc_security_group_egress_rule" "all" {
  security_group_id = aws_security_group.run.id
  description       = "Packages, buckets, datasets"
  cidr_ipv4         = "0.0.0.0/0"
  ip_protocol       = "-1"
}

# A request that outlived its machine would make another: it must be found by its labels too.
resource "aws_ec2_tag" "spot_request" {
  for_each    = var.spot ? local.labels : {}
  resource_id = aws_instance.run.spot_instance_request_id
  key         = each.key
  value       = each.value
}

resource "aws_instance" "run" {
  #checkov:skip=CKV_AWS_88:The laptop reaches the machine over its address; SSH alone is let in, from the laptop alone.
  #checkov:skip=CKV_AWS_126:Detailed monitoring is billed; the agent records the machine itself.
  #checkov:skip=CKV_AWS_135:Every GPU machine of today is EBS optimized by itself, and older ones refuse the setting.
  ami                         = local.image
  instance_type               = var.machine_type
  subnet_id                   = try(aws_subnet.run[var.zone].id, null)
  associate_public_ip_address = true
  vpc_security_group_ids      = [aws_security_group.run.id]
  iam_instance_profile        = aws_iam_instance_profile.run.name
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
    # A provider looks for everything in its own region: after a change of region the old one's network would be forgotten.
    precondition {
      condition     = coalesce(var.bucket_region, local.region) == local.region
      error_message = "On AWS all zones to try must lie in one region, and the buckets with them."
    }
    ignore_changes = [ami] # a new image between two applies must not replace a machine that trains
    precondition {
      condition     = contains(data.aws_availability_zones.run.names, var.zone)
      error_message = "${var.zone} is not a zone of ${local.region} that this account may use: ${join(", ", data.aws_availability_zones.run.names)}."
    }
    precondition {
      condition     = length(base64gzip(local.user_data)) * 3 / 4 <= 16384
      error_message = "job.json is too large for EC2's user data (16,384 bytes, packed)."
    }
  }
}
