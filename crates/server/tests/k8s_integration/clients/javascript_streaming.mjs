// Invokes a function with its response streamed, and prints what the JavaScript SDK made of the answers as one JSON
// object.
//
// Usage: javascript_streaming.mjs NODE_MODULES ENDPOINT FUNCTION
import { createRequire } from "node:module";

const [modules, endpoint, FunctionName] = process.argv.slice(2);
const sdk = createRequire(modules + "/")("@aws-sdk/client-lambda");
const client = new sdk.LambdaClient({ endpoint });

async function invoke(event) {
  const Payload = JSON.stringify(event);
  const answer = await client.send(new sdk.InvokeWithResponseStreamCommand({ FunctionName, Payload }));
  const report = {
    status: answer.StatusCode,
    version: answer.ExecutedVersion,
    type: answer.ResponseStreamContentType,
    payload: "",
    ends: [],
  };
  for await (const event of answer.EventStream) {
    if (event.PayloadChunk) report.payload += Buffer.from(event.PayloadChunk.Payload).toString();
    if (event.InvokeComplete) report.ends.push(event.InvokeComplete);
  }
  return report;
}

async function missing() {
  try {
    await client.send(new sdk.InvokeWithResponseStreamCommand({ FunctionName: FunctionName + "-missing" }));
  } catch (error) {
    return error.name;
  }
}

console.log(
  JSON.stringify({ success: await invoke({ n: 1 }), failure: await invoke({ fail: "no" }), missing: await missing() }),
);
