// Types by the names that CdcSync.Arrow gives them, and back.
import * as arrow from 'apache-arrow';

const units = ['s', 'ms', 'us', 'ns'];
const plain = {
  null: () => new arrow.Null(), bool: () => new arrow.Bool(), utf8: () => new arrow.Utf8(), binary: () => new arrow.Binary(),
  large_utf8: () => new arrow.LargeUtf8(), large_binary: () => new arrow.LargeBinary(),
  int8: () => new arrow.Int8(), uint8: () => new arrow.Uint8(), int16: () => new arrow.Int16(), uint16: () => new arrow.Uint16(),
  int32: () => new arrow.Int32(), uint32: () => new arrow.Uint32(), int64: () => new arrow.Int64(), uint64: () => new arrow.Uint64(),
  halffloat: () => new arrow.Float16(), float: () => new arrow.Float32(), double: () => new arrow.Float64(),
  date32: () => new arrow.DateDay(), date64: () => new arrow.DateMillisecond(),
};

export function typeOf(name) {
  if (plain[name]) return plain[name]();
  const [, kind, parameters] = /^(\w+)[([](.*)[)\]]$/.exec(name);
  const parts = parameters.split(', ');
  switch (kind) {
    case 'fixed_size_binary': return new arrow.FixedSizeBinary(Number(parts[0]));
    case 'decimal32': case 'decimal64': case 'decimal128': case 'decimal256':
      return new arrow.Decimal(Number(parts[1]), Number(parts[0]), Number(kind.slice(7)));
    case 'time32': case 'time64': return new arrow.Time(units.indexOf(parts[0]), Number(kind.slice(4)));
    case 'timestamp': return new arrow.Timestamp(units.indexOf(parts[0]), parts[1] ?? null);
    case 'duration': return new arrow.Duration(units.indexOf(parts[0]));
    default: throw new Error(`no type ${name}`);
  }
}

export function nameOf(type) {
  const { Type } = arrow;
  switch (type.typeId) {
    case Type.Null: return 'null';
    case Type.Bool: return 'bool';
    case Type.Utf8: return 'utf8';
    case Type.LargeUtf8: return 'large_utf8';
    case Type.Binary: return 'binary';
    case Type.LargeBinary: return 'large_binary';
    case Type.FixedSizeBinary: return `fixed_size_binary(${type.byteWidth})`;
    case Type.Int: return `${type.isSigned ? '' : 'u'}int${type.bitWidth}`;
    case Type.Float: return ['halffloat', 'float', 'double'][type.precision];
    case Type.Decimal: return `decimal${type.bitWidth}(${type.precision}, ${type.scale})`;
    case Type.Date: return ['date32', 'date64'][type.unit];
    case Type.Time: return `time${type.bitWidth}[${units[type.unit]}]`;
    case Type.Timestamp: return type.timezone == null ? `timestamp[${units[type.unit]}]` : `timestamp[${units[type.unit]}, ${type.timezone}]`;
    case Type.Duration: return `duration[${units[type.unit]}]`;
    default: throw new Error(`no name for ${type}`);
  }
}
