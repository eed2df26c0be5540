"""Benchmarks of the kernel beside other kernels: ``python -m benchmarks --help``."""
