//! `elman predict`

use crate::common::{CLASSIFY, Place, REGRESS, airline, sequences};
use elman::table::Table;
use serde_json::Value;

/// A model of the built-in data in `airline.elman`.
fn forecaster() -> Place {
    let place = Place::new();
    place.ok("train -q --horizon 6 --epochs 3 --hidden-size 4");
    place
}

fn rows(csv: &str) -> Vec<Vec<&str>> {
    csv.lines().map(|line| line.split(',').collect()).collect()
}

#[test]
fn a_forecast_follows_the_data() {
    let place = forecaster();
    let said = place.ok("predict airline.elman");
    assert_eq!(said.stderr, "");
    let months: Vec<&str> = rows(&said.stdout).iter().map(|row| row[0]).collect();
    assert_eq!(months, ["month", "1961-01", "1961-02", "1961-03", "1961-04", "1961-05", "1961-06"]);
    assert_eq!(rows(&said.stdout)[0][1], "passengers_forecast");
    for row in &rows(&said.stdout)[1..] {
        let value: f64 = row[1].parse().unwrap();
        assert!((100.0..1500.0).contains(&value), "{value}");
    }

    // Named, or from standard input, or as part of another table: the same data, the same forecast.
    place.write("a.csv", airline());
    assert_eq!(place.ok("predict airline.elman a.csv").stdout, said.stdout);
    let mut command = place.command("predict airline.elman -");
    command.stdin(std::fs::File::open(place.path("a.csv")).unwrap());
    assert_eq!(String::from_utf8(command.output().unwrap().stdout).unwrap(), said.stdout);
    place.write("more.csv", airline().replace('\n', ",x\n").replace("month,", "month ,"));
    assert_eq!(place.ok("predict airline.elman more.csv").stdout, said.stdout);
}

#[test]
fn the_horizon_is_ones_own() {
    let place = forecaster();
    let usual = place.ok("predict airline.elman").stdout;
    let far = place.ok("predict airline.elman --horizon 30").stdout;
    assert!(far.starts_with(&usual));
    assert_eq!((far.lines().count(), &rows(&far)[30][0]), (31, &"1963-06"));
    assert_eq!(place.ok("predict airline.elman --horizon 1").stdout.lines().count(), 2);
    place.refuses(2, "predict airline.elman --horizon 0", "--horizon is 0; it must be from 1 to 100000");
}

#[test]
fn the_history_may_be_shorter_than_in_training_but_not_too_short() {
    let place = forecaster();
    let first = |rows: usize| airline().lines().take(1 + rows).collect::<Vec<_>>().join("\n");
    place.write("h.csv", first(14));
    let csv = place.ok("predict airline.elman h.csv").stdout;
    assert_eq!(rows(&csv)[1][0], "1950-03");
    place.write("h.csv", first(13));
    place.refuses(
        1,
        "predict airline.elman h.csv",
        "h.csv: has 13 rows; the model looks back on 13, so give at least 14",
    );
}

#[test]
fn output_goes_to_a_file() {
    let place = forecaster();
    let printed = place.ok("predict airline.elman").stdout;
    let said = place.ok("predict airline.elman -o p.csv");
    assert_eq!((said.stdout.as_str(), said.stderr.as_str()), ("", "wrote 6 rows to p.csv\n"));
    assert_eq!(place.text("p.csv"), printed);
    let said = place.ok("predict airline.elman -q --output p.csv --horizon 2");
    assert_eq!((said.stdout.as_str(), said.stderr.as_str()), ("", ""));
    assert_eq!(place.text("p.csv").lines().count(), 3, "the old file is replaced");
    assert_eq!(place.names(), ["airline.elman", "p.csv"]);
}

#[test]
fn json_has_numbers_for_what_was_computed() {
    let place = forecaster();
    let csv = place.ok("predict airline.elman").stdout;
    let objects = place.json("predict airline.elman");
    assert_eq!(objects.len(), 6);
    for (row, object) in rows(&csv)[1..].iter().zip(&objects) {
        assert_eq!(object["month"], row[0]);
        assert_eq!(object["passengers_forecast"].as_f64(), row[1].parse().ok());
    }
}

