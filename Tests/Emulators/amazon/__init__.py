"""Amazon's S3, EC2 and IAM on the loopback: moto's server with its gaps closed."""
