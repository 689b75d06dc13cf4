#!/usr/bin/env bash
# A retry loop as bash users write it: again until it ends well, from the newest checkpoint on disk.
#   retry.sh PYTHON SPEC CHECKPOINTS      (PYTHONPATH names the trainer; SPEC has "resumeFrom":"@NEWEST@")
set -u
python=$1 spec=$2 checkpoints=$3

attempt() {
  local newest mine="$spec.$$.json"
  newest=$(ls -d "$checkpoints"/step-* 2>/dev/null | sort -V | tail -n 1)
  if [ -n "$newest" ]; then
    sed "s|\"@NEWEST@\"|\"$newest\"|" "$spec" >"$mine"
  else
    sed 's|"@NEWEST@"|null|' "$spec" >"$mine"
  fi
  "$python" -m dream_sft train --spec "$mine" </dev/null
}

until attempt; do
  echo "the trainer ended with $?; again" >&2
  sleep 1
done
