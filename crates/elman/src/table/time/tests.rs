use crate::table::Table;

fn table(text: &str) -> Table {
    Table::read("t.csv", text.as_bytes()).unwrap()
}

#[test]
fn codes_are_no_times() {
    for codes in [
        ["1234001", "1234002"],
        ["2459580", "2459581"],
        ["2023000", "2023001"],
        ["2023012", "2024001"],
        ["2023052", "2023053"],
        ["2023100", "2023200"],
        ["2000100", "2000101"],
    ] {
        let table = table(&format!("part,y\n{},1\n{},2\n", codes[0], codes[1]));
        assert!(table.column("part").unwrap().times().is_err(), "{}", codes[0]);
    }
}

#[test]
fn years_of_other_calendars_have_quarters_months_and_weeks() {
    for (cells, date) in [
        (["2556Q1", "2556Q2"], "2556-04-01"),
        (["2556M01", "2556M02"], "2556-02-01"),
        (["2560-M01", "2560-M02"], "2560-02-01"),
        (["W01 2500", "W02 2500"], "2500-01-11"),
        (["1400Q1", "1400Q2"], "1400-04-01"),
    ] {
        let table = table(&format!("when,y\n{},1\n{},2\n", cells[0], cells[1]));
        assert_eq!(table.column("when").unwrap().times().unwrap()[1].stamp().date().to_string(), date);
    }
}

#[test]
fn what_is_no_time_of_rows_names_the_way_out() {
    for (cells, row, way_out) in [
        (["2016-12-31 23:59:59", "2016-12-31 23:59:60"], 3, "says a leap second"),
        (["00:00", "00:01"], 2, "is a time of day or a duration, without a date"),
        (["0:00.000", "0:00.010"], 2, "is a time of day or a duration, without a date"),
        (["2020-01-01/2020-02-07", "2020-01-08/2020-02-14"], 2, "is a range of times"),
        (["06.01.-12.01.2020", "13.01.-19.01.2020"], 2, "is a range of times"),
        (["2020-P01", "2020-P02"], 2, "is a period of a company's calendar"),
        (["FY21 P01 W1", "FY21 P01 W2"], 2, "is a period of a company's calendar"),
        (["2016-12-31T23:59:59Z", "2016-12-31T23:59:60Z"], 3, "says a leap second"),
        (["2016-12-31 09:00", "2016-12-31 09:60"], 3, "is not a time like"),
        (["2016-12-31 09:00:00", "2016-12-31 09:00:60"], 3, "is not a time like"),
        (["P1", "P2"], 2, "is not a time such as"),
        (["K-P1", "K-P2"], 2, "is not a time such as"),
        (["2004.09", "2004.1"], 3, "is October with its zero lost"),
        (["soon", "later"], 2, "is not a time such as"),
        (["2020-X01", "2020-X02"], 2, "is not a time such as"),
    ] {
        let table = table(&format!("when,y\n{},1\n{},2\n", cells[0], cells[1]));
        let error = table.column("when").unwrap().times().unwrap_err().to_string();
        let place = format!("t.csv, line {row}, column \"when\": {:?} {way_out}", cells[row - 2]);
        assert!(error.starts_with(&place), "{error}");
    }
}

