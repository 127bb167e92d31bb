#!/bin/bash
# A function's life as deployment scripts run it: with --query, waiters and pages of the AWS CLI.
#
# Usage: aws_cli_flow.sh CLI ZIP, with AWS_ENDPOINT_URL and credentials in the environment. Ends at the first surprise.
set -euo pipefail
cli=$1
archive=fileb://$2

lambda() { python3 "$cli" lambda "$@" --function-name f; }
aws() { python3 "$cli" "$@"; }

# Compares the answer of a command with what is expected: is EXPECTED COMMAND…
is() {
    local expected=$1 answer
    shift
    answer=$("$@") || { echo "$* failed"; exit 1; }
    [ "$answer" = "$expected" ] || { printf '%s\n  answered %q\n  not      %q\n' "$*" "$answer" "$expected"; exit 1; }
}

arn=arn:aws:lambda:us-east-1:000000000000:function:f
text="--output text"
is "$arn" lambda create-function --runtime python3.12 --handler app.handler --zip-file "$archive" \
    --role arn:aws:iam::000000000000:role/any --tags team=a,stage=test --query FunctionArn $text
is "" lambda wait function-exists
is "" lambda wait function-active
is "" lambda wait function-active-v2
is "Active	Successful" lambda get-function --query 'Configuration.[State,LastUpdateStatus]' $text
is "InProgress" lambda update-function-configuration --timeout 9 --environment 'Variables={KEY=value}' \
    --query LastUpdateStatus $text
is "" lambda wait function-updated
is "" lambda wait function-updated-v2
is "9	value" lambda get-function-configuration --query '[Timeout,Environment.Variables.KEY]' $text
is "1" lambda publish-version --query Version $text
is "" lambda wait published-version-active --qualifier 1
is "$arn:live" lambda create-alias --name live --function-version 1 --query AliasArn $text
is "\$LATEST	1" lambda list-versions-by-function --query 'Versions[].Version' $text
# The CLI applies the query to each page.
is $'$LATEST\n1' lambda list-versions-by-function --page-size 1 --query 'Versions[].Version' $text
is "1" lambda get-function --qualifier live --query Configuration.Version $text
is "a" lambda get-function --query Tags.team $text
is "f	1" aws lambda list-functions --function-version ALL \
    --query 'Functions[?Version!=`$LATEST`].[FunctionName,Version]' $text
is "python3.12" aws lambda list-functions --query 'Functions[?FunctionName==`f`].Runtime | [0]' $text

refused=$(lambda get-function --qualifier other 2>&1) && { echo "a function without that alias was found"; exit 1; }
case $refused in
    *"(ResourceNotFoundException)"*"Function not found: $arn:other"*) ;;
    *) echo "unexpected: $refused"; exit 1 ;;
esac
is "204" lambda delete-function --query StatusCode $text
is "0" aws lambda list-functions --query 'length(Functions)' $text
echo done
