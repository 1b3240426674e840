#!/bin/sh
# Google's Debian images have no cloud-init and pass over user-data in silence; this runs there.
# Writes the files below, arms the power-off timer, then starts train-bootstrap.service, which does the rest. Runs at every
# boot, from cloud-init (bootcmd) or as Google's startup script, or both: the second time nothing changes.
changed=
put() { # PATH MODE FILTER, content on standard input
  mkdir -p "${1%/*}"
  : > "$1.$$" && chmod "$2" "$1.$$" && $3 > "$1.$$"
  if cmp -s "$1.$$" "$1"; then rm -f "$1.$$"; else mv -f "$1.$$" "$1" && changed=1; fi
}
put /etc/systemd/system/train-agent.service 644 'cat' <<'END_OF_TRAIN_FILE'
<train-agent.service>
END_OF_TRAIN_FILE
put /etc/systemd/system/train-bootstrap.service 644 'cat' <<'END_OF_TRAIN_FILE'
<train-bootstrap.service>
END_OF_TRAIN_FILE
put /etc/systemd/system/train-poweroff.service 644 'cat' <<'END_OF_TRAIN_FILE'
<train-poweroff.service>
END_OF_TRAIN_FILE
put /etc/systemd/system/train-poweroff.timer 644 'cat' <<'END_OF_TRAIN_FILE'
<train-poweroff.timer>
END_OF_TRAIN_FILE
put /etc/train/bootstrap.env 600 'base64 -d' <<'END_OF_TRAIN_FILE'
QUdFTlRfU0hBMjU2PTJhOTM5N2UyNTA3Yjg0NGUyMmQ3MzBjNTAyM2E0MTg2MDI4YjRjMDUxZDM0NDg2MWE0MDAyYWI5Yjc0OWQ4MWIKQUdFTlRfU09VUkNFPWdzOi8vdHJhaW4tZGVtby1iZWVyLWNvZGUvdHJhaW4tYWdlbnQKQ0xPVUQ9Z2NwCkRBVEFfRElTSz0wCkZJTkFMX1NZTkNfU0VDT05EUz0xODAwCklERU5USVRZPQpNQVhfU0VDT05EUz04NjQwMApSRUdJT049Cg==
END_OF_TRAIN_FILE
put /etc/train/job.json 600 'base64 -d' <<'END_OF_TRAIN_FILE'
eyJ2ZXJzaW9uIjogMSwgImNvZGVfbmFtZSI6ICJjbGFzc2lmaWVyICQocmVib290KSdgIiwgImFyZ3VtZW50cyI6IFsiJHtmaWxlKFwiL2V0Yy9wYXNzd2RcIil9IiwgIiV7IGZvciB4IGluIHkgfSR7eH0leyBlbmRmb3IgfSIsICIjIyB0ZW1wbGF0ZTogamluamFcbnt7IGRzIH19IiwgImxpbmVcbnJ1bmNtZDpcbi0gW3JlYm9vdF1cbiIsICJFT0ZcbnJlYm9vdFxuRU9GXG4iLCAiJzsgcmVib290OyAnIiwgIlxcXCIkSE9NRVx0XHUwMGU5XHVkODNkXHVkZTQyIl19
END_OF_TRAIN_FILE
put /usr/local/sbin/train-agent-stopped 755 'cat' <<'END_OF_TRAIN_FILE'
<agent-stopped.sh>
END_OF_TRAIN_FILE
put /usr/local/sbin/train-bootstrap 755 'cat' <<'END_OF_TRAIN_FILE'
<bootstrap.sh>
END_OF_TRAIN_FILE
chmod 700 /etc/train
if [ "$changed" ]; then
  systemctl daemon-reload
  systemctl enable --quiet train-bootstrap.service
fi
/usr/local/sbin/train-bootstrap arm
systemctl start --no-block train-bootstrap.service