#[test]
fn what_stands_behind_a_point_may_be_a_part_of_the_year() {
    let last = |cells: &[&str]| {
        let rows: String = cells.iter().map(|cell| format!("{cell},1\n")).collect();
        let table = table(&format!("when,y\n{rows}"));
        let times = table.column("when").unwrap().times().ok().map(|times| times[times.len() - 1]);
        times.map(|time| (time.format(), time.stamp().date().to_string(), time.to_string()))
    };
    for (cells, format, date) in [
        (&["2004.11", "2004.12", "2005.1", "2005.2"][..], "%Y.%-m", "2005-02-01"),
        (&["2004.11", "2004.12", "2005.01", "2005.02"], "%Y.%m", "2005-02-01"),
        (&["2005.7", "2005.8", "2005.9", "2005.10"], "%Y.%-m", "2005-10-01"),
        (&["2004.2", "2004.3", "2004.4", "2005.1", "2005.2"], "%Y.%q", "2005-04-01"),
        (&["2004.1", "2004.2", "2005.1", "2005.2"], "%Y.%2q", "2005-07-01"),
        (&["2004.0", "2004.5", "2005.0", "2005.5"], "%.Y", "2005-07-01"),
        (&["2004.5", "2005.5", "2006.5"], "%.Y", "2006-07-01"),
        (&["2004.042", "2004.125", "2004.208"], "%.Y", "2004-03-01"),
        (&["2004.001", "2004.002", "2004.003"], "%Y.%j", "2004-01-03"),
        (&["2023364", "2023365", "2024001"], "%Y%j", "2024-01-01"),
    ] {
        let written = cells[cells.len() - 1].to_owned();
        assert_eq!(last(cells), Some((format.to_owned(), date.to_owned(), written)), "{cells:?}");
    }
    // None is compared with itself.
    let rows: String = (1..10).map(|n| format!("2000.{n},1\n")).collect();
    let error = table(&format!("when,y\n{rows}")).column("when").unwrap().times().unwrap_err().to_string();
    let begin = "t.csv, line 2, column \"when\": \"2000.1\" is not a time like \"2000.5\"";
    assert!(error.starts_with(begin), "{error}");
    // Numbers as others are: seconds, levels, prices.
    for cells in [
        &["2000.1", "2000.2", "2000.3"][..],
        &["2000.8", "2000.9", "2001.0", "2001.1"],
        &["2000.1", "2001.1", "2002.1"],
        &["2000.3", "2017.11", "1988.7", "2101.4"],
        &["2005.11", "2005.13"],
        &["2000.05", "2000.1", "2000.15"],
        // Of October, whose zero is lost.
        &["2005.08", "2005.09", "2005.1", "2005.11", "2005.12"],
        &["2004.09", "2004.1", "2004.11", "2004.12", "2005.01", "2005.02"],
        &["2004.9", "2004.10", "2004.11", "2005.01", "2005.02"],
    ] {
        assert_eq!(last(cells), None, "{cells:?}");
    }
}

