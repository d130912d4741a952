"""What stands behind the ports: one package a family; families do not import each other."""
