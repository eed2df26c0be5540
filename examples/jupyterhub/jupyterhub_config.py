"""JupyterHub for a course: small servers, cells in sessions of one pool. See README.md."""

import os
import sys

c = get_config()  # noqa: F821 -- JupyterHub defines it

# systemd starts each server as a separate unit, and enforces the limits below. JupyterHub's default
# spawner ignores limits; those for Docker and Kubernetes enforce them too.
c.JupyterHub.spawner_class = "systemd"

# For a student's server with all its kernels. They only pass cells on, so they need little.
c.Spawner.mem_limit = "512M"
c.Spawner.cpu_limit = 0.5
c.Spawner.default_url = "/lab"

# The endpoint is not a secret. azure-identity's DefaultAzureCredential gets tokens from the
# machine's managed identity: nothing is stored, nothing expires. Each student can get one too,
# and a token opens every session of the pool: see docs/security.md.
c.Spawner.environment = {
    "ACAJS_POOL_ENDPOINT": os.environ["ACAJS_POOL_ENDPOINT"],
    # If a kernel has lost the endpoint, its cells fail instead of running on this machine.
    "ACAJS_EMBEDDED_POOL": "off",
    # A session lives this long after the last cell; then the pool's cooldown ends it.
    "ACAJS_KEEPALIVE_MINUTES": "10",
}

c.Spawner.args = [
    # A kernel that nobody uses gives its session back; an open browser tab does not count as use.
    "--MappingKernelManager.cull_idle_timeout=1800",
    "--MappingKernelManager.cull_interval=300",
    "--MappingKernelManager.cull_connected=True",
]

# Servers that nobody uses are stopped, and their kernels' sessions with them.
c.JupyterHub.services = [
    {
        "name": "idle-culler",
        "command": [sys.executable, "-m", "jupyterhub_idle_culler", "--timeout=3600"],
    }
]
c.JupyterHub.load_roles = [
    {
        "name": "idle-culler",
        "scopes": ["list:users", "read:users:activity", "read:servers", "delete:servers"],
        "services": ["idle-culler"],
    }
]

# Who may sign in: replace this with your institution's authenticator.
c.JupyterHub.authenticator_class = "pam"
c.Authenticator.allowed_users = set(os.environ.get("COURSE_STUDENTS", "").split())
c.Authenticator.admin_users = set(os.environ.get("COURSE_TEACHERS", "").split())