#[test]
fn times_are_shown_as_they_are_written() {
    for times in [
        ["1949-01", "1949-02"],
        ["1949-01-31", "0001-02-28"],
        ["1949-01-31 12:00", "1949-01-31 23:59"],
        ["1949-01-31T12:00:01", "1949-01-31T12:00:00"],
        ["12/31/1999", "01/01/2000"],
        ["May 2015", "June 2015"],
        ["Mai 2015", "Juni 2015"],
        ["1. März 2015", "31. Dezember 2015"],
        ["01-Okt-2015", "31-Dez-2015"],
        ["01 janvier 2015", "31 août 2015"],
        ["ene-2015", "dic-2015"],
        ["janv. 2015", "mai 2015"],
        ["Okt. 2015", "Mai 2015"],
        ["01.Okt.2015", "31.Dez.2015"],
        ["1. Sep. 2015", "31. Mai 2015"],
        ["01 de enero de 2015", "31 de mayo de 2015"],
        ["01 gennaio 2015", "31 maggio 2015"],
        ["01 januari 2015", "31 maart 2015"],
        ["01 de janeiro de 2015", "31 de março de 2015"],
        ["31/Jan/2015:14:05:30 +0100", "01/Feb/2015:00:00:00 +0100"],
        ["2023-001", "2024-366"],
        ["2024年1月31日", "2024年12月1日"],
        ["2024年1月", "2024年12月"],
        ["2024년 01월 31일", "2024년 02월 01일"],
        ["31.12.2023 14:05 Uhr", "01.01.2024 00:05 Uhr"],
        ["31/12/2023 14h05", "01/01/2024 00h05"],
        ["31/12/2023 9h", "01/01/2024 10h"],
        ["31.12.2023 14.05", "01.01.2024 00.05"],
        ["31.12.2023, 9 Uhr", "01.01.2024, 10 Uhr"],
        ["31.12.2023 um 09:30 Uhr", "01.01.2024 um 10:30 Uhr"],
        ["December 31, 2023 at 9:30 AM", "January 01, 2024 at 10:30 PM"],
        ["14:05 31.12.2023", "00:05 01.01.2024"],
        ["9:30 PM 12/31/2023", "10:30 AM 01/01/2024"],
        ["2024-01-31 9:30 a.m.", "2024-02-01 11:30 p.m."],
        ["2024-01-31 9AM", "2024-02-01 11PM"],
        ["2024_01_31", "2024_02_01"],
        ["2024-01-31_14-05-30", "2024-02-01_00-05-30"],
        ["2024 01 31", "2024 02 01"],
        ["31. 1. 2024", "1. 2. 2024"],
        ["2024. 01. 31.", "2024. 02. 01."],
        ["2024.01.31.", "2024.02.01."],
        ["2023/001", "2024/366"],
        // Names of days, which must be the dates'.
        ["Mi 31.01.2024", "Do 01.02.2024"],
        ["Mi., 31.01.2024", "Do., 01.02.2024"],
        ["Mittwoch, 31. Januar 2024", "Donnerstag, 1. Februar 2024"],
        ["mercredi 31 janvier 2024", "jeudi 1 février 2024"],
        ["mié. 31/01/2024", "jue. 01/02/2024"],
        ["Wed 31/01/2024", "Thu 01/02/2024"],
        ["2024-01-31 (Wed)", "2024-02-01 (Thu)"],
        ["2024-01-31 Wednesday", "2024-02-01 Thursday"],
        ["Wed Jan 31 00:00:00 2024", "Thu Feb 01 00:00:00 2024"],
        ["Wed Jan 31 00:00:00 CET 2024", "Mon Jul 01 00:00:00 CEST 2024"],
        ["January 31st, 2024", "February 1st, 2024"],
        ["22nd Jan 2024", "13th Feb 2024"],
        // Clocks of places.
        ["2024-01-31 00:00 CET", "2024-07-01 00:00 CEST"],
        ["2024-01-31 00:00 MEZ", "2024-07-01 00:00 MESZ"],
        ["2024-01-31 00:00:00 EST", "2024-07-01 00:00:00 EDT"],
        ["2024-01-31 00:00 GMT", "2024-07-01 00:00 BST"],
        ["2024-01-31 00:00 GMT+1", "2024-07-01 00:00 GMT+2"],
        ["2024-01-31 00:00 UTC+01:00", "2024-07-01 00:00 UTC+02:00"],
        ["2024-01-31 00:00 Europe/Berlin", "2024-07-01 00:00 Europe/Berlin"],
        ["2024-01-31T00:00:00+01:00[Europe/Berlin]", "2024-07-01T00:00:00+02:00[Europe/Berlin]"],
        // Parts of years, and years from summer to summer.
        ["2000H1", "2000H2"],
        ["H1 2000", "H2 2000"],
        ["1H00", "2H00"],
        ["2000 S1", "2000 S2"],
        ["Q1'00", "Q2'00"],
        ["2000T1", "2000T4"],
        ["1. Quartal 2000", "4. Quartal 2000"],
        ["1.Quartal 2000", "4.Quartal 2000"],
        ["Quartal 1/2000", "Quartal 4/2000"],
        ["1. Quartal 00", "4. Quartal 99"],
        ["2000/1. Quartal", "2000/4. Quartal"],
        ["1st quarter 2000", "2nd quarter 2000"],
        ["3rd Qtr 2000", "4th Qtr 2000"],
        ["First quarter of 2000", "Fourth quarter of 2000"],
        ["1er trimestre 2000", "2e trimestre 2000"],
        ["2ème trimestre 2000", "4ème trimestre 2000"],
        ["2do trimestre 2000", "4to trimestre 2000"],
        ["1º trimestre de 2000", "4º trimestre de 2000"],
        ["III trimestre 2000", "IV trimestre 2000"],
        ["1e kwartaal 2000", "4e kwartaal 2000"],
        ["2000K1", "2000K4"],
        ["1. kvartal 2000", "4. kvartal 2000"],
        ["00Q1", "99Q4"],
        ["Q1 '00", "Q4 '99"],
        ["Q1 of 2000", "Q4 of 2000"],
        ["CY2000Q1", "CY2000Q4"],
        ["2000年1季度", "2000年4季度"],
        ["2000年一季度", "2000年四季度"],
        ["2000년 1분기", "2000년 4분기"],
        ["1st half 2000", "2nd half 2000"],
        ["2. Halbjahr 2000", "1. Halbjahr 2001"],
        ["H1-00", "H2-99"],
        ["HJ1 2000", "HJ2 2000"],
        ["FY2000", "FY2001"],
        ["FY2000Q1", "FY2000Q2"],
        ["Q1 FY00", "Q2 FY00"],
        ["1998/99", "1999/00"],
        ["2009-10", "2010-11"],
        ["1999/2000", "2000/2001"],
        ["KW 1 2015", "KW 53 2015"],
        ["2000q1", "2000q4"],
        ["2000_Q1", "2000_Q4"],
        ["Q I 2000", "Q IV 2000"],
        ["QI/2000", "QIV/2000"],
        ["2000-I", "2000-IV"],
        ["I kw. 2000", "IV kw. 2000"],
        ["1 кв. 2000", "4 кв. 2000"],
        ["IV квартал 2000", "I квартал 2001"],
        ["Quarter 4 2000", "Quarter 1 2001"],
        ["2014-52", "2015-01"],
        ["52/2014", "01/2015"],
        ["Week of Dec 29, 2014", "Week of Jan 05, 2015"],
        // Months in Roman numbers and in more languages.
        ["1.IX.2000", "1.XII.2000"],
        ["V/2000", "XII/2000"],
        ["januari 2015", "maj 2015"],
        ["januar 2015", "maj 2015"],
        ["januar 2015", "desember 2015"],
        ["tammikuu 2015", "joulukuu 2015"],
        ["styczeń 2015", "listopad 2015"],
        ["1 stycznia 2015", "11 listopada 2015"],
        ["leden 2015", "červenec 2015"],
        ["1. ledna 2015", "1. července 2015"],
        ["янв 2015", "май 2015"],
        ["Январь 2015", "Декабрь 2015"],
        ["1 января 2015", "1 мая 2015"],
        ["1 января 2015 г.", "1 мая 2015 г."],
        ["січень 2015", "листопад 2015"],
        ["1 січня 2015", "1 листопада 2015"],
        ["Oca 2015", "Ağu 2015"],
        ["Mayıs 2015", "Kasım 2015"],
        ["január 2015", "december 2015"],
        ["ianuarie 2015", "mai 2015"],
        ["Mån 2015-01-05", "Tors 2015-01-08"],
        ["Śr 2015-01-07", "Pt 2015-01-09"],
        ["среда, 7 января 2015", "пятница, 9 января 2015"],
        ["W01/2015", "W53/2015"],
    ] {
        let table = table(&format!("t\n\"{}\"\n", times.join("\"\n\"")));
        let column = table.column("t").unwrap();
        let shown: Vec<String> = column.times().unwrap().iter().map(ToString::to_string).collect();
        assert_eq!(shown, times);
        assert!(column.is_mostly_times() && column.numbers().is_err());
    }
}