#[test]
fn answers_carry_id_and_last_time() {
    let place = Place::with("s.csv", sequences(30));
    place.ok(&format!("{REGRESS} -q --epochs 2"));
    let csv = place.ok("predict m.elman s.csv").stdout;
    assert_eq!(rows(&csv)[0], ["id", "time", "level_predicted"]);
    for (n, row) in rows(&csv)[1..].iter().enumerate() {
        assert_eq!(row[..2], [format!("s{n}"), (2 + n % 7).to_string()]);
        row[2].parse::<f64>().unwrap();
    }
    assert_eq!(csv.lines().count(), 31);

    place.ok(&format!("{CLASSIFY} -q --epochs 2"));
    let csv = place.ok("predict m.elman s.csv").stdout;
    assert_eq!(rows(&csv)[0], ["id", "time", "side_predicted", "probability_high", "probability_low"]);
    for row in &rows(&csv)[1..] {
        let [high, low] = [3, 4].map(|n| row[n].parse::<f64>().unwrap());
        assert!((high + low - 1.0).abs() < 1e-6, "{row:?}");
        assert_eq!(row[2], if high >= low { "high" } else { "low" });
    }
    let first: &Value = &place.json("predict m.elman s.csv")[0];
    assert_eq!((&first["id"], &first["time"]), (&"s0".into(), &"2".into()), "text stays text");
    assert!(first["probability_high"].is_number());
}

/// The target is what is not known; the order of columns and rows of other sequences do not matter.
#[test]
fn answers_need_no_target() {
    let place = Place::with("s.csv", sequences(30));
    place.ok(&format!("{REGRESS} -q --epochs 2"));
    let csv = place.ok("predict m.elman s.csv").stdout;
    let mut blind = String::new();
    for line in place.text("s.csv").lines() {
        let cells: Vec<&str> = line.split(',').collect();
        crate::common::line_of(&mut blind, &[cells[3], cells[0], cells[2], cells[1]]);
    }
    place.write("blind.csv", blind);
    assert_eq!(place.ok("predict m.elman blind.csv").stdout, csv);
}

#[test]
fn cells_that_need_quotes_get_them() {
    let place = Place::with("s.csv", sequences(30).replace("\ns3,", "\n\"s,\"\"3\","));
    place.ok(&format!("{REGRESS} -q --epochs 1"));
    let csv = place.ok("predict m.elman s.csv").stdout;
    assert!(csv.contains("\n\"s,\"\"3\",5,"), "{csv}");
    assert_eq!(place.json("predict m.elman s.csv")[3]["id"], "s,\"3");
}

#[test]
fn what_does_not_fit_the_model_is_refused() {
    let place = Place::with("s.csv", sequences(30));
    place.ok(&format!("{REGRESS} -q --epochs 1"));
    place.refuses(2, "predict m.elman", "the model was trained on s.csv; name the DATA to use it on");
    place.refuses(
        2,
        "predict m.elman s.csv --horizon 3",
        "--horizon is for forecasts; this model is there to regress",
    );
    place.refuses(
        2,
        "predict m.elman s.csv --plot p.svg -o p.csv",
        "--plot is for forecasts; this model is there to regress",
    );
    place.write("s.csv", sequences(5).replacen(",b,", ",c,", 1));
    place.refuses(
        1,
        "predict m.elman s.csv",
        "s.csv has no column \"b\"; it has \"id\", \"time\", \"a\", \"c\", \"level\", \"side\"",
    );

    let place = forecaster();
    place.write("q.csv", "month,passengers\n2000-01,1\n2000-04,2\n");
    place.refuses(
        1,
        "predict airline.elman q.csv",
        "q.csv: its rows are one quarter apart, but the model learned from rows one month apart",
    );
    place.write("n.csv", airline().replace(",112\n", ",-112\n"));
    let message = place.refused(1, "predict airline.elman n.csv -o p.csv");
    assert!(
        message.starts_with("n.csv, line 2, column \"passengers\": -112 has no logarithm; "),
        "{message}"
    );
}

