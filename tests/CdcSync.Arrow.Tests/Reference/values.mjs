// A column as texts, one a row, null where it is null: integers in digits (also of decimals, dates and times: the number that is stored), floats as the 16
// hexadecimal digits of the double they are, bytes in hexadecimal.
import * as arrow from 'apache-arrow';

const { Type } = arrow;
const hex = bytes => Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('hex');

export function textsOf(vector) {
  const texts = [];
  for (const data of vector.data) {
    const chunk = new arrow.Vector([data]);
    for (let row = 0; row < data.length; row++) texts.push(chunk.isValid(row) && data.typeId !== Type.Null ? textOf(data, chunk, row) : null);
  }
  return texts;
}

function textOf(data, vector, row) {
  switch (data.typeId) {
    case Type.Bool: case Type.Int: case Type.Utf8: case Type.LargeUtf8: return String(vector.get(row));
    case Type.Binary: case Type.LargeBinary: case Type.FixedSizeBinary: return hex(vector.get(row));
    case Type.Float: return doubleText(vector.get(row));
    case Type.Decimal: return signed(vector.get(row));
    // What get() makes of dates and times is a number of milliseconds, which can't hold them all.
    default: return String(data.values[row]);
  }
}

function doubleText(value) {
  if (Number.isNaN(value)) return 'NaN';
  const bytes = Buffer.alloc(8);
  bytes.writeDoubleBE(value);
  return bytes.toString('hex');
}

function signed(words) {
  let value = 0n;
  for (let i = words.length - 1; i >= 0; i--) value = (value << 32n) | BigInt(words[i]);
  return BigInt.asIntN(words.length * 32, value).toString();
}

/** The column that has these texts. */
export function columnOf(type, texts) {
  const array = fixedArray(type, texts);
  if (array) return arrow.makeData({ type, length: texts.length, nullCount: texts.filter(text => text === null).length, nullBitmap: arrow.util.packBools(texts.map(text => text !== null)), data: array });
  const builder = arrow.makeBuilder({ type, nullValues: [null] });
  for (const text of texts) builder.append(text === null ? null : valueOf(type, text));
  return builder.finish().toVector().data[0] ?? arrow.makeData({ type });
}

/** Dates and times are put in as they are stored: a builder would take them for milliseconds. */
function fixedArray(type, texts) {
  if (type.typeId === Type.Date && type.unit === 0 || type.typeId === Type.Time && type.bitWidth === 32) return Int32Array.from(texts, text => Number(text ?? 0));
  if ([Type.Date, Type.Time, Type.Timestamp].includes(type.typeId)) return BigInt64Array.from(texts, text => BigInt(text ?? 0));
  return null;
}

function valueOf(type, text) {
  switch (type.typeId) {
    case Type.Bool: return text === 'true';
    case Type.Int: return type.bitWidth === 64 ? BigInt(text) : Number(text);
    case Type.Duration: return BigInt(text);
    case Type.Float: return text === 'NaN' ? NaN : Buffer.from(text, 'hex').readDoubleBE();
    case Type.Utf8: case Type.LargeUtf8: return text;
    case Type.Decimal: {
      const value = BigInt.asUintN(type.bitWidth, BigInt(text));
      return Uint32Array.from({ length: type.bitWidth / 32 }, (_, i) => Number((value >> BigInt(32 * i)) & 0xFFFFFFFFn));
    }
    default: return new Uint8Array(Buffer.from(text, 'hex'));
  }
}