fn moments(times: &[&str]) -> Vec<String> {
    let table = table(&format!("t\n\"{}\"\n", times.join("\"\n\"")));
    table.column("t").unwrap().times().unwrap().iter().map(|time| time.in_utc().to_string()).collect()
}

#[test]
fn characters_that_mean_the_same_are_the_same() {
    for text in [
        "2024\u{2013}01\u{2013}05 9:30 PM",
        "2024\u{2011}01\u{2212}05\u{A0}9:30\u{202F}PM",
        "'2024-01-05 9:30 P.M.",
        "[2024-01-05 9:30 p. m.]",
        "\u{FF12}\u{FF10}\u{FF12}\u{FF14}-01-05 21:30",
        "2024-01-05  21:30",
        "Fri Jan  5 21:30:00 2024",
        "2024-01-05 22:30 CET",
        "2024-01-05 16:30 EST",
        "2024-01-05 22:30 GMT+1",
        "/Date(1704490200000)/",
        "1704490200.0",
        "20240105213000000",
    ] {
        assert_eq!(moments(&[text]), ["2024-01-05T21:30:00"], "{text}");
    }
}

#[test]
fn what_a_part_of_a_year_is() {
    for (text, first) in [
        ("2024H2", "2024-07-01"),
        ("T4 2024", "2024-10-01"),
        ("FY24Q3", "2024-07-01"),
        ("2024/25", "2024-01-01"),
        ("KW 1 2015", "2014-12-29"),
        ("1er juillet 2024", "2024-07-01"),
        ("21st of June 2024", "2024-06-21"),
    ] {
        assert_eq!(moments(&[text]), [format!("{first}T00:00:00")], "{text}");
    }
    let refused = ["2024H3", "2024/26", "32nd Jan 2024", "Thursday, 2024-01-05", "2024-01-05 00:00 XST"];
    for text in refused {
        assert!(table(&format!("t\n\"{text}\"\n")).column("t").unwrap().times().is_err(), "{text}");
    }
    // A single one may as well be a month; so may what goes on as months do.
    assert_eq!(moments(&["2009-10"]), ["2009-10-01T00:00:00"]);
    assert_eq!(moments(&["2009-10", "2009-11"])[1], "2009-11-01T00:00:00");
    assert_eq!(moments(&["2009-10", "2010-11", "2011-12"])[2], "2011-01-01T00:00:00");
    // A weekday tells which of day and month is first.
    assert_eq!(moments(&["Mon 01/04/2024"]), ["2024-04-01T00:00:00"]);
}

