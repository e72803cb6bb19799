// One node-opcua server with variables of type Double: `node server.js PORT FOLDER NAMESPACE PATH...`.
// Each line on stdin is JSON, [[path, value, source time in ms, status code], ...]; what it says on stdout is "ready".
// History is kept in memory where HISTORISES is set; clients that it does not know are refused where ONLY_KNOWN is.
"use strict";

const readline = require("node:readline");
const { OPCUAServer } = require("node-opcua-server");
const { OPCUACertificateManager } = require("node-opcua-certificate-manager");
const { nodesets } = require("node-opcua-nodesets");
const { DataType, Variant } = require("node-opcua-variant");
const { getStatusCodeFromCode } = require("node-opcua-status-code");

const [port, folder, namespaceUri, ...paths] = process.argv.slice(2);

async function main() {
  const certificates = new OPCUACertificateManager({ rootFolder: folder, automaticallyAcceptUnknownCertificate: !process.env.ONLY_KNOWN });
  const server = new OPCUAServer({
    port: Number(port),
    hostname: "127.0.0.1",
    nodeset_filename: [nodesets.standard],
    serverCertificateManager: certificates,
    userCertificateManager: certificates,
  });
  await server.initialize();
  const space = server.engine.addressSpace;
  const namespace = space.registerNamespace(namespaceUri);
  const variables = new Map();
  for (const path of paths) {
    const variable = namespace.addVariable({
      organizedBy: space.rootFolder.objects,
      browseName: path,
      nodeId: `s=${path}`,
      dataType: "Double",
      // Each write is told, not what a timer finds.
      minimumSamplingInterval: 0,
    });
    if (process.env.HISTORISES) {
      space.installHistoricalDataNode(variable, { maxOnlineValues: 100000 });
    }
    variables.set(path, variable);
  }
  await server.start();
  process.stdout.write("ready\n");
  readline.createInterface({ input: process.stdin }).on("line", (line) => {
    for (const [path, value, at, status] of JSON.parse(line)) {
      const variant = new Variant({ dataType: DataType.Double, value });
      variables.get(path).setValueFromSource(variant, getStatusCodeFromCode(status), new Date(at));
    }
  });
  process.stdin.on("end", () => process.exit(0));
}

main().catch((error) => {
  console.error(error);
  process.exit(1);
});
