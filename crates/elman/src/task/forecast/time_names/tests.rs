use proptest::prelude::*;

use super::*;
use crate::task::{Prepared, Task, TaskKind};

fn table(text: &str) -> Table {
    Table::read("t.csv", text.as_bytes()).unwrap()
}

fn long_of(text: &str, options: &ForecastOptions) -> Result<Option<Long>, String> {
    let table = table(text);
    let covariates = Named::new(&table, options).unwrap();
    of_training(&table, options, &covariates).map_err(|error| error.to_string())
}

/// A long table as text, and what is said of it.
fn read(text: &str) -> (String, Vec<String>) {
    let long = long_of(text, &ForecastOptions::default()).unwrap().unwrap_or_else(|| panic!("{text}"));
    let line = |row: usize| {
        let cells = long.table.columns().map(|column| match column.is_missing(row) {
            true => String::new(),
            false => column.text(row).trim_end_matches(".0").to_owned(),
        });
        cells.collect::<Vec<_>>().join(",")
    };
    let lines: Vec<String> = (0..long.table.num_rows()).map(line).collect();
    let remarks = long.remarks.iter().map(ToString::to_string).collect();
    (format!("{}\n{}", long.table.headers().join(","), lines.join("\n")), remarks)
}

#[test]
fn a_column_for_each_time() {
    let rows = |head: &str, rows: &str| format!("{head}\n{rows}");
    for (text, long) in [
        (
            rows("shop,2019-01,2019-02,2019-03,2019-04", "a,1,2,3,4\nb,5,6,7,8\n"),
            "shop,time,value\na,2019-01,1\na,2019-02,2\na,2019-03,3\na,2019-04,4\nb,2019-01,5\nb,2019-02,6\nb,2019-03,7\n\
             b,2019-04,8",
        ),
        // A single series, with a name and without.
        (
            rows("2019Q1,2019Q2,2019Q3,2019Q4", "1,2,3,4\n"),
            "time,value\n2019Q1,1\n2019Q2,2\n2019Q3,3\n2019Q4,4",
        ),
        (
            rows("shop,Jan 2020,Feb 2020,Mar 2020,Apr 2020", "a,1,2,3,4\n"),
            "time,value\nJan 2020,1\nFeb 2020,2\nMar 2020,3\nApr 2020,4",
        ),
        // The newest first; empty cells before and behind a series.
        (
            rows("shop,2004,2003,2002,2001,2000", "a,,4,,2,\nb,5,4,3,2,1\n"),
            "shop,time,value\na,2001,2\na,2002,\na,2003,4\nb,2000,1\nb,2001,2\nb,2002,3\nb,2003,4\nb,2004,5",
        ),
        // Day and month are told by all names.
        (
            rows("shop,30/01/2020,31/01/2020,01/02/2020,02/02/2020", "a,1,2,3,4\n"),
            "time,value\n30/01/2020,1\n31/01/2020,2\n01/02/2020,3\n02/02/2020,4",
        ),
        // As the World Bank, R and Eurostat write them.
        (
            rows("Country Name,2000 [YR2000],2001 [YR2001],2002 [YR2002],2003 [YR2003]", "A,..,2,3,4\n"),
            "time,value\n2001,2\n2002,3\n2003,4",
        ),
        (rows("s,X2000,X2001,X2002,X2003", "A,1,2,3,4\n"), "time,value\n2000,1\n2001,2\n2002,3\n2003,4"),
        (
            "freq,geo\\TIME_PERIOD\t2000 \t2001 \t2002 \t2003 \nA,AT\t: \t2.5 b\t3.5 bp\t4.5 \nA,BE\t1 \t2 \t: c\t4 e\n".to_owned(),
            "geo\\TIME_PERIOD,time,value\nAT,2001,2.5\nAT,2002,3.5\nAT,2003,4.5\nBE,2000,1\nBE,2001,2\nBE,2002,\n\
             BE,2003,4",
        ),
        // Decimal commas.
        (
            rows("Filiale;2019-01;2019-02;2019-03;2019-04", "a;1,5;2;3;1.234,5\n"),
            "time,value\n2019-01,1.5\n2019-02,2\n2019-03,3\n2019-04,1234.5",
        ),
    ] {
        assert_eq!(read(&text).0, long, "{text}");
    }
}

