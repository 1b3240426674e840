#!/bin/sh
# ExecStopPost of train-agent.service. An agent that exits, with whatever status its training came to, has said its last
# word: the machine goes off. After a crash systemd starts it again, and OnFailure= powers off once it has given that up.
case $SERVICE_RESULT in
success | exit-code) ;;
*) exit 0 ;;
esac
# A reboot must stay a reboot.
[ "$(systemctl is-system-running)" != stopping ] || exit 0
exec systemctl start --no-block train-poweroff.service
