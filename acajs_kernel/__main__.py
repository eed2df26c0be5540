"""Start the kernel: ``python -m acajs_kernel -f CONNECTION_FILE``."""

from ipykernel.kernelapp import IPKernelApp

from acajs_kernel.kernel import AcaJsKernel

if __name__ == "__main__":
    IPKernelApp.launch_instance(kernel_class=AcaJsKernel)
