"""Running methods: steps and their cache, integrate, evaluate and check, and jobs."""