#[test]
fn days_without_a_year_are_no_months_of_years() {
    let days: Vec<String> =
        (0..59).map(|n| format!("{} {:02}", ["Jan", "Feb"][n / 31], n % 31 + 1)).collect();
    let table_of = |days: &[String]| table(&format!("t\n{}\n", days.join("\n")));
    assert_eq!(
        table_of(&days).column("t").unwrap().times().unwrap_err().to_string(),
        "t.csv, line 2, column \"t\": \"Jan 01\" is a day without a year; write the year behind each"
    );
    let mondays = table_of(
        &["01-Jan", "08-Jan", "15-Jan", "22-Jan", "29-Jan", "05-Feb", "12-Feb", "19-Feb"].map(str::to_owned),
    );
    let january = table_of(&(1..32).map(|n| format!("{n:02}-Jan")).collect::<Vec<_>>());
    for table in [mondays, january] {
        let error = table.column("t").unwrap().times().unwrap_err().to_string();
        assert!(error.ends_with("\"01-Jan\" is a day without a year; write the year behind each"), "{error}");
    }
    // A few Decembers are.
    assert_eq!(moments(&["Dec 01", "Dec 02", "Dec 03"])[2], "2003-12-01T00:00:00");
    assert_eq!(moments(&["Dec 01", "Jan 02", "Feb 02"])[2], "2002-02-01T00:00:00");
}

/// Neither a time of day nor its points tell which of day and month is first.
#[test]
fn open_orders_are_refused_whatever_stands_beside_the_date() {
    let column = |write: fn(usize) -> String| (1..13).map(write).collect::<Vec<_>>().join("\n");
    for (cells, formats) in [
        (column(|n| format!("00:00 01/{n:02}/2020")), "%H:%M %d/%m/%Y or %H:%M %m/%d/%Y"),
        (column(|n| format!("9:30 PM 01/{n:02}/2020")), "%I:%M %p %d/%m/%Y or %I:%M %p %m/%d/%Y"),
        (column(|n| format!("01_{n:02}_2020")), "%d_%m_%Y or %m_%d_%Y"),
        (column(|n| format!("01{n:02}2020")), "%d%m%Y or %m%d%Y"),
        (column(|n| format!("01/02/2020 {n:02}:00:00")), "%d/%m/%Y %H:%M:%S%.f or %m/%d/%Y %H:%M:%S%.f"),
        (column(|n| format!("01/02/2020 {n:02}.00")), "%d/%m/%Y %H.%M or %m/%d/%Y %H.%M"),
    ] {
        let table = table(&format!("t\n{cells}\n"));
        let error = table.column("t").unwrap().times().unwrap_err().to_string();
        assert!(error.contains(&format!(" could be {formats}, and no row tells which")), "{error}");
    }
    // Between points of the date the day stands first.
    assert_eq!(moments(&["12:00 01.02.2020"]), ["2020-02-01T12:00:00"]);
    assert_eq!(moments(&["01.02.2020 12.00"]), ["2020-02-01T12:00:00"]);
    // A row tells.
    assert_eq!(moments(&["00:00 01/12/2020", "00:00 01/13/2020"])[0], "2020-01-12T00:00:00");
    assert_eq!(moments(&["01_12_2020", "01_13_2020"])[0], "2020-01-12T00:00:00");
}

