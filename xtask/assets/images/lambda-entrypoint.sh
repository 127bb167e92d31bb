#!/bin/sh
# Starts a function as the AWS base images do: one argument, the handler; with the Runtime Interface Emulator in
# front of the runtime unless AWS_LAMBDA_RUNTIME_API names a Runtime API that is already there.
if [ $# -ne 1 ]; then
    echo "entrypoint requires the handler name to be the first argument" >&2
    exit 142
fi
export _HANDLER="$1"
if [ -z "$AWS_LAMBDA_RUNTIME_API" ]; then
    exec /usr/local/bin/aws-lambda-rie /var/runtime/bootstrap
fi
exec /var/runtime/bootstrap
