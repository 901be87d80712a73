//! Tables with times in their header.

use crate::common::{Place, noise};

/// A run of a moment, without a trial of what to learn.
const QUICK: &str = "--epochs 2 --hidden-size 3 --transform log-difference";

/// Values of a season of twelve rows on some level.
fn values(level: f64, rows: usize) -> Vec<String> {
    let mut noise = noise(level as u64);
    let mut value = |n: usize| {
        let season = (n as f64 * std::f64::consts::TAU / 12.0).sin();
        level * (1.0 + 0.01 * n as f64) * (1.0 + 0.2 * season) * (1.0 + 0.02 * noise())
    };
    (0..rows).map(|n| format!("{:.3}", value(n))).collect()
}

fn months(rows: usize) -> Vec<String> {
    (0..rows).map(|n| format!("{}-{:02}", 2010 + n / 12, n % 12 + 1)).collect()
}

#[test]
fn a_column_for_each_month_is_read_as_the_long_table() {
    let series = [("a", values(100.0, 84)), ("b", values(7000.0, 84))];
    let mut wide = format!("shop,city,{}\n", months(84).join(","));
    let mut long = "shop,time,value\n".to_owned();
    for (shop, values) in &series {
        wide += &format!("{shop},Wien,{}\n", values.join(","));
        for (month, value) in months(84).iter().zip(values) {
            long += &format!("{shop},{month},{value}\n");
        }
    }
    let place = Place::with("w.csv", &wide);
    place.write("l.csv", &long);
    let said = place.ok(&format!("train w.csv {QUICK} -o w.elman"));
    let note = "note: w.csv: the names of 84 columns are times, \"2010-01\" to \"2016-12\": read as 2 series of \"value\" over \
                \"time\", told apart by \"shop\"; \"city\" is left out; to read the columns as they are, name one with --target\n";
    assert!(said.stderr.contains(note), "{}", said.stderr);
    assert_eq!(said.stderr.matches("are times").count(), 1, "{}", said.stderr);
    place.ok(&format!("train l.csv {QUICK} -o l.elman"));
    let predicted = place.ok("predict w.elman w.csv");
    assert!(predicted.stdout.starts_with("shop,time,value_forecast\na,2017-01,"), "{}", predicted.stdout);
    assert!(predicted.stderr.contains("read as 2 series"), "{}", predicted.stderr);
    // Whichever of the two a model learned from, it reads both.
    for (model, data) in [("l", "l"), ("l", "w"), ("w", "l")] {
        let other = place.ok(&format!("predict {model}.elman {data}.csv")).stdout;
        assert_eq!(other, predicted.stdout, "{model} {data}");
    }
    for command in ["evaluate", "backtest"] {
        let of = |data: &str| place.ok(&format!("{command} w.elman {data}.csv")).stdout;
        assert_eq!(of("w"), of("l"), "{command}");
    }
    // Keys of JSON are names as well.
    let object = |(shop, values): &(&str, Vec<String>)| {
        let pairs: Vec<String> =
            months(84).iter().zip(values).map(|(month, value)| format!("\"{month}\":{value}")).collect();
        format!("{{\"shop\":\"{shop}\",{}}}\n", pairs.join(","))
    };
    place.write("w.jsonl", series.iter().map(object).collect::<String>());
    assert_eq!(place.ok("predict w.elman w.jsonl").stdout, predicted.stdout);
    // Not the series of this model.
    place.write("one.csv", format!("{}\n{}\n", months(84).join(","), series[0].1.join(",")));
    place.ok(&format!("train one.csv {QUICK} -o one.elman"));
    place.refuses(
        1,
        "predict one.elman w.csv",
        "w.csv: has 2 rows below a header of times, of which each is a series, and the model is of a single one: leave the \
         row of that",
    );
}