#[test]
fn of_two_ways_of_writing_the_usual_or_the_even_one_is_taken() {
    for (cells, days) in [
        // Days of years of two digits.
        (["150101", "150201", "150301"], ["2015-01-01", "2015-02-01", "2015-03-01"]),
        (["200110", "200111", "200112"], ["2001-10-01", "2001-11-01", "2001-12-01"]),
        (["201112", "201212", "210112"], ["2020-11-12", "2020-12-12", "2021-01-12"]),
        (["201011", "201012", "201101"], ["2010-11-01", "2010-12-01", "2011-01-01"]),
        // Weeks of years.
        (["201451", "201452", "201501"], ["2014-12-15", "2014-12-22", "2014-12-29"]),
        (["2015-11", "2015-12", "2015-13"], ["2015-03-09", "2015-03-16", "2015-03-23"]),
        (["2015-11", "2015-12", "2016-01"], ["2015-11-01", "2015-12-01", "2016-01-01"]),
        // Shares of years, and days of the year.
        (["2001.125", "2002.125", "2003.125"], ["2001-02-01", "2002-02-01", "2003-02-01"]),
        (["2001.042", "2002.042", "2003.042"], ["2001-01-01", "2002-01-01", "2003-01-01"]),
        (["2001.001", "2001.002", "2001.003"], ["2001-01-01", "2001-01-02", "2001-01-03"]),
        (["2001.119", "2001.120", "2001.121"], ["2001-04-29", "2001-04-30", "2001-05-01"]),
    ] {
        assert_eq!(moments(&cells), days.map(|day| format!("{day}T00:00:00")), "{cells:?}");
    }
}

/// As in names of files: what is behind the minutes is no distance from UTC.
#[test]
fn whole_minutes_between_dashes_have_seconds() {
    let stamps = table("t\n2024-01-10_22-00-00\n2024-01-10_23-00-00\n2024-01-11_00-00-00\n");
    let times = stamps.column("t").unwrap().times().unwrap();
    assert_eq!((times[0].format(), times[1].stamp().hour()), ("%Y-%m-%d_%H-%M-%S".into(), 23));
}

#[test]
fn decimals_of_a_year_are_months() {
    for (texts, months) in [
        (["1990.00", "1990.25", "1990.50"], [1, 4, 7]),
        (["1990.000", "1990.083", "1990.917"], [1, 2, 12]),
        (["1990.00", "1990.08", "1990.92"], [1, 2, 12]),
        (["1990.0417", "1990.1250", "1990.9583"], [1, 2, 12]),
        (["1990", "1990.5", "1991"], [1, 7, 1]),
    ] {
        let table = table(&format!("t\n{}\n", texts.join("\n")));
        let times = table.column("t").unwrap().times().unwrap();
        for row in 0..3 {
            assert_eq!(times[row].stamp().month(), months[row], "{}", texts[row]);
            if texts[0].contains('.') {
                assert_eq!(times[row].to_string(), texts[row]);
            }
        }
    }
    // As an observatory dates the middles of months, by the share of their days.
    let dates = ["1958.2027", "1958.2877", "1958.3699", "1958.4548", "1958.5370"];
    let months: Vec<String> = (3..8).map(|month| format!("1958-0{month}-01T00:00:00")).collect();
    assert_eq!(moments(&dates), months);
    for no_times in ["1990.1", "1990.02", "2300.25", "0.25"] {
        assert!(table(&format!("t\n{no_times}\n")).column("t").unwrap().times().is_err(), "{no_times}");
    }
}

#[test]
fn numbers_may_be_times() {
    // 1 January 2024, and a day or an hour later.
    const NEW_YEAR: i64 = 1_704_067_200;
    for (times, seconds) in [
        (["1970.0", "1971.0"], [0, 365 * 86_400]),
        (["1704067200.0", "1704070800.0"], [NEW_YEAR, NEW_YEAR + 3600]),
        (["1704067200000000", "1704070800000000"], [NEW_YEAR, NEW_YEAR + 3600]),
        (["1704067200000000000", "1704070800000000000"], [NEW_YEAR, NEW_YEAR + 3600]),
        (["45292", "45293"], [NEW_YEAR, NEW_YEAR + 86_400]),
        (["45292.0000", "45292.0417"], [NEW_YEAR, NEW_YEAR + 3603]),
        (["45292.000000", "45292.041667"], [NEW_YEAR, NEW_YEAR + 3600]),
    ] {
        let table = table(&format!("t\n{}\n", times.join("\n")));
        let read = table.column("t").unwrap().times().unwrap();
        assert_eq!(read.iter().map(ToString::to_string).collect::<Vec<_>>(), times);
        assert_eq!([0, 1].map(|row| read[row].microseconds()), seconds.map(|second| second * 1_000_000));
    }
    for no_times in ["19999", "73050", "123456", "4529"] {
        assert!(table(&format!("t\n45292\n{no_times}\n")).column("t").unwrap().times().is_err());
    }
    let counted = table("t\n1\n73100.5\n");
    let asked = counted.column("t").unwrap().times_as("%J").unwrap();
    assert_eq!(
        asked.iter().map(|time| time.stamp().to_string()).collect::<Vec<_>>(),
        ["1899-12-31T00:00:00", "2100-02-19T12:00:00"]
    );
}

