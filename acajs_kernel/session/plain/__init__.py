"""Plain mode: a cell's text goes to the service unchanged."""
