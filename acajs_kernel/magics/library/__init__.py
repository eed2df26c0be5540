"""The magics, one module each; see `acajs_kernel.magics` for how to write one."""
