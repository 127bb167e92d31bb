#!/bin/sh
# A custom runtime: answers with the Pod it runs in, how many events that Pod has seen, and the event.
api="http://$AWS_LAMBDA_RUNTIME_API/2018-06-01/runtime/invocation"

next() {
  curl -sS -D /tmp/headers -o /tmp/event "$api/next"
}

respond() {
  curl -sS -o /dev/null -d "$2" "$api/$1/response"
}

count=0
while next; do
  id=$(tr -d '\r' </tmp/headers | sed -n 's/^ *[Ll]ambda-[Rr]untime-[Aa]ws-[Rr]equest-[Ii]d: *//p')
  count=$((count + 1))
  respond "$id" "{\"pod\":\"$(cat /proc/sys/kernel/hostname)\",\"count\":$count,\"event\":$(cat /tmp/event)}"
done
