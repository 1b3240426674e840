"""Google Cloud Storage's JSON API on the loopback, for the real gsutil, gcloud and rclone."""