#[test]
fn parts_of_times() {
    let months = "Jan,Feb,Mar,Apr,May,Jun,Jul,Aug,Sep,Oct,Nov,Dec";
    let numbers =
        |from: usize, count: usize| (from..from + count).map(|n| n.to_string()).collect::<Vec<_>>().join(",");
    let long = |from: usize, count: usize, time: &dyn Fn(usize) -> String| {
        let lines: Vec<String> = (from..from + count).map(|n| format!("{},{n}", time(n))).collect();
        format!("time,value\n{}", lines.join("\n"))
    };
    let month = |n: usize| format!("{}-{:02}", 1950 + n / 12, n % 12 + 1);
    let years = format!("{}\n1951,{}\n", numbers(0, 12), numbers(12, 12));
    let whole = long(0, 24, &month);
    assert_eq!(read(&format!("YEAR,{}\n1950,{years}", months.to_uppercase())).0, whole);
    assert_eq!(read(&format!("year,{}\n1950,{years}", numbers(1, 12))).0, whole);
    assert_eq!(read(&format!(",{months}\n1950,{years}")).0, whole);
    let german = "Jan;Feb;Mrz;Apr;Mai;Jun;Jul;Aug;Sep;Okt;Nov;Dez";
    assert_eq!(read(&format!("Jahr;{german}\n1950,{years}").replace(',', ";")).0, whole);
    // Begun late, unfinished, the newest first, with a sum beside.
    let text = format!(
        "Year,{months},Annual\n1951,{},,,9\n1950,,,{},9\n",
        (12..22).map(|n| n.to_string()).collect::<Vec<_>>().join(","),
        numbers(2, 10)
    );
    let (table, remarks) = read(&text);
    assert_eq!(table, long(2, 20, &month));
    let said = "t.csv: the names of 12 columns, \"Jan\" to \"Dec\", are times with what \"Year\" tells: read as one series of \
                \"value\" over \"time\"; \"Annual\" is left out; to read the columns as they are, name one with target";
    assert_eq!(remarks, [said]);
    // Quarters and hours; the other way round.
    let quarter = |n: usize| format!("{}Q{}", 1990 + n / 4, n % 4 + 1);
    assert_eq!(read("year,Qtr1,Qtr2,Qtr3,Qtr4\n1990,0,1,2,3\n1991,4,5,,\n").0, long(0, 6, &quarter));
    assert_eq!(
        read("quarter,1990,1991,1992,1993\nQ1,0,4,8,12\nQ2,1,5,9,13\nQ3,2,6,10,\nQ4,3,7,11,\n").0,
        long(0, 14, &quarter)
    );
    let hours: Vec<String> = (0..24).map(|n| format!("{n:02}:00")).collect();
    let hour = |n: usize| format!("2020-01-0{} {:02}:00", 1 + n / 24, n % 24);
    let text =
        format!("date,{}\n2020-01-01,{}\n2020-01-02,{}\n", hours.join(","), numbers(0, 24), numbers(24, 24));
    assert_eq!(read(&text).0, long(0, 48, &hour));
    // Several series.
    let text = format!("station,year,{months}\nA,1950,{years}A,1952,{}\n", numbers(24, 12));
    let text = text.replace("\n1951", "\nB,1950").replace("A,1952", "B,1951");
    let (table, _) = read(&text);
    assert!(table.starts_with("station,time,value\nA,1950-01,0\n"), "{table}");
    assert!(table.contains("\nA,1950-12,11\nB,1950-01,12\n") && table.ends_with("\nB,1951-12,35"), "{table}");
}

