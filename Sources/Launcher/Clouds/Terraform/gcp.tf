# A run on Google Cloud: two buckets, a network with one machine in it, and an identity for the machine.

terraform {
  required_version = ">= 1.5"
  required_providers {
    google = {
      source  = "hashicorp/google"
      version = "6.50.0"
    }
  }
}

provider "google" {
  credentials = local.credentials_path == null ? null : file(local.credentials_path)
  project     = var.project
  region      = local.region
  zone        = var.zone
}

locals {
  region = replace(var.zone, "/-[a-z]$/", "")
  # Machines that bring their GPU, their local SSDs, both, or neither. Where a count is to be chosen these are the legal ones.
  brings_gpu    = can(regex("^[ag][2-9][a-z]*-", var.machine_type))
  gpus          = local.brings_gpu || var.gpu_type != null
  brings_ssds   = can(regex("^(a2-ultragpu|a3-|a4-|z3-)|-lssd", var.machine_type))
  legal_ssds    = try(local.ssds_by_type[var.machine_type], local.ssds_by_family)
  default_ssds  = contains(keys(local.ssds_by_type), var.machine_type) || startswith(var.machine_type, "n1-") ? local.legal_ssds[0] : 0
  ssds          = local.brings_ssds ? 0 : coalesce(var.local_ssd_count, local.default_ssds)
  has_local_ssd = local.brings_ssds || local.ssds > 0
  ssds_by_type = merge({
    a2-highgpu-1g  = [1, 2, 4, 8], a2-highgpu-2g = [2, 4, 8], a2-highgpu-4g = [4, 8], a2-highgpu-8g = [8]
    g2-standard-24 = [2], g2-standard-48 = [4], g2-standard-96 = [8]
  }, { for cpus in [4, 8, 12, 16, 32] : "g2-standard-${cpus}" => [1] })
  ssds_by_family  = startswith(var.machine_type, "n1-") ? [1, 2, 3, 4, 5, 6, 7, 8, 16, 24] : startswith(var.machine_type, "n2") ? [1, 2, 4, 8, 16, 24] : []
  dataset_disk_gb = coalesce(var.dataset_disk_gb, local.has_local_ssd ? 0 : 200)
  # The newest families take no Persistent Disk.
  hyperdisk   = can(regex("^(a3-ultra|a[4-9]|g[4-9]|c4|n4)", var.machine_type))
  own_network = var.network == null && var.subnet == null
  identity    = coalesce(var.identity, one(google_service_account.run[*].email))
  image       = coalesce(var.image, "deeplearning-platform-release/common-cu129-ubuntu-2204-nvidia-580")

  machine = {
    CLOUD        = "gcp"
    AGENT_SOURCE = "gs://${local.buckets.code}/train-agent"
    DATA_DISK    = local.dataset_disk_gb > 0 ? 1 : 0
  }
  outputs = {
    instance_name     = google_compute_instance.run.name
    instance_id       = google_compute_instance.run.name
    zone              = google_compute_instance.run.zone
    region            = local.region
    project           = google_compute_instance.run.project
    public_ip         = var.ssh_cidr == null ? "" : var.public_address ? google_compute_instance.run.network_interface[0].access_config[0].nat_ip : google_compute_instance.run.network_interface[0].network_ip
    code_bucket_url   = google_storage_bucket.run["code"].url
    output_bucket_url = google_storage_bucket.run["output"].url
    console_url       = "https://console.cloud.google.com/compute/instancesDetail/zones/${var.zone}/instances/${var.run_slug}?project=${google_compute_instance.run.project}"
    billing = concat([
      { what = "machine ${var.machine_type}${local.has_local_ssd ? " with its local SSDs" : ""}", until = "power-off" },
      { what = "boot disk, ${var.disk_size_gb} GB", until = "finish" },
      { what = "buckets ${local.buckets.code} and ${local.buckets.output}, by what they hold", until = "finish" },
    ], var.public_address ? [{ what = "external address", until = "power-off" }] : [], local.dataset_disk_gb > 0 ? [{ what = "dataset disk, ${local.dataset_disk_gb} GB", until = "finish" }] : [])
  }
}

resource "google_storage_bucket" "run" {
  #checkov:skip=CKV_GCP_62:An access log of a bucket that lives as long as one training would outlive it.
  #checkov:skip=CKV_GCP_78:Versions would keep, and bill, every checkpoint that the trainer overwrites.
  for_each                    = local.buckets
  name                        = each.value
  location                    = upper(coalesce(var.bucket_region, local.region))
  force_destroy               = true
  uniform_bucket_level_access = true
  public_access_prevention    = "enforced"
  labels                      = local.labels

  # Else what is deleted goes on billing for seven days.
  soft_delete_policy {
    retention_duration_seconds = 0
  }
}

