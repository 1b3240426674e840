# What the launcher reads back, the same for every cloud. None of it is secret.

output "cloud" {
  description = "gcp, aws or azure."
  value       = local.machine.CLOUD
}

output "instance_name" {
  description = "Name of the machine."
  value       = local.outputs.instance_name
}

output "instance_id" {
  description = "What the cloud's own tool calls the machine."
  value       = local.outputs.instance_id
}

output "zone" {
  description = "Where the machine is, as the cloud's own tool wants it."
  value       = local.outputs.zone
}

output "region" {
  description = "The zone's region."
  value       = local.outputs.region
}

output "project" {
  description = "Google project, AWS account or Azure subscription."
  value       = local.outputs.project
}

output "public_ip" {
  description = "Address for SSH; on Google and AWS another one after a stop."
  value       = local.outputs.public_ip
}

output "ssh_user" {
  description = "User who may log in with ssh_public_key, and become root by sudo."
  value       = "train"
}

output "code_bucket_url" {
  description = "Store of the code, the agent and the secrets: gs://…, s3://…, az://ACCOUNT/CONTAINER."
  value       = local.outputs.code_bucket_url
}

output "output_bucket_url" {
  description = "Store of output, logs and status."
  value       = local.outputs.output_bucket_url
}

output "console_url" {
  description = "Page of the machine in the cloud's console."
  value       = local.outputs.console_url
}

output "billing" {
  description = "What costs money, and until when: power-off or finish."
  value       = local.outputs.billing
}

output "labels" {
  description = "The labels on everything: what to search for when this state is lost."
  value       = local.labels
}

output "user_data" {
  description = "What cloud-init gets, for --dry_run. No secret, but nothing to print at every apply either."
  value       = local.user_data
  sensitive   = true
}
