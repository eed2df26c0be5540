#!/usr/bin/env bash
# Install the kernels that ours is compared with, below benchmarks/peers.
#
# IJavascript's zeromq 5 has no binary for today's Node: it is built against the system's
# libzmq (Debian: apt-get install libzmq3-dev pkg-config g++ make).
set -euo pipefail
folder="${ACAJS_BENCHMARK_PEERS:-$(cd "$(dirname "$0")" && pwd)/peers}"
mkdir -p "$folder/npm"

python3 -m venv "$folder/deno"
"$folder/deno/bin/python" -m pip install --quiet deno

cd "$folder/npm"
[ -f package.json ] || echo '{"private": true}' > package.json
export npm_config_zmq_external=true
npm install --no-audit --no-fund ijavascript@5.2.1 tslab@1.0.22
# Newer versions of npm run no install script that was not approved.
npm install-scripts approve zeromq 2>/dev/null || true
npm rebuild zeromq
echo "Installed below $folder"
