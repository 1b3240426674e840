# shellcheck shell=bash
# Installs what building, testing and linting need. Sourced at the root.

install_debian_packages() {
    # Only root may install packages; elsewhere the tests that lack a tool are skipped, saying so.
    if [ "$(id -u)" != 0 ] || ! command -v apt-get >/dev/null; then
        echo "not root on Debian: nothing is installed"
        return
    fi
    export DEBIAN_FRONTEND=noninteractive
    apt-get update -qq
    apt-get install -y -qq --no-install-recommends \
        ca-certificates curl file gcc git jq openssl procps python3 python3-venv rclone shellcheck \
        chromium fonts-dejavu-core openssh-client tar \
        e2fsprogs iproute2 lz4 mmdebstrap qemu-system-x86 systemd-container >/dev/null
    # The tests start sshd themselves: the package must not start a server.
    local policy=/usr/sbin/policy-rc.d
    [ -e "$policy" ] && policy=
    [ -z "$policy" ] || printf '#!/bin/sh\nexit 101\n' | install --mode=755 /dev/stdin "$policy"
    apt-get install -y -qq --no-install-recommends openssh-server >/dev/null
    [ -z "$policy" ] || rm -f "$policy"
}

install_python_tools() {
    local tools=$PWD/.build-tools
    [ -x "$tools/bin/python" ] || python3 -m venv "$tools"
    "$tools/bin/python" -m pip install --quiet --disable-pip-version-check -r .ci/requirements.txt
    # In an environment of its own: its pins conflict with those of the aws command.
    local checkov=$tools/checkov
    [ -x "$checkov/bin/python" ] || python3 -m venv "$checkov"
    "$checkov/bin/python" -m pip install --quiet --disable-pip-version-check \
        -r .ci/requirements-checkov.txt
    # PyTorch and its like, for the tests that train with them.
    local frameworks=$tools/frameworks
    [ -x "$frameworks/bin/python" ] || python3 -m venv "$frameworks"
    "$frameworks/bin/python" -m pip install --quiet --disable-pip-version-check \
        -r .ci/requirements-frameworks.txt
}

# Puts what install_python_tools installed in reach. Apart, since that runs in a process of its own.
use_python_tools() {
    local tools=$PWD/.build-tools
    export TRAIN_TEST_CHECKOV=$tools/checkov/bin/checkov
    frameworks=$tools/frameworks
    # `python3` in the tests must be the one that has moto and numpy.
    export PATH="$tools/bin:$PATH"
}
