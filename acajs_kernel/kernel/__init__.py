"""The kernel: Jupyter's messages in and out, nothing about HTTP or JavaScript syntax."""
