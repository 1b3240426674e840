# What follows from the variables alone, for every cloud: names, labels, and the bootstrap with its settings. The cloud's own file
# (gcp.tf, aws.tf or azure.tf) defines local.machine, which is put into the bootstrap, and local.outputs.

locals {
  credentials_path = try(length(var.credentials_path), 0) == 0 ? null : pathexpand(var.credentials_path)

  buckets = { for part in ["code", "output"] : part => "${coalesce(var.bucket_stem, var.run_slug)}-${part}" }

  # Google allows a-z, 0-9, "_" and "-" only; the others follow, so that one search finds a run on each cloud.
  labels = merge(var.labels, {
    for key, value in { run = var.run_slug, code = var.code_name, dataset = var.dataset_name, created-by = "ai-training-engine" } :
    key => substr(replace(lower(value), "/[^a-z0-9_-]/", "-"), 0, 63)
  })

  # What the run folder holds, uploaded before the machine exists: the machine fetches it with its own identity.
  code_objects = {
    for name in concat(["code.tar.gz", "train-agent", "secrets.json"], tolist(fileset(path.module, "pip-*.whl"))) :
    name => "${path.module}/${name}" if fileexists("${path.module}/${name}")
  }

  # The machine's timer: max_duration_seconds and the time for the last sync. The cloud's limit: as much later, should the timer fail;
  # where the timer may be moved, it counts from as far as that may go.
  cloud_limit_seconds = var.max_duration_seconds == null ? null : max(var.max_duration_seconds, coalesce(var.hard_limit_seconds, 0)) + 2 * var.final_sync_seconds

  # NAME=VALUE lines which the bootstrap reads as data.
  settings = merge({
    AGENT_SHA256       = filesha256("${path.module}/train-agent")
    DATA_DISK          = 0
    FINAL_SYNC_SECONDS = var.final_sync_seconds
    IDENTITY           = ""
    MAX_SECONDS        = var.max_duration_seconds == null ? "" : var.max_duration_seconds
    REGION             = ""
  }, local.machine)

  # What comes from outside travels as base64, what is ours as it is.
  files = merge({
    "/etc/train/bootstrap.env" = {
      mode    = "600", filter = "base64 -d"
      content = base64encode(join("", [for name, value in local.settings : "${name}=${value}\n"]))
    }
    "/etc/train/job.json" = { mode = "600", filter = "base64 -d", content = filebase64("${path.module}/job.json") }
    }, local.settings.REGION == "" ? {} : {
    # Without it the aws command asks for every bucket in us-east-1 first, and is sent on from there.
    "/etc/systemd/system/train-agent.service.d/region.conf" = {
      mode    = "644", filter = "cat"
      content = "[Service]\nEnvironment=AWS_REGION=${local.settings.REGION} AWS_DEFAULT_REGION=${local.settings.REGION}\n"
    }
    }, local.settings.IDENTITY == "" ? {} : {
    # A company's policy may give the machine a second identity, and then Azure wants to be told which one is meant.
    "/etc/systemd/system/train-agent.service.d/identity.conf" = {
      mode    = "644", filter = "cat"
      content = "[Service]\nEnvironment=RCLONE_AZUREBLOB_MSI_MI_RES_ID=${local.settings.IDENTITY}\n"
    }
    }, {
    for target, name in merge({
      "/etc/systemd/system/train-agent.service"     = "train-agent.service"
      "/etc/systemd/system/train-bootstrap.service" = "train-bootstrap.service"
      "/etc/systemd/system/train-poweroff.service"  = "train-poweroff.service"
      "/etc/systemd/system/train-poweroff.timer"    = "train-poweroff.timer"
      "/usr/local/sbin/train-agent-stopped"         = "agent-stopped.sh"
      "/usr/local/sbin/train-bootstrap"             = "bootstrap.sh"
      }, local.machine.CLOUD != "azure" ? {} : {
      "/etc/systemd/system/train-poweroff.service.d/deallocate.conf" = "train-deallocate.conf"
      "/usr/local/sbin/train-deallocate"                             = "deallocate.sh"
      "/usr/local/sbin/train-put-off-shutdown"                       = "put-off-shutdown.py"
      "/etc/systemd/system/train-put-off-shutdown.service"           = "train-put-off-shutdown.service"
      "/etc/systemd/system/train-put-off-shutdown.timer"             = "train-put-off-shutdown.timer"
    }) : target => { mode = startswith(target, "/usr") ? "755" : "644", filter = "cat", content = file("${path.module}/cloud-init/${name}") }
  })
  unpack = templatefile("${path.module}/cloud-init/unpack.sh.tftpl", { files = local.files })
  user_data = templatefile("${path.module}/cloud-init/user-data.yaml.tftpl", {
    ssh_public_key = local.machine.CLOUD == "azure" ? null : var.ssh_public_key # Azure makes the user itself
    unpack         = local.unpack
  })
}
