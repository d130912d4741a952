"""The aws family by concern, for the Lambda functions: each imports only what it runs on."""