#[test]
fn the_name_of_the_file_tells_how_it_is_written() {
    let place = forecaster();
    let printed = place.ok("predict airline.elman --json").stdout;
    place.ok("predict airline.elman -o p.jsonl");
    assert_eq!(place.text("p.jsonl"), printed);
    place.ok("predict airline.elman -o p.txt");
    assert_eq!(place.text("p.txt"), place.ok("predict airline.elman").stdout);
}

#[test]
fn the_name_says_how_answers_are_written() {
    let place = forecaster();
    let csv = place.ok("predict airline.elman").stdout;
    let write = |name: &str| {
        let said = place.ok(&format!("predict airline.elman -o {name}"));
        // Again: the file is known for one of these columns.
        if !name.ends_with("npy") {
            place.ok(&format!("predict airline.elman -o {name}"));
        }
        (place.read(name), said.stderr)
    };
    assert_eq!(write("p.TSV").0, csv.replace(',', "\t").into_bytes());
    let objects: Vec<Value> = serde_json::from_slice(&write("p.json").0).unwrap();
    assert_eq!(objects, place.json("predict airline.elman"));

    let (bytes, stderr) = write("p.npy");
    assert_eq!(stderr, "note: an npy file holds numbers alone; left out: month\nwrote 6 rows to p.npy\n");
    let (head, values) = bytes.split_at(128);
    assert!(head.starts_with(
        b"\x93NUMPY\x01\x00\x76\x00{'descr': '<f8', 'fortran_order': False, 'shape': (6, 1), }"
    ));
    assert!(head.ends_with(b" \n"));
    let values: Vec<f64> =
        values.chunks(8).map(|bytes| f64::from_le_bytes(bytes.try_into().unwrap())).collect();
    for (row, value) in rows(&csv)[1..].iter().zip(&values) {
        assert!((row[1].parse::<f64>().unwrap() - value).abs() < 1e-3, "{row:?} {value}");
    }
    let foreign = place.refused(2, "predict airline.elman -o p.npy");
    assert!(foreign.starts_with("p.npy is there and is not a table of these columns"), "{foreign}");

    // Packed, and read again as it is.
    let (packed, _) = write("p.csv.gz");
    assert!(packed.starts_with(b"\x1F\x8B"));
    write("p.csv");
    let read = |name: &str| {
        place.ok(&format!("train {name} -q --epochs 1 --test 0 --horizon 1 -o again.elman --force"))
    };
    read("p.csv");
    let model = place.ok("predict again.elman p.csv").stdout;
    assert_eq!(place.ok("predict again.elman p.csv.gz").stdout, model);

    for name in ["p.csv.zst", "p.xlsx"] {
        let ending = name.rsplit('.').next().unwrap();
        place.refuses(
            2,
            &format!("predict airline.elman -o {name}"),
            &format!(
                "{name}: no .{ending} is written; give a name that ends in .csv, .tsv, .jsonl, .json, .npy, .npz, .arrow, \
                 .feather or .parquet, or in .gz after one of the text formats"
            ),
        );
    }
}

/// Two wishes that contradict each other are no wish.
#[test]
fn json_goes_into_files_whose_names_do_not_say_otherwise() {
    let place = forecaster();
    for name in ["p.npy", "p.csv", "p.tsv.gz"] {
        let ending = name.split('.').nth(1).unwrap();
        place.refuses(
            2,
            &format!("predict airline.elman --json -o {name}"),
            &format!(
                "{name}: --json asks for JSON lines, and the name for .{ending}; leave out --json, or give a name that ends \
                 in .jsonl"
            ),
        );
    }
    let printed = place.ok("predict airline.elman --json").stdout;
    for name in ["p.jsonl", "p.txt", "p"] {
        place.ok(&format!("predict airline.elman --json -o {name}"));
        assert_eq!(place.text(name), printed, "{name}");
    }
    place.ok("predict airline.elman --json -o p.json");
    assert!(place.text("p.json").starts_with("[\n{"));
}

