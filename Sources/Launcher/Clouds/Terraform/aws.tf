# A run on AWS: its buckets here; its network, machine and switch in the files beside this one.

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
