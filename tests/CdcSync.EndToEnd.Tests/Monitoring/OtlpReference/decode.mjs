// Decodes an ExportMetricsServiceRequest with the types that OpenTelemetry generates from its own .proto files, and writes it as OTLP has it in JSON.
// node decode.mjs <file>
import fs from 'node:fs';
import { createRequire } from 'node:module';

const root = createRequire(import.meta.url)('@opentelemetry/otlp-transformer/build/src/generated/root.js');
const Request = root.opentelemetry.proto.collector.metrics.v1.ExportMetricsServiceRequest;
const message = Request.decode(fs.readFileSync(process.argv[2]));
process.stdout.write(JSON.stringify(Request.toObject(message, { longs: String, enums: Number })));
