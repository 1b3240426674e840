"""Azure Blob Storage on the loopback: block blobs, as rclone and az use them."""