/// Forecasts that are written with types are read again: the same values to the bit as from npy, and times.
fn is_read_again(place: &Place, name: &str) {
    for name in [name, "p.npy"] {
        place.ok(&format!("predict airline.elman -o {name}"));
    }
    let [written, numbers] = [name, "p.npy"].map(|name| Table::open(&place.path(name)).expect("it is read"));
    assert_eq!(written.headers(), ["month", "passengers_forecast"]);
    let bits = |table: &Table, column: &str| {
        let numbers = table.column(column).and_then(|column| column.numbers()).expect("numbers");
        numbers.iter().map(|number| number.to_bits()).collect::<Vec<_>>()
    };
    assert_eq!(bits(&written, "passengers_forecast"), bits(&numbers, "col1"));
    // The months are days there: the first of each.
    let months: Vec<&str> = written.column("month").expect("a column").texts().collect();
    assert_eq!(months, ["1961-01-01", "1961-02-01", "1961-03-01", "1961-04-01", "1961-05-01", "1961-06-01"]);
}

/// What is written as npz is an array for each column, which are read again: the same numbers to the bit as from npy.
#[test]
fn npz_is_written_and_read() {
    let place = forecaster();
    for name in ["p.npz", "p.npy"] {
        place.ok(&format!("predict airline.elman -o {name}"));
    }
    let [written, numbers] = ["p.npz", "p.npy"].map(|name| Table::open(&place.path(name)).unwrap());
    assert_eq!(written.headers(), ["month", "passengers_forecast"]);
    let months: Vec<&str> = written.column("month").unwrap().texts().collect();
    assert_eq!(months, ["1961-01", "1961-02", "1961-03", "1961-04", "1961-05", "1961-06"]);
    let bits = |table: &Table, column: &str| {
        let numbers = table.column(column).unwrap().numbers().unwrap();
        numbers.iter().map(|number| number.to_bits()).collect::<Vec<_>>()
    };
    assert_eq!(bits(&written, "passengers_forecast"), bits(&numbers, "col1"));
}

#[test]
fn an_array_is_not_named_like_a_directory() {
    let place = Place::with("s.csv", airline().replace("passengers", "in/out"));
    place.ok("train s.csv --epochs 1 -o m.elman");
    let said = place.refused(2, "predict m.elman s.csv -o p.npz");
    assert!(
        said.starts_with("the column \"in/out_forecast\" cannot give an array of an npz file its name"),
        "{said}"
    );
}

/// What is written as Arrow is read again; texts too.
#[test]
fn arrow_is_written_and_read() {
    is_read_again(&forecaster(), "p.feather");

    let place = Place::with("s.csv", sequences(30));
    place.ok(&format!("{CLASSIFY} -q --epochs 2"));
    for name in ["c.arrow", "c.csv"] {
        place.ok(&format!("predict m.elman s.csv -o {name}"));
    }
    let [written, csv] = ["c.arrow", "c.csv"].map(|name| Table::open(&place.path(name)).unwrap());
    assert_eq!((written.headers(), written.num_rows()), (csv.headers(), 30));
    for (one, other) in written.columns().zip(csv.columns()).filter(|(one, _)| !one.holds_numbers()) {
        assert!(one.texts().eq(other.texts()), "{}", one.name());
    }
}

/// Rows that were left out have no answers; and times of UTC are such.
#[test]
fn what_is_not_known_is_null_in_arrow() {
    let x = |n: usize| if n % 10 == 4 { String::new() } else { (n % 9).to_string() };
    let rows: String = (0..90).map(|n| format!("{},{},{}\n", n / 9, x(n), n * n % 7)).collect();
    let place = Place::with("s.csv", format!("id,x,y\n{rows}"));
    place.ok("train label s.csv --id id --target y -q --epochs 1 -o m.elman --missing drop");
    place.ok("predict m.elman s.csv -o p.arrow");
    place.ok("predict m.elman s.csv -o p.csv");
    let [written, csv] = ["p.arrow", "p.csv"].map(|name| Table::open(&place.path(name)).unwrap());
    let (one, other) = (written.columns().last().unwrap(), csv.columns().last().unwrap());
    assert_eq!((one.name(), written.num_rows()), (other.name(), csv.num_rows()));
    let missing: Vec<usize> = (0..csv.num_rows()).filter(|&row| one.is_missing(row)).collect();
    assert_eq!(missing, (0..90).filter(|&row| other.is_missing(row)).collect::<Vec<_>>());
    assert_eq!(missing, [4, 14, 24, 34, 44, 54, 64, 74, 84]);

    let hours: String = (0..48)
        .map(|n| format!("2024-01-{:02}T{:02}:00:00+01:00,{}\n", 1 + n / 24, n % 24, n * n % 7))
        .collect();
    place.write("utc.csv", format!("t,v\n{hours}"));
    place.ok("train utc.csv -q --epochs 1 --horizon 2 --window 4 -o utc.elman");
    place.ok("predict utc.elman utc.csv -o utc.arrow");
    let written = Table::open(&place.path("utc.arrow")).unwrap();
    let times: Vec<&str> = written.column("t").unwrap().texts().collect();
    assert_eq!(times, ["2024-01-02 23:00:00Z", "2024-01-03 00:00:00Z"]);
}

