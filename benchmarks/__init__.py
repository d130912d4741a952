"""What Sentinel costs and how fast it is: `make bench` prints the tables that the docs quote."""
