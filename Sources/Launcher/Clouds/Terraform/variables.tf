# What the launcher decides, the same for every cloud: it writes terraform.tfvars.json beside this file.

variable "run_slug" {
  description = "Name of the run: the machine's name, and the stem of the names of all that belongs to it."
  type        = string
  validation {
    condition     = can(regex("^[a-z][a-z0-9-]{1,52}[a-z0-9]$", var.run_slug))
    error_message = "run_slug must have 3 to 54 characters of a-z, 0-9 and \"-\", start with a letter and not end with \"-\"."
  }
}

variable "bucket_stem" {
  description = "Google and AWS: what the names of the two buckets begin with, STEM-code and STEM-output. Unique in all the world; null: run_slug."
  type        = string
  default     = null
  validation {
    condition     = can(regex("^[a-z][a-z0-9-]{1,54}[a-z0-9]$", coalesce(var.bucket_stem, "none")))
    error_message = "bucket_stem must have 3 to 56 characters of a-z, 0-9 and \"-\", start with a letter and not end with \"-\"."
  }
}

variable "code_name" {
  description = "For the label: the name of the code."
  type        = string
}

variable "dataset_name" {
  description = "For the label: the name of the dataset."
  type        = string
}

variable "labels" {
  description = "Further labels (tags) for everything that is created."
  type        = map(string)
  default     = {}
}

variable "project" {
  description = "Google project, or Azure subscription; null: the one the credentials name. Not used on AWS."
  type        = string
  default     = null
}

variable "credentials_path" {
  description = "Google: key file of a service account. AWS: credentials file. Azure: JSON of a service principal, as az prints it. null: the login of the cloud's own tool."
  type        = string
  default     = null
  validation {
    condition     = try(length(var.credentials_path), 0) == 0 || try(fileexists(pathexpand(var.credentials_path)), false)
    error_message = "credentials_path does not name a file that can be read."
  }
}

variable "zone" {
  description = "Where the machine runs: us-central1-a (Google), us-east-1a (AWS), eastus-1 or eastus (Azure)."
  type        = string
  validation {
    condition     = can(regex("^([a-z]+-[a-z]+[0-9]+-[a-z]|[a-z]{2}(-[a-z]+)+-[0-9][a-z]|[a-z]+[0-9]?(-[1-3])?)$", var.zone))
    error_message = "zone must look like us-central1-a (Google), us-east-1a (AWS) or eastus-1 (Azure)."
  }
}

variable "bucket_region" {
  description = "Region of the two buckets; null: the zone's. Set it where zones of several regions are tried, so that the buckets stay."
  type        = string
  default     = null
}

variable "machine_type" {
  description = "Machine type: n1-standard-8, g2-standard-8, a2-highgpu-1g; g5.xlarge; Standard_NC4as_T4_v3."
  type        = string
  validation {
    condition     = can(regex("^[A-Za-z0-9][A-Za-z0-9._-]+$", var.machine_type))
    error_message = "machine_type is not a machine type's name."
  }
}

variable "gpu_type" {
  description = "Google's n1 machines only: the GPU to attach, for instance nvidia-tesla-t4. Other machines bring theirs."
  type        = string
  default     = null
}

variable "gpu_count" {
  description = "Google's n1 machines only: how many GPUs to attach."
  type        = number
  default     = 1
  validation {
    condition     = contains([1, 2, 4, 8], var.gpu_count)
    error_message = "gpu_count must be 1, 2, 4 or 8."
  }
}

variable "image" {
  description = "Image of the boot disk; null: the cloud's current deep-learning image. Google: PROJECT/FAMILY or PROJECT/IMAGE; AWS: ami-…; Azure: PUBLISHER:OFFER:SKU:VERSION or a resource id."
  type        = string
  default     = null
}

variable "disk_size_gb" {
  description = "Size of the boot disk, which also holds the outputs until they are in the bucket."
  type        = number
  default     = 200
  validation {
    condition     = var.disk_size_gb >= 50 && var.disk_size_gb <= 4000 && floor(var.disk_size_gb) == var.disk_size_gb
    error_message = "disk_size_gb must be a whole number from 50 to 4000."
  }
}

variable "dataset_disk_gb" {
  description = "Size of the SSD provisioned for the dataset; 0: none; null: 200 where the machine has no local SSD, else none."
  type        = number
  default     = null
  validation {
    condition     = try(contains([0], var.dataset_disk_gb), false) || coalesce(var.dataset_disk_gb, 10) >= 10
    error_message = "dataset_disk_gb must be 0 (none) or at least 10."
  }
}

variable "local_ssd_count" {
  description = "Google only: local NVMe disks of 375 GB to attach; null: as many as the machine type takes without a choice, one for n1."
  type        = number
  default     = null
}

