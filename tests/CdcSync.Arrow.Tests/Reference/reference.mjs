// Reads every Arrow file of a folder and writes its schema and values beside it as JSON lines; writes an Arrow stream and file for every such JSON lines file.
// node reference.mjs read|write|dictionaries|compressed <folder>
import fs from 'node:fs';
import path from 'node:path';
import * as arrow from 'apache-arrow';
import { nameOf, typeOf } from './types.mjs';
import { columnOf, textsOf } from './values.mjs';

const [, , command, folder] = process.argv;
const lines = values => values.map(value => JSON.stringify(value) + '\n').join('');
const metadata = map => Object.fromEntries([...map].sort(([a], [b]) => a < b ? -1 : 1));
const batchOf = (schema, columns, length) =>
  new arrow.RecordBatch(schema, arrow.makeData({ type: new arrow.Struct(schema.fields), length, nullCount: 0, children: columns }));

function save(name, table) {
  fs.writeFileSync(`${name}.stream`, arrow.tableToIPC(table, 'stream'));
  fs.writeFileSync(`${name}.arrow`, arrow.tableToIPC(table, 'file'));
}

function attempt(output, work) {
  try { work(); } catch (error) { fs.writeFileSync(output, lines([{ error: error.stack }])); }
}

function read(file) {
  attempt(`${file}.jsonl`, () => {
    const reader = arrow.RecordBatchReader.from(fs.readFileSync(file)).open();
    const schema = reader.schema;
    const batches = [...reader];
    const fields = schema.fields.map(field => ({ name: field.name, type: nameOf(field.type), nullable: field.nullable, metadata: metadata(field.metadata) }));
    fs.writeFileSync(`${file}.jsonl`, lines([
      { fields, metadata: metadata(schema.metadata) },
      ...batches.map(batch => ({ rows: batch.numRows, columns: batch.schema.fields.map((_, i) => textsOf(batch.getChildAt(i))) })),
    ]));
  });
}

function write(file) {
  const name = file.slice(0, -'.jsonl'.length);
  attempt(`${name}.failed`, () => {
    const [start, ...batches] = fs.readFileSync(file, 'utf8').trimEnd().split('\n').map(line => JSON.parse(line));
    const fields = start.fields.map(field => new arrow.Field(field.name, typeOf(field.type), field.nullable, new Map(Object.entries(field.metadata))));
    const schema = new arrow.Schema(fields, new Map(Object.entries(start.metadata)));
    save(name, new arrow.Table(schema, batches.map(batch => batchOf(schema, batch.columns.map((texts, i) => columnOf(fields[i].type, texts)), batch.rows))));
  });
}

/** Batches whose dictionary grows (a delta), and in the stream also one that is replaced. What they mean is written beside them. */
function dictionaries() {
  for (const [index, value, values] of [
    ['int8', 'utf8', ['red', null, 'Zoë', '', '日本', 'x']], ['uint8', 'int64', ['1', '-9223372036854775808', null, '0', '7', '8']],
    ['int16', 'large_utf8', ['a', 'b', 'c', null, 'e', 'f']], ['uint16', 'binary', ['00ff', '', null, '01', '02', '03']],
    ['int32', 'timestamp[us, UTC]', ['1', '2', null, '-4', '5', '6']], ['uint32', 'fixed_size_binary(2)', ['0001', '0203', null, 'ffff', 'aaaa', 'bbbb']],
    ['int64', 'decimal256(50, 2)', ['-1', '2', null, '123456789012345678901234567890123456789012345', '5', '6']], ['uint64', 'bool', ['true', 'false', null, 'true', 'false', 'true']],
  ]) {
    const type = new arrow.Dictionary(typeOf(value), typeOf(index), 5, false);
    const [first, delta, replacement] = [values.slice(0, 3), values.slice(3, 5), values.slice(5)].map(texts => columnOf(type.dictionary, texts));
    const schema = new arrow.Schema([new arrow.Field('d', type, true)]);
    const batch = (places, chunks) => batchOf(schema, [arrow.makeData({
      type, length: places.length, nullCount: places.filter(place => place === null).length, nullBitmap: arrow.util.packBools(places.map(place => place !== null)),
      data: type.indices.ArrayType.from(places.map(place => type.indices.bitWidth === 64 ? BigInt(place ?? 0) : place ?? 0)), dictionary: new arrow.Vector(chunks),
    })], places.length);
    const grown = [batch([0, 1, null, 2], [first]), batch([4, 3, 0], [first, delta])];
    const meaning = [[0, 1, null, 2], [4, 3, 0]].map(places => places.map(place => place === null ? null : values[place]));
    const name = path.join(folder, `dictionary-${index}`);
    for (const [kind, writer, batches, texts] of [
      ['stream', new arrow.RecordBatchStreamWriter(), [...grown, batch([0, 0], [replacement])], [...meaning, [values[5], values[5]]]],
      ['arrow', new arrow.RecordBatchFileWriter(), grown, meaning],
    ]) {
      for (const one of batches) writer.write(one);
      fs.writeFileSync(`${name}.${kind}`, writer.finish().toUint8Array(true));
      fs.writeFileSync(`${name}.${kind}.jsonl`, lines([{ fields: [{ name: 'd', type: `dictionary(${index}, ${value})`, nullable: true, metadata: {} }], metadata: {} },
        ...texts.map(column => ({ rows: column.length, columns: [column] }))]));
    }
  }
}

/** What says that it is compressed, by either codec: the start of a frame, then the bytes as they are. */
function compressed() {
  const table = new arrow.Table({ n: arrow.vectorFromArray([1, 2, 3], new arrow.Int32()) });
  const frames = { LZ4: [arrow.CompressionType.LZ4_FRAME, [4, 0x22, 0x4D, 0x18, 0x60, 0x40, 0x82]], ZSTD: [arrow.CompressionType.ZSTD, [0x28, 0xB5, 0x2F, 0xFD, 0, 0x58]] };
  for (const [name, [codec, start]] of Object.entries(frames)) {
    arrow.compressionRegistry.set(codec, { encode: bytes => Uint8Array.from([...start, ...bytes]), decode: bytes => bytes.subarray(start.length) });
    fs.writeFileSync(path.join(folder, `${name}.stream`), arrow.tableToIPC(table, 'stream', codec));
    fs.writeFileSync(path.join(folder, `${name}.arrow`), arrow.tableToIPC(table, 'file', codec));
  }
}

const files = ending => fs.readdirSync(folder).filter(file => ending.test(file)).map(file => path.join(folder, file));
switch (command) {
  case 'read': files(/\.(stream|arrow)$/).forEach(read); break;
  case 'write': files(/\.jsonl$/).forEach(write); break;
  case 'dictionaries': dictionaries(); break;
  case 'compressed': compressed(); break;
  default: throw new Error(`no command ${command}`);
}
