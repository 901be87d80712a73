"""Makes crates/elman/tests/data/parquet: small files as pandas, PyArrow and Polars write them.

Made with pandas 3.0.6, PyArrow 26.0.1 and Polars 2.1.0; what they hold is said in
crates/elman/src/table/read/parquet/tests.rs, which reads them.
"""

import datetime as dt
import decimal
from pathlib import Path

import pandas as pd
import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq

FOLDER = Path(__file__).parent.parent / "crates/elman/tests/data/parquet"


def every_type() -> pa.Table:
    day, noon = dt.date(2024, 1, 31), dt.datetime(2024, 1, 31, 12, 0, 1)
    columns = {
        "i8": pa.array([-1, None, 3], pa.int8()),
        "u32": pa.array([4294967295, 1, 2], pa.uint32()),
        "i64": pa.array([9007199254740993, None, -5], pa.int64()),
        "u64": pa.array([18446744073709551615, 0, 1], pa.uint64()),
        "f32": pa.array([0.1, None, -3.0], pa.float32()),
        "f64": pa.array([0.1, float("nan"), None], pa.float64()),
        "bool": pa.array([True, None, False]),
        "text": pa.array(["zürich", None, ""]),
        "category": pa.array(["a", "b", "a"]).dictionary_encode(),
        "date": pa.array([day, None, dt.date(1969, 12, 31)], pa.date32()),
        "s": pa.array([noon, None, noon], pa.timestamp("s")),
        "ms": pa.array([noon, None, noon.replace(microsecond=5000)], pa.timestamp("ms")),
        "us": pa.array([noon, None, noon.replace(microsecond=5)], pa.timestamp("us")),
        "ns": pa.array([1, None, 0], pa.timestamp("ns")),
        "zone": pa.array([noon, None, noon], pa.timestamp("ms", "Europe/Zurich")),
        "days": pa.array([dt.datetime(2024, 1, 1), None, dt.datetime(2024, 1, 2)], pa.timestamp("us")),
        "clock": pa.array([dt.time(9, 30), None, dt.time(23, 59, 59)], pa.time64("us")),
        "small_decimal": pa.array([decimal.Decimal("1.50"), None, decimal.Decimal("-0.05")], pa.decimal128(7, 2)),
        "decimal": pa.array([decimal.Decimal("12345678901234567890.5"), None, decimal.Decimal("-1.0")], pa.decimal128(30, 1)),
        "nothing": pa.nulls(3),
    }
    return pa.table(columns)


def main() -> None:
    FOLDER.mkdir(parents=True, exist_ok=True)
    for codec in ["none", "snappy", "gzip", "zstd", "lz4"]:
        pq.write_table(every_type(), FOLDER / f"every_type_{codec}.parquet", compression=codec, version="2.6")
    pq.write_table(
        every_type().select(["f64", "text", "ns"]),
        FOLDER / "old.parquet",
        use_deprecated_int96_timestamps=True,
        version="1.0",
        data_page_version="1.0",
    )
    far = pa.table({"t": pa.array([dt.datetime(2024, 1, 1), dt.datetime(9999, 12, 31)], pa.timestamp("us"))})
    pq.write_table(far, FOLDER / "far.parquet", use_deprecated_int96_timestamps=True, store_schema=False)
    frame = pd.DataFrame({"ds": pd.date_range("2024-01-01", periods=10), "y": [n / 2 for n in range(10)], "id": "a"})
    frame.to_parquet(FOLDER / "groups.parquet", row_group_size=3, index=False)
    pl.DataFrame({"t": [dt.datetime(2024, 1, 1, hour) for hour in range(4)], "y": [1, 2, None, 4]}).write_parquet(
        FOLDER / "polars.parquet"
    )
    pq.write_table(pa.table({"x": [1], "list": [[1, 2]]}), FOLDER / "nested.parquet")
    pq.write_table(pa.table({"x": [1], "blob": pa.array([b"\xff\xfe"])}), FOLDER / "blob.parquet")
    pq.write_table(pa.table({"x": pa.array([], pa.int64())}), FOLDER / "empty.parquet")


main()
