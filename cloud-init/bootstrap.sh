#!/bin/bash
# Prepares this machine for train-agent. train-bootstrap.service runs it at every boot; what is done already stays as it is.
#
#   train-bootstrap arm       arm the power-off timer: first of all, before there is a network
#   train-bootstrap rclone    install rclone from the image's packages (in the background)
#   train-bootstrap           arm, mount the fast disk, fetch and check the agent, start it
#
# If it exits with a failure, systemd tries it again. After the third time the machine is powered off: one that cannot start its
# training must not go on costing money.
set -euo pipefail
export HOME=/root

AGENT=/usr/local/bin/train-agent
DATA=/mnt/train
LABEL=train-data

# NAME=VALUE lines, read as data: nothing in them is ever run by a shell.
declare -A setting=()
while IFS='=' read -r name value; do setting[$name]=$value; done </etc/train/bootstrap.env

log() { echo "train-bootstrap: $*"; }

# Counted here, since systemd forgets how often it has started a unit at every daemon-reload, and packages reload it when they
# are installed. Its own limit remains for the case that this script cannot even start.
count_failure() {
  local status=$? failures=0
  if ((status == 0)); then return; fi
  mkdir -p /run/train
  if [[ -s /run/train/failures ]]; then failures=$(</run/train/failures); fi
  echo $((failures + 1)) >/run/train/failures
  log "failed $((failures + 1)) times"
  if ((failures + 1 >= 3)); then systemctl start --no-block train-poweroff.service; fi
}

# The deadline is absolute: it is fixed at the first boot and a reboot does not move it. A boot after it (somebody started
# the machine again, to let a last sync finish) gets the time for that sync and no more.
arm() {
  local max=${setting[MAX_SECONDS]} final_sync=${setting[FINAL_SYNC_SECONDS]} now deadline drop_in verb=start
  if [[ -z $max ]]; then return; fi
  now=$(date +%s)
  mkdir -p /run/train
  if [[ ! -s /etc/train/deadline ]]; then
    echo $((now + max + final_sync)) >"/etc/train/.deadline.$$"
    ln "/etc/train/.deadline.$$" /etc/train/deadline 2>/dev/null || true # two may run: the first one counts
    rm -f "/etc/train/.deadline.$$"
    sync
  fi
  if [[ ! -s /run/train/deadline ]]; then
    deadline=$(</etc/train/deadline)
    if ((deadline < now + final_sync)); then deadline=$((now + final_sync)); fi
    echo "$deadline" >/run/train/deadline
  fi
  deadline=$(</run/train/deadline)
  drop_in=/etc/systemd/system/train-poweroff.timer.d/deadline.conf
  mkdir -p "${drop_in%/*}"
  printf '[Timer]\nOnBootSec=\nOnCalendar=%s\n' "$(date -u -d "@$deadline" '+%Y-%m-%d %H:%M:%S UTC')" >"$drop_in.$$"
  if cmp -s "$drop_in.$$" "$drop_in"; then
    rm -f "$drop_in.$$"
  else
    mv -f "$drop_in.$$" "$drop_in"
    systemctl daemon-reload
    systemctl enable --quiet train-poweroff.timer
    verb=restart
  fi
  systemctl "$verb" --no-block train-poweroff.timer
}

# Disks that came with the machine and are lost with it, one per line.
local_disks() {
  case ${setting[CLOUD]} in
    gcp) compgen -G '/dev/disk/by-id/google-local-nvme-ssd-*' || compgen -G '/dev/disk/by-id/google-local-ssd-*' || true ;;
    *) lsblk --nodeps --noheadings --paths --output NAME,MODEL |
      sed -n -E 's/^([^ ]+) +(Amazon EC2 NVMe Instance Storage|Microsoft NVMe Direct Disk).*/\1/p' ;;
  esac
}

