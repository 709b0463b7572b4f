"""Jobs: every run of the app in a process of its own, with all its state in a folder."""
