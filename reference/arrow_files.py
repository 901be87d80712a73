"""Makes crates/elman/tests/data/arrow: small files as pandas, PyArrow and Polars write them.

Made with pandas 3.0.6, PyArrow 26.0.1 and Polars 2.1.0; what they hold is said in
crates/elman/src/table/read/arrow/tests.rs, which reads them.
"""

import datetime as dt
import struct
from pathlib import Path

import pandas as pd
import polars as pl
import pyarrow as pa
import pyarrow.feather
import pyarrow.ipc
from parquet_files import every_type

FOLDER = Path(__file__).parent.parent / "crates/elman/tests/data/arrow"


def write(name: str, table: pa.Table, new=pa.ipc.new_file, codec: str | None = None, chunk: int | None = None) -> None:
    options = pa.ipc.IpcWriteOptions(compression=codec, emit_dictionary_deltas=True)
    with new(str(FOLDER / name), table.schema, options=options) as writer:
        writer.write_table(table, max_chunksize=chunk)


def main() -> None:
    FOLDER.mkdir(parents=True, exist_ok=True)
    for codec in ["none", "lz4", "zstd"]:
        write(f"every_type_{codec}.arrow", every_type(), codec=None if codec == "none" else codec)
    write("every_type_stream.arrows", every_type(), new=pa.ipc.new_stream, chunk=1)
    days = pd.date_range("2024-01-01", periods=10)
    frame = pd.DataFrame({"ds": days, "y": [n / 2 for n in range(10)], "shop": pd.Categorical(["b", "a"] * 5)})
    frame.to_feather(FOLDER / "pandas.feather")
    growing = [pa.array(["b", "a"]).dictionary_encode(), pa.DictionaryArray.from_arrays([2, 0], ["b", "a", "c"])]
    with pa.ipc.new_stream(
        str(FOLDER / "growing.arrows"),
        pa.schema({"letter": pa.dictionary(pa.int32(), pa.string())}),
        options=pa.ipc.IpcWriteOptions(emit_dictionary_deltas=True),
    ) as writer:
        for letters in growing:
            letters = pa.DictionaryArray.from_arrays(letters.indices.cast(pa.int32()), letters.dictionary)
            writer.write_batch(pa.record_batch({"letter": letters}))
    times = [dt.datetime(2024, 1, 1, hour) for hour in range(4)]
    texts = ["short", None, "longer than twelve bytes", ""]
    pl.DataFrame({"t": times, "y": [1, 2, None, 4], "text": texts}).write_ipc(FOLDER / "polars.arrow")
    write("nested.arrow", pa.table({"x": [1], "list": [[1, 2]]}))
    write("blob.arrow", pa.table({"x": [1], "blob": pa.array([b"\xff\xfe"])}))
    write("span.arrow", pa.table({"span": pa.array([1], pa.duration("s"))}))
    write("empty.arrow", pa.table({"x": pa.array([], pa.int64())}))
    # Rows that share a text: by a dictionary, and by views of one place.
    rows, text = 2000, "long " * 200
    shared = pa.DictionaryArray.from_arrays(pa.array([0] * rows, pa.int32()), [text])
    write("shared.arrow", pa.table({"text": shared}), codec="zstd")
    view = struct.pack("<i4sii", len(text), text[:4].encode(), 0, 0)
    buffers = [None, pa.py_buffer(view * rows), pa.py_buffer(text.encode())]
    views = pa.Array.from_buffers(pa.string_view(), rows, buffers)
    write("shared_views.arrow", pa.table({"text": views}), codec="zstd")
    write("batches.arrow", pa.table({"text": ["long " * 2000, "b", "c"]}), chunk=1)


if __name__ == "__main__":
    main()
