# Speaks HTTP on standard input and output, which nc made a connection. $1 is the path to get, $2 the directory to fill.
# Ends with 3 where the tar came whole and could not be unpacked.
fail() {
  printf '%s\n' "$*" >&2
  exit 1
}

# printf is part of the shell: the token is in no command line.
printf 'GET %s HTTP/1.1\r\nHost: %s\r\nAuthorization: Bearer %s\r\nX-Fakecloud-Pod-Ip: %s\r\nConnection: close\r\n\r\n' \
  "$1" "${FAKECLOUD_URL#http://}" "$FAKECLOUD_TOKEN" "$POD_IP"

cr=`printf '\r'`
IFS= read -r line || fail "the connection was closed before an answer came"
answer=${line%"$cr"}
length=
while IFS= read -r line; do
  line=${line%"$cr"}
  case $line in
    '') break ;;
    [Cc]ontent-[Ll]ength:*) length=${line#*:} length=${length# } ;;
  esac
done
case $answer in
  'HTTP/1.'?' 200 '*) ;;
  *) fail "$answer: `head -c 1000`" ;;
esac
[ -n "$length" ] || fail "the answer has no Content-Length"
# To tar, a connection that ends between two entries is an end like any other; so tee shows wc all that tar gets.
got=`{ { tee /proc/self/fd/3 | wc -c >&4; } 3>&1 | tar -x -o -f - -C "$2"; } 4>&1`
unpacked=$?
[ "$got" -eq "$length" ] || fail "the connection was closed after $got of $length bytes"
[ "$unpacked" -eq 0 ] || exit 3
