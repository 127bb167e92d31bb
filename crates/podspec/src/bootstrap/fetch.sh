# Fetches code and layers from fakecloud and unpacks them. $1 is the script that speaks HTTP.
# Backquotes throughout: Kubernetes would expand the newer form.
receive=$1

fail() {
  printf '%s\n' "$*" >&2
  printf '%s\n' "$*" >/dev/termination-log
  exit 1
}

# fetch WHAT PATH DIR UNPACK...: the download is unlinked before it is unpacked, so nothing of it stays in DIR.
fetch() {
  what=$1 path=$2 file=$3/.fakecloud-download
  shift 3
  reason=`nc -w 10 "$FAKECLOUD_HOST" "$FAKECLOUD_PORT" -e sh -c "$receive" receive "$path" "$file" 2>&1 >/dev/null` ||
    fail "cannot fetch the $what from $FAKECLOUD_URL: ${reason:-connection refused or timed out}"
  exec <"$file"
  rm "$file"
  reason=`"$@" 2>&1` || fail "cannot unpack the $what: ${reason:-no reason given}"
}

# Files first, then the directories that are still missing: nothing could be unpacked into one that is read-only.
unpack_code() {
  unzip -q -o /proc/self/fd/0 -x '*/' -d /var/task && unzip -q -o /proc/self/fd/0 '*/' -d /var/task
}

[ -z "$FAKECLOUD_CODE" ] || fetch code "$FAKECLOUD_CODE" /var/task unpack_code
[ -z "$FAKECLOUD_LAYERS" ] || fetch layers "$FAKECLOUD_LAYERS" /opt tar -x -f - -C /opt
