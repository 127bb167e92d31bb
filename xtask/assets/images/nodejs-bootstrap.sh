#!/bin/sh
# Runs the Node.js runtime interface client.
export AWS_EXECUTION_ENV="${AWS_EXECUTION_ENV:-AWS_Lambda_nodejs20.x}"
modules=/opt/nodejs/node20/node_modules:/opt/nodejs/node_modules:/var/runtime/node_modules:/var/runtime:/var/task
export NODE_PATH="${NODE_PATH:-$modules}"
exec ${AWS_LAMBDA_EXEC_WRAPPER:+"$AWS_LAMBDA_EXEC_WRAPPER"} /var/lang/bin/node /var/runtime/index.mjs
