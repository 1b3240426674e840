#!/bin/bash
# Deallocates this Azure machine through its own managed identity, which may do that and nothing else to it. Being off is not
# enough: until it is deallocated the machine costs what it costs running, and once it is off nothing is left that could try.
# So it stays on and goes on trying, without end.
set -uo pipefail
while IFS='=' read -r name value; do
  if [[ $name == IDENTITY ]]; then identity=$value; fi
done </etc/train/bootstrap.env
imds=http://169.254.169.254/metadata
manager=https://management.azure.com

deallocate() {
  local machine token
  machine=$(curl --fail --silent --show-error --max-time 10 --header 'Metadata: true' \
    "$imds/instance/compute/resourceId?api-version=2021-02-01&format=text") || return 1
  token=$(curl --fail --silent --show-error --max-time 10 --header 'Metadata: true' --get \
    --data-urlencode "msi_res_id=$identity" --data-urlencode "resource=$manager/" \
    "$imds/identity/oauth2/token?api-version=2018-02-01" | sed -n 's/.*"access_token" *: *"\([^"]*\)".*/\1/p') || return 1
  printf 'header = "Authorization: Bearer %s"\n' "$token" |
    curl --config - --fail --silent --show-error --max-time 30 --request POST --header 'Content-Length: 0' \
      "$manager$machine/deallocate?api-version=2024-07-01"
}

attempt=1 pause=15
until deallocate; do
  echo "train-deallocate: attempt $attempt failed; until one succeeds this machine goes on billing"
  sleep "$pause"
  attempt=$((attempt + 1)) pause=$((pause < 150 ? pause * 2 : 300))
done
echo "train-deallocate: Azure deallocates this machine"
