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