#[test]
fn as_few_columns_as_may_be_tell_series_apart() {
    let id = |head: &str, rows: &[&str]| {
        let rows: String = rows.iter().map(|row| format!("{row},1,2,3,4\n")).collect();
        let text = format!("{head},2000,2001,2002,2003\n{rows}");
        long_of(&text, &ForecastOptions::default()).map(|long| long.unwrap().id.join("+"))
    };
    let is = |id: &str| Ok(id.to_owned());
    assert_eq!(id("Country,Code,Indicator", &["A,AAA,x", "B,BBB,x"]), is("Country"));
    assert_eq!(id("Country,Code,Indicator", &["A,AAA,x", "B,BBB,x", "A,AAA,y"]), is("Country+Indicator"));
    assert_eq!(id("state,country,lat", &[",A,1.5", "v,B,2.5", "q,B,3.5"]), is("state+country"));
    assert_eq!(id("shop,item", &["1,1", "1,2", "2,1"]), is("shop+item"));
    assert_eq!(id("shop,item", &["7,1", "8,2"]), is("shop"));
    // Which are no times of rows.
    assert_eq!(id("period,base year", &["early,2010", "late,2015"]), is("period"));
    let doubled = "t.csv, line 4, column \"shop\": \"a\" stands in line 2 already, and no other column tells these rows apart: \
                   keep one of them, or name columns that do with id";
    assert_eq!(id("shop", &["a", "b", "a"]), Err(doubled.into()));
    let none = "t.csv: the names of 4 columns are times, but no column tells the 2 rows apart: add one with a name for each \
                row, or name one with id; if each column is a series, say target all";
    assert_eq!(id("rate", &["1.5", "2.5"]), Err(none.into()));
    // What counts the rows of a data frame tells nothing of them.
    assert_eq!(id("", &["0", "1"]), Err(none.into()));
}

#[test]
fn the_long_ones_columns_are_called_as_none_of_the_table() {
    let months = "Jan,Feb,Mar,Apr,May,Jun,Jul,Aug,Sep,Oct,Nov,Dec";
    let rows: String = (2010..2016).map(|year| format!("{year},1,2,3,4,5,6,7,8,9,10,11,12\n")).collect();
    let table = table(&format!("time,{months}\n{rows}"));
    let prepared = Forecast::prepare(&table, &ForecastOptions::default()).unwrap();
    let Task::Forecast(task) = &prepared.task else { unreachable!("a forecast was prepared") };
    assert_eq!((task.time.as_deref(), task.target.as_str()), (Some("time_"), "value"));
    assert_eq!(task.with_times(&table).unwrap().num_rows(), 72);
}

#[test]
fn what_is_wrong_with_the_long_one_tells_how_it_came_about() {
    let text = "s,2000,2001,2002,2003,2004\na,1,2,,4,5\nb,1,2,3,4,6\n";
    let error = Forecast::prepare(&table(text), &ForecastOptions::default()).unwrap_err().to_string();
    let why = "; the table is read by the times in its header: to read its columns as they are, name one with target";
    assert!(error.ends_with(why), "{error}");
}