#[test]
fn indicators_of_the_world_bank_are_series_of_years() {
    let years: Vec<String> = (1960..2024).map(|year| format!("\"{year}\"")).collect();
    let mut csv = "\u{feff}\"Data Source\",\"World Development Indicators\",\n\n\"Last Updated Date\",\"2024-06-28\",\n\n\
                   \"Country Name\",\"Country Code\",\"Indicator Name\",\"Indicator Code\","
        .to_owned();
    csv += &format!("{},\n", years.join(","));
    for (n, country) in ["Aruba", "Korea, Rep.", "Not classified"].into_iter().enumerate() {
        let mut values = values(50_000.0 * (n + 1) as f64, 64);
        // The last year is not known of any, the first of some, and nothing of what is no country.
        (0..64).filter(|&year| year == 63 || year < 7 * n || n == 2).for_each(|year| values[year].clear());
        let values: Vec<String> = values.iter().map(|value| format!("\"{value}\"")).collect();
        csv +=
            &format!("\"{country}\",\"C{n}\",\"Population, total\",\"SP.POP.TOTL\",{},\n", values.join(","));
    }
    let place = Place::with("wb.csv", csv);
    let said = place.ok(&format!("train wb.csv {QUICK}"));
    for note in [
        "note: wb.csv: what stands above line 5, \"Data Source\", is taken for a title and left out\n",
        "note: wb.csv: the names of 64 columns are times, \"1960\" to \"2023\": read as 2 series of \"value\" over \"time\", told \
         apart by \"Country Name\"; \"Country Code\", \"Indicator Name\" and \"Indicator Code\" are left out; to read the columns \
         as they are, name one with --target\n",
        "note: 1 series is left out, first \"Not classified\": no cell has a value\n",
    ] {
        assert!(said.stderr.contains(note), "{}", said.stderr);
    }
    let predicted = place.ok("predict wb.elman wb.csv --horizon 1").stdout;
    let keys: Vec<&str> =
        predicted.lines().map(|line| line.rsplit_once(',').map_or("", |(keys, _)| keys)).collect();
    assert_eq!(keys, ["Country Name,time", "Aruba,2023", "\"Korea, Rep.\",2023"]);
}

#[test]
fn a_matrix_of_years_and_months_is_one_series() {
    let values = values(20.0, 80);
    let months = "JAN,FEB,MAR,APR,MAY,JUN,JUL,AUG,SEP,OCT,NOV,DEC";
    let mut matrix = format!("YEAR,{months}\n");
    for (year, of_year) in values.chunks(12).enumerate() {
        matrix += &format!("{},{}{}\n", 2010 + year, of_year.join(","), ",".repeat(12 - of_year.len()));
    }
    let long: String =
        self::months(80).iter().zip(&values).map(|(month, value)| format!("{month},{value}\n")).collect();
    let place = Place::with("m.csv", matrix);
    place.write("l.csv", format!("time,value\n{long}"));
    let said = place.ok(&format!("train m.csv {QUICK}"));
    let note = "note: m.csv: the names of 12 columns, \"JAN\" to \"DEC\", are times with what \"YEAR\" tells: read as one series \
                of \"value\" over \"time\"; to read the columns as they are, name one with --target\n";
    assert!(said.stderr.contains(note), "{}", said.stderr);
    let predicted = place.ok("predict m.elman m.csv").stdout;
    assert!(predicted.starts_with("time,value_forecast\n2016-09,"), "{predicted}");
    place.ok(&format!("train l.csv {QUICK}"));
    assert_eq!(place.ok("predict l.elman l.csv").stdout, predicted);
    // A column of it as it is.
    let said =
        place.ok(&format!("train m.csv --target JAN --time YEAR {QUICK} --horizon 1 --test 1 -o jan.elman"));
    assert!(said.stderr.contains("forecast \"JAN\" over \"YEAR\""), "{}", said.stderr);
    place.refuses(
        1,
        "train m.csv --time YEAR",
        "m.csv: 12 columns of numbers could be forecast (JAN, FEB, MAR, APR, MAY, JUN, JUL, AUG and 4 more); name one with \
         --target, or several with commas between, or all; if their names are times, leave out --time, or give each a row \
         of its own, with its value beside it",
    );
}

#[test]
fn what_is_missing_stands_where_it_stands_in_the_file() {
    let cells = |hole: usize| {
        let mut values = values(100.0, 60);
        values[hole].clear();
        values.join(",")
    };
    let place =
        Place::with("h.csv", format!("shop,{}\na,{}\nb,{}\n", months(60).join(","), cells(59), cells(17)));
    place.refuses(
        1,
        "train h.csv",
        "h.csv, series \"b\", line 3, column \"2011-06\": the value is missing; fill it in, or choose with --missing what \
         becomes of missing values: interpolate, previous, season, zero or flag; the table is read by the times in its header: to \
         read its columns as they are, name one with --target",
    );
    place.ok(&format!("train h.csv --missing previous {QUICK}"));
}
