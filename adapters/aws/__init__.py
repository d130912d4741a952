"""AWS behind the ports: the only place that imports boto3. No ClientError leaves it."""