resource "google_storage_bucket_object" "code" {
  for_each       = local.code_objects
  bucket         = google_storage_bucket.run["code"].name
  name           = each.key
  source         = each.value
  source_md5hash = filemd5(each.value)
}

resource "google_service_account" "run" {
  count        = var.identity == null ? 1 : 0
  account_id   = "${substr(var.run_slug, 0, 20)}-${substr(sha256(var.run_slug), 0, 8)}"
  display_name = substr("Training ${var.run_slug}", 0, 100)
  description  = "Identity of the machine of one run; made by ai-training-engine."
}

locals {
  grants = merge({
    code   = { bucket = google_storage_bucket.run["code"].name, role = "roles/storage.objectViewer", below = [] }
    output = { bucket = google_storage_bucket.run["output"].name, role = "roles/storage.objectUser", below = [] }
    }, var.dataset_bucket != null && var.grant_dataset_access ? {
    dataset = { bucket = var.dataset_bucket, role = "roles/storage.objectViewer", below = var.dataset_prefix[*] }
  } : {})
  # What a request names: the object that is read, or the prefix that is listed
  # (cloud.google.com/iam/docs/conditions-attribute-reference#storage-list-prefix).
  asked = {
    "resource.name"                                                       = "projects/_/buckets/${coalesce(var.dataset_bucket, "none")}/objects/"
    "api.getAttribute(\"storage.googleapis.com/objectListPrefix\", \"\")" = ""
  }
}

resource "google_storage_bucket_iam_member" "run" {
  for_each = local.grants
  bucket   = each.value.bucket
  role     = each.value.role
  member   = "serviceAccount:${local.identity}"

  dynamic "condition" {
    for_each = each.value.below
    content {
      title = "dataset-alone"
      expression = join(" || ", flatten([for attribute, start in local.asked : [
        "${attribute} == ${jsonencode("${start}${condition.value}")}",
        "${attribute}.startsWith(${jsonencode("${start}${condition.value}/")})",
      ]]))
    }
  }
}

resource "google_compute_network" "run" {
  #checkov:skip=CKV2_GCP_18:It has its one firewall rule below; the check does not see it through the reference.
  count                   = local.own_network ? 1 : 0
  name                    = var.run_slug
  auto_create_subnetworks = false
}

resource "google_compute_subnetwork" "run" {
  #checkov:skip=CKV_GCP_26:Flow logs of a network with one machine cost more than they tell.
  count                    = local.own_network ? 1 : 0
  name                     = var.run_slug
  network                  = google_compute_network.run[0].id
  region                   = local.region
  ip_cidr_range            = "10.10.0.0/24"
  private_ip_google_access = true
}

# The one way in. Everything else is refused by the rule that every network of Google's ends with.
resource "google_compute_firewall" "ssh" {
  count                   = var.ssh_cidr == null ? 0 : 1
  name                    = "${var.run_slug}-ssh"
  network                 = coalesce(var.network, one(google_compute_network.run[*].name))
  direction               = "INGRESS"
  source_ranges           = [var.ssh_cidr]
  target_service_accounts = [local.identity]

  allow {
    protocol = "tcp"
    ports    = ["22"]
  }
}

resource "google_compute_disk" "dataset" {
  #checkov:skip=CKV_GCP_37:Encrypted with Google's key; a key of the customer's own would be one more thing to clean up.
  count  = local.dataset_disk_gb > 0 ? 1 : 0
  name   = "${var.run_slug}-dataset"
  type   = local.hyperdisk ? "hyperdisk-balanced" : "pd-ssd"
  size   = local.dataset_disk_gb
  zone   = var.zone
  labels = local.labels
}