#[test]
fn months_are_known_without_their_accents_and_points() {
    let table = table("t\nmars 2024\navr. 2024\nmai 2024\njuin 2024\njuil. 2024\naout 2024\nsept 2024\n");
    let months: Vec<i64> =
        table.column("t").unwrap().times().unwrap().iter().map(|time| time.microseconds()).collect();
    let days = [0, 31, 61, 92, 122, 153, 184];
    // The first is 1 March 2024.
    assert_eq!(months, days.map(|day| (1_709_251_200 + day * 86_400) * 1_000_000));
}

/// As meters write the day's last hour.
#[test]
fn the_24th_hour_is_the_next_days_first_moment() {
    let table = table("t\n31.12.2023 23:00\n31.12.2023 24:00\n01.01.2024 01:00\n");
    let shown = |row: usize| table.column("t").unwrap().times().unwrap()[row].to_string();
    assert_eq!([shown(1), shown(2)], ["01.01.2024 00:00", "01.01.2024 01:00"]);
    for other in ["31.12.2023 24:01", "31.12.2023 25:00"] {
        assert!(
            self::table(&format!("t\n31.12.2023 23:00\n{other}\n")).column("t").unwrap().times().is_err()
        );
    }
}

#[test]
fn years_of_two_digits_are_of_the_century_from_1969_on() {
    let table = table("t\n31.12.68\n31.12.69\n");
    let times = table.column("t").unwrap().times().unwrap();
    assert!(times[0] > times[1], "2068 and 1969");
}

#[test]
fn times_compare_by_when_they_are() {
    let table = table("t\n2024-01-01 12:00+01:00\n2024-01-01 11:00+00:00\n2024-01-01 10:00-0330\n");
    let times = table.column("t").unwrap().times().unwrap();
    assert!(times[0] == times[1] && times[1] < times[2]);
}

#[test]
fn what_is_no_time_is_named_with_its_place() {
    for (text, line, cell, like) in [
        ("1949-01\n1949-13", 3, "1949-13", Some("1949-01")),
        ("1949-01\n1949-02-01", 3, "1949-02-01", Some("1949-01")),
        ("1949-01\n\"\"", 3, "", Some("1949-01")),
        ("n/a\n1949-01", 2, "n/a", Some("1949-01")),
        ("x\ny", 2, "x", None),
    ] {
        let table = table(&format!("t\n{text}\n"));
        let what = match like {
            Some(like) => {
                format!("like {like:?} in the other rows; correct it, take the row out, or say how")
            }
            None => "such as 1949-01, 31.12.2023 14:05 or 1980Q1; correct it, or say how".into(),
        };
        assert_eq!(
            table.column("t").unwrap().times().unwrap_err().to_string(),
            format!(
                "t.csv, line {line}, column \"t\": {cell:?} is not a time {what} all are written with time_format"
            )
        );
    }
}

#[test]
fn a_format_may_be_said() {
    let table = table("t\n2015.5.3 7h\n2015.5.3 8h\n");
    let column = table.column("t").unwrap();
    let shown: Vec<String> =
        column.times_as("%Y.%m.%d %Hh").unwrap().iter().map(ToString::to_string).collect();
    assert_eq!(shown, ["2015.5.3 7h", "2015.5.3 8h"]);
    let message = |format: &str| column.times_as(format).unwrap_err().to_string();
    assert_eq!(
        message("%Y-%m-%d"),
        "t.csv, line 2, column \"t\": \"2015.5.3 7h\" is not a time written as \"%Y-%m-%d\", which is the \
         time_format"
    );
    assert_eq!(message("%K"), "time_format \"%K\" has %K, which is no field of a time");
    assert!(message("%m-%d").contains("has no year"));
}

