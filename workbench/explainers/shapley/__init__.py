"""Ways to Shapley values, one a file; each gives a `Shapley`."""
