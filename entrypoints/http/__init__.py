"""The HTTP interface: routes, models and problem documents, the same in Lambda and locally."""