/// Times written as months are, which they are not.
#[test]
fn what_follows_by_other_periods_is_no_row_of_months() {
    let read = |texts: &[String]| {
        let table = table(&format!("when\n{}\n", texts.join("\n")));
        let times = table.column("when").unwrap().times().map(<[_]>::to_vec);
        times.map(|times| (times[0].format(), times[times.len() - 1].stamp().date().to_string()))
    };
    let of = |per_year: usize, write: fn(usize, usize) -> String| -> Vec<String> {
        (0..3 * per_year).map(|n| write(2014 + n / per_year, n % per_year + 1)).collect()
    };
    let dash = |year, part| format!("{year}-{part}");
    let slash = |year, part| format!("{part}/{year}");
    let blank = |year, part| format!("{year} {part}");
    let two = |year, part| format!("{year}-{part:02}");
    for (texts, format, last) in [
        (of(4, dash), "%Y-%q", "2016-10-01"),
        (of(4, slash), "%q/%Y", "2016-10-01"),
        (of(4, blank), "%Y %q", "2016-10-01"),
        (of(2, dash), "%Y-%2q", "2016-07-01"),
        (of(12, dash), "%Y-%-m", "2016-12-01"),
        (of(12, two), "%Y-%m", "2016-12-01"),
        (of(52, two), "%G-%V", "2016-12-26"),
    ] {
        assert_eq!(read(&texts).unwrap(), (format.into(), last.into()), "{format}");
        // So they do where some are missing.
        let gaps: Vec<String> =
            texts.iter().enumerate().filter(|(n, _)| n % 11 != 7).map(|(_, t)| t.clone()).collect();
        if gaps.len() >= 8 {
            assert_eq!(read(&gaps).unwrap().0, format, "{format} with gaps");
        }
        // In a table of several series each stands more than once.
        let twice: Vec<String> = texts.iter().flat_map(|text| [text.clone(), text.clone()]).collect();
        assert_eq!(read(&twice).unwrap().0, format, "{format} twice");
    }
}

/// Rows of months, days or hours from the first of January 2010 on, as `format` writes them.
fn rows_written(format: &str, step: jiff::Span, rows: i64) -> Vec<String> {
    let first = jiff::civil::date(2010, 1, 1).at(0, 0, 0, 0);
    let row = |n: i64| first.checked_add(step.checked_mul(n).unwrap()).unwrap();
    (0..rows).map(|n| row(n).strftime(format).to_string()).collect()
}

#[test]
fn spellings_of_exports_go_on() {
    let month = || jiff::Span::new().months(1);
    let hour = || jiff::Span::new().hours(1);
    for (format, step) in [
        ("%b '%y", month()),
        ("%b%y", month()),
        ("%m/%y", month()),
        ("%-m/%y", month()),
        ("%y-%m", month()),
        ("%m-%y", month()),
        ("%Y:%m", month()),
        ("%m.%Y", month()),
        ("%m%Y", month()),
        ("w/c %d/%m/%Y", jiff::Span::new().weeks(1)),
        ("%d/%m/%Y-%H:%M", hour()),
        ("%Y-%m-%d %H:%M:%S -0500 EST", hour()),
        ("%Y-%m-%d %H:%M:%S +0000 UTC", hour()),
        ("%a %b %d %Y %H:%M:%S GMT+0100 (Central European Standard Time)", hour()),
    ] {
        let rows = rows_written(format, step, 40);
        for rows in [rows.clone(), rows.into_iter().rev().collect()] {
            let table = table(&format!("x\n{}\n", rows.join("\n")));
            let times =
                table.column("x").unwrap().times().unwrap_or_else(|error| panic!("{format}: {error}"));
            assert!(super::is_even(times), "{format}");
            assert_eq!(times.iter().map(ToString::to_string).collect::<Vec<_>>(), rows);
        }
    }
}

/// Results, fractions, sizes and prices are no months.
#[test]
fn two_numbers_are_months_only_one_after_another() {
    let of = |cell: fn(usize) -> String| (0..40).map(|n| cell(n) + "\n").collect::<String>();
    for cells in [
        of(|n| format!("{}/{}", n % 5 + 1, n % 3 + 10)),
        of(|n| format!("{}-{}", n % 9 + 1, n % 7 + 1)),
        of(|n| format!("{}/16", n % 12 + 1)),
        of(|n| format!("{}.{}", n % 12 + 1, 2_000 + n * 7 % 40)),
        of(|n| format!("{}{}", n % 12 + 1, 2_000 + n * 7 % 40)),
        "01/10\n02/10\n03/10\n".into(),
    ] {
        assert!(table(&format!("x\n{cells}")).column("x").unwrap().times().is_err(), "{cells}");
    }
}
