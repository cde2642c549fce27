/**
 * Arrays as PostgreSQL itself writes them (its binary form, `array_recv`). What the driver makes of a JavaScript array is
 * text, value by value, which the database takes apart character by character; a buffer it hands on as it is. For
 * statements that bring rows by the thousand; the statement names the array's type: `${int8Array(serials)}::bigint[]`.
 */

const oids = { bytea: 17, int8: 20, int4: 23, text: 25, timestamptz: 1184 } as const;

export function int8Array(values: readonly (bigint | null)[]): Buffer {
  return fixedArray(oids.int8, values, 8, (view, at, value) => view.setBigInt64(at, value));
}

export function int4Array(values: readonly (number | null)[]): Buffer {
  return fixedArray(oids.int4, values, 4, (view, at, value) => view.setInt32(at, value));
}

/** To the millisecond; the database counts microseconds from the beginning of 2000. */
export function timestamptzArray(values: readonly (Date | null)[]): Buffer {
  return fixedArray(oids.timestamptz, values, 8, (view, at, value) =>
    view.setBigInt64(at, BigInt((value.getTime() - beginningMs) * 1000)),
  );
}

const beginningMs = Date.UTC(2000);

export function byteaArray(values: readonly (Uint8Array | null)[]): Buffer {
  const length = values.reduce((sum, value) => sum + lengthBytes + (value?.length ?? 0), 0);
  const array = begin(oids.bytea, values, length);
  let at = headBytes;
  for (const value of values) {
    at = array.writeInt32BE(value?.length ?? noValue, at);
    if (value === null) continue;
    array.set(value, at);
    at += value.length;
  }
  return array;
}

export function textArray(values: readonly (string | null)[]): Buffer {
  const length = values.reduce(
    (sum, value) => sum + lengthBytes + (value === null ? 0 : Buffer.byteLength(value)),
    0,
  );
  const array = begin(oids.text, values, length);
  let at = headBytes;
  for (const value of values) {
    const from = at + lengthBytes;
    const written = value === null ? 0 : array.write(value, from);
    array.writeInt32BE(value === null ? noValue : written, at);
    at = from + written;
  }
  return array;
}

function fixedArray<T>(
  oid: number,
  values: readonly (T | null)[],
  size: number,
  write: (view: DataView, at: number, value: T) => void,
): Buffer {
  const length = values.reduce((sum, value) => sum + lengthBytes + (value === null ? 0 : size), 0);
  const array = begin(oid, values, length);
  const view = new DataView(array.buffer, array.byteOffset, array.length);
  let at = headBytes;
  for (const value of values) {
    view.setInt32(at, value === null ? noValue : size);
    at += lengthBytes;
    if (value === null) continue;
    write(view, at, value);
    at += size;
  }
  return array;
}

/** Its dimensions, whether there are nulls, the type of its values; then how many there are, and where they begin. */
function begin(oid: number, values: readonly unknown[], length: number): Buffer {
  const array = Buffer.allocUnsafe(headBytes + length);
  array.writeInt32BE(1, 0);
  array.writeInt32BE(values.includes(null) ? 1 : 0, 4);
  array.writeInt32BE(oid, 8);
  array.writeInt32BE(values.length, 12);
  array.writeInt32BE(1, 16);
  return array;
}

const headBytes = 20;
/** Before each value: its length, or that there is none. */
const lengthBytes = 4;
const noValue = -1;