# The SSD provisioned for the dataset, where the machine brought none.
provisioned_disks() {
  case ${setting[CLOUD]} in
    gcp) compgen -G /dev/disk/by-id/google-train-data || true ;;
    azure) compgen -G /dev/disk/azure/scsi1/lun10 || compgen -G /dev/disk/azure/data/by-lun/10 || true ;;
    aws) lsblk --nodeps --noheadings --paths --output NAME,MODEL |
      sed -n -E 's/^([^ ]+) +Amazon Elastic Block Store.*/\1/p' ;;
  esac
}

# A whole disk with nothing on it: no partition, no file system, no RAID or LVM signature, nobody using it.
blank() {
  local disk=$1 status=0
  [[ -b $disk && $(lsblk --noheadings --output NAME "$disk" | wc -l) == 1 ]] || return 1
  blkid --probe "$disk" >/dev/null 2>&1 || status=$?
  ((status == 2)) # 0: something is on it; 8: in doubt
}

blank_disks() {
  local disk
  while read -r disk; do
    if blank "$disk"; then readlink -f "$disk"; fi
  done < <("$1") | sort -u
}

mount_labelled() {
  local disk
  disk=$(blkid -L "$LABEL") || return 1
  mount -o noatime "$disk" "$DATA"
}

format_disks() {
  local target=$1
  if (($# > 1)); then
    if command -v mdadm >/dev/null; then
      target=/dev/md/$LABEL
      mdadm --create "$target" --run --level=0 --raid-devices=$# "$@" || return 1
      udevadm settle --timeout=30 || true
    elif command -v lvcreate >/dev/null; then
      target=/dev/train/$LABEL
      vgcreate --quiet train "$@" || return 1
      lvcreate --quiet --yes --stripes $# --extents 100%FREE --name "$LABEL" train || return 1
    else
      log "neither mdadm nor LVM in this image: of $# disks only $1 is used"
    fi
  fi
  log "formatting $target"
  mkfs.ext4 -q -F -m 0 -L "$LABEL" -E nodiscard "$target" || return 1
  mount -o noatime "$target" "$DATA"
}

# /mnt/train is the fastest disk there is. It holds the dataset only, so the boot disk will do where nothing else works.
mount_data() {
  local waited patience=90 disks=()
  mkdir -p "$DATA"
  if mountpoint -q "$DATA"; then return; fi
  if command -v mdadm >/dev/null; then mdadm --assemble --scan >/dev/null 2>&1 || true; fi
  if mount_labelled; then return; fi
  # Terraform attaches the disk on Azure once the machine is made, which then has long been running.
  if [[ ${setting[CLOUD]} == azure ]]; then patience=600; fi
  for ((waited = 0; waited < patience; waited += 3)); do
    mapfile -t disks < <(blank_disks local_disks)
    if ((${#disks[@]} == 0)); then mapfile -t disks < <(blank_disks provisioned_disks | head -n 1); fi
    if ((${#disks[@]} > 0)); then break; fi
    if [[ ${setting[DATA_DISK]} != 1 ]]; then break; fi
    sleep 3
  done
  if ((${#disks[@]} > 0)) && format_disks "${disks[@]}"; then return; fi
  if mountpoint -q /opt/dlami/nvme; then # Deep Learning AMIs put the instance's NVMe disks there themselves
    mkdir -p /opt/dlami/nvme/train
    if mount --bind /opt/dlami/nvme/train "$DATA"; then return; fi
  fi
  log "no free fast disk: $DATA is on $(findmnt -n -o SOURCE -T "$DATA")"
}

json_string() { sed -n 's/.*"'"$1"'" *: *"\([^"]*\)".*/\1/p'; }

# curl with one header that must not be seen in the process list.
curl_with_header() {
  local header=$1
  shift
  printf 'header = "%s"\n' "$header" | curl --config - --fail --silent --show-error --location --connect-timeout 10 --max-time 300 "$@"
}

fetch_gcp() {
  local source=$1 file=$2 bucket object token
  if command -v gsutil >/dev/null && timeout 120 gsutil -q cp "$source" "$file"; then return; fi
  if command -v gcloud >/dev/null && timeout 120 gcloud --quiet storage cp "$source" "$file"; then return; fi
  bucket=${source#gs://} object=${source##*/}
  bucket=${bucket%%/*}
  token=$(curl --fail --silent --show-error --max-time 10 --header 'Metadata-Flavor: Google' \
    http://metadata.google.internal/computeMetadata/v1/instance/service-accounts/default/token | json_string access_token)
  curl_with_header "Authorization: Bearer $token" --output "$file" \
    "https://storage.googleapis.com/storage/v1/b/$bucket/o/$object?alt=media"
}

fetch_azure() {
  local source=$1 file=$2 token
  token=$(curl --fail --silent --show-error --max-time 10 --header 'Metadata: true' --get \
    --data-urlencode "msi_res_id=${setting[IDENTITY]}" --data-urlencode 'resource=https://storage.azure.com/' \
    'http://169.254.169.254/metadata/identity/oauth2/token?api-version=2018-02-01' | json_string access_token)
  curl_with_header "Authorization: Bearer $token" --header 'x-ms-version: 2020-10-02' --output "$file" "$source"
}

# Deep Learning AMIs have the aws command. Elsewhere Python signs the request: curl can sign since 7.75, but leaves the
# session token out of the signature until 7.86, and Ubuntu 22.04 has 7.81.
fetch_aws() {
  local source=$1 file=$2 url
  if command -v aws >/dev/null &&
    timeout 120 aws s3 cp --only-show-errors --region "${setting[REGION]}" "$source" "$file"; then return; fi
  url=$(python3 - "$source" "${setting[REGION]}" <<'PYTHON'
import datetime, hashlib, hmac, json, sys, urllib.parse, urllib.request
source, region = sys.argv[1:3]
bucket, _, key = source[5:].partition("/")
def imds(path, method="GET", **headers):
    request = urllib.request.Request("http://169.254.169.254/latest/" + path, method=method, headers=headers)
    return urllib.request.urlopen(request, timeout=10).read().decode()
token = {"X-aws-ec2-metadata-token": imds("api/token", "PUT", **{"X-aws-ec2-metadata-token-ttl-seconds": "300"})}
roles = "meta-data/iam/security-credentials/"
login = json.loads(imds(roles + imds(roles, **token).split()[0], **token))
host, path = f"{bucket}.s3.{region}.amazonaws.com", "/" + urllib.parse.quote(key)
now = datetime.datetime.now(datetime.timezone.utc).strftime("%Y%m%dT%H%M%SZ")
scope = f"{now[:8]}/{region}/s3/aws4_request"
query = urllib.parse.urlencode(sorted({
    "X-Amz-Algorithm": "AWS4-HMAC-SHA256", "X-Amz-Credential": login["AccessKeyId"] + "/" + scope, "X-Amz-Date": now,
    "X-Amz-Expires": "300", "X-Amz-Security-Token": login["Token"], "X-Amz-SignedHeaders": "host",
}.items()), quote_via=urllib.parse.quote, safe="")
request = f"GET\n{path}\n{query}\nhost:{host}\n\nhost\nUNSIGNED-PAYLOAD"
text = f"AWS4-HMAC-SHA256\n{now}\n{scope}\n{hashlib.sha256(request.encode()).hexdigest()}"
signature = ("AWS4" + login["SecretAccessKey"]).encode()
for part in (*scope.split("/"), text):
    signature = hmac.new(signature, part.encode(), hashlib.sha256).digest()
print(f"https://{host}{path}?{query}&X-Amz-Signature={signature.hex()}")
PYTHON
  )
  printf 'url = "%s"\n' "$url" | curl --config - --fail --silent --show-error --connect-timeout 10 --max-time 300 --output "$file"
}

agent_is() { echo "${setting[AGENT_SHA256]}  $1" | sha256sum --check --status; }

# Rights given to a new identity take their time to arrive (minutes on Azure), so being refused is no reason to give up.
fetch_agent() {
  local attempt
  if [[ -x $AGENT ]] && agent_is "$AGENT"; then return; fi
  mkdir -p "${AGENT%/*}"
  for attempt in {1..20}; do
    if (set -e; "fetch_${setting[CLOUD]}" "${setting[AGENT_SOURCE]}" "$AGENT.new"); then
      if agent_is "$AGENT.new"; then
        chmod 755 "$AGENT.new"
        sync "$AGENT.new"
        mv -f "$AGENT.new" "$AGENT"
        sync "${AGENT%/*}"
        return
      fi
      log "the agent from ${setting[AGENT_SOURCE]} is not the one that was uploaded (SHA-256 differs)"
    fi
    log "attempt $attempt: could not fetch ${setting[AGENT_SOURCE]}"
    sleep 10
  done
  return 1
}

# Two packages want the lock at first boot: whoever comes second waits. And nothing may exchange the GPU driver under a
# training: the loaded module and the new library would not fit together, and every CUDA call would fail.
calm_packages() {
  if ! command -v apt-get >/dev/null; then return; fi
  mkdir -p /etc/apt/apt.conf.d
  echo 'DPkg::Lock::Timeout "600";' >/etc/apt/apt.conf.d/90train-wait-for-lock
  # Masked until the next boot, which comes here again: a timer that is only stopped is started by what is installed later.
  local units=(apt-daily.timer apt-daily-upgrade.timer apt-daily.service apt-daily-upgrade.service unattended-upgrades.service)
  systemctl mask --runtime --quiet "${units[@]}" 2>/dev/null || true
  systemctl stop --no-block "${units[@]}" 2>/dev/null || true
  local held=()
  mapfile -t held < <(dpkg-query --show --showformat='${db:Status-Abbrev}${Package}\n' 'nvidia-*' 'libnvidia-*' 'cuda-drivers*' 2>/dev/null |
    sed -n 's/^ii *//p')
  if ((${#held[@]} > 0)); then apt-mark hold "${held[@]}" >/dev/null || true; fi
}

install_rclone() {
  if command -v rclone >/dev/null || ! command -v apt-get >/dev/null; then return; fi
  export DEBIAN_FRONTEND=noninteractive
  apt-get update || true
  apt-get install --yes --no-install-recommends rclone
}

# Azure's blobs are reached with rclone alone, and by an identity since its version 1.54 (rclone's changelog). Ubuntu 22.04
# packages 1.53.
require_rclone() {
  local version
  install_rclone
  version=$(rclone version | sed -n '1s/^rclone v\([0-9.]*\).*/\1/p')
  if printf '1.54\n%s\n' "$version" | sort --version-sort --check=quiet; then return; fi
  log "rclone $version knows no identities of Azure's: take an image with rclone 1.54 or later, such as Ubuntu 24.04"
  return 1
}

case ${1:-} in
  arm) arm ;;
  rclone) install_rclone ;;
  '')
    trap count_failure EXIT
    arm
    calm_packages
    mkdir -p /var/lib/train
    mount_data || log "could not mount a disk on $DATA, going on without"
    if [[ ${setting[CLOUD]} == azure ]]; then require_rclone; fi
    systemd-run --quiet --collect --no-block --unit=train-rclone --property=Nice=10 /usr/local/sbin/train-bootstrap rclone ||
      log "rclone is not installed, gsutil or its like will do"
    fetch_agent
    systemctl start --no-block train-agent.service
    if [[ ${setting[CLOUD]} == azure ]]; then systemctl start --no-block train-put-off-shutdown.timer; fi
    log "the agent is started"
    ;;
  *)
    echo "usage: train-bootstrap [arm|rclone]" >&2
    exit 2
    ;;
esac
