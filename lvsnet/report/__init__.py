"""What came of scenarios, as a page for a browser."""
