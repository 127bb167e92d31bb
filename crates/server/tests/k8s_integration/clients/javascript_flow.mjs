// Waits with every waiter of the SDK and pages through every list of a function's life, one element a page.
//
// Usage: node javascript_flow.mjs NODE_MODULES ENDPOINT ZIP
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";

const [modules, endpoint, archive] = process.argv.slice(2);
const sdk = createRequire(`${modules}/`)("@aws-sdk/client-lambda");
const client = new sdk.LambdaClient({ endpoint });
const f = { FunctionName: "f" };

const call = (operation, input) => client.send(new sdk[`${operation}Command`](input));

async function wait(waiter, input) {
  const { state } = await sdk[`waitUntil${waiter}`]({ client, maxWaitTime: 30 }, input);
  assert.equal(state, "SUCCESS", waiter);
}

async function elements(list, key, input) {
  const pages = [];
  // The SDK writes the page's size into the input it gets.
  for await (const page of sdk[`paginate${list}`]({ client, pageSize: 1 }, { ...input })) pages.push(page[key]);
  const whole = (await call(list, input))[key];
  assert.equal(pages.length, whole.length, `${list}: as many pages as elements`);
  assert.deepEqual(pages.flat(), whole, list);
  return whole;
}

const create = (FunctionName) =>
  call("CreateFunction", {
    FunctionName,
    Runtime: "python3.12",
    Handler: "app.handler",
    Role: "arn:aws:iam::000000000000:role/any",
    Code: { ZipFile: readFileSync(archive) },
  });

// A wait for what nobody makes ends, and says why.
await assert.rejects(sdk.waitUntilFunctionExists({ client, maxWaitTime: 2, minDelay: 1, maxDelay: 1 }, f), /TIMEOUT/);

assert.equal((await create("f")).State, "Pending");
await wait("FunctionExists", f);
await wait("FunctionActive", f);
await wait("FunctionActiveV2", f);

for (const Timeout of [4, 5]) {
  assert.equal((await call("UpdateFunctionConfiguration", { ...f, Timeout })).LastUpdateStatus, "InProgress");
  await wait("FunctionUpdated", f);
  await wait("FunctionUpdatedV2", f);
  const { Version } = await call("PublishVersion", f);
  await wait("PublishedVersionActive", { ...f, Qualifier: Version });
  await call("CreateAlias", { ...f, Name: `at${Version}`, FunctionVersion: Version });
  await call("PublishLayerVersion", { LayerName: "l", Content: { ZipFile: readFileSync(archive) } });
}
for (const name of ["g", "h"]) await create(name);

const names = (list, key) => list.map((each) => each[key]);
assert.deepEqual(names(await elements("ListFunctions", "Functions", {}), "FunctionName"), ["f", "g", "h"]);
assert.deepEqual(names(await elements("ListVersionsByFunction", "Versions", f), "Version"), ["$LATEST", "1", "2"]);
assert.deepEqual(names(await elements("ListAliases", "Aliases", f), "Name"), ["at1", "at2"]);
assert.deepEqual(names(await elements("ListLayerVersions", "LayerVersions", { LayerName: "l" }), "Version"), [2, 1]);
assert.deepEqual(names(await elements("ListLayers", "Layers", {}), "LayerName"), ["l"]);

// Errors have the classes that the SDK has for them, and what AWS says.
for (const [operation, input, type, message] of [
  ["GetFunction", { FunctionName: "missing" }, sdk.ResourceNotFoundException, /Function not found: .*:missing/],
  ["CreateAlias", { ...f, Name: "at1", FunctionVersion: "1" }, sdk.ResourceConflictException, /Alias already exists/],
  ["UpdateFunctionConfiguration", { ...f, MemorySize: 1, Timeout: 0 }, sdk.LambdaServiceException, /^2 validation errors detected: /],
]) {
  await assert.rejects(call(operation, input), (error) => error instanceof type && message.test(error.message), operation);
}

for (const name of ["f", "g", "h"]) await call("DeleteFunction", { FunctionName: name });
assert.deepEqual((await call("ListFunctions", {})).Functions, []);
console.log("done");
