// Creates a function, invokes it cold and warm, and prints what the SDK made of the answers as one JSON object.
//
// Usage: node javascript_client.mjs NODE_MODULES ENDPOINT FUNCTION RUNTIME HANDLER ZIP
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";

const [modules, endpoint, FunctionName, Runtime, Handler, archive] = process.argv.slice(2);
const sdk = createRequire(`${modules}/`)("@aws-sdk/client-lambda");
const client = new sdk.LambdaClient({ endpoint });

async function invoke(payload) {
  const answer = await client.send(new sdk.InvokeCommand({ FunctionName, Payload: JSON.stringify(payload) }));
  return {
    status: answer.StatusCode,
    version: answer.ExecutedVersion,
    error: answer.FunctionError ?? null,
    payload: JSON.parse(answer.Payload.transformToString()),
  };
}

async function missing() {
  try {
    await client.send(new sdk.GetFunctionCommand({ FunctionName: `${FunctionName}-missing` }));
  } catch (error) {
    return error instanceof sdk.ResourceNotFoundException ? error.name : `not typed: ${error}`;
  }
}

const created = await client.send(
  new sdk.CreateFunctionCommand({
    FunctionName,
    Runtime,
    Handler,
    Role: "arn:aws:iam::000000000000:role/any",
    Code: { ZipFile: readFileSync(archive) },
    Timeout: 30,
  }),
);
await sdk.waitUntilFunctionActiveV2({ client, maxWaitTime: 30 }, { FunctionName });
const report = {
  arn: created.FunctionArn,
  cold: await invoke({ call: "cold" }),
  warm: await invoke({ call: "warm" }),
  listed: (await client.send(new sdk.ListFunctionsCommand({}))).Functions.map((each) => each.FunctionName),
  missing: await missing(),
};
await client.send(new sdk.DeleteFunctionCommand({ FunctionName }));
console.log(JSON.stringify(report));
