"""A rented machine without a cloud: real systemd and cloud-init, emulated metadata and buckets."""
