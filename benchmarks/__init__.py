"""Side-by-side timings of the methods and of their peers."""
