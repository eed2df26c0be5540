"""JavaScript (ACA): a Jupyter kernel whose cells run in remote JavaScript sessions."""

__version__ = "0.1.0"