#[test]
fn other_tables_are_left_as_they_are() {
    let months = "Jan,Feb,Mar,Apr,May,Jun,Jul,Aug,Sep,Oct,Nov,Dec";
    let twelve = "1,2,3,4,5,6,7,8,9,10,11,12";
    let options = ForecastOptions::default();
    for text in [
        "date,store,sales\n2020-01-01,a,1\n2020-01-02,a,2\n".to_owned(),
        // Few names, and numbers that may be anything: wavelengths, features, orders.
        "store,2018,2019,2020\na,1,2,3\nb,1,2,3\n".into(),
        "sample,1498,1499,1500,1501,1502\na,1,2,3,4,5\nb,1,2,3,4,5\n".into(),
        "sample,400,1500,1520,1530,1600,1605\na,1,2,3,4,5,6\nb,1,2,3,4,5,6\n".into(),
        "sample,1500.5,1501,1501.5,1502\na,1,2,3,4\nb,1,2,3,4\n".into(),
        "sample,X1,X2,X2001,X2002,X2003,X2004\na,1,2,3,4,5,6\nb,1,2,3,4,5,6\n".into(),
        "sample,43831,43832,43833,43834\na,1,2,3,4\nb,1,2,3,4\n".into(),
        "sample,1580515200,1580601600,1580688000,1580774400\na,1,2,3,4\nb,1,2,3,4\n".into(),
        // Times beside.
        "date,2019,2020,2021,2022\n01-01,1,2,3,4\n01-02,1,2,3,4\n".replace("01-0", "2023-01-0"),
        "of,2019,2020,2021,2022\n01-01,1,2,3,4\n01-02,1,2,3,4\n".into(),
        "period,2019,2020,2021,2022\nP1,1,2,3,4\nP2,1,2,3,4\n".into(),
        "day,2019-01,2019-02,2019-03,2019-04\n1,1,2,3,4\n2,1,2,3,4\n".into(),
        format!("year,day,{months}\n2000,1,{twelve}\n2000,2,{twelve}\n"),
        // Months of no year, and of one that begins in summer; stores of numbers.
        format!("station,{months}\na,{twelve}\nb,{twelve}\n"),
        format!("year,{}\n2000,{twelve}\n2001,{twelve}\n", months[24..].to_owned() + "," + &months[..23]),
        format!("date,0,{twelve}\n2020-01-01,0,{twelve}\n2020-01-02,0,{twelve}\n"),
        // Which quarter a row is of.
        "year,sales,Q1,Q2,Q3,Q4\n2000,5,1,0,0,0\n2001,6,0,1,0,0\n".into(),
        // Columns that say more than those of the header, or something else.
        "Year,Annual,Q1,Q2,Q3,Q4\n2000,9,,,,\n2001,10,1,2,3,4\n2002,11,1,2,3,5\n".into(),
        "year,sales,Q1,Q2,Q3,Q4\n2000,5,1,2,3,4\n2001,6,2,3,4,5\n".into(),
        format!("Year,{months},Annual\n2000,{twelve},78\n2001,1,,3{},79\n", &twelve[5..]),
        // Places of which none is said to be a year.
        format!("name,store,{months}\na,2001,{twelve}\nb,2002,{twelve}\n"),
        format!("patient,{months}\n2001,{twelve}\n2002,{twelve}\n"),
        // Hours of a clock below days.
        "hour,2020-01-01,2020-01-02,2020-01-03,2020-01-04\n00:00,1,2,3,4\n01:00,1,2,3,4\n".into(),
        // No numbers.
        "shop,2019,2020,2021,2022\na,x,y,z,x\nb,y,z,x,y\n".into(),
    ] {
        assert!(long_of(&text, &options).unwrap().is_none(), "{text}");
    }
    // Options that name columns as they are.
    let text = "shop,group,2019,2020,2021,2022,2023\na,1,1,2,3,4,5\nb,2,1,2,3,4,5\n";
    for options in [
        options.clone().with_target("2019"),
        options.clone().with_target("all"),
        options.clone().with_time("2019"),
        options.clone().with_id("2019"),
        options.clone().with_past_covariates("2019"),
    ] {
        assert!(long_of(text, &options).unwrap().is_none(), "{options:?}");
    }
    let both = options.clone().with_static_covariates("shop");
    assert_eq!(long_of(&text.replace("b,2", "b,1"), &both).unwrap().unwrap().id, ["shop"]);
    let long = long_of(text, &options.with_id("group").with_static_covariates("shop")).unwrap().unwrap();
    assert_eq!(long.table.headers(), ["shop", "group", "time", "value"]);
}