/// What is written as Parquet is read again: the same values to the bit, and types that say what they are.
#[cfg(feature = "parquet")]
#[test]
fn parquet_is_written_and_read() {
    use parquet::file::reader::{FileReader, SerializedFileReader};

    let types = |place: &Place, name: &str| {
        let reader = SerializedFileReader::new(std::fs::File::open(place.path(name)).unwrap()).unwrap();
        let schema = reader.metadata().file_metadata().schema_descr();
        let of = |column: &parquet::schema::types::ColumnDescPtr| {
            let (name, physical, logical) =
                (column.name(), column.physical_type(), column.logical_type_ref());
            let null = if column.self_type().is_optional() { "or null" } else { "required" };
            format!("{name}: {physical} {logical:?} {null}")
        };
        schema.columns().iter().map(of).collect::<Vec<_>>()
    };
    let place = forecaster();
    is_read_again(&place, "p.parquet");
    assert_eq!(
        types(&place, "p.parquet"),
        [
            "month: INT64 Some(Timestamp(TimestampType { is_adjusted_to_u_t_c: false, unit: MICROS })) required",
            "passengers_forecast: DOUBLE None or null"
        ]
    );

    // Texts, and times of UTC.
    let place = Place::with("s.csv", sequences(30));
    place.ok(&format!("{CLASSIFY} -q --epochs 2"));
    for name in ["c.parquet", "c.csv"] {
        place.ok(&format!("predict m.elman s.csv -o {name}"));
    }
    let [written, csv] = ["c.parquet", "c.csv"].map(|name| Table::open(&place.path(name)).unwrap());
    assert_eq!(written.headers(), csv.headers());
    assert!(types(&place, "c.parquet").iter().any(|text| text.ends_with("BYTE_ARRAY Some(String) required")));
    for (one, other) in written.columns().zip(csv.columns()).filter(|(one, _)| !one.holds_numbers()) {
        assert!(one.texts().eq(other.texts()), "{}", one.name());
    }
    let hours: String = (0..48)
        .map(|n| format!("2024-01-{:02}T{:02}:00:00+01:00,{}\n", 1 + n / 24, n % 24, n * n % 7))
        .collect();
    place.write("utc.csv", format!("t,v\n{hours}"));
    place.ok("train utc.csv -q --epochs 1 --horizon 2 --window 4 -o utc.elman");
    place.ok("predict utc.elman utc.csv -o utc.parquet");
    let written = Table::open(&place.path("utc.parquet")).unwrap();
    let times: Vec<&str> = written.column("t").unwrap().texts().collect();
    assert_eq!(times, ["2024-01-02 23:00:00Z", "2024-01-03 00:00:00Z"]);
}

/// The crate panics there, which would end a program where panics abort.
#[cfg(feature = "parquet")]
#[test]
fn a_damaged_parquet_file_is_an_error() {
    let mut bytes = include_bytes!("../../../elman/tests/data/parquet/blob.parquet").to_vec();
    bytes[110] = 66;
    let place = Place::with("d.parquet", &bytes);
    let said = "d.parquet, file: it is damaged; save it anew";
    place.refuses(1, "train d.parquet", said);
}

#[test]
fn a_file_of_numbers_needs_some() {
    let place = Place::with("s.csv", sequences(30));
    place.ok(&format!("{REGRESS} -q --epochs 2"));
    place.ok("predict m.elman s.csv -o p.npy");
    assert!(place.read("p.npy").starts_with(b"\x93NUMPY"));
}
