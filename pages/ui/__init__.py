"""What the pages share. Import as `from pages.ui import ...`."""