#[test]
fn what_is_wrong_with_a_header_of_times_is_told_where_it_stands() {
    let error = |text: &str| long_of(text, &ForecastOptions::default()).err().unwrap_or_default();
    assert_eq!(
        error("s,2000,2001,2003,2002\na,1,2,3,4\nb,1,2,3,4\n"),
        "t.csv: the names of 4 columns are times, but in no order: \"2002\" stands behind \"2003\"; correct them, or, if a \
         column is to be forecast as it is, name it with target"
    );
    assert_eq!(
        error("s,2001,2004,2005,2009,2010,2017\na,1,2,3,4,5,6\nb,1,2,3,4,5,6\n"),
        "t.csv: the names of its columns are times at no even steps: 2001, 2004, 2005, 2009, 2010, 2017; correct them, or, if \
         a column is to be forecast as it is, name it with target"
    );
    assert_eq!(
        error("s,01/01/2020,02/01/2020,03/01/2020,04/01/2020\na,1,2,3,4\nb,1,2,3,4\n"),
        "t.csv: the names of its columns are times, of which \"01/01/2020\" could be %d/%m/%Y or %m/%d/%Y, and none tells \
         which; say so with time_format"
    );
    assert_eq!(
        error("s,2000,2001,2002,2003\na,1,2,3,4\nb,1,2,x3,4\n"),
        "t.csv, line 3, column \"2002\": \"x3\" is not a number; write one such as 12 or 3.5"
    );
    assert_eq!(
        error("s,2000,2001,2002,2003\na,1.5M,900k,3k,4k\nb,1M,901k,3k,4k\n"),
        "t.csv, line 2, column \"2001\": \"900k\" has not the unit of \"1.5M\" in column \"2000\"; write all columns of values \
         alike"
    );
    // What is written otherwise is not passed over.
    for other in ["2010p", "2010 (p)", "2010_01", "Jan 2010", "change 2009-2010"] {
        assert_eq!(
            error(&format!("s,2006,2007,2008,2009,{other}\na,1,2,3,4,5\nb,1,2,3,4,6\n")),
            format!(
                "t.csv: the names of 4 columns are times, \"2006\" to \"2009\", but not {other:?}, which holds numbers as well; \
                 name it like the others, take it out, or, if a column is to be forecast as it is, name that with target"
            )
        );
    }
    let hours: Vec<String> = (0..48).map(|n| format!("{:02}:{:02}", n / 2, n % 2 * 30)).collect();
    let values = |row: usize| (0..48).map(|n| (n + row).to_string()).collect::<Vec<_>>().join(",");
    let told =
        error(&format!("date,{}\n2020-01-01,{}\n2020-01-02,{}\n", hours.join(","), values(0), values(1)));
    assert!(told.contains("\"00:00\" to \"23:00\", but not \"00:30\""), "{told}");
    let quarters = "year,Q1,Q2,Q3,Q4\n1990,1,2,3,4\n";
    assert_eq!(
        error(&format!("{quarters}1990,1,2,3,4\n")),
        "t.csv, line 3, column \"year\": \"1990\" stands in line 2 already, and no other column tells these rows apart: keep \
         one of them, or name columns that do with id"
    );
    assert_eq!(
        error(&format!("{quarters}1991,1,2,3,4\n19921,1,2,3,4\n")),
        "t.csv, line 4, column \"year\": \"19921\" is no time with \"Q1\", the name of a column; correct it, or take the row \
         out"
    );
}