resource "google_compute_instance" "run" {
  #checkov:skip=CKV_GCP_32:block-project-ssh-keys is set below; the check does not see it through merge().
  #checkov:skip=CKV_GCP_38:Encrypted with Google's key; a key of the customer's own would be one more thing to clean up.
  #checkov:skip=CKV_GCP_40:The laptop reaches the machine over its address; SSH alone is let in, from the laptop alone.
  name         = var.run_slug
  machine_type = var.machine_type
  zone         = var.zone
  labels       = local.labels

  boot_disk {
    auto_delete = true
    initialize_params {
      image  = local.image
      size   = var.disk_size_gb
      type   = local.hyperdisk ? "hyperdisk-balanced" : "pd-balanced"
      labels = local.labels
    }
  }

  dynamic "scratch_disk" {
    for_each = range(local.ssds)
    content {
      interface = "NVME"
    }
  }

  dynamic "attached_disk" {
    for_each = google_compute_disk.dataset
    content {
      source      = attached_disk.value.self_link
      device_name = "train-data"
    }
  }

  dynamic "guest_accelerator" {
    for_each = !local.brings_gpu && var.gpu_type != null ? [var.gpu_type] : []
    content {
      type  = guest_accelerator.value
      count = var.gpu_count
    }
  }

  network_interface {
    network    = local.own_network || var.subnet != null ? null : var.network
    subnetwork = local.own_network ? google_compute_subnetwork.run[0].id : var.subnet
    nic_type   = can(regex("^(a[3-9]|g[4-9])[a-z]*-", var.machine_type)) ? "GVNIC" : null

    # An address that costs nothing once the machine is off
    dynamic "access_config" {
      for_each = var.public_address ? [true] : []
      content {}
    }
  }

  scheduling {
    provisioning_model          = var.spot ? "SPOT" : "STANDARD"
    preemptible                 = var.spot
    automatic_restart           = !var.spot
    on_host_maintenance         = local.gpus || var.spot ? "TERMINATE" : "MIGRATE"
    instance_termination_action = var.spot || local.cloud_limit_seconds != null ? "STOP" : null # never DELETE: the disk may hold what no bucket has

    # A time of day and no duration, which a machine that is started again would get anew.
    termination_time = local.cloud_limit_seconds == null ? null : timeadd(timestamp(), "${local.cloud_limit_seconds}s")

    # Google wants this said exactly where there is a limit and a local SSD.
    dynamic "on_instance_stop_action" {
      for_each = local.cloud_limit_seconds != null && local.has_local_ssd ? [true] : []
      content {
        discard_local_ssd = true
      }
    }
  }

  metadata = merge({
    user-data               = local.user_data
    startup-script          = templatefile("${path.module}/cloud-init/startup-script.sh.tftpl", { unpack = local.unpack })
    enable-guest-attributes = "TRUE" # the host keys are published there
    block-project-ssh-keys  = "TRUE"
    serial-port-enable      = "FALSE"
    install-nvidia-driver   = local.gpus ? "True" : "False"
    }, var.ssh_public_key == null || var.ssh_cidr == null ? {} : {
    enable-oslogin = "FALSE" # which would ignore the key
    ssh-keys       = "train:${var.ssh_public_key}"
  })

  # Of what Google can grant a machine, the part about buckets; which ones, and for what, say the grants. "read_write" would
  # refuse gsutil the new time of an object, and have it send the bytes again (cloud.google.com/storage/docs/json_api/v1/objects/patch).
  service_account {
    email  = local.identity
    scopes = ["https://www.googleapis.com/auth/devstorage.full_control"]
  }

  # Secure boot is a choice, since the NVIDIA driver of the default image is not signed.
  shielded_instance_config {
    enable_secure_boot          = var.secure_boot
    enable_vtpm                 = true
    enable_integrity_monitoring = true
  }

  depends_on = [google_storage_bucket_object.code, google_storage_bucket_iam_member.run, google_compute_firewall.ssh]

  lifecycle {
    # Local SSDs that come with the machine type show up here by themselves, and would replace the machine at every apply.
    # The limit counts from the first apply.
    ignore_changes = [scratch_disk, scheduling[0].termination_time]
    precondition {
      condition     = local.brings_gpu ? var.gpu_type == null : var.gpu_type == null || startswith(var.machine_type, "n1-")
      error_message = "gpu_type is for n1 machines only: ${var.machine_type} ${local.brings_gpu ? "brings its GPU" : "cannot take one"}."
    }
    precondition {
      condition     = local.brings_ssds ? coalesce(var.local_ssd_count, 0) == 0 : local.ssds == 0 || contains(local.legal_ssds, local.ssds)
      error_message = "${var.machine_type} does not take local_ssd_count = ${local.brings_ssds ? coalesce(var.local_ssd_count, 0) : local.ssds}${local.brings_ssds ? ": it brings its own" : length(local.legal_ssds) > 0 ? ", but one of ${join(", ", local.legal_ssds)}" : ""}."
    }
  }
}
