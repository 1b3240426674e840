"""A Terraform provider process that serves recorded schemas and a toy cloud made of files."""
