"""From a fitted library object to the score that it computes over its encoded inputs."""