/// What a table makes.
fn prepared(text: &str, options: &ForecastOptions) -> Result<Prepared, String> {
    Forecast::prepare(&table(text), options).map_err(|error| error.to_string())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(40))]

    /// A panel is the same, written long or with a column for each time.
    #[test]
    fn a_wide_panel_is_the_long_one(
        series in prop::collection::vec(prop::collection::vec(0..100_000_i32, 40), 1..5),
        begins in prop::collection::vec(0..8_usize, 5),
        ends in prop::collection::vec(0..8_usize, 5),
        format in 0..5_usize,
        newest_first in any::<bool>(),
    ) {
        let time = |n: usize| {
            let day = jiff::civil::date(2020, 1, 1).saturating_add(jiff::Span::new().days(n as i64));
            match format {
                0 => format!("{}-{:02}", 2000 + n / 12, n % 12 + 1),
                1 => format!("{}Q{}", 1990 + n / 4, n % 4 + 1),
                2 => (1950 + n).to_string(),
                3 => day.strftime("%d/%m/%Y").to_string(),
                _ => day.strftime("%m/%d/%y").to_string(),
            }
        };
        let is_known = |k: usize, n: usize| (begins[k]..40 - ends[k]).contains(&n);
        let value = |k: usize, n: usize| f64::from(series[k][n]) / 4.0 + 1.0;
        let mut columns: Vec<usize> = (0..40).collect();
        if newest_first {
            columns.reverse();
        }
        let mut wide = columns.iter().fold("shop".to_owned(), |head, &n| head + "," + &time(n)) + "\n";
        let mut long = "shop,time,value\n".to_owned();
        for k in 0..series.len() {
            wide += &format!("s{k}");
            for &n in &columns {
                wide += &if is_known(k, n) { format!(",{}", value(k, n)) } else { ",".to_owned() };
            }
            wide += "\n";
            for n in (0..40).filter(|&n| is_known(k, n)) {
                long += &format!("s{k},{},{}\n", time(n), value(k, n));
            }
        }
        let options = ForecastOptions::default().with_transform(crate::task::Transform::Difference);
        let named = options.clone().with_target("value").with_time("time");
        let named = if series.len() > 1 { named.with_id("shop") } else { named };
        match (prepared(&wide, &options), prepared(&long, &named)) {
            (Ok(of_wide), Ok(of_long)) => {
                prop_assert_eq!(&of_wide.task, &of_long.task);
                prop_assert_eq!(of_wide.train.held(), of_long.train.held());
                prop_assert_eq!(of_wide.validation.held(), of_long.validation.held());
                // So is what a model reads of it.
                let Task::Forecast(task) = &of_wide.task else { unreachable!("a forecast was prepared") };
                let wide = table(&wide);
                let read = task.with_times(&wide).unwrap();
                let values = |table: &Table| table.column("value").unwrap().numbers().unwrap().to_vec();
                prop_assert_eq!(values(&read), values(&table(&long)));
            }
            (of_wide, of_long) => prop_assert_eq!(of_wide.is_err(), of_long.is_err()),
        }
    }

    /// Whatever stands in a header and below it, it is read or refused.
    #[test]
    fn no_table_is_too_strange(
        header in prop::sample::subsequence(HEADERS.to_vec(), 1..HEADERS.len()).prop_shuffle(),
        begin in prop::sample::select(BEGINS.to_vec()),
        cells in prop::collection::vec(prop::sample::select(CELLS.to_vec()), 200),
        rows in 1..5_usize,
    ) {
        let names: Vec<&str> = begin.iter().chain(&header).copied().collect();
        let mut text = names.join(";") + "\n";
        for row in cells.chunks(names.len()).take(rows).filter(|row| row.len() == names.len()) {
            text += &(row.join(";") + "\n");
        }
        let Ok(table) = Table::read("t.csv", text.as_bytes()) else { return Ok(()) };
        let options = ForecastOptions::default();
        let covariates = Named::new(&table, &options).unwrap();
        if let Ok(Some(long)) = of_training(&table, &options, &covariates) {
            prop_assert!(long.table.column("value").unwrap().holds_numbers());
            prop_assert!(long.table.column("time").unwrap().times().is_ok());
        }
    }
}

const BEGINS: [&[&str]; 4] = [
    &["year", "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"],
    &["2016", "2017", "2018", "2019"],
    &["date", "Q1", "Q2", "Q3", "Q4"],
    &[],
];

const HEADERS: [&str; 17] = [
    "shop",
    "freq,geo\\TIME",
    "month",
    "week",
    "hour",
    "day",
    "2020",
    "2021",
    "2022",
    "2023",
    "2020-01",
    "2020-02",
    "2020-03",
    "2020-04",
    "1/2/2020",
    "code",
    "X",
];

