# The machine, and the role by which it reads the code and the dataset and writes the output.

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
