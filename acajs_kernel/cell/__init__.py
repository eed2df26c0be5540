"""What a cell's text means: pure functions over source text."""