const CELLS: [&str; 16] = [
    "",
    "1",
    "2.5",
    "3,5",
    "a",
    "b",
    "2020",
    "2021",
    ":",
    "1 p",
    "2020-01-01",
    "2020-01-02",
    "Jan",
    "53",
    "NA",
    "1k",
];

/// Rows of so many values below a header, each with what begins it.
fn numbered(begins: &[&str], name: impl Fn(usize) -> String, count: usize) -> String {
    let names: Vec<String> = (0..count).map(name).collect();
    let row = |(n, begin): (usize, &&str)| {
        let values: Vec<String> = (0..count).map(|k| (10 + (k * 5 + n) % 7).to_string()).collect();
        format!("{begin},{}\n", values.join(","))
    };
    let rows: String = begins[1..].iter().enumerate().map(row).collect();
    format!("{},{}\n{rows}", begins[0], names.join(","))
}

#[test]
fn columns_that_are_numbered_are_steps_of_the_series_in_the_rows() {
    for (begins, name) in [
        (["item,shop", "a,x", "a,y", "b,x"], (|k| format!("d_{}", k + 1)) as fn(usize) -> String),
        // The first column is numbered like the others, and holds names.
        (["V1", "M1", "M2", "M3"], |k| format!("V{}", k + 2)),
        (["series", "a", "b", "c"], |k| format!("week{k}")),
        (["series", "a", "b", "c"], |k| k.to_string()),
    ] {
        let (long, remarks) = read(&numbered(&begins, name, 20));
        let lines: Vec<&str> = long.lines().collect();
        assert_eq!((lines.len(), lines[0]), (61, &*format!("{},time,value", begins[0])), "{long}");
        let first = name(0).trim_start_matches(|c: char| !c.is_ascii_digit()).to_owned();
        assert_eq!(lines[1], format!("{},{first},10", begins[1]));
        assert!(remarks[0].contains("the names of 20 columns count steps of time, "), "{remarks:?}");
    }
    // Numbers tell rows apart where they are named.
    let numbers = numbered(&["shop", "1", "2", "3"], |k| format!("t{k}"), 20);
    let options = ForecastOptions::default().with_id("shop".to_owned());
    assert_eq!(long_of(&numbers, &options).unwrap().unwrap().table.num_rows(), 60);
    // The end of a shorter series is no gap.
    let short = numbered(&["s", "a", "b"], |k| format!("t{k}"), 20).trim_end().to_owned();
    let cut = short.rfind(',').unwrap();
    assert_eq!(read(&format!("{},\n", &short[..cut])).0.lines().count(), 40);
}

#[test]
fn columns_that_are_numbered_may_be_something_else() {
    let is_long = |text: &str| long_of(text, &ForecastOptions::default()).unwrap().is_some();
    let d = |k: usize| format!("d_{k}");
    // Rows that nothing or numbers tell apart, or times do; one number too few; a step that is left out.
    assert!(!is_long(&numbered(&["class", "a", "a", "b"], d, 20)));
    assert!(!is_long(&numbered(&["n", "1", "2", "3"], d, 20)));
    assert!(!is_long(&numbered(&["date", "2020-01-01", "2020-01-02", "2020-01-03"], d, 20)));
    assert!(!is_long(&numbered(&["s", "a", "b", "c"], d, 14)));
    assert!(!is_long(&numbered(&["s", "a", "b", "c"], |k| format!("d_{}", k + k / 10), 20)));
    // Columns that measure different things.
    let row = |n: usize| {
        let values: Vec<String> = (0..20).map(|k| format!("{}", (k * 7 % 5) * 1000 + n)).collect();
        format!("r{n},{}\n", values.join(","))
    };
    let names: Vec<String> = (0..20).map(d).collect();
    assert!(!is_long(&format!("s,{}\n{}", names.join(","), (0..4).map(row).collect::<String>())));
}
