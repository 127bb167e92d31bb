# Fetches code and layers from fakecloud, each as a tar that is unpacked while it comes. $1 is the script that does it.
# Backquotes throughout: Kubernetes would expand the newer form.
receive=$1

fail() {
  printf '%s\n' "$*" >&2
  printf '%s\n' "$*" >/dev/termination-log
  exit 1
}

# fetch WHAT PATH DIR
fetch() {
  reason=`nc -w 10 "$FAKECLOUD_HOST" "$FAKECLOUD_PORT" -e sh -c "$receive" receive "$2" "$3" 2>&1 >/dev/null`
  case $? in
    0) ;;
    3) fail "cannot unpack the $1: ${reason:-no reason given}" ;;
    *) fail "cannot fetch the $1 from $FAKECLOUD_URL: ${reason:-connection refused or timed out}" ;;
  esac
}

[ -z "$FAKECLOUD_CODE" ] || fetch code "$FAKECLOUD_CODE" /var/task
[ -z "$FAKECLOUD_LAYERS" ] || fetch layers "$FAKECLOUD_LAYERS" /opt