variable "dataset_bucket" {
  description = "Existing bucket (Azure: ACCOUNT/CONTAINER) the machine may read; null: none."
  type        = string
  default     = null
}

variable "dataset_prefix" {
  description = "The folder of dataset_bucket that the machine may read, without slashes around it; null: all of the bucket."
  type        = string
  default     = null
  validation {
    condition     = trim(coalesce(var.dataset_prefix, "all"), "/") == coalesce(var.dataset_prefix, "all")
    error_message = "dataset_prefix must neither begin nor end with a slash."
  }
}

variable "grant_dataset_access" {
  description = "Whether to give the machine the right to read dataset_bucket; false where it is public or granted otherwise."
  type        = bool
  default     = true
}

variable "spot" {
  description = "Take a spot machine: much cheaper, and taken away at 30 s (AWS: 2 min) notice."
  type        = bool
  default     = false
}

variable "max_duration_seconds" {
  description = "How long the machine may run at most; null: for ever."
  type        = number
  default     = 86400
  validation {
    condition     = coalesce(var.max_duration_seconds, 600) >= 600 && coalesce(var.max_duration_seconds, 600) <= 118 * 86400
    error_message = "max_duration_seconds must lie between 600 (ten minutes) and 10195200 (118 days), or be null for no limit at all."
  }
}

variable "hard_limit_seconds" {
  description = "How far the limit of a running machine may be moved: what the cloud's own limit counts from. null: max_duration_seconds."
  type        = number
  default     = null
  validation {
    condition     = coalesce(var.hard_limit_seconds, 600) >= 600 && coalesce(var.hard_limit_seconds, 600) <= 118 * 86400
    error_message = "hard_limit_seconds must lie between 600 (ten minutes) and 10195200 (118 days), or be null."
  }
}

variable "final_sync_seconds" {
  description = "Time for the last sync after max_duration_seconds, until the machine's own timer turns it off; as much again until the cloud's limit."
  type        = number
  default     = 1800
  validation {
    condition     = var.final_sync_seconds >= 60 && var.final_sync_seconds <= 43200
    error_message = "final_sync_seconds must lie between 60 and 43200."
  }
}

variable "network" {
  description = "Existing network for the machine; null: one of the run's own. Google: a network's name or link; AWS: vpc-…, or default; Azure: the subnet names it."
  type        = string
  default     = null
}

variable "subnet" {
  description = "Existing subnet for the machine; null: one of its network. Google: a subnetwork's name or link; AWS: subnet-…; Azure: a resource id."
  type        = string
  default     = null
}

variable "public_address" {
  description = "Whether the machine gets an address of the internet. Without it the network must have another way out, to packages and buckets."
  type        = bool
  default     = true
}

variable "identity" {
  description = "Existing identity for the machine; null: one of the run's own. Google: a service account's address; AWS: an instance profile; Azure: the resource id of a user-assigned identity, whose rights are given already."
  type        = string
  default     = null
}

variable "ssh_cidr" {
  description = "The addresses SSH is open to: 203.0.113.7/32, or 0.0.0.0/0 for all the world; null: none. Nothing else is let in."
  type        = string
  default     = null
  validation {
    # 1.2.3.4/0 is all the world too, and does not look like it.
    condition     = can(regex("^[0-9.]+/([1-9][0-9]?|0)$", coalesce(var.ssh_cidr, "0.0.0.0/0"))) && try(cidrhost(coalesce(var.ssh_cidr, "0.0.0.0/0"), 0), "") == split("/", coalesce(var.ssh_cidr, "0.0.0.0/0"))[0]
    error_message = "ssh_cidr must be an IPv4 range by its first address, such as 203.0.113.7/32 or 203.0.113.0/24."
  }
}

variable "ssh_public_key" {
  description = "Public key of the user `train`, made for this run; null: no such user."
  type        = string
  default     = null
  validation {
    condition     = can(regex("^(ssh-(ed25519|rsa)|ecdsa-sha2-[a-z0-9-]+) [A-Za-z0-9+/=]+( [^\n\"]*)?$", coalesce(var.ssh_public_key, "ssh-rsa A")))
    error_message = "ssh_public_key must be one line of an OpenSSH public key."
  }
}

variable "secure_boot" {
  description = "Boot signed kernels and drivers only. Off, because the NVIDIA driver of the default images is not signed; on for images whose driver is."
  type        = bool
  default     = false
}

variable "storage_account_name" {
  description = "Azure only: name of the storage account that holds the two containers. Unique in all of Azure."
  type        = string
  default     = null
  validation {
    condition     = can(regex("^[a-z0-9]{3,24}$", coalesce(var.storage_account_name, "none")))
    error_message = "storage_account_name must have 3 to 24 characters of a-z and 0-9."
  }
}
