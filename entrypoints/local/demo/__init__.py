"""What a newcomer finds on the first run: three templates, three segments and their people."""
