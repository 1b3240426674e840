#!/bin/sh
# ExecStopPost of train-agent.service. An agent that exits 0 (whatever its training came to) has said its last word: the
# machine goes off. After a crash systemd starts the agent again, and OnFailure= powers off once it has given that up.
[ "$SERVICE_RESULT" = success ] || exit 0
# A reboot must stay a reboot.
[ "$(systemctl is-system-running)" != stopping ] || exit 0
exec systemctl start --no-block train-poweroff.service
